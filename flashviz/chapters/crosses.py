"""Crosses of HBM with their bills, large, one or two in a picture: where they stand, and what is folded from their traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.layout import GAP, LEDGER_ROWS, Aspect, Cross, Rect, columns, cross, rows
from flashviz.lettering import LINE_PITCH, NOTE_PX, TITLE_PX, em
from flashviz.trace import Kind, Trace
from flashviz.trace.events import TRANSFERS, tensor_of

ROW_H = em(NOTE_PX) * 1.35
TITLE_H = em(TITLE_PX) * LINE_PITCH
BILL_SHARE = 0.45  # of the width, where the bill stands beside its cross
LINES = 4  # of notes above a bill that stands alone


@dataclass(frozen=True)
class CrossPlace:
    """A title, the cross, the rows of its bill, and room for notes."""

    title: Rect
    cross: Cross
    ledger: tuple[Rect, ...]
    notes: tuple[Rect, ...]


def alone(config: AttentionConfig, room: Rect) -> CrossPlace:
    """One cross: beside its bill and notes in a wide room, above them in a tall one."""
    title, body = room.top(TITLE_H), room.below(TITLE_H)
    if room.width > room.height:
        picture, words = body.before(BILL_SHARE * body.width), body.right(BILL_SHARE * body.width)
    else:
        words_h = (LINES + LEDGER_ROWS) * 1.5 * ROW_H
        picture, words = body.above(words_h + GAP), body.bottom(words_h)
    lines = rows(words.inset(GAP, GAP), LINES + LEDGER_ROWS)
    return CrossPlace(title, cross(config, picture), tuple(lines[LINES:]), tuple(lines[:LINES]))


def pair(config: AttentionConfig, room: Rect, aspect: Aspect) -> list[CrossPlace]:
    """Two crosses with their bills: side by side, in a tall frame one above the other."""
    if aspect == "9:16":
        return [_beside(config, half) for half in rows(room, 2, GAP)]
    return [_above(config, half) for half in columns(room, 2, 4 * GAP)]


def _beside(config: AttentionConfig, room: Rect) -> CrossPlace:
    title, body = room.top(TITLE_H), room.below(TITLE_H)
    bill = body.right(BILL_SHARE * body.width).inset(GAP, body.height / 5)
    return CrossPlace(title, cross(config, body.before(BILL_SHARE * body.width)), tuple(rows(bill, LEDGER_ROWS)), ())


def _above(config: AttentionConfig, room: Rect) -> CrossPlace:
    title, body = room.top(TITLE_H), room.below(TITLE_H)
    bill = body.bottom(LEDGER_ROWS * ROW_H)
    return CrossPlace(title, cross(config, body.above(bill.height + GAP)), tuple(rows(bill, LEDGER_ROWS)), ())


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
