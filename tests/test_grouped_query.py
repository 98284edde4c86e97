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
    own, shared = (kib(heads * pair) for heads in (c.heads, c.kv_heads))
    assert said(at(film, "head"), "bytes stored own") == [own]
    assert said(at(film, "shared"), "bytes stored shared") == [shared]
    assert said(at(film, "loads"), "bytes loaded own") == [kib(loaded[0])]
    assert said(at(film, "loads"), "bytes loaded shared") == [kib(loaded[1])]
    left, middle, right = said(at(film, "sum"), "factor")
    assert middle == f"= {kib(loaded[1])} ="
    if loaded[1] == c.kv_heads * pair * c.row_blocks * c.group:
        assert (left, right) == (f"{own} × {c.row_blocks}", f"{shared} × {c.row_blocks} × {c.group}")
    else:
        for text, stored, heads in ((left, own, c.heads), (right, shared, c.kv_heads)):
            assert text.startswith(f"{stored} × ")
            assert float(text.split()[-1]) == pytest.approx(loaded[1] / (heads * pair), abs=0.051)
    assert at(film, "shared").caption == f"Sharing: {c.group} heads read one pair of K and V."


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
        assert values_of(at(film, "loads"), f"loaded {tensor}") == [written(whole[..., half])] * 2, "as much as without sharing"


@every
def test_a_perfect_cache_would_load_each_tile_once(name: str) -> None:
    """Counted tile by tile of each pair, not from shares; drawn, and gone when the beat ends."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    found = gather(c, "numpy", run)
    for side, trace, group in (("own", found.own.trace, 1), ("shared", found.shared.trace, c.group)):
        first = {
            (e.kind, e.pid_bh // group, e.j): e.nbytes for e in (trace[k] for k in range(len(trace))) if e.kind.name in ("LOAD_K", "LOAD_V")
        }
        assert f"{kib(sum(first.values()))} at best" in film.drawn_at
        assert said(at(film, "cache"), f"bytes loaded {side}") == said(at(film, "loads"), f"bytes loaded {side}")
    assert said(at(film, "cache"), "best") == []


@every
def test_bars_are_to_one_scale_and_an_outline_is_where_one_ended(name: str) -> None:
    """Width over bytes is the same for all four bars."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    read = closed_form(c, "fa2").read
    loaded, end, units = read["K"] + read["V"], at(film, "sum"), []
    sizes = {"stored own": c.heads * pair, "loaded own": loaded, "stored shared": c.kv_heads * pair, "loaded shared": loaded}
    for what, nbytes in sizes.items():
        (bar,) = shown(end, f"bar {what} K")
        assert bar.values == written([nbytes / 2])
        units.append((bar.box[2] - bar.box[0]) / nbytes)
    slack = 0.02 / min(c.kv_heads * pair, loaded)  # a snapshot has two digits
    assert units == pytest.approx([units[1]] * 4, abs=slack)
    (was,) = shown(end, "bar stored shared was")
    assert (was.box[2] - was.box[0]) == pytest.approx(c.heads * pair * units[1], abs=0.03)


def test_a_copy_is_as_large_as_the_pair_that_it_is_of() -> None:
    """Equal bytes, equal areas, in all that is drawn, on both sides."""
    film, c = scene(FILM), grouped(AttentionConfig())
    for side, stored, loaded in zip(("first", "second"), (c.heads, c.kv_heads), shown(at(film, "sum"), "loaded K"), strict=True):
        cells = pairs(film.shot("grouped")[side], c.heads, stored, c.row_blocks).cells
        first, last = seamed(cells[0][0]), seamed(cells[-1][-1])
        assert loaded.box == pytest.approx((first.x0, last.center[1], last.x1, first.y1), abs=0.011), "full cells"
    for aspect in ASPECTS:
        sizes = set()
        for side, kept in (("first", c.heads), ("second", c.kv_heads)):
            made = pairs(shot(c, aspect, "grouped")[side], c.heads, kept, c.row_blocks)
            cell = made.cells[0][0]
            assert all((brick.width, brick.height) == pytest.approx((cell.width, cell.height)) for brick in made.bricks)
            sizes.add((round(cell.width, 6), round(cell.height, 6)))
        assert len(sizes) == 1, "side by side at one scale"


def test_the_grid_s_sides_are_named_by_what_is_counted_along_them() -> None:
    """Rows of cells are heads, columns row blocks, from the settings; sharing is counted a group."""
    film, c = scene(FILM), grouped(AttentionConfig())
    end = at(film, "sum")
    assert said(end, "axis") == [f"{c.row_blocks} row blocks of {c.block_m} queries"] * 2
    assert said(end, "count group") == [f"{c.heads} heads", *[f"{c.group} heads"] * c.kv_heads]
    notes = said(end, "note")
    assert "stored × row blocks" in notes
    assert "stored × row blocks × heads" in notes


def test_one_head_is_seen_closely_before_all_are() -> None:
    film = scene(FILM)
    assert max(film.drawn_at[text] for text in ("keys K", "values V", "queries Q")) < film.drawn_at["Multi-head: a pair each"]


@given(st.sampled_from([(8, 2), (6, 1), (32, 4), (12, 3)]), st.integers(1, 40))
def test_pairs_stand_beside_the_heads_that_read_them(sizes: tuple[int, int], blocks: int) -> None:
    """Head h reads pair h // (H / H_kv); parts stay in their place and apart."""
    heads, stored = sizes
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "grouped")["first"]
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
