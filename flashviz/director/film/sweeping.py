"""Many events at a linear pace: what is lit, written and counted is the trace's at every frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from manim import Group, Mobject

from flashviz.director.film.parts import show_rows
from flashviz.director.film.stage import Film
from flashviz.director.sweep import crossed
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.tiles import Matrix
from flashviz.trace import State, state_at


def sweep(
    film: Film, first: int, stop: int, seconds: float, count: Callable[[Mapping[str, int]], None], *parts: Mobject,
    written: Matrix | None = None,
) -> None:  # fmt: skip
    """Events first..stop. ``count`` shows what has crossed; the rows of ``written``, a picture of O, appear as they are stored."""
    trace, cross, head = film.material.fa2, film.hbm.cross, film.material.chosen.program[1]

    def show(share: float) -> None:
        k = first + round(share * (stop - first))
        state = state_at(trace, k)
        lit: dict[str, frozenset[int]] = {}
        cursor = None
        if state.program is not None and state.program[1] == head and k:
            j = max(trace[k - 1].j, 0)
            lit = {"Q": frozenset({cross.row_of(state.program[0])}), **{t: frozenset({cross.col_of(j)}) for t in "KV"}}
            cursor = (cross.row_of(state.program[0]), cross.col_of(j))
        film.hbm.display(lit=lit, cursor=cursor)
        if written is not None:
            show_rows(written, stored_rows(film, state))
        count(crossed(state))

    film.move(Shows(Group(film.hbm, *parts, *([] if written is None else [written])), show), seconds=seconds)


def stored_rows(film: Film, state: State) -> np.ndarray:
    """[N_q] whether a row of O is in HBM."""
    rows = np.zeros(film.config.seq_q, dtype=bool)
    for head, first, stop, *_ in state.writes("O"):
        rows[first:stop] |= head == film.material.chosen.program[1]
    return rows
