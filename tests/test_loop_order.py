"""LoopOrderScene: every tick is a transfer of a trace, every line a visit, and the sums are the closed forms."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries

from flashviz.chapters.loop_order import MATRICES, gather
from flashviz.config import AttentionConfig
from flashviz.director import loop_order as loops
from flashviz.director.words import Word
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import ASPECTS, Rect, frame, fringe, shot
from flashviz.layout.loop_order import close
from flashviz.mobjects.tiles import Rectangles
from flashviz.trace import Kind, state_at
from flashviz_kernels.recorder import run
from tests.directed import at, overlapping, said, scene, shown, values_of, written
from tests.strategies import configs
from tests.test_directed import FILMS

FILM = FILMS["loop order"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
SIDES = ("fa1", "fa2")


def stage() -> loops.LoopOrderFilm:
    """A film that has not begun."""
    return loops.LoopOrderFilm(scene(FILM), gather(AttentionConfig(), "numpy", run))


@every
def test_sums_of_both_orders_are_the_closed_forms(name: str) -> None:
    film = scene(FILM, **CONFIGS[name])
    c = AttentionConfig(**CONFIGS[name])
    forms = [closed_form(c, algorithm) for algorithm in SIDES]
    last = at(film, "total")
    for tensor in MATRICES:
        sizes = [form.read.get(tensor, 0) + form.written.get(tensor, 0) for form in forms]
        assert sorted(values_of(last, f"squares {tensor}")) == sorted(written([size]) for size in sizes)
    rest = [form.total - sum(form.read.get(t, 0) + form.written.get(t, 0) for t in MATRICES) for form in forms]
    assert sorted(values_of(last, "squares L")) == sorted(written([size]) for size in rest)
    assert sorted(said(last, "bytes total")) == sorted(kib(form.total) for form in forms)
    o = [kib(form.read.get("O", 0) + form.written["O"]) for form in forms]
    assert said(at(film, "o"), "bytes O") == o
    assert said(at(film, "rest"), "bytes O") == o, "the counters end there"


@every
def test_bars_are_as_long_as_their_bytes_on_one_scale(name: str) -> None:
    film = scene(FILM, **CONFIGS[name])
    forms = [closed_form(AttentionConfig(**CONFIGS[name]), algorithm) for algorithm in SIDES]
    place, last = film.shot("bills"), at(film, "total")
    for index, side in enumerate(("first", "second")):
        parts = [
            item.box for tensor in (*MATRICES, "L") for item in shown(last, f"squares {tensor}") if place[side].overlaps(Rect(*item.box))
        ]
        assert len(parts) == 5
        assert min(box[0] for box in parts) == pytest.approx(place[side].x0, abs=0.011)
        whole = place[side].width * forms[index].total / max(form.total for form in forms)
        assert max(box[2] for box in parts) - place[side].x0 == pytest.approx(whole, abs=0.03)


def test_after_one_pass_each_order_has_moved_what_its_loop_moves() -> None:
    """Eight score tiles. Keys outside: all of Q, one tile of K and V, O initialised, read and written. Queries outside: Q and O once."""
    film = scene(FILM)
    ones, one = np.ones(8), np.eye(8)[0]
    counted = at(film, "keys"), at(film, "queries")
    for tensor, both in {"Q": (ones, one), "K": (one, ones), "V": (one, ones), "O": (3 * ones, one)}.items():
        assert [values_of(each, f"ticks {tensor}")[-1:] for each in counted] == [[written(each)] for each in both], tensor


@every
def test_ticks_count_transfers_tile_by_tile(name: str) -> None:
    """At any event, from the columns of the trace: bytes over the bytes of that very tile, a ragged one included."""
    c = AttentionConfig(**CONFIGS[name])
    for order in gather(c, "numpy", run).orders:
        trace, row = order.trace, c.head_dim * c.itemsize
        for k in np.linspace(0, len(trace), 7).astype(int):
            for tensor, rows, high, axis in (("Q", c.seq_q, c.block_m, "i"), ("K", c.seq_k, c.block_n, "j"),
                                             ("V", c.seq_k, c.block_n, "j"), ("O", c.seq_q, c.block_m, "i")):  # fmt: skip
                expected = np.zeros(-(-rows // high))
                kinds = [kind for kind in Kind if kind.name.endswith(f"_{tensor}")]
                for e in np.flatnonzero(np.isin(trace.columns["kind"][:k], kinds)):
                    tile = trace.columns[axis][e]
                    expected[tile] += trace.columns["nbytes"][e] / (min(high, rows - tile * high) * row)
                assert order.crossings(tensor, k) == pytest.approx(expected)


@every
def test_lines_are_the_visits_of_the_trace(name: str) -> None:
    c = AttentionConfig(**CONFIGS[name])
    found = gather(c, "numpy", run)
    for order in found.orders:
        products = [order.trace[int(k)] for k in np.flatnonzero(order.trace.columns["kind"] == Kind.QK_DOT)]
        assert [(e.i, e.j) for e in products] == [tuple(visit) for visit in order.visits.tolist()]
        assert np.concatenate(order.passes).tolist() == order.visits.tolist()
        assert all(len(set(visits[:, order.outer].tolist())) == 1 for visits in order.passes)
    assert sorted(map(tuple, found.first.visits.tolist())) == sorted(map(tuple, found.second.visits.tolist()))
    film = scene(FILM, **CONFIGS[name])
    assert values_of(at(film, "rest"), "visits") == [written([len(visits) for visits in order.passes]) for order in found.orders]


def test_what_waits_on_chip_is_what_the_outer_loop_holds() -> None:
    """Between two score tiles: K_j and V_j where keys are outside, Q_i and acc where queries are."""
    for order, words in zip(gather(AttentionConfig(), "numpy", run).orders, ("K and V wait on chip", "Q and O wait on chip"), strict=True):
        for visited in (1, 3, 4):
            state = state_at(order.trace, order.event_at(visited))
            held = {"O" if tensor == "ACC" else tensor for tensor in (*state.smem, *state.registers)}
            assert held & set(MATRICES) == {words[0], words[6]}
        assert words in [text for snapshot in scene(FILM).snapshots for text in said(snapshot, "stays")]


@every
def test_every_transfer_of_a_matrix_flies_in_its_score_tiles_time(name: str) -> None:
    for order in gather(AttentionConfig(**CONFIGS[name]), "numpy", run).orders:
        flown = order.flights(0, len(order.visits), takes=0.3)
        kinds = [Kind.LOAD_Q, Kind.LOAD_K, Kind.LOAD_V, Kind.LOAD_O, Kind.STORE_O]
        events = [order.trace[int(k)] for k in np.flatnonzero(np.isin(order.trace.columns["kind"], kinds))]
        said = [(e.statement.subject, e.i if e.statement.subject in "QO" else e.j, e.is_load) for e in events]
        assert [(f.tensor, f.tile, f.loads) for f in flown] == said
        assert [order.trace[f.event].kind in kinds for f in flown] == [True] * len(flown)
        for f in flown:
            assert (f.i, f.j) == tuple(order.visits[int(f.start + 1e-9)])
            assert f.start + f.takes <= int(f.start + 1e-9) + 1 + 1e-9


def test_a_tile_is_on_chip_from_when_it_has_come_until_it_leaves() -> None:
    """What the chip holds, what flies and what is worked on agree with the trace, at every moment of a pass."""
    film = stage()
    for side, order in enumerate(film.found.orders):
        flights, worked = order.flights(0, 8, takes=0.3), set()
        for visited in np.linspace(0.01, 7.99, 160):
            event = order.event_with(flights, float(visited))
            held, share, before = loops.at_work(order, flights, float(visited))
            state = state_at(order.trace, event)
            there = {"O" if tensor == "ACC" else tensor for tensor in (*state.smem, *state.registers)}
            assert held <= there
            assert there - held <= {"O"}, "of a store the trace keeps acc to the program's end"
            coming = {f.tensor for f in flights if f.loads and f.start < visited < f.stops}
            leaving = {f.tensor for f in flights if not f.loads and f.start < visited < f.stops}
            assert not (coming | leaving) & held, "what flies is not there"
            assert before == (0 if side == 0 else int(visited)), "the first column meets each row once, the first row grows"
            film.chip.work(held, share, before)
            if 0 < share < 1:
                assert {"Q", "V", "O"} <= held, "K is used up by then where it does not wait"
                worked.add(int(visited))
            assert bool(len(film.chip.tiles["Q"].points)) == ("Q" in held)
        assert worked == set(range(8)), "each visit is worked on"


def test_tiles_fly_between_hbm_and_the_chip() -> None:
    """From the tile's own place to the chip's, and back; both orders at one pace."""
    film, order = stage(), stage().found.first
    view = film.large[0]
    flights = order.flights(0, 8, takes=0.3)
    for flown in flights:
        along = []
        for way in (0.02, 0.98):
            film.chip.fly(view, order, flights, flown.start + way * flown.takes)
            boxes = film.chip.flights[flown.tensor].points.reshape(-1, 16, 3)
            along.append([np.array([box[:, 0].mean(), box[:, 1].mean()]) for box in boxes])
        cross = view.cross
        home = cross.tile(flown.tensor, flown.tile).center[:2]
        chip = film.chip.at[flown.tensor].center[:2]
        for goal, middles in zip((home, chip) if flown.loads else (chip, home), along, strict=True):
            assert min(np.abs(each - goal).max() for each in middles) < 0.05
    assert not film.scene.shot("alone")["hbm"].overlaps(film.scene.shot("alone")["chip"])


def test_a_visit_adds_one_part_of_o() -> None:
    film, parts = stage(), AttentionConfig().col_blocks
    wide = film.chip.at["O"].width
    for before in (0, 3, parts - 1):
        film.chip.work(MATRICES, 1.0, before)
        assert np.ptp(film.chip.made["O"].points[:, 0]) / wide == pytest.approx((before + 1) / parts, abs=1e-4)


def test_what_is_saved_is_the_closed_forms_share() -> None:
    first, second = (closed_form(AttentionConfig(), algorithm).total for algorithm in SIDES)
    assert said(at(scene(FILM), "total"), "less") == [f"{round(100 * (1 - second / first))}% less"]


def test_the_row_s_crossings_are_counted_out() -> None:
    """Written once as zeros, in and out at each of eight key tiles; with queries outside once."""
    film = scene(FILM)
    assert said(at(film, "o"), "product") == ["8 tiles × (1 + 2 × 8) × 8 KiB", "8 tiles × 1 × 8 KiB"]
    assert "1: zeros. 2 × 8: in and out" in said(at(film, "o"), "note")
    assert at(film, "o").caption == f"O crosses {1 + 2 * 8} times a row block, not once."


def test_o_is_written_as_zeros_before_the_loops() -> None:
    """Event by event of the trace: all that crosses before the first load are stores, of O once a tile; then the loops begin from there."""
    scene_, found = scene(FILM), gather(AttentionConfig(), "numpy", run)
    film = loops.LoopOrderFilm(scene_, found)
    order, ticks = found.first, film.large[0].ticks
    before = order.trace.columns["kind"][: order.begun]
    assert not np.isin(before, [kind for kind in Kind if kind.name.startswith("LOAD")]).any()
    seen = []
    for share in np.linspace(0, 1, 9):
        film.initialise(float(share))
        seen.append(float(np.sum(np.asarray(ticks["O"].values))))
        assert not any(np.any(ticks[tensor].values) for tensor in "QKV")
    assert (seen[0], seen[-1]) == (0, 8)
    assert seen == sorted(seen)
    assert 0 < seen[4] < 8, "one after the other"
    assert order.event_at(0.0) == order.begun
    assert scene_.drawn_at["O starts as zeros in HBM"] < scene_.drawn_at["K and V wait on chip"]


def test_both_loops_are_said_the_outer_one_first() -> None:
    """As the traces run them: what the outer loop counts stands above, and the inner one is indented."""
    for side, order in zip(loops.SIDES, gather(AttentionConfig(), "numpy", run).orders, strict=True):
        drawn = loops.loops(scene(FILM).shot("loops")[f"{side} name"], order.outer, "paper", scene(FILM).skin)
        upper, lower, paper = cast(list[Word], list(drawn))
        assert (paper.text, paper.baseline) == ("paper", upper.baseline)
        assert len(set(order.visits[:8, order.outer].tolist())) == 1, "the outer one stands while the inner one runs"
        assert upper.text == f"for each {'key' if order.outer else 'query'} tile:"
        assert lower.text == f"for each {'query' if order.outer else 'key'} tile:"
        assert upper.baseline > lower.baseline
        assert upper.left < lower.left


@every
def test_every_part_of_a_bar_has_its_bytes(name: str) -> None:
    """Q, K and V, O, and what is left: of the closed forms, without overlap, in their room."""
    film = scene(FILM, **CONFIGS[name])
    texts = said(at(film, "total"), "label part")
    for algorithm in SIDES:
        form = closed_form(AttentionConfig(**CONFIGS[name]), algorithm)
        sizes = {tensor: form.read.get(tensor, 0) + form.written.get(tensor, 0) for tensor in MATRICES}
        assert sizes["K"] == sizes["V"]
        for text in (kib(sizes["Q"]), f"{kib(sizes['K'])} each", kib(sizes["O"]), kib(form.total - sum(sizes.values()))):
            assert text in texts
    for aspect in ASPECTS:
        words = shown(at(scene(FILM, aspect, **CONFIGS[name]), "total"), "label part")
        assert not list(overlapping(words))


def test_rows_are_programs_of_their_own_and_columns_are_not() -> None:
    found = gather(AttentionConfig(), "numpy", run)
    assert [order.programs for order in found.orders] == [1, 8]
    assert said(at(scene(FILM), "side"), "programs") == ["1 program at a time: 64 steps", "8 programs at once: 8 steps"]
    cursors = shown(at(scene(FILM), "side"), "cursors")
    tall = [round((item.box[3] - item.box[1]) / (scene(FILM).shot("loops")["first"].height), 2) for item in cursors]
    assert len(cursors) == 2
    assert tall[1] > 4 * tall[0], "as many live cells as programs"


def corners(drawn: Rectangles) -> set[tuple[float, ...]]:
    """The edges of each rectangle, sixteen points of a path."""
    points = drawn.points.reshape(-1, 16, 3)[..., :2]
    return {tuple(np.round(np.concatenate([box.min(0), box.max(0)]), 6)) for box in points}


def test_two_columns_want_one_tile_of_o_and_two_rows_one_each() -> None:
    """The first visits of the first two passes, from the trace: the same i where keys are outside, two where queries are."""
    film = stage()
    for view, order, tiles in zip(film.views, film.found.orders, (1, 2), strict=True):
        reach = loops.Reach(view, film.skin)
        wanted = {int(visits[0][0]) for visits in order.passes[:2]}
        assert len(wanted) == tiles
        assert reach.shared == (tiles == 1)
        reach.reach(1.0)
        places = {tuple(np.round(view.cross.tile("O", row).edges, 6)) for row in wanted}
        assert corners(reach.wanted) == places
    stays = [text for snapshot in scene(FILM).snapshots for text in said(snapshot, "programs")]
    assert stays[:2] == stays[2:], "how many run at once is said again at the end"


def test_a_visit_is_the_first_of_the_trace() -> None:
    """Its cell and the tiles about it; closely they are in their room, and scores come before O."""
    film = stage()
    cross, (i, j) = film.views[0].cross, film.found.first.visits[0]
    small = loops.around(film.views[0], film.found.first.visits[0])
    assert small["S"].edges == pytest.approx(cross.cell(int(i), int(j)).edges)
    for tensor in MATRICES:
        assert small[tensor].edges == pytest.approx(cross.tile(tensor, int(i) if tensor in "QO" else int(j)).edges)
    for name, room in (("visit", "close"), ("alone", "work")):
        large = close(film.scene.shot(name)[room])
        assert all(film.scene.shot(name)[room].contains(rect) for rect in large.values())
    seen = loops.Chip(film, large)
    for share, drawn in ((0.0, ""), (0.5, "S"), (1.0, "SO")):
        seen.work(MATRICES, share, 0)
        assert "".join(t for t in "SO" if corners(seen.made[t])) == drawn, "scores first, then O"


def test_m_and_l_are_said_before_they_cross() -> None:
    film = scene(FILM)
    (words,) = {text for snapshot in film.snapshots for text in said(snapshot, "with O")} or {
        text for text in film.drawn_at if text.startswith("O has with it m,")
    }
    assert "each row's largest score" in words
    assert film.drawn_at[words] < film.drawn_at["O comes and goes, with m and ℓ"]


@given(configs())
@tries(max_examples=25, deadline=None)
def test_fringes_stay_in_their_place_and_apart(config: AttentionConfig) -> None:
    most = {"Q": 8.0, "K": 3.0, "V": 3.0, "O": 17.0}
    for aspect in ASPECTS:
        for side in ("first", "second"):
            rect = shot(config, aspect, "loops")[side]
            made = fringe(config, rect, most)
            assert frame(aspect).contains(rect)
            for tensor, count in most.items():
                tiles = made.cross.n_rows if tensor in "QO" else made.cross.n_cols
                boxes = made.ticks(tensor, np.full(tiles, count))
                assert all(rect.contains(Rect(*box), slack=1e-6) for box in boxes)
                assert not any(made.cross.grid.overlaps(Rect(*box)) for box in boxes)
                assert len(boxes) in (tiles, tiles * count), "a tick each, or one bar"


def test_without_keys_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
