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
from flashviz.layout.grouped import large, pairs, seamed
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
    for beat, heads, total in (("head", c.heads, own), ("shared", c.kv_heads, shared)):
        assert said(at(film, beat), "stored") == [f"K and V: {heads} pair{'s' * (heads > 1)} × {kib(pair)} = {total} in HBM"]
    end = at(film, "loads")
    assert said(end, "bytes stored own") == [own]
    assert said(end, "bytes stored shared") == [shared]
    assert said(end, "bytes loaded own") == said(end, "bytes loaded shared") == [kib(loaded[1])]
    if loaded[1] == c.kv_heads * pair * c.row_blocks * c.group:
        sums = [f"{own} × {c.row_blocks} row blocks", f"{shared} × {c.row_blocks} row blocks × {c.group} heads per pair"]
        assert said(end, "note") == sums
    else:
        for text, stored, heads in zip(said(end, "note"), (own, shared), (c.heads, c.kv_heads), strict=True):
            assert text.startswith(f"{stored} × ")
            assert float(text.split()[3]) == pytest.approx(loaded[1] / (heads * pair), abs=0.051)
    assert at(film, "shared").caption == f"Grouped-query: {c.group} heads share one pair of K and V."


@every
def test_one_row_block_s_copy_and_its_group_s_are_what_they_load(name: str) -> None:
    """Of the trace: the loads of a program that sees most keys, then the same program of each head that reads the pair."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    found = gather(c, "numpy", run)
    whole = found.shared.after(len(found.shared.trace))[: c.group].sum(-1) * found.shared.half
    block = int(whole[0].argmax())
    assert said(at(film, "block"), "crossed") == [f"1 row block = {min(c.block_m, c.seq_q)} queries: {kib(whole[0, block])} loaded"]
    total = kib(whole[:, block].sum())
    assert said(at(film, "copies"), "crossed") == [f"{c.group} copies × {kib(whole[0, block])} = {total} loaded"]
    for half, tensor in enumerate("KV"):
        tiles = [piece for piece in found.shared.pieces(0, block) if piece[0] == half]
        assert tiles[0][1] == 0
        assert tiles[-1][2] == pytest.approx(found.shared.after(len(found.shared.trace))[0, block, half])
        for beat, heads in (("block", 1), ("copies", c.group)):
            assert values_of(at(film, beat), f"loaded {tensor}") == [written([heads * len(tiles)])]


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
    """Counted tile by tile of each pair, not from shares; what lies beyond it in a bar is veiled."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    found, ends = gather(c, "numpy", run), at(film, "cache")
    veils, bars = shown(ends, "may cross"), [shown(ends, f"bar loaded {side} K")[0] for side in ("own", "shared")]
    for side, loads, group, veil, bar in zip(("own", "shared"), (found.own, found.shared), (1, c.group), veils, bars, strict=True):
        events = [loads.trace[k] for k in range(len(loads.trace))]
        first = {(e.kind, e.pid_bh // group, e.j): e.nbytes for e in events if e.kind.name in ("LOAD_K", "LOAD_V")}
        once = sum(first.values())
        assert any(text.startswith(f"{kib(once)} ") for text in said(ends, "between")), side
        assert (veil.box[0] - bar.box[0]) / (bar.box[2] - bar.box[0]) == pytest.approx(once / loads.total, abs=0.01)
        assert veil.box[2] == pytest.approx(bar.box[2], abs=0.011)
    assert at(film, "cache").caption == f"With a perfect cache {kib(found.shared.once)} cross, without {kib(found.shared.total)}."


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


def test_what_stands_in_each_row_is_named_and_the_answer_is_what_is_stored() -> None:
    film, c = scene(FILM), grouped(AttentionConfig())
    end, pair = at(film, "sum"), 2 * AttentionConfig().seq_k * AttentionConfig().head_dim * AttentionConfig().itemsize
    assert sorted(said(end, "axis")) == sorted([f"{c.heads} heads", f"{c.row_blocks} row", "blocks"] * 2)
    assert said(end, "answer") == [f"{kib(heads * pair)} stored" for heads in (c.heads, c.kv_heads)]
    assert f"{c.group} × less: room for {c.group} × the keys" in said(end, "note")


def test_one_head_is_seen_closely_before_all_are() -> None:
    film = scene(FILM)
    assert max(film.drawn_at[text] for text in ("keys K", "values V", "queries Q")) < film.drawn_at["Multi-head: a pair each"]


def test_pairs_slide_onto_the_one_that_their_group_shares() -> None:
    """Amid its heads, at its size and height; and at the end as many pairs are seen as are stored."""
    film, c = scene(FILM), grouped(AttentionConfig())
    before, after = (large(film.shot("heads")["row"], c.heads, stored) for stored in (c.heads, c.kv_heads))
    for head, brick in enumerate(before.bricks):
        shared = after.bricks[head // c.group]
        assert (shared.width, shared.height, shared.y0) == pytest.approx((brick.width, brick.height, brick.y0))
    assert [values_of(at(film, "shared"), f"stored {tensor}") for tensor in "KV"] == [[written([c.kv_heads])]] * 2
    centres = [sum(before.heads[pair * c.group + n].center[0] for n in range(c.group)) / c.group for pair in range(c.kv_heads)]
    assert [brick.center[0] for brick in after.bricks] == pytest.approx(centres)


@given(st.sampled_from([(8, 2), (6, 1), (32, 4), (12, 3)]), st.integers(1, 40))
def test_pairs_stand_beside_the_heads_that_read_them(sizes: tuple[int, int], blocks: int) -> None:
    """Head h reads pair h // (H / H_kv); parts stay in their place and apart."""
    heads, stored = sizes
    for aspect in ASPECTS:
        rect = shot(AttentionConfig(), aspect, "grouped")["first"]
        made = pairs(rect, heads, stored, blocks)
        each = heads // stored
        for head in range(heads):
            group = made.heads[head // each * each : (head // each + 1) * each]
            brick = made.bricks[head // each]
            assert group[0].x0 - 1e-9 <= brick.center[0] <= group[-1].x1 + 1e-9
            assert made.heads[head].center[0] == pytest.approx(made.cells[head][0].center[0])
        assert all(rect.contains(part) for part in (*made.bricks, *made.heads, *(cell for line in made.cells for cell in line)))
        assert made.bricks[0].y0 > made.heads[0].y1 > made.heads[0].y0 >= made.grid.y1 - 1e-9


def test_where_nothing_is_shared_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="expected fewer kv_heads than heads"):
        scene(FILM, heads=4, kv_heads=4)
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
