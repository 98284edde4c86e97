"""CausalScene: kinds of tiles by the mask of every element, counts and bytes by closed forms, what is seen by its area."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from flashviz.chapters.causal import FULL, MASKED, SKIPPED, gather, placed
from flashviz.chapters.causal import shown as bands
from flashviz.config import AttentionConfig
from flashviz.director.causal import FLIGHT, CausalFilm, Lanes
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import ASPECTS, Limit, masked_grid, shot
from flashviz.layout.causal import SEAM
from flashviz.mobjects.tiles import HATCH, Hatch
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.strategies import configs
from tests.test_directed import FILMS

FILM = FILMS["causal"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


def kinds_by_elements(c: AttentionConfig) -> np.ndarray:
    """From the mask of every element of whole tiles: none seen, all seen, some seen."""
    rows, cols = np.arange(c.row_blocks * c.block_m), np.arange(c.col_blocks * c.block_n)
    inside = rows < c.seq_q
    seen = (cols[None, :] <= rows[:, None] + c.seq_k - c.seq_q) & (cols[None, :] < c.seq_k)
    found = np.empty((c.row_blocks, c.col_blocks), int)
    for i, j in np.ndindex(found.shape):
        rows_of = slice(i * c.block_m, (i + 1) * c.block_m)
        part = seen[rows_of, j * c.block_n : (j + 1) * c.block_n][inside[rows_of]]
        found[i, j] = FULL if part.all() else MASKED if part.any() else SKIPPED
    return found


@every
def test_tiles_are_what_the_elements_of_the_mask_say(name: str) -> None:
    c = AttentionConfig(**CONFIGS[name], causal=True)
    expected = kinds_by_elements(c)
    assert (gather(c, "numpy", run).kinds == expected).all()
    film, (rows, cols) = scene(FILM, **CONFIGS[name]), expected.shape
    counts = {kind: f"{int((expected == kind).sum()):,}" for kind in (FULL, MASKED, SKIPPED)}
    assert at(film, "skip").caption == f"{counts[SKIPPED]} tiles skipped: nothing is loaded."
    words = [f"{counts[SKIPPED]} skipped", f"{counts[MASKED]} masked", f"{counts[FULL]} full"]
    assert sorted(said(at(film, "kinds"), "count")) == sorted(words)
    assert values_of(at(film, "kinds"), "masked") == [written([int((shown_kinds(film, expected) == MASKED).sum())])]
    if max(rows, cols) <= 32:  # else bands
        assert [values_of(at(film, "mask"), f"row {index}") for index in range(rows)] == [[written(row)] for row in expected]


@every
def test_skipped_tiles_leave_the_frame_and_no_other(name: str) -> None:
    film = scene(FILM, **CONFIGS[name])
    before, after = (at(film, beat) for beat in ("mask", "skip"))
    assert shown(before, "skipped")
    assert not shown(after, "skipped")
    assert [item.box for item in shown(after, "visited")] == [item.box for item in shown(before, "visited")]


@every
def test_sums_are_the_closed_forms(name: str) -> None:
    """Half of T x (T + 1) tiles, and K and V of the visited ones."""
    film, c = scene(FILM, **CONFIGS[name]), AttentionConfig(**CONFIGS[name], causal=True)
    if not gather(c, "numpy", run).stairs:
        assert film.on_board("half") is None
        return
    side, last = c.row_blocks, at(film, "half")
    assert said(last, "sum") == [f"{side} × {side + 1} / 2 = {side * (side + 1) // 2}"]
    assert said(last, "note") == [f"of {side * side:,} tiles"]
    sums = [kib(form.read["K"] + form.read["V"]) for form in (closed_form(c, "fa2"), closed_form(replace(c, causal=False), "fa2"))]
    assert said(last, "bytes") == [f"K and V: {sums[0]} of {sums[1]}"]


def test_the_turned_copy_fills_what_is_missing_of_one_column_more() -> None:
    """Before it fades: its cells and the visited ones tile a rectangle of 8 x 9 without overlap."""
    film = scene(FILM)
    found = gather(AttentionConfig(causal=True), "numpy", run)
    cells = {(row, col) for row, col in zip(*np.nonzero(found.kinds != SKIPPED), strict=True)}
    turned = {(7 - row, 8 - col) for row, col in cells}
    assert not cells & turned
    assert cells | turned == {(row, col) for row in range(8) for col in range(9)}
    assert film.on_board("half") is not None


def shown_kinds(film: Any, kinds: np.ndarray) -> np.ndarray:
    """Of the cells that are drawn: tiles, or bands of them."""
    grid = masked_grid(film.settings.config, film.shot("causal")["grid"])
    return bands(kinds, grid.band_rows, grid.band_cols)


@every
def test_longest_first_is_list_scheduling_of_the_visited_tiles(name: str) -> None:
    """Each program on the place that is free first; no two at once on one; ends by hand where there are eight rows."""
    c = AttentionConfig(**CONFIGS[name], causal=True)
    found = gather(c, "numpy", run)
    visited = (kinds_by_elements(c) != SKIPPED).sum(1)
    for longest_first in (False, True):
        runs = found.schedule(longest_first=longest_first)
        assert sorted(run.row for run in runs) == [row for row in range(len(visited)) if visited[row]]
        assert all(run.tiles == visited[run.row] for run in runs)
        free = np.zeros(found.places, int)
        for program in runs:
            assert program.start == free.min() == free[program.place]
            free[program.place] += program.tiles
        assert found.ends[int(longest_first)] == free.max()
    if name == "default":
        assert found.ends == (12, 9)
        assert said(at(scene(FILM), "rows"), "end in order") == ["12"]
        assert said(at(scene(FILM), "rows"), "end longest") == ["9"]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 5))
def test_no_order_ends_before_its_tiles_are_shared_out(tiles: list[int], places: int) -> None:
    """Graham's bounds: at least the mean and the longest, at most 2 - 1/p of the best."""
    end = max(run.start + run.tiles for run in placed(range(len(tiles)), tiles, places))
    least = max(sum(tiles) / places, *tiles)
    assert least <= end <= (2 - 1 / places) * least + 1e-9 or end <= sum(tiles) / places + (1 - 1 / places) * max(tiles) + 1e-9


