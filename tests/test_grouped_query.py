"""GroupedQueryScene: every copy is what a program loaded, pairs are as large as copies, sums are the closed forms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz import palette
from flashviz.chapters.grouped_query import Loads, gather, grouped
from flashviz.config import AttentionConfig
from flashviz.director.grouped_query import GroupedQueryFilm
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import ASPECTS, shot
from flashviz.layout.grouped import large, pairs, seamed
from flashviz.trace import Event
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["grouped"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


def stage(name: str) -> GroupedQueryFilm:
    """A film that has not begun."""
    return GroupedQueryFilm(scene(FILM, **CONFIGS[name]), gather(grouped(AttentionConfig(**CONFIGS[name])), "numpy", run))


def events(loads: Loads, stop: int | None = None) -> Iterator[Event]:
    """The first loads of K and V."""
    trace = loads.trace
    return (e for e in (trace[k] for k in range(len(trace) if stop is None else stop)) if e.kind.name in ("LOAD_K", "LOAD_V"))


@every
def test_stored_and_loaded_are_the_closed_forms(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    reads = [closed_form(replace(c, kv_heads=heads), "fa2").read for heads in (c.heads, c.kv_heads)]
    loaded = [read["K"] + read["V"] for read in reads]
    assert loaded[0] == loaded[1], "sharing saves no load"
    own, shared = (kib(heads * pair) for heads in (c.heads, c.kv_heads))
    for beat, heads, total in (("head", c.heads, own), ("shared", c.kv_heads, shared)):
        assert said(at(film, beat), "stored") == [f"{heads} pair{'s' * (heads > 1)} × {kib(pair)} = {total} stored"]
    end = at(film, "sum")
    assert said(end, "bytes stored own") == [own]
    assert said(end, "bytes stored shared") == [shared]
    assert said(end, "bytes loaded own") == said(end, "bytes loaded shared") == [kib(loaded[1])]
    assert said(end, "answer") == [f"Stored in HBM: {c.group} × less", "Loaded to the chip: the same"]
    programs = c.heads * c.row_blocks
    if loaded[1] == programs * pair:
        assert said(end, "note") == [f"{programs:,} row blocks × {kib(pair)}, shared or not"]
    else:
        assert said(end, "note") == [f"{programs:,} row blocks, shared or not"]
    assert at(film, "shared").caption == f"Grouped-query: {c.group} heads share one pair of K and V."


@every
def test_each_head_loads_its_copy_of_the_pair(name: str) -> None:
    """Of the trace: the loads of a program that sees most keys, then the same program of each head that reads the pair."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    found = gather(c, "numpy", run)
    loads, pull = found.shared, stage(name).pull
    whole = loads.after(len(loads.trace))[: c.group]
    assert pull.block == int(whole[0].sum(-1).argmax())
    for head in range(c.group):
        tiles = loads.tiles(head, pull.block)
        assert len(tiles) == len({e.j for e in events(loads) if e.pid_bh == head and e.i == pull.block})
        for half in range(2):
            cuts = [tile[half] for tile in tiles]
            assert cuts[0][0] == 0
            assert all(first[1] == second[0] for first, second in itertools.pairwise(cuts))
            assert cuts[-1][1] == pytest.approx(whole[head, pull.block, half])
    for beat, heads in (("block", 1), ("again", c.group)):
        copies = np.where(np.arange(c.group)[:, None] < heads, whole[:, pull.block], 0)
        for half, tensor in enumerate("KV"):
            assert values_of(at(film, beat), f"copy {tensor}") == [written(copies[:, half])]
        pull.sweep(heads - 1, 1.0)
        assert pull.counter.text == kib(whole[:heads, pull.block].sum() * loads.half)


@every
def test_a_tile_is_used_and_dropped_before_the_next_comes(name: str) -> None:
    """At most one of K and of V is in flight or on chip; the output brightens while it is there, and nothing of it is left at the end."""
    pull = stage(name).pull
    tiles, grown = len(pull.tiles[0]), 0.0
    for step in np.linspace(0, tiles, 20 * tiles + 1):
        pull.sweep(0, step / tiles)
        assert all(len(drawn.points) <= 16 for drawn in pull.flying)
        assert np.ptp(pull.out.points[:, 0]) == pytest.approx(pull.place["out"].width), "every tile adds to all of it"
        bright = pull.out.get_fill_opacity() / palette.LIT
        assert bright >= grown - 1e-9
        if bright > grown + 1e-9:
            slot = pull.place["slot"]
            for drawn in pull.flying:
                assert abs(drawn.points[:, 0].mean() - slot.center[0]) < 1e-6, "it is used where it has come to"
                assert drawn.get_fill_opacity() == pytest.approx(palette.LIT, abs=0.01), "and is dropped after that"
        grown = bright
    assert grown == pytest.approx(1.0)
    assert all(drawn.get_fill_opacity() == 0 for drawn in pull.flying)


