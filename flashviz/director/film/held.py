"""What a program holds on chip: a place a tensor, and in it, while one program is watched, its tile's values."""

from __future__ import annotations

import numpy as np
from manim import Group

from flashviz import palette, theme
from flashviz.director.film.parts import Point, heading, put, show_rows
from flashviz.director.film.stage import Film
from flashviz.director.material import tile_values
from flashviz.director.words import LABEL, NAME, Word
from flashviz.layout import Rect, centered, columns, rows
from flashviz.lettering import em, text_width
from flashviz.mobjects.motion import Veil
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.palette import spread, weight_spread
from flashviz.trace import Held as Tile
from flashviz.trace import Kind, ProgramValues, state_at

TUCKED, LANE = 0.78, 22  # of its cell, what a place on chip takes; px that tiles pass beside it
FULL = 0.75  # opacity of a place in which a tile is
A_NUMBER = 0.5  # of a place on chip: one number a row, and the letters that name it
BESIDE = 16  # px between a place and its name
PLACES = {"Q": "Q", "K": "K", "V": "V", "S": "S, P", "ACC": "acc", "L": "m, ℓ"}  # of products, and what they are called


class Held(Group):
    """The places of a program's tiles on chip, by name; the next tile of a tensor comes where the last one was."""

    def __init__(self, film: Film, rect: Rect) -> None:
        self.tag, skin = "held places", film.skin
        across = 3 if rect.width > rect.height else 2
        cells = [cell for line in rows(rect, len(PLACES) // across, em(16)) for cell in columns(line, across, em(16))]
        side = (TUCKED if across < 3 else 1.0) * min(min(cell.width, cell.height) for cell in cells)  # a wide room has its path above
        wide = em(BESIDE) + max(text_width(name, LABEL) for name in PLACES.values())
        beside = side + wide <= min(cell.width for cell in cells)  # else the names stand on their places
        self.rect, self.at, self.pieces = rect, dict[str, Rect](), dict[str, tuple[Rectangles, Word]]()
        for (tensor, name), cell in zip(PLACES.items(), cells, strict=True):
            left = cell.x0 if beside else cell.center[0] - side / 2
            whole = Rect(left, cell.center[1] - side / 2, left + side, cell.center[1] + side / 2)
            self.at[tensor] = at = centered(*whole.center[:2], A_NUMBER * side, side) if tensor == "L" else whole
            place = Rectangles(skin.hue(tensor), name=f"place {tensor}", opacity=palette.RESTING).display(np.array([at.edges]))
            place.set_stroke(skin.hue(tensor), width=theme.OUTLINE, opacity=1)
            named = Rect(whole.x1 + em(BESIDE), whole.y0, whole.x1 + wide, whole.y1) if beside else whole.inset(em(6))
            self.pieces[tensor] = place, heading(named, name, skin.ink, LABEL if beside else NAME)
        self.at |= {"O": self.at["ACC"], "P": self.at["S"]}
        super().__init__(*(part for pair in self.pieces.values() for part in pair))

    def fill(self) -> list[Veil]:
        """The places of tiles are full: which values are in them is not looked at any more."""
        return [Veil(place, FULL) for place, _ in self.pieces.values()]

    def way(self, tensor: str, gate: Point) -> list[Point]:
        """From the end of the path to a tensor's place, beside and above the others'; straight, where the path comes from above."""
        at, lane = self.at[tensor], em(LANE)
        inside = at.center[:2]
        if gate[0] > self.rect.x0:
            return [inside]
        return [(self.rect.x0 - lane, gate[1]), (self.rect.x0 - lane, at.y1 + lane), (inside[0], at.y1 + lane), inside]


class AtWork(Group):
    """The values of the tiles that one program holds, in their places, after any of its events. Scores and weights share one place."""

    def __init__(self, film: Film, values: ProgramValues, places: Held) -> None:
        self.tag, self.film, self.values = "at work", film, values
        every = {
            "Q": values.q, "K": np.concatenate(values.k), "V": np.concatenate(values.v), "S": values.s, "ACC": values.acc_new,
            "L": values.l_new,
        }  # fmt: skip
        reach = {tensor: spread(np.asarray(all_, dtype=np.float64)) for tensor, all_ in every.items()}
        reach["P"] = weight_spread(values.p)
        self.pictures = {}
        for tensor, (low, high) in reach.items():
            at = places.at[tensor]
            picture = Matrix(np.zeros((1, 1)), at, film.skin, tensor, low, high)
            put(picture, at)
            self.pictures[tensor] = picture
        super().__init__(*self.pictures.values())
        self.display(film.material.fa2.program(*values.program).start)

    def display(self, k: int) -> AtWork:
        """What is held after the first ``k`` events."""
        held = state_at(self.film.material.fa2, k).held
        for tensor, picture in self.pictures.items():
            tile = held.get(tensor)
            picture.display(np.zeros((1, 1)) if tile is None else self.picture(tensor, tile))
            show_rows(picture, np.full(len(picture.values), tile is not None))
        return self

    def picture(self, tensor: str, tile: Tile) -> np.ndarray:
        """A tile's values; what is masked is as low as what is lowest."""
        v, made = self.values, self.film.material.fa2[tile.event].statement.code
        t = np.flatnonzero(v.j == tile.j)
        match tensor:
            case "L":
                seen = v.l_new[t[0], :, None]
            case "ACC" if made == Kind.NORMALIZE:
                seen = v.o
            case "ACC" if made == Kind.RESCALE_ACC:
                seen = v.acc_scaled[t[0]]
            case "Q":
                seen = v.q  # of no key tile
            case _:
                seen = tile_values(v, tensor, t[0])
        low = self.pictures[tensor].low
        return np.nan_to_num(np.asarray(seen, dtype=np.float64), nan=low, neginf=low)
