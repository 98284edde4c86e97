"""Crosses of HBM with their bills, large, one or two in a picture: where they stand, and what is folded from their traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.layout import GAP, LEDGER_ROWS, Cross, Rect, centered, columns, cross, rows
from flashviz.lettering import LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, text_width
from flashviz.trace import Kind, Trace
from flashviz.trace.events import TRANSFERS, tensor_of

ROW_H = em(NOTE_PX) * 1.35
NAME_H, NAME_W = em(NOTE_PX) * 1.5, text_width("on chip", NOTE_PX) + GAP
TITLE_H = em(TITLE_PX) * LINE_PITCH
BILL_SHARE = 0.45  # of the width, where the bill stands beside its cross
LINES = 4  # of notes above a bill that stands alone
CHIP_W, CHIP_H = 1.1, 0.62  # of the chip beside a cross, and of one beneath it
SLOT = 0.4  # largest side of a tile on the chip


@dataclass(frozen=True)
class ChipPlace:
    """The chip beside a cross: its ground, its name, and a place for a tile of each matrix with its letter beside."""

    rect: Rect
    name: Rect
    slots: dict[str, Rect]
    letters: dict[str, Rect]


@dataclass(frozen=True)
class CrossPlace:
    """A title, the cross, the rows of its bill, room for notes, and the chip where it is shown."""

    title: Rect
    cross: Cross
    ledger: tuple[Rect, ...]
    notes: tuple[Rect, ...]
    chip: ChipPlace | None = None


def alone(config: AttentionConfig, room: Rect) -> CrossPlace:
    """One cross: beside the chip, notes and its bill in a wide room, above them in a tall one."""
    title, body = room.top(TITLE_H), room.below(TITLE_H)
    if room.width > room.height:
        picture, words = body.before(BILL_SHARE * body.width), body.right(BILL_SHARE * body.width)
    else:
        words_h = CHIP_H + (LINES + LEDGER_ROWS) * 1.4 * ROW_H
        picture, words = body.above(words_h + GAP), body.bottom(words_h)
    words, drawn = words.inset(GAP, 0.0), cross(config, picture)
    lines = rows(words.below(CHIP_H + GAP), LINES + LEDGER_ROWS)
    return CrossPlace(title, drawn, tuple(lines[LINES:]), tuple(lines[:LINES]), chip_place(words.top(CHIP_H), drawn))


def chip_place(rect: Rect, drawn: Cross) -> ChipPlace:
    """Places one below the other in a high rectangle, side by side in a low one; as large as tiles of the cross, if not too large."""
    inner = rect.inset(GAP / 2)
    if rect.height > rect.width:
        name, cells = inner.top(NAME_H), rows(inner.below(NAME_H), 4)
    else:
        name, cells = inner.left(NAME_W), columns(inner.beyond(NAME_W), 4)
    slots, letters = {}, {}
    for tensor, cell in zip("QKVO", cells, strict=True):
        tile = drawn.tile(tensor, 0)
        side = min(SLOT, cell.height - GAP / 2, cell.width / 2)
        width, letter = min(side, tile.width), text_width(tensor, NOTE_PX, Face.MONO_STRONG)
        left = cell.center[0] - (width + GAP / 2 + letter) / 2
        slots[tensor] = centered(left + width / 2, cell.center[1], width, min(side, tile.height))
        letters[tensor] = centered(left + width + GAP / 2 + letter / 2, cell.center[1], letter, cell.height)
    return ChipPlace(rect, name, slots, letters)


def one_head(config: AttentionConfig, **changes: Any) -> AttentionConfig:
    """The problem of a single head: the others do the same."""
    return replace(config, batch=1, heads=1, kv_heads=1, **changes)


class Folded:
    """What a trace of one head had moved and done before any of its events, by prefix sums.

    Args:
        trace: Of fa1 or fa2.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        kinds, nbytes = trace.columns["kind"], trace.columns["nbytes"]
        moving = [kind for kind in TRANSFERS if (kinds == kind).any()]
        self._sums: dict[str, np.ndarray] = {}
        for kind in sorted(moving, key=lambda kind: _ORDER.index(tensor_of(kind))):
            steps = np.where(kinds == kind, nbytes, 0).astype(np.int64)
            tensor = tensor_of(kind)
            self._sums[tensor] = self._sums.get(tensor, np.zeros(len(trace) + 1, np.int64)) + np.concatenate([[0], np.cumsum(steps)])

    def bytes_at(self, k: int) -> dict[str, int]:
        """Bytes per tensor, in either direction, of the first ``k`` events."""
        return {tensor: int(sums[k]) for tensor, sums in self._sums.items()}

    @property
    def final(self) -> dict[str, int]:
        """Of all events."""
        return self.bytes_at(len(self.trace))

    @property
    def total(self) -> int:
        """Of all events and tensors."""
        return sum(self.final.values())

    @cached_property
    def products(self) -> np.ndarray:
        """Events that compute a score tile, in order: the clock that two loop orders share."""
        return np.flatnonzero(self.trace.columns["kind"] == Kind.QK_DOT)

    @cached_property
    def arrivals(self) -> np.ndarray:
        """Events that load a tile of Q or K: with one of them the work on the next score tile begins."""
        return np.flatnonzero(np.isin(self.trace.columns["kind"], [Kind.LOAD_Q, Kind.LOAD_K]))

    def event_after(self, visited: float) -> int:
        """Events until so many score tiles are done and nothing of the next has come."""
        count = int(visited + 1e-9)
        if count == 0 or count >= len(self.products):
            return 0 if count == 0 < len(self.products) else len(self.trace)
        return int(self.arrivals[np.searchsorted(self.arrivals, self.products[count - 1])])

    def moves(self, start: float, stop: float, most: int) -> list[tuple[int, float]]:
        """Transfers of Q, K, V and O that belong to score tiles ``start`` to ``stop``, at most so many of them, evenly chosen.

        Returns:
            (event, when): 0..1 of the clock on which each score tile takes as long, transfers of one tile in equal steps.
        """
        first, last = self.event_after(start), self.event_after(stop)
        kinds = self.trace.columns["kind"][first:last]
        found = first + np.flatnonzero(np.isin(kinds, [kind for kind in TRANSFERS if tensor_of(kind) in "QKVO" and kind != Kind.INIT_O]))
        tile = np.searchsorted(self._tile_ends, found, side="right")
        count = np.bincount(tile, minlength=len(self.products) + 1)
        before = np.concatenate([[0], np.cumsum(count)])[tile]
        when = (tile + (np.arange(len(found)) - before) / count[tile] - start) / max(stop - start, 1e-9)
        chosen = np.unique(np.linspace(0, max(0, len(found) - 1), min(most, len(found))).astype(int))
        return [(int(found[at]), float(when[at])) for at in chosen]

    @cached_property
    def _tile_ends(self) -> np.ndarray:
        """``event_after`` of each score tile."""
        return np.array([self.event_after(count) for count in range(1, len(self.products) + 1)])

    def stored_share(self, k: int) -> np.ndarray:
        """Of the stores of each tile of O, the share that the first ``k`` events made: [row blocks]."""
        return np.asarray(self._stores(k) / np.maximum(1, self._stores(len(self.trace))))

    def _stores(self, k: int) -> np.ndarray:
        found = self.trace.columns["kind"][:k] == Kind.STORE_O
        return np.bincount(self.trace.columns["i"][:k][found], minlength=self.trace.config.row_blocks)

    def last_tile(self, k: int) -> tuple[int, int] | None:
        """(i, j) of the last of the first ``k`` events that belongs to a score tile; None before the first."""
        before = self.products[: int(np.searchsorted(self.products, k))]
        return (int(self.trace.columns["i"][before[-1]]), int(self.trace.columns["j"][before[-1]])) if len(before) else None


_ORDER: Sequence[str] = ("Q", "K", "V", "O", "L", "M", "LSE", "S", "P")