def test_lanes_are_as_long_as_they_last() -> None:
    """12 tiles against 9, on one scale."""
    lanes = [item.box for item in at(scene(FILM), "rows").shown if item.name == "program"]
    place = scene(FILM).shot("causal")
    ends = []
    for part in ("in order", "longest"):
        inside = [box for box in lanes if place[part].y0 - 0.01 <= box[1] and box[3] <= place[part].y1 + 0.01]
        ends.append(max(box[2] for box in inside) - place[part].x0)
    assert ends[1] / ends[0] == pytest.approx(9 / 12, abs=0.01)


@pytest.mark.parametrize("now", [0.0, 1.5, 4.0, 8.25, 9.0, 12.0])
def test_at_any_time_a_program_has_done_what_its_place_had_time_for(now: float) -> None:
    """All programs together: as many tiles as places ran; the clock stops with the last one."""
    film = scene(FILM)
    found = gather(AttentionConfig(causal=True), "numpy", run)
    for part, longest in (("in order", False), ("longest", True)):
        runs = found.schedule(longest_first=longest)
        lanes = Lanes(CausalFilm(film, found), film.shot("causal")[part], runs, found.ends[0], part)
        lanes.run(now)
        expected = [min(max(now - program.start, 0.0), program.tiles) for program in runs]
        assert [float(np.sum(np.asarray(drawn.values))) for drawn in lanes.programs] == pytest.approx(expected)
        come = [len(drawn.points) > 0 for drawn in lanes.coming]
        assert come == [now > program.start - FLIGHT for program in runs]
        ends = [max(program.start + program.tiles for program in runs if program.place == place) for place in range(found.places)]
        hatched = [max(min(now, found.ends[int(longest)]) - end, 0.0) * lanes.wide for end in ends]
        wide = [np.diff(lanes.idle_box(place, min(now, lanes.end))[::2])[0] for place in range(found.places)]
        assert [max(each, 0.0) for each in wide] == pytest.approx(hatched)
        assert (len(lanes.idle.points) > 0) == any(hatched)
        assert lanes.time.text == f"{int(min(now, found.ends[int(longest)]))}"
        assert [word.text for word in lanes.words] == [f"{program.row + 1}" for program in runs]
        seen = [word.text for word in lanes.words if word.family_members_with_points()[0].get_fill_opacity() > 0]
        assert seen == [f"{program.row + 1}" for program in runs if program.start + 1 <= now]


def test_a_row_comes_from_its_tiles_in_the_grid() -> None:
    """Before a program starts its outlines are on their way from the cells of its row; then they are where it runs."""
    film = scene(FILM)
    found = gather(AttentionConfig(causal=True), "numpy", run)
    made = CausalFilm(film, found)
    lanes = Lanes(made, film.shot("causal")["in order"], found.schedule(longest_first=False), found.ends[0], "in order")
    for program, row in zip(lanes.runs, lanes.rows, strict=True):
        cells = np.array([made.grid.cell(program.row, col).edges for col in range(program.tiles)])
        assert row == pytest.approx(cells, abs=0.05)
    lanes.run(float(lanes.end))
    for coming, drawn in zip(lanes.coming, lanes.programs, strict=True):
        assert coming.points == pytest.approx(drawn.points)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.05, 4), st.floats(0.05, 2))
