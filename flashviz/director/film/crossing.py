"""What crosses while events of standard attention's trace pass: one square a tile, in the trace's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.director.film.parts import Way, fill, gates, label, reveal, show_columns, square_at, stored_at
from flashviz.director.film.stage import Film
from flashviz.director.shots import TEXT
from flashviz.director.words import NAME, Word
from flashviz.layout import Rect, rows
from flashviz.lettering import em
from flashviz.mobjects.motion import FadeIn, Shows
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.trace import Kind

TENSORS = {
    Kind.LOAD_Q: "Q", Kind.LOAD_K: "K", Kind.STORE_S: "S", Kind.LOAD_S: "S", Kind.STORE_P: "P", Kind.LOAD_P: "P", Kind.LOAD_V: "V",
    Kind.STORE_O: "O",
}  # fmt: skip
STORES = (Kind.STORE_S, Kind.STORE_P, Kind.STORE_O)
READ = (Kind.LOAD_Q, Kind.LOAD_K, Kind.LOAD_V)  # what is lit in HBM as it leaves
LASTS = 5.0  # how long a tile is on its way, in the time from one load to the next
PASSED, TURNED = 0.3, 0.08  # how strong the tiles on chip are while others pass; of that time, what they take to become so
LANE = 17  # px from the middle of the path: on one side tiles come, on the other they go

Places = Mapping[str, Rect | Sequence[Rect]]


class Crossing(Group):
    """Tiles of the first head on their way, while events of some kinds pass.

    A load arrives a step after the last one; a store sets out when the loads before it are there, a step after the last store.

    Args:
        kinds: Whose events pass; they cross one after another as the trace has them.
        places: On chip, of each tensor; of one whose rows lie there whole, of each of its columns of tiles.
        rows: Row blocks whose events these are, first and stop.
        lasts: How long a tile is on its way, in the time from one load to the next.
    """

    def __init__(self, film: Film, kinds: tuple[Kind, ...], places: Places, rows: tuple[int, int], lasts: float = LASTS) -> None:
        self.tag, self.film, self.places, self.lasts = "crossing", film, places, lasts
        trace, head = film.material.standard, film.material.chosen.program[1]
        kind, row = trace.columns["kind"], trace.columns["i"]
        of_head = trace.columns["pid_bh"] == head
        self.at = at = np.flatnonzero(np.isin(kind, kinds) & of_head & (row >= rows[0]) & (row < rows[1]))
        self.kind, store = kind[at], np.isin(kind[at], STORES)
        steps = np.cumsum(~store)
        arrives = self.lasts + steps - 1.0
        nth = np.arange(int(store.sum()))
        ready = np.where(steps > 0, arrives, 0.0)[store]
        self.leaves = arrives - self.lasts
        self.leaves[store] = nth + np.maximum.accumulate(ready - nth) if store.any() else []
        self.end = float(self.leaves.max(initial=0.0)) + self.lasts
        whole, before = (Counter(kind[of_head & (row < stop)].tolist()) for stop in (film.config.row_blocks, rows[0]))
        self.counts = {each: (before[each], max(whole[each], 1)) for each in kinds}
        self.there = {each: film.bar.shares[each] for each in kinds}  # what has crossed before any of these did
        self.squares = {each: Rectangles(film.skin.hue(TENSORS[each]), name=f"in flight {TENSORS[each]}") for each in kinds}
        super().__init__(*self.squares.values())

    def display(self, share: float) -> Crossing:
        """So far: squares on their way, and what has crossed: in the bar, in HBM, and lit there."""
        now, lit, shares = share * self.end, {}, {}
        for kind, squares in self.squares.items():
            mine = np.flatnonzero(self.kind == kind)
            first, last = np.searchsorted(self.leaves[mine], [now - self.lasts, now], side="right")
            first = len(mine) if share >= 1 else first
            squares.display(np.array([square_at(*self.place(k, now)) for k in mine[first:last]]).reshape(-1, 4))
            if kind in READ and first < last:
                lit[TENSORS[kind]] = frozenset({self.cell(mine[last - 1])[0]})
            before, whole = self.counts[kind]
            shares[kind] = max((before + int(first)) / whole, self.there[kind])
            self.lie(kind, shares[kind])
        self.film.bar.display(shares)
        self.film.hbm.display(lit=lit)
        return self

    def arrived(self, share: float) -> float:
        """So much of all that these load is on chip."""
        there = self.leaves[~np.isin(self.kind, STORES)] + self.lasts <= share * self.end + 1e-9
        return float(there.mean()) if len(there) else 1.0

    def lie(self, kind: Kind, share: float) -> None:
        """What was stored lies in HBM."""
        if kind == Kind.STORE_O:
            reveal(self.film.outputs[0], share)
        elif kind in STORES:
            fill(self.film.sheets[TENSORS[kind]], self.film.cells, share)

    def cell(self, k: int) -> tuple[int, Rect]:
        """Of the k-th event: which tile of its tensor, and where it lies in HBM."""
        event, cross = self.film.material.standard[int(self.at[k])], self.film.hbm.cross
        tensor = TENSORS[Kind(self.kind[k])]
        if tensor not in self.film.sheets:
            return stored_at(cross, tensor, event.i, event.j)
        index = cross.row_of(event.i) * cross.n_cols + cross.col_of(event.j)
        return index, self.film.sheets[tensor].cell(index)

    def place(self, k: int, now: float) -> tuple[float, float]:
        """Where its square is."""
        kind, pipe = Kind(self.kind[k]), self.film.scene.shot("machine")["pipe"]
        out, lies = kind in STORES, pipe.width >= pipe.height
        aside = em(-LANE if out else LANE)
        on_chip = self.places[TENSORS[kind]]
        if not isinstance(on_chip, Rect):
            on_chip = on_chip[self.film.hbm.cross.col_of(self.film.material.standard[int(self.at[k])].j)]
        path, tile = gates(pipe.shifted(0.0, aside) if lies else pipe.shifted(aside, 0.0)), on_chip.center
        corners = [self.cell(k)[1].center, *path, *([(tile[0], path[0][1])] if lies else []), tile]
        return Way.of(*(corners[::-1] if out else corners)).at(ease_in_out_cubic(float((now - self.leaves[k]) / self.lasts)))


def cross(
    film: Film, kinds: tuple[Kind, ...], places: Places, seconds: float, first: int = 0, stop: int | None = None,
    row: Matrix | None = None, lasts: float = LASTS,
) -> None:  # fmt: skip
    """Tiles of row blocks ``first`` to ``stop`` cross; what has crossed whole is named beneath the bar. ``row`` is laid of what comes."""
    crossing = Crossing(film, kinds, places, (first, film.config.row_blocks if stop is None else stop), lasts)
    film.scene.add(crossing)
    stores = {Kind.STORE_S: film.sheets["S"], Kind.STORE_P: film.sheets["P"], Kind.STORE_O: film.outputs[0]}
    lies = [thing for kind, thing in stores.items() if kind in kinds]
    tiles = [tile for tile in film.tiles.values() if film.scene.on_stage(tile)]

    def show(share: float) -> None:
        crossing.display(share)
        if row is not None:
            show_columns(row, crossing.arrived(share))
        dim(tiles, min(1.0, share / TURNED, (1 - share) / TURNED))

    said = ways(film, kinds)
    come = [FadeIn(*said, rate_func=lambda share: min(1.0, share / TURNED))] if said else []
    moving = [*lies, *tiles, *([] if row is None else [row])]
    film.move(Shows(Group(*moving, crossing, film.bar, film.hbm), show), *come, seconds=seconds)
    film.hbm.display(lit={})
    film.scene.remove(crossing, *said)
    names = film.bar.names(film.scene.shot("machine")["bar names"], *(kind for kind in kinds if film.bar.shares[kind] == 1))
    if names:
        film.move(FadeIn(*names), seconds=TEXT)
        film.bar.named.add(*names)


def ways(film: Film, kinds: tuple[Kind, ...]) -> list[Word]:
    """What comes in and what goes out meanwhile, where the shot has a place for that."""
    place = film.scene.shot("machine")
    if "ways" not in place:
        return []
    lines = [(name, [TENSORS[kind] for kind in kinds if (kind in STORES) == (name == "out")]) for name in ("in", "out")]
    return [
        label(rect, f"{name}: {', '.join(tensors)}", film.skin.ink, NAME, "way")
        for rect, (name, tensors) in zip(rows(place["ways"], len(lines)), lines, strict=True)
        if tensors
    ]


def dim(tiles: Sequence[Matrix], share: float) -> None:
    """The tiles that stand on chip are the first; while many others pass they are pale."""
    for tile in tiles:
        tile.image.pixel_array[:, :, 3] = round(255 * (1 - (1 - PASSED) * share))
