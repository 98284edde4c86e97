"""What crosses while events of standard attention's trace pass: one square a tile, in the trace's order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.director.film.parts import Way, fill, gates, reveal, square_at
from flashviz.director.film.stage import Film
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.tiles import Rectangles
from flashviz.trace import Kind

TENSORS = {
    Kind.LOAD_Q: "Q", Kind.LOAD_K: "K", Kind.STORE_S: "S", Kind.LOAD_S: "S", Kind.STORE_P: "P", Kind.LOAD_P: "P", Kind.LOAD_V: "V",
    Kind.STORE_O: "O",
}  # fmt: skip
STORES = (Kind.STORE_S, Kind.STORE_P, Kind.STORE_O)
READ = (Kind.LOAD_Q, Kind.LOAD_K, Kind.LOAD_V)  # what is lit in HBM as it leaves
LASTS = 5  # how long a tile is on its way, in the time from one load to the next
LANE = 17  # px from the middle of the path: on one side tiles come, on the other they go


class Crossing(Group):
    """Tiles of the first head on their way, while events of some kinds pass.

    A load arrives a step after the last one; a store sets out when the loads before it are there, a step after the last store.

    Args:
        kinds: Whose events pass; they cross one after another as the trace has them.
        places: On chip, of each tensor.
        rows: Row blocks whose events these are, first and stop.
    """

    def __init__(self, film: Film, kinds: tuple[Kind, ...], places: Mapping[str, Rect], rows: tuple[int, int]) -> None:
        self.tag, self.film, self.places = "crossing", film, places
        trace, head = film.material.standard, film.material.chosen.program[1]
        kind, row = trace.columns["kind"], trace.columns["i"]
        of_head = trace.columns["pid_bh"] == head
        self.at = at = np.flatnonzero(np.isin(kind, kinds) & of_head & (row >= rows[0]) & (row < rows[1]))
        self.kind, store = kind[at], np.isin(kind[at], STORES)
        steps = np.cumsum(~store)
        arrives = LASTS + steps - 1.0
        nth = np.arange(int(store.sum()))
        ready = np.where(steps > 0, arrives, 0.0)[store]
        self.leaves = arrives - LASTS
        self.leaves[store] = nth + np.maximum.accumulate(ready - nth) if store.any() else []
        self.end = float(self.leaves.max(initial=0.0)) + LASTS
        whole = {each: int((of_head & (kind == each)).sum()) for each in kinds}
        before = {each: int((of_head & (kind == each) & (row < rows[0])).sum()) for each in kinds}
        self.counts = {each: (before[each] / max(whole[each], 1), 1 / max(whole[each], 1)) for each in kinds}
        self.squares = {each: Rectangles(film.skin.hue(TENSORS[each]), name=f"in flight {TENSORS[each]}") for each in kinds}
        super().__init__(*self.squares.values())

    def display(self, share: float) -> Crossing:
        """So far: squares on their way, and what has crossed: in the bar, in HBM, and lit there."""
        now, lit = share * self.end, {}
        for kind, squares in self.squares.items():
            mine = np.flatnonzero(self.kind == kind)
            first, last = np.searchsorted(self.leaves[mine], [now - LASTS, now], side="right")
            first = len(mine) if share >= 1 else first
            squares.display(np.array([square_at(*self.place(k, now)) for k in mine[first:last]]).reshape(-1, 4))
            if kind in READ and first < last:
                lit[TENSORS[kind]] = frozenset({self.cell(mine[last - 1])[0]})
            start, each = self.counts[kind]
            self.film.bar.shares[kind] = max(start + each * first, self.film.bar.shares[kind] if first == 0 else 0.0)
        self.film.bar.display({})
        self.film.hbm.display(lit=lit)
        self.lie()
        return self

    def lie(self) -> None:
        """What was stored lies in HBM."""
        film = self.film
        for kind in set(STORES) & set(self.squares):
            if kind == Kind.STORE_O:
                reveal(film.outputs[0], film.bar.shares[kind])
            else:
                fill(film.sheets[TENSORS[kind]], film.cells, film.bar.shares[kind])

    def cell(self, k: int) -> tuple[int, Rect]:
        """Of the k-th event: which tile of its tensor, and where it lies in HBM."""
        event, cross = self.film.material.standard[int(self.at[k])], self.film.hbm.cross
        tensor = TENSORS[Kind(self.kind[k])]
        row, col = cross.row_of(event.i), cross.col_of(max(event.j, 0))
        if tensor in "SP":
            return row * cross.n_cols + col, self.film.sheets[tensor].cell(row * cross.n_cols + col)
        index = row if tensor in "QO" else col
        return index, cross.tile(tensor, index)

    def place(self, k: int, now: float) -> tuple[float, float]:
        """Where its square is."""
        kind, pipe = Kind(self.kind[k]), self.film.scene.shot("machine")["pipe"]
        out, lies = kind in STORES, pipe.width >= pipe.height
        aside = em(-LANE if out else LANE)
        path, tile = gates(pipe.shifted(0.0, aside) if lies else pipe.shifted(aside, 0.0)), self.places[TENSORS[kind]].center
        corners = [self.cell(k)[1].center, *path, *([(tile[0], path[0][1])] if lies else []), tile]
        return Way.of(*(corners[::-1] if out else corners)).at(ease_in_out_cubic(float((now - self.leaves[k]) / LASTS)))


def cross(film: Film, kinds: tuple[Kind, ...], places: Mapping[str, Rect], seconds: float, first: int = 0, stop: int | None = None) -> None:
    """Tiles of row blocks ``first`` to ``stop`` cross; what all has crossed of is named beneath the bar."""
    crossing = Crossing(film, kinds, places, (first, film.config.row_blocks if stop is None else stop))
    film.scene.add(crossing)
    stores = {Kind.STORE_S: film.sheets["S"], Kind.STORE_P: film.sheets["P"], Kind.STORE_O: film.outputs[0]}
    lies = [thing for kind, thing in stores.items() if kind in kinds]
    film.move(Shows(Group(*lies, crossing, film.bar, film.hbm), crossing.display), seconds=seconds)
    film.hbm.display(lit={})
    film.scene.remove(crossing)
    done = [kind for kind in kinds if film.bar.shares[kind] >= 1 - 1e-9]
    film.bar.display(dict.fromkeys(done, 1.0))
    film.name_crossed(*done)