@every
def test_copies_are_what_each_program_loaded(name: str) -> None:
    """At any event, from the columns of the trace; at the end what the row block's mask lets it see, in whole tiles."""
    c = grouped(AttentionConfig(**CONFIGS[name]))
    found = gather(c, "numpy", run)
    for loads in (found.own, found.shared):
        trace = loads.trace
        for k in np.linspace(0, len(trace), 5).astype(int):
            expected = np.zeros(loads.shape)
            for event in events(loads, int(k)):
                which = int(event.kind.name == "LOAD_V")
                expected[event.pid_bh, event.i, which] += event.nbytes / (c.seq_k * c.head_dim * c.itemsize)
            assert loads.after(k) == pytest.approx(expected)
    film = scene(FILM, **CONFIGS[name])
    whole = found.shared.after(len(found.shared.trace))
    for half, tensor in enumerate("KV"):
        assert values_of(at(film, "loads"), f"loaded {tensor}") == [written(whole[..., half])]
    assert found.own.after(len(found.own.trace)) == pytest.approx(whole), "as much without sharing"
    assert stage(name).counter.text == ""
    assert kib(found.shared.total) == kib(whole.sum() * found.shared.half)


@every
def test_bars_are_to_one_scale(name: str) -> None:
    """Width over bytes is the same for all four bars, of K and of V."""
    film, c = scene(FILM, **CONFIGS[name]), grouped(AttentionConfig(**CONFIGS[name]))
    pair = 2 * c.seq_k * c.head_dim * c.itemsize
    read = closed_form(c, "fa2").read
    loaded, end, units = read["K"] + read["V"], at(film, "sum"), []
    sizes = {"stored own": c.heads * pair, "loaded own": loaded, "stored shared": c.kv_heads * pair, "loaded shared": loaded}
    for what, nbytes in sizes.items():
        for tensor in "KV":
            (bar,) = shown(end, f"bar {what} {tensor}")
            assert bar.values == written([nbytes / pair])
            units.append((bar.box[2] - bar.box[0]) / nbytes)
    slack = 0.03 / min(c.kv_heads * pair, loaded)  # a snapshot has two digits, and the last pair a gap after it
    assert units == pytest.approx([units[2]] * 8, abs=slack)


def test_a_copy_is_as_large_as_the_pair_that_it_is_of() -> None:
    """Equal bytes, equal areas, in the grid and in the bars."""
    film, c = scene(FILM), grouped(AttentionConfig())
    cells = pairs(film.shot("grouped")["grid"], c.heads, c.kv_heads, c.row_blocks).cells
    first, last = seamed(cells[0][0]), seamed(cells[-1][-1])
    (loaded,) = shown(at(film, "loads"), "loaded K")
    assert loaded.box == pytest.approx((first.x0, last.center[1], last.x1, first.y1), abs=0.011), "full cells"
    for aspect in ASPECTS:
        made = pairs(shot(c, aspect, "grouped")["grid"], c.heads, c.kv_heads, c.row_blocks)
        cell = made.cells[0][0]
        assert all((brick.width, brick.height) == pytest.approx((cell.width, cell.height)) for brick in made.bricks)


def test_copies_come_to_the_places_of_their_programs() -> None:
    """From beneath the chip: one a head of the group, all of one row block; the pair to its own."""
    film, c = stage("default"), grouped(AttentionConfig())
    cells = [seamed(film.at.cells[head][film.pull.block]) for head in range(c.group)]
    film.pull.leave(seamed(film.at.bricks[0]), cells, 1.0)
    film.grid.load(film.printed(0.0))
    for ours, theirs in zip(film.pull.copies, film.grid.copies, strict=True):
        assert ours.points == pytest.approx(theirs.points), "where the grid has them"
    starts = [np.ptp(each.points[:, 0]) for each in film.pull.pair]
    assert starts == pytest.approx([seamed(film.at.bricks[0]).width] * 2, abs=0.03)


def test_what_stands_in_each_row_of_the_grid_is_named() -> None:
    film, c = scene(FILM), grouped(AttentionConfig())
    words = [f"{c.kv_heads} pairs stored", f"{c.heads} heads", f"{c.row_blocks} row blocks a head", f"of {c.block_m} queries"]
    assert set(words) < set(said(at(film, "loads"), "axis"))


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
        rect = shot(AttentionConfig(), aspect, "grouped")["grid"]
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
