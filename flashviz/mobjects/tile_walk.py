"""All tiles that programs walk over, with the inputs beside them and the gradients that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from manim import Group

from flashviz import palette, theme
from flashviz.layout import Rect, Shot
from flashviz.layout.backward import Grid
from flashviz.mobjects.tiles import Rectangles, edges, outlines
from flashviz.palette import Theme

Cell = tuple[int, int]  # row block, key tile

ROW_INPUTS, COLUMN_INPUTS, OWN = ("Q", "dO"), ("K", "V"), ("dK", "dV")  # beside the rows, over the columns, under them


class Walk(Group):
    """All tiles of a key/value head, with the inputs of their rows and columns, dK and dV of the columns, and what was added to dQ.

    Args:
        walks: By key tile: the row blocks that its program comes to, in turn.
        row_blocks: How many there are.
        place: The parts of a shot.
    """

    def __init__(self, walks: Sequence[Sequence[int]], row_blocks: int, place: Shot, skin: Theme) -> None:
        self.tag, self.row_blocks = "walk", row_blocks
        self.columns: list[list[Cell]] = [[(block, j) for block in walk] for j, walk in enumerate(walks)]
        self.rows = [[cell for column in self.columns for cell in column if cell[0] == block] for block in range(row_blocks)]
        self.lines = outlines(skin.quiet, "cells", theme.HAIRLINE)
        inputs = ROW_INPUTS + COLUMN_INPUTS
        self.inputs = {name: Rectangles(skin.hue(name), name=f"input {name}", opacity=palette.RESTING) for name in inputs}
        self.used = {name: Rectangles(skin.hue(name), name=f"used {name}", opacity=palette.LIT) for name in inputs}
        self.heads = Rectangles(skin.scores, name="heads", opacity=palette.LIT)
        self.own = {name: Rectangles(skin.hue(name), name=f"stored {name}", opacity=palette.LIT) for name in OWN}
        self.added = Rectangles(skin.q, name="added", opacity=palette.LIT)
        super().__init__(self.lines, *self.inputs.values(), *self.used.values(), self.heads, *self.own.values(), self.added)
        self.place(place)

    def place(self, place: Shot | Mapping[str, Rect], floor: float = -np.inf) -> Walk:
        """Stand in the parts of a shot; what would lie under ``floor`` is not drawn."""
        rows, count = self.row_blocks, len(self.columns)
        self.grid, self.sums = Grid(place["grid"], rows, count), Grid(place["dq"], rows, 1)
        self.beside = {name: Grid(place[name.lower()], rows, 1) for name in ROW_INPUTS}
        self.over = {name: Grid(place[name.lower()], 1, count) for name in COLUMN_INPUTS}
        self.under = {name: Grid(place[name.lower()], 1, count) for name in OWN}
        strips = self.beside | self.over | self.under
        cells = np.concatenate([self.grid.cells, self.sums.cells, *(strip.cells for strip in strips.values())])
        self.lines.display(cells[cells[:, 1] > floor])
        for name, drawn in self.inputs.items():
            boxes = strips[name].cells
            drawn.display(boxes[boxes[:, 1] > floor])
        return self

    def level(self, block: int, count: int) -> Rect:
        """A row block's sum: as high as the share of its parts that were added."""
        cell = self.sums.cell(block, 0)
        return cell.bottom(cell.height * count / len(self.rows[block]))

    def display(self, heads: Sequence[Cell], added: Mapping[int, int], done: Sequence[int]) -> Walk:
        """Tiles at work, with their inputs; how many parts were added to dQ of each row block; columns that are done."""
        self.heads.display(edges([self.grid.cell(*head) for head in heads]))
        for name, strip in self.beside.items():
            self.used[name].display(edges([strip.cell(block, 0) for block in sorted({block for block, _ in heads})]))
        for name, strip in self.over.items():
            self.used[name].display(edges([strip.cell(0, j) for j in sorted({j for _, j in heads})]))
        for name, strip in self.under.items():
            self.own[name].display(edges([strip.cell(0, j) for j in done]))
            self.own[name].values = np.array([len(done)])
        self.added.display(edges([self.level(block, count) for block, count in added.items() if count]))
        self.added.values = np.array([sum(added.values())])
        return self

    def run(self, times: Mapping[Cell, float]) -> Callable[[float], None]:
        """Programs go down their columns: when each comes to each of its cells. A column's dK and dV come with its last one.

        Columns of which there are no times stand still.
        """
        when = {cell: times.get(cell, np.inf) for column in self.columns for cell in column}

        def show(share: float) -> None:
            ahead = [[cell for cell in walk if share < when[cell] < np.inf] for walk in self.columns]
            ended = [j for j, walk in enumerate(self.columns) if walk and all(when[cell] <= share for cell in walk)]
            added = {block: sum(when[cell] <= share for cell in row) for block, row in enumerate(self.rows)}
            self.display([cells[0] for cells in ahead if cells], added, ended)

        show(0.0)
        return show
