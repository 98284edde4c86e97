"""Many events at a linear pace: what is lit, written and counted is the trace's at every frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import linear

from flashviz.director.film.held import AtWork
from flashviz.director.film.parts import Point, Way, beside, gates, show_rows, square_at, stored_at
from flashviz.director.film.stage import Film
from flashviz.director.sweep import crossed
from flashviz.layout import Rect
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.trace import Event, Kind, State, state_at

CROSSED = (
    (Kind.LOAD_Q, "Q", "Q"), (Kind.LOAD_K, "K", "K"), (Kind.LOAD_V, "V", "V"), (Kind.STORE_O, "O", "O"), (Kind.STORE_LSE, "LSE", "LSE"),
)  # fmt: skip
AHEAD = 5  # how many loads a square sets out before it arrives
MOST = 200  # squares that are seen on their way; of more, every so many
COMPUTED = 0.02  # of a load's time, what an event takes that nothing crosses in
WATCHED = {Kind.QK_DOT: 1.0, Kind.SOFTMAX_P: 2.5, Kind.PV_DOT: 1.5}  # the same, where what is computed is seen

Inside = Callable[[str, Point], list[Point]]


class Passing(Group):
    """Tiles on their way while events pass, one square each: it arrives when its event is counted.

    Squares go around HBM's score grid, which stays empty. A store sets out when all before it has been counted.

    Args:
        inside: A tensor's way on chip, from where the path ends.
        computed: How long events of a kind take, in loads.
    """

    def __init__(self, film: Film, first: int, stop: int, inside: Inside, pipe: Rect, computed: Mapping[Kind, float] | None = None) -> None:
        self.tag, self.film, self.first, self.inside, self.pipe = "passing", film, first, inside, pipe
        kinds = film.material.fa2.columns["kind"][first:stop]
        takes = np.where(np.isin(kinds, [Kind.LOAD_Q, Kind.LOAD_K, Kind.LOAD_V]), 1.0, np.where(kinds == Kind.STORE_O, AHEAD, COMPUTED))
        for kind, each in (computed or {}).items():
            takes[kinds == kind] = each
        self.when = AHEAD + np.cumsum(takes)  # of each event, in loads
        self.end = float(self.when[-1]) if len(kinds) else 1.0
        head = film.material.fa2.columns["pid_bh"][first:stop] == film.material.chosen.program[1]
        self.ways = {}
        for kind, _, _ in CROSSED[:-1]:  # what is one number a row is too small to be seen
            at = np.flatnonzero((kinds == kind) & head)
            self.ways[kind] = at[:: max(1, len(at) // MOST)]
        self.squares = {kind: Rectangles(film.skin.hue(tensor), name=f"passing {tensor}") for kind, tensor, _ in CROSSED[:-1]}
        super().__init__(*self.squares.values())

    def event(self, share: float) -> int:
        """How many events have passed."""
        return self.first + (len(self.when) if share >= 1 else int(np.searchsorted(self.when, share * self.end, side="right")))

    def display(self, share: float) -> Passing:
        now = share * self.end
        for kind, tensor, _ in CROSSED[:-1]:
            at = self.ways[kind]
            low, high = np.searchsorted(self.when[at], [now, now + AHEAD])
            boxes = []
            for k in at[low:high]:
                done = 1 - (self.when[k] - now) / AHEAD
                way = self.way(tensor, self.film.material.fa2[self.first + int(k)])
                boxes.append(square_at(*way.at(1 - done if kind == Kind.STORE_O else done)))
            self.squares[kind].display(np.array(boxes).reshape(-1, 4))
        return self

    def way(self, tensor: str, event: Event) -> Way:
        """A square's way from HBM to the chip: beside the grid, through the path, to its place."""
        cross, path = self.film.hbm.cross, gates(self.pipe)
        cell = stored_at(cross, tensor, event.i, event.j)[1].center
        corners = beside(cross, tensor, (cell[0], cell[1]))
        return Way.of(cell, *corners, (corners[-1][0], path[0][1]), *path, *self.inside(tensor, path[1]))


def show_event(film: Film, k: int, written: Matrix | None = None) -> State:
    """HBM after ``k`` events: which tiles are at work, and of O, ``written``, the rows that have been stored."""
    trace, cross, head = film.material.fa2, film.hbm.cross, film.material.chosen.program[1]
    state = state_at(trace, k)
    lit: dict[str, frozenset[int]] = {}
    cursor = None
    if state.program is not None and state.program[1] == head and 0 < k < trace.program(*state.program).stop:  # it is at work
        j = trace[k - 1].j
        lit = {"Q": frozenset({cross.row_of(state.program[0])})}
        if j >= 0:  # not while Q comes, or O goes
            lit |= {t: frozenset({cross.col_of(j)}) for t in "KV"}
            cursor = (cross.row_of(state.program[0]), cross.col_of(j))
    film.hbm.display(lit=lit, cursor=cursor)
    if written is not None:
        show_rows(written, stored_rows(film, state))
    return state


def sweep(
    film: Film, first: int, stop: int, seconds: float, count: Callable[[Mapping[str, int]], None], *parts: Mobject,
    written: Matrix | None = None, passing: Passing | None = None, at_work: AtWork | None = None, pace: Callable[[float], float] = linear,
) -> None:  # fmt: skip
    """Events first..stop. ``count`` shows what has crossed; the rows of ``written``, a picture of O, appear as they are stored.

    ``passing`` shows tiles on their way, and sets the pace; ``at_work`` what the program holds.
    """

    def show(share: float) -> None:
        k = first + round(share * (stop - first)) if passing is None else passing.event(share)
        state = show_event(film, k, written)
        if passing is not None:
            passing.display(share)
        if at_work is not None:
            at_work.display(k)
        count(crossed(state))

    come = [thing for thing in (at_work, passing) if thing is not None]
    film.scene.add(*come)
    shown = Group(film.hbm, *parts, *([] if written is None else [written]), *come)
    film.move(Shows(shown, show, rate_func=pace), seconds=seconds)
    film.scene.remove(*come)


def stored_rows(film: Film, state: State) -> np.ndarray:
    """[N_q] whether a row of O is in HBM."""
    rows = np.zeros(film.config.seq_q, dtype=bool)
    for head, first, stop, *_ in state.writes("O"):
        rows[first:stop] |= head == film.material.chosen.program[1]
    return rows