def test_a_hatching_stays_in_its_box_and_its_lines_where_they_are(left: float, low: float, wide: float, tall: float) -> None:
    box = np.array([[left, low, left + wide, low + tall]])
    points = Hatch("#FFFFFF", "any").display(box).points.reshape(-1, 4, 3)
    assert (points[..., 0] >= left - 1e-9).all()
    assert (points[..., 0] <= left + wide + 1e-9).all()
    assert (points[..., 1] >= low - 1e-9).all()
    assert (points[..., 1] <= low + tall + 1e-9).all()
    feet = (points[:, 0, 0] - (points[:, 0, 1] - low)) / HATCH
    assert feet == pytest.approx(np.round(feet), abs=1e-6)
    assert len(points) >= (wide + tall) / HATCH - 2


def test_jobs_are_numbered_as_their_rows() -> None:
    end = at(scene(FILM), "rows")
    numbers = [f"{row + 1}" for row in range(8)]
    assert [item.text for item in sorted(shown(end, "number row"), key=lambda item: -item.box[1])] == numbers
    assert sorted(said(end, "number program")) == sorted(2 * numbers)


def test_the_mask_comes_into_one_row_first() -> None:
    """Into that with half of the rows above it; into the others with the next beat."""
    grid = masked_grid(AttentionConfig(), scene(FILM).shot("causal")["grid"])
    first, after = ({item.box for item in at(scene(FILM), beat).shown if item.name == "seen full"} for beat in ("row", "mask"))
    tops = sorted(round((grid.grid.y1 - box[3]) / grid.cell_height) for box in first & after)
    assert tops == [4, 7], "and of the last one no tile is skipped"
    assert len(first) == 8


@every
def test_the_last_query_and_the_last_key_meet_in_the_last_tile(name: str) -> None:
    film = scene(FILM, **CONFIGS[name])
    grid = masked_grid(film.settings.config, film.shot("causal")["grid"])
    (corner,) = shown(at(film, "mask"), "corner")
    assert corner.box == pytest.approx(grid.cell(grid.n_rows - 1, grid.n_cols - 1).edges, abs=0.01)
    assert kinds_by_elements(AttentionConfig(**CONFIGS[name], causal=True))[-1, -1] != SKIPPED


@pytest.mark.parametrize(("rows", "keys", "words"), [(420, 300, "The first 120 queries see"), (65, 64, "The first query sees")])
def test_rows_that_see_no_key_have_a_beat(rows: int, keys: int, words: str) -> None:
    film = scene(FILM, seq_q=rows, seq_k=keys)
    assert at(film, "blind").caption == f"{words} no key: O = 0, LSE = −∞."


@given(configs())
@tries(max_examples=25, deadline=None)
def test_what_is_seen_of_a_tile_has_the_area_of_its_elements(config: AttentionConfig) -> None:
    """Up to the half elements along the limit, and the seam."""
    if config.seq_k == 0:
        return
    for aspect in ASPECTS:
        rect = shot(config, aspect, "causal")["grid"]
        grid = masked_grid(config, rect)
        assert rect.contains(grid.grid)
        assert rect.contains(grid.strip("Q"), slack=1e-6)
        assert rect.contains(grid.strip("K"), slack=1e-6)
    limit = Limit(config, grid)
    q, k = np.arange(config.seq_q), np.arange(config.seq_k)
    seen = k[None, :] <= q[:, None] + config.seq_k - config.seq_q
    high, wide = grid.band_rows * config.block_m, grid.band_cols * config.block_n
    for row, col in ((0, 0), (grid.n_rows - 1, grid.n_cols - 1), (grid.n_rows // 2, grid.n_cols // 2)):
        part = seen[row * high : (row + 1) * high, col * wide : (col + 1) * wide].sum() / (high * wide)
        corners = limit.seen(row, col)
        x, y = corners.T if len(corners) else np.zeros((2, 1))
        area = abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2 / (grid.cell_width * grid.cell_height)
        assert area == pytest.approx(part, abs=(high + wide) / (2 * high * wide) + 4 * SEAM)


def test_the_limit_ends_where_the_last_query_meets_the_last_key() -> None:
    """The last corner of the real matrix, not of the drawn tiles."""
    c = AttentionConfig(seq_q=300, seq_k=420, causal=True)
    grid = masked_grid(c, shot(c, "16:9", "causal")["grid"])
    start, end = Limit(c, grid).ends()
    assert end == pytest.approx([grid.grid.x0 + grid.grid.width * 420 / 448, grid.grid.y1 - grid.grid.height * 300 / 320])
    assert start == pytest.approx([grid.grid.x0 + grid.grid.width * 120 / 448, grid.grid.y1])


def test_without_keys_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
