"""GroupedQueryScene: every copy is what a program loaded, pairs are as large as copies, sums are the closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters.grouped_query import gather, grouped
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import ASPECTS, shot
from flashviz.layout.grouped import pairs, seamed
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["grouped"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


@every
def test_stored_and_loaded_are_the_closed_forms(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    reads = [closed_form(replace(c, kv_heads=heads), "fa2").read for heads in (c.heads, c.kv_heads)]
    loaded = [read["K"] + read["V"] for read in reads]
    assert loaded[0] == loaded[1], "sharing saves no load"
    assert said(at(film, "own"), "bytes stored") == [kib(c.heads * pair)]
    assert said(at(film, "own"), "bytes loaded") == [kib(loaded[0])]
    end = at(film, "sum")
    assert said(end, "bytes stored") == [kib(c.kv_heads * pair)]
    assert said(end, "was") == [f"was {kib(c.heads * pair)}"]
    assert said(end, "bytes loaded") == [kib(loaded[1])]
    (factor,) = said(end, "factor")
    times = loaded[1] / (c.kv_heads * pair)
    ends = f"{kib(c.kv_heads * pair)} ×", f"= {kib(loaded[1])}"
    assert factor.startswith(ends[0])
    assert factor.endswith(ends[1])
    if times == c.row_blocks * c.group:
        assert factor == f"{ends[0]} {c.row_blocks} × {c.group} {ends[1]}"
    else:
        assert float(factor.removeprefix(ends[0]).split()[0]) == pytest.approx(times, abs=0.051)
    assert at(film, "shared").caption == f"Shared: {c.group} heads read one pair."


@every
def test_copies_are_what_each_program_loaded(name: str) -> None:
    """At any event, from the columns of the trace; at the end what the row block's mask lets it see, in whole tiles."""
    c = grouped(AttentionConfig(**CONFIGS[name]))
    found = gather(c, "numpy", run)
    for loads in (found.own, found.shared):
        trace = loads.trace
        for k in np.linspace(0, len(trace), 5).astype(int):
            expected = np.zeros(loads.shape)
            for event in (trace[e] for e in range(int(k))):
                if event.kind.name in ("LOAD_K", "LOAD_V"):
                    which = int(event.kind.name == "LOAD_V")
                    expected[event.pid_bh, event.i, which] += event.nbytes / (c.seq_k * c.head_dim * c.itemsize)
            assert loads.after(k) == pytest.approx(expected)
    film = scene(FILM, **CONFIGS[name])
    whole = found.shared.after(len(found.shared.trace))
    for half, tensor in enumerate("KV"):
        for beat in ("own", "loads"):
            assert values_of(at(film, beat), f"loaded {tensor}")[0] == written(whole[..., half]), "as much as without sharing"


@every
def test_a_perfect_cache_would_load_each_tile_once(name: str) -> None:
    """Counted tile by tile of each pair, not from shares; drawn, and gone when the beat ends."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    trace = gather(c, "numpy", run).shared.trace
    first = {
        (e.kind, e.pid_bh // c.group, e.j): e.nbytes for e in (trace[k] for k in range(len(trace))) if e.kind.name in ("LOAD_K", "LOAD_V")
    }
    assert f"{kib(sum(first.values()))} at best" in film.drawn_at
    assert said(at(film, "cache"), "best") == []
    assert said(at(film, "cache"), "bytes loaded") == said(at(film, "loads"), "bytes loaded")


@every
def test_bars_are_to_one_scale_and_outlines_are_where_they_ended(name: str) -> None:
    """Width over bytes is the same for both bars, before and after; what is loaded once more fills its outline."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    read = closed_form(c, "fa2").read
    own, end = at(film, "own"), at(film, "sum")
    widths = {}
    for beat, snapshot, stored in (("own", own, c.heads * pair), ("sum", end, c.kv_heads * pair)):
        for what, nbytes in (("stored", stored), ("loaded", read["K"] + read["V"])):
            (bar,) = shown(snapshot, f"bar {what} K")
            assert bar.values == written([nbytes / 2])
            widths[beat, what] = (bar.box[2] - bar.box[0]) / nbytes
    unit = widths["own", "loaded"]
    slack = 0.02 / min(c.kv_heads * pair, read["K"] + read["V"])  # a snapshot has two digits
    assert list(widths.values()) == pytest.approx([unit] * 4, abs=slack)
    for what, bytes_ in (("stored", c.heads * pair), ("loaded", read["K"] + read["V"])):
        (was,) = shown(end, f"bar {what} was")
        assert (was.box[2] - was.box[0]) == pytest.approx(bytes_ * unit, abs=0.03)


def test_a_copy_is_as_large_as_the_pair_that_it_is_of() -> None:
    """Equal bytes, equal areas, in all that is drawn."""
    film, c = scene(FILM), grouped(AttentionConfig())
    loaded = shown(at(film, "own"), "loaded K")[0]
    cells = pairs(film.shot("grouped")["grid"], c.heads, c.heads, c.row_blocks).cells
    first, last = seamed(cells[0][0]), seamed(cells[-1][-1])
    assert loaded.box == pytest.approx((first.x0, last.center[1], last.x1, first.y1), abs=0.011), "full cells"
    for aspect in ASPECTS:
        for kept in (c.heads, c.kv_heads):
            made = pairs(shot(c, aspect, "grouped")["grid"], c.heads, kept, c.row_blocks)
            cell = made.cells[0][0]
            assert all((brick.width, brick.height) == pytest.approx((cell.width, cell.height)) for brick in made.bricks)


@given(st.sampled_from([(8, 2), (6, 1), (32, 4), (12, 3)]), st.integers(1, 40))
def test_pairs_stand_beside_the_heads_that_read_them(sizes: tuple[int, int], blocks: int) -> None:
    """Head h reads pair h // (H / H_kv); parts stay in their place and apart."""
    heads, stored = sizes
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "grouped")["grid"]
        made = pairs(rect, heads, stored, blocks)
        for head in range(heads):
            group = made.group(head * stored // heads)
            assert group.contains(made.cells[head][0])
            assert group.y0 - 1e-9 <= made.bricks[head * stored // heads].center[1] <= group.y1 + 1e-9
        assert all(rect.contains(part) for part in (*made.bricks, *made.heads, *(cell for line in made.cells for cell in line)))
        assert made.bricks[0].x1 < made.heads[0].x0 < made.heads[0].x1 < made.grid.x0


def test_where_nothing_is_shared_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="expected fewer kv_heads than heads"):
        scene(FILM, heads=4, kv_heads=4)
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
