"""A cross whose loop is seen: a line through the visited tiles, and outside of each tile of Q, K, V and O a tick each time it crosses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from manim import Group, VGroup

from flashviz import palette, theme
from flashviz.layout import Cross, Fringe, Rect, centered
from flashviz.lettering import Face, em
from flashviz.mobjects.cast import Cast
from flashviz.mobjects.hbm import CrossView
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

LINE = em(7)  # how thick the line through visited tiles is
ARRIVES = 0.4  # of a tile's time: then the line has come to it
LETTER = 36  # px
ON_CHIP = "on chip"
SMALLEST = em(48)  # side of the chip, which is else as large as the cell that it works on
SLOT = 0.32  # side of a place on it, in chips


class FringedCross(Group):
    """The matrices of one head. The grid keeps no value: a line, and a hollow cursor at its head, say which tiles were visited.

    Args:
        passes: The visits [n, 2] of (i, j) of each pass of the outer loop.
        large: How many cells a side the chip takes; the grid is empty, so that it covers nothing.
    """

    def __init__(self, fringe: Fringe, passes: Sequence[np.ndarray], skin: Theme, *, name: str, large: float = 1.0) -> None:
        self.fringe, self.passes, self.skin, self.tag, self.large = fringe, passes, skin, name, large
        self.head: np.ndarray | None = None  # where the only pass under way has come to
        cross = fringe.cross
        self.view = CrossView(cross, skin, name=f"cross {name}")
        self.grid, self.strips = self.view.grid, self.view.strips
        self.letters = VGroup(*(
            Named(theme.line(t, LETTER, skin.hue(t), Face.STRONG).move_to(fringe.corner(t).center), tag=f"label {t}", text=t)
            for t in "QKVO"
        ))  # fmt: skip
        self.line = Rectangles(skin.ink, name="visits", opacity=palette.SECOND)
        self.cursors = Rectangles(skin.ink, name="cursors", opacity=0.0).set_stroke(skin.ink, width=theme.HEAVY)
        self.waiting = Rectangles(skin.quiet, name="waiting", opacity=0.0).set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
        self.flights = {t: Rectangles(skin.hue(t), name=f"flying {t}", opacity=palette.LIT) for t in "QKVO"}
        self.ticks = {t: Rectangles(skin.hue(t), name=f"ticks {t}") for t in "QKVO"}
        self.ground = Rectangles(skin.chip, name="chip").set_stroke(skin.ink, width=theme.HEAVY, opacity=1)
        self.held = {t: Rectangles(skin.hue(t), name=f"held {t}", opacity=palette.LIT) for t in "QKVO"}
        self.words = theme.line(ON_CHIP, LETTER, skin.ink)
        self.said = Named(self.words, tag="on chip", text=ON_CHIP)
        self.said_cast = Cast(self.said)
        below = [self.grid, *self.strips.values(), self.line, *self.ticks.values(), self.letters, self.waiting, self.cursors]
        super().__init__(*below, self.ground, *self.held.values(), *self.flights.values(), self.said)
        self.hold((), None)

    def hold(self, tensors: Collection[str], head: np.ndarray | None) -> FringedCross:
        """The chip at the tile that it works on, with the tiles that it holds in their places; None: it is not shown."""
        self.said.set_opacity(0.0 if head is None else 1.0)
        self.ground.display(np.zeros((0, 4)) if head is None else np.array([self.chip(head).edges]))
        for tensor, drawn in self.held.items():
            shown = head is not None and tensor in tensors
            drawn.display(np.array([self.slot(tensor, head).edges]) if shown and head is not None else np.zeros((0, 4)))
        if head is None:
            self.said_cast.shift((0, 0, 0))  # what is not seen stands where it was made, whatever was seen before
        else:
            chip, grid, wide = self.chip(head), self.cross.grid, self.said_cast.width
            beside = chip.x1 + em(12) + wide <= grid.x1
            x = chip.x1 + em(12) + wide / 2 if beside else chip.x0 - em(12) - wide / 2
            below = chip.y0 - em(LETTER) >= grid.y0  # where no tile flies: a row lower than the chip's, or higher
            self.said_cast.move_to((x, chip.y0 - em(18) if below else chip.y1 + em(18), 0))
        self.text = " ".join(tensor for tensor in "QKVO" if head is not None and tensor in tensors)
        return self

    def chip(self, head: np.ndarray) -> Rect:
        """Where the chip stands when it works on the tile at ``head``: about it, within the grid."""
        grid, side = self.cross.grid, min(self.cross.cell_width, self.cross.cell_height)
        side = min(max(side * self.large, SMALLEST), grid.width, grid.height)
        x = float(np.clip(head[0], grid.x0 + side / 2, grid.x1 - side / 2))
        return centered(x, float(np.clip(head[1], grid.y0 + side / 2, grid.y1 - side / 2)), side, side)

    def slot(self, tensor: str, head: np.ndarray) -> Rect:
        """The place of a tile on the chip, as matrices stand about the grid: Q left, K above, O right, V beneath."""
        chip = self.chip(head)
        dx, dy = {"Q": (-1, 0), "O": (1, 0), "K": (0, 1), "V": (0, -1)}[tensor]
        x, y, _ = chip.center
        return centered(x + dx * SLOT * chip.width, y + dy * SLOT * chip.width, SLOT * chip.width, SLOT * chip.width)

    def cross_at(self, counts: Mapping[str, np.ndarray]) -> FringedCross:
        """So often each tile has crossed. ``values`` of the ticks are the counts."""
        for tensor, ticks in self.ticks.items():
            ticks.values = counts[tensor]
            ticks.display(self.boxes(tensor, counts[tensor]))
        return self

    def boxes(self, tensor: str, counts: np.ndarray) -> np.ndarray:
        """[n, 4] of the ticks of a matrix; of merged tiles the mean."""
        cross = self.fringe.cross
        band = cross.band_rows if tensor in "QO" else cross.band_cols
        shown = np.arange(len(counts)) // band
        return self.fringe.ticks(tensor, np.bincount(shown, counts) / np.maximum(1, np.bincount(shown)))

    def visit(self, done: Sequence[float], *, live: bool = False) -> FringedCross:
        """So many tiles of each pass are visited. A cursor stands at the head of each that is under way, where several are
        ``live``, and a faint one where a pass waits to begin.
        """
        lines, heads, at, later = [], [], [], []
        for visits, count in zip(self.passes, done, strict=True):
            if count <= 0:
                later += [self.middle(*visits[0])] if live else []
                continue
            begun = int(count + 1e-9)
            place = max(0.0, begun + min(1.0, (count - begun) / ARRIVES) - 1)
            centers = np.array([self.middle(*visit) for visit in visits[: int(np.ceil(place)) + 1]])
            head = np.array([np.interp(place, np.arange(len(centers)), centers[:, axis]) for axis in (0, 1)])
            (x0, y0), (x1, y1) = np.minimum(centers[0], head), np.maximum(centers[0], head)
            if place > 0 or count >= 1:
                lines.append((x0 - LINE / 2, y0 - LINE / 2, x1 + LINE / 2, y1 + LINE / 2))
            if count < len(visits) - 1e-9:
                heads.append(head)
                at.append(visits[min(int(count), len(visits) - 1)])
        self.hold((), None)
        self.head = heads[0] if len(at) == 1 and not live else None
        heads = [] if self.head is not None else heads
        self.line.values = np.asarray(done, dtype=float)
        self.line.display(np.array(lines).reshape(-1, 4))
        half = np.array([self.cross.cell_width, self.cross.cell_height]) / 2
        for drawn, cells in ((self.cursors, heads), (self.waiting, later)):
            drawn.display(np.array([(*(head - half), *(head + half)) for head in cells]).reshape(-1, 4))
        self.light(at)
        return self

    def light(self, visits: Sequence[np.ndarray]) -> None:
        """The tiles of Q, K and V that are in work."""
        lit = {"Q": {self.cross.row_of(int(i)) for i, _ in visits}}
        lit["K"] = lit["V"] = {self.cross.col_of(int(j)) for _, j in visits}
        for tensor, shown in lit.items():
            for index, tile in enumerate(self.strips[tensor]):
                tile.set_fill(opacity=palette.LIT if index in shown else palette.RESTING)

    def fly(self, flights: Sequence[tuple[str, int, float]]) -> FringedCross:
        """Tiles on their way: (tensor, its tile, how far it is from its place to the chip's)."""
        boxes: dict[str, list[tuple[float, ...]]] = {t: [] for t in self.flights}
        for tensor, index, way in flights:
            if self.head is None:
                break
            shown = self.cross.row_of(index) if tensor in "QO" else self.cross.col_of(index)
            home, slot = self.cross.tile(tensor, shown).edges, self.slot(tensor, self.head).edges
            boxes[tensor].append(tuple(np.array(home) * (1 - way) + np.array(slot) * way))
        for tensor, drawn in self.flights.items():
            drawn.display(np.array(boxes[tensor]).reshape(-1, 4))
        return self

    def store(self, shares: np.ndarray) -> FringedCross:
        """So much of each tile of O is stored."""
        bands = np.arange(len(shares)) // self.cross.band_rows
        for tile, share in zip(self.strips["O"], np.bincount(bands, shares) / np.bincount(bands), strict=True):
            tile.set_fill(opacity=palette.LIT * float(share))
        return self

    @property
    def cross(self) -> Cross:
        return self.fringe.cross

    def middle(self, i: int, j: int) -> np.ndarray:
        """Of the cell that shows score tile (i, j)."""
        cell = self.cross.cell(self.cross.row_of(int(i)), self.cross.col_of(int(j)))
        return np.array(cell.center[:2])
