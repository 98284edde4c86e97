"""IOScene: sweeps are Algorithm 1's, bars and areas are what traces counted, standard attention's bytes are its closed forms."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz.chapters import io_complexity
from flashviz.chapters.io_complexity import gather, named, on_chip, step_at
from flashviz.config import AttentionConfig
from flashviz.director.io_complexity import BECOME, TERMS
from flashviz.errors import ConfigError
from flashviz.layout import ASPECTS, Rect, shot
from flashviz.layout.io_complexity import BAR, Band, Columns, Cross, Square
from flashviz.lettering import PX_PER_UNIT
from flashviz.memory import traffic
from flashviz.mobjects.sweeps import SEAM, Bars, Block, Memory, Sweeps, strength
from flashviz.palette import THEMES
from flashviz_kernels.recorder import record, run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["io"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)
N, D = 512, 64  # of the default film, and of all others; numbers of two bytes
COLUMNS = (16, 32, 64)  # Bc, each of twice the chip
SWEEP, ONCE = 3 * 2 * N * D + 16 * N, 3 * 2 * N * D + 8 * N  # bytes: Q in, O in and out, l and m alike; K, V, and O, l, m set up


def algorithm_1(columns: int) -> int:
    """Its listing's loads and stores: N / Bc passes over Q, O, l, m; K and V once; O, l, m initialised; l and m in float32."""
    return ONCE + -(-N // columns) * SWEEP


def kibs(nbytes: float) -> str:
    return f"{nbytes / 1024:,g} KiB"


def test_bars_are_algorithm_1s() -> None:
    """After all sweeps at the smallest memory, and after all at each: slabs and bytes; the square is cut alike."""
    film = scene(FILM)
    for beat, sweeps in (("again", (32,)), ("wider", (32, 16)), ("below", (32, 16, 8)), ("answer", (32, 16, 8, 2))):
        end = at(film, beat)
        for index, count in enumerate(sweeps):
            assert [bar.values for bar in shown(end, f"bar {index}")] == [written([count, ONCE + count * SWEEP])]
    for beat, columns in (("again", 16), ("wider", 32), ("below", 64), ("law", 16)):
        end = at(film, beat)
        assert [item.values for item in shown(end, "blocks K")] == [written([columns, N / columns])]
        assert said(end, "blocks") == [f"K, V: {N // columns} blocks of {columns} rows"]
        if beat != "law":
            assert said(end, "chip") == [f"M = {4 * D * columns * 2 // 1024} KiB"]


def test_the_film_has_the_problem_of_all_others() -> None:
    """N, d and dtype are the configuration's, where N has eight tiles."""
    c = gather(AttentionConfig(), run).config
    assert (c.seq_q, c.seq_k, c.head_dim, c.dtype) == (N, N, D, AttentionConfig().dtype)
    assert gather(AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16), run).config.seq_k == 128


def test_twice_the_memory_leaves_a_bar_each_time() -> None:
    """Each with its bytes and its sweeps over it, and its memory under it; the third moves less than standard attention."""
    assert said(at(scene(FILM), "wider"), "bytes") == [*(kibs(algorithm_1(columns)) for columns in COLUMNS[:2]), "2,304 KiB"]
    assert algorithm_1(32) > 2304 * 1024 > algorithm_1(64)
    end = at(scene(FILM), "below")
    assert said(end, "bytes") == [*(kibs(algorithm_1(columns)) for columns in COLUMNS), "2,304 KiB"]
    assert said(end, "swept") == ["32 sweeps", "16 sweeps", "8 sweeps"]
    assert said(end, "size") == ["M: 8 KiB", "M: 16 KiB", "M: 32 KiB"]
    assert "0 sweeps" not in scene(FILM).drawn_at
    for step in gather(AttentionConfig(), run).steps:
        assert step.rows == step.columns, "blocks of Q and O as wide as those of K and V"


def test_twice_again_says_less_where_it_is_less() -> None:
    """Only where standard attention's level lies between the second bar and the third."""
    for name, config in CONFIGS.items():
        found = gather(AttentionConfig(**config), run)
        between = found.steps[1].nbytes > found.standard >= found.steps[2].nbytes
        names = [each.name for each in found.beats]
        assert ("below" in names, "twice" in names) == (between, not between), name


def test_the_first_bar_is_the_sum_of_its_slabs() -> None:
    """Beside it, as it stands large: all sweeps, and over them what crosses once, of its three parts."""
    film, found = scene(FILM), gather(AttentionConfig(), run)
    end = at(film, "again")
    assert "200 KiB each sweep" in film.drawn_at
    assert said(end, "total") == ["32 × 200 = 6,400 KiB"]
    assert " ".join(said(end, "once")) == "once: K and V in, first O (zeros) out: 64 + 64 + 68 = 196 KiB"
    assert (32 * SWEEP + ONCE) // 1024 == 32 * 200 + 196 == 6596
    assert said(end, "bytes") == ["6,596 KiB"]
    (near,), (later,), (brackets,) = shown(end, "bar 0"), shown(at(film, "more"), "bar 0"), shown(end, "brackets")
    assert near.box[2] - near.box[0] > 2 * (later.box[2] - later.box[0])
    assert near.box[3] - near.box[1] == pytest.approx(later.box[3] - later.box[1])
    assert brackets.box[3] - brackets.box[1] == pytest.approx(near.box[3] - near.box[1], abs=0.1)
    assert found.sweep * 32 + found.once == found.steps[0].nbytes


def test_a_sweep_paints_its_slab_way_by_way() -> None:
    """Three stripes as high as they have bytes, full after one sweep; O crosses with l and m, of 4 bytes a row each."""
    film, found = scene(FILM), gather(AttentionConfig(), run)
    first, end = at(film, "visit"), at(film, "sweep")
    assert said(first, "way") == said(end, "way") == ["Q in", "O in", "O out"]
    assert said(first, "crossed") == ["2 KiB"] * 3
    assert said(end, "crossed") == ["64 KiB", "68 KiB", "68 KiB"]
    assert said(end, "each") == ["one sweep: 64 + 68 + 68 = 200 KiB"]
    assert said(end, "within") == [
        f"{N} rows × {D} numbers × 2 bytes", "the same + a sum and a max a row, 4 bytes each", "the same again",
    ]  # fmt: skip
    assert (N * D * 2, N * D * 2 + N * 2 * 4) == (64 * 1024, 68 * 1024)
    assert (64 + 68 + 68, 64 + 64 + 68) == (SWEEP / 1024, ONCE / 1024) == (200, 196)
    assert named(found.each) == {"Q in": 64 * 1024, "O in": 68 * 1024, "O out": 68 * 1024}
    assert named(found.starts) == {"K in": 64 * 1024, "V in": 64 * 1024, "first O out": 68 * 1024}
    stripes = sorted((item.box for way in named(found.each) for item in shown(end, f"crossed {way}")), key=lambda box: -box[3])
    band = Band(film.shot("io")["band"], tuple(way.nbytes for way in found.each))
    wide, unit = band.stripes()[0].width, (stripes[0][3] - stripes[0][1]) / 64
    assert [box[2] - box[0] for box in stripes] == pytest.approx([wide] * 5, abs=0.02)
    assert [(box[3] - box[1]) / unit for box in stripes] == pytest.approx([64, 64, 4, 64, 4], abs=0.6)
    assert found.sums == 2 * 4 * N == 4 * 1024
    differences = {(a.nbytes - b.nbytes) / (a.sweeps - b.sweeps) for a, b in itertools.pairwise(found.steps)}
    assert differences == {SWEEP}


def test_a_real_chip_is_the_next_bar() -> None:
    """What a thread block of the quoted GPU may have, 227 KiB: 454 keys a block, then the rest, by the listing's loads and stores."""
    film, found = scene(FILM), gather(AttentionConfig(), run)
    end = at(film, "real")
    assert (found.device, found.room, found.real.columns, found.real.sweeps) == ("H100", 227 * 1024, 454, 2)
    assert found.real.nbytes == algorithm_1(454) == 596 * 1024
    assert "H100, M:" in said(end, "chip")
    assert said(end, "size")[-1] == "227 KiB"
    assert "596 KiB" in said(end, "bytes")
    assert said(end, "swept")[-1] == "2 sweeps"
    assert not said(end, "blocks"), "how its blocks are cut is not told, only drawn"
    assert N == 454 + 58
    assert [item.values for item in shown(end, "blocks K")] == [written([454, 2])]
    assert not shown(end, "memory"), "seven times as large as the largest strip"
    assert [bar.values for bar in shown(end, "bar 3")] == [written([2, 596 * 1024])]
    assert "real" not in [each.name for each in gather(AttentionConfig(arch="sm_86"), run).beats]


# ------------------------------------------------------------------------------------------------------ standard attention


def test_standard_attention_is_a_bar_of_named_pieces() -> None:
    """Q, K, V in, S and P out and back, O out, each once; its level stays, to scale with all bars."""
    film, found = scene(FILM), gather(AttentionConfig(), run)
    assert not shown(at(film, "again"), "bar 4")
    names = ["Q, K, V in: 192 KiB", "S out and back: 1,024 KiB", "P out and back: 1,024 KiB", "O out: 64 KiB"]
    assert set(names) <= set(film.drawn_at)
    assert (3 * 2 * N * D // 1024, 2 * 2 * N * N // 1024, 2 * N * D // 1024) == (192, 1024, 64)
    assert sum(way.nbytes for way in found.pieces) == found.standard == 2304 * 1024
    for beat in ("more", "below", "answer"):
        assert said(at(film, beat), "at best") == ["at best:"]
    for beat in ("more", "below", "answer"):
        end = at(film, beat)
        (line,), (bar,), (standard,) = shown(end, "standard"), shown(end, "bar 0"), shown(end, "bar 4")
        unit = (bar.box[3] - bar.box[1]) / algorithm_1(COLUMNS[0])
        assert standard.box[3] - standard.box[1] == pytest.approx(unit * 2304 * 1024, abs=0.02)
        assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * 2304 * 1024, abs=0.05)
        assert "2,304 KiB" in said(end, "bytes")
        assert said(end, "standard name") == ["standard", "attention"]


@every
def test_standard_attention_is_its_trace_with_each_matrix_once(name: str) -> None:
    """A bar of the matrices that cross in its trace, each once a direction; what the smallest memory moves beyond it is framed."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    trace, c = traffic(record(found.config, source="numpy", algorithm="standard")), found.config
    size = {tensor: c.seq_q * (c.seq_k if tensor in "SP" else c.head_dim) * c.itemsize for tensor in "QKVSPO"}
    assert found.standard == sum(way.nbytes for way in found.pieces) == sum(size[t] for side in (trace.read, trace.written) for t in side)
    is_more = found.steps[0].nbytes > found.standard
    end = at(film, "more" if is_more else "less")
    (line,), (bar,) = shown(end, "standard"), shown(end, "bar 0")
    assert line.values == written([found.standard])
    unit = (bar.box[3] - bar.box[1]) / found.steps[0].nbytes
    assert (line.box[1] + line.box[3]) / 2 - bar.box[1] == pytest.approx(unit * found.standard, abs=0.05)
    excess = [item.box[3] - item.box[1] for item in shown(end, "excess")]
    assert excess == pytest.approx([unit * (found.steps[0].nbytes - found.standard)] if is_more else [], abs=0.05)
    area = areas(film, len(found.steps) + 1)
    for tensor, names in (("Q", "Q"), ("K", "K"), ("V", "V"), ("S", "SP"), ("O", "O")):
        crossed = sum(size[part] for part in names for side in (trace.read, trace.written) if part in side)
        assert area[tensor] / sum(area.values()) == pytest.approx(crossed / found.standard)


def test_a_chip_may_be_too_small_and_the_film_says_so() -> None:
    """Of the default's 6,596 against 2,304 KiB; with narrow rows the smallest moves less."""
    end = at(scene(FILM), "more")
    assert "6,596 KiB" in said(end, "bytes")
    assert said(end, "more") == ["4,292 KiB more"]
    assert 6596 - 2304 == 4292
    assert 2 * (4 * N * D + 4 * N * N) == 2304 * 1024
    assert "less" in [snapshot.beat for snapshot in scene(FILM, **CONFIGS["narrow"]).snapshots]


def test_what_m_counts_is_said_at_first() -> None:
    """Four blocks, each of 2 KiB, O's with its sums, and how large the matrices are whose blocks these are."""
    film = scene(FILM)
    end = at(film, "chip")
    assert (said(end, "held name"), said(end, "held size")) == (["O", "Q", "K", "V"], ["2 KiB"] * 4)
    assert said(end, "held sums") == ["and its sums"]
    texts = (
        "on chip, M = 8 KiB: 4 blocks of 16 rows",
        f"N = {N} rows each,", f"d = {D} numbers a row,", "32 blocks of 16 rows", "scores: never in HBM",
    )  # fmt: skip
    for text in texts:
        assert text in film.drawn_at, text
    assert 4 * 2 * 1024 == 4 * 2 * D * COLUMNS[0] == 8 * 1024
    assert not {"S", "P"} & {part for trace in gather(AttentionConfig(), run).traces for part in traffic(trace).written}


@every
def test_o_comes_back_stronger(name: str) -> None:
    """A block of it is hollow until it has been on chip, and after the first sweep all its rows in HBM are as strong as it was."""
    film, empty, swept = scene(FILM, **CONFIGS[name]), Rect(0.0, 0.0, 1.0, 1.0), Rect(2.0, 0.0, 3.0, 1.0)
    step = gather(AttentionConfig(**CONFIGS[name]), run).steps[0]
    block = Block(THEMES["dark"], 1 / step.sweeps).display([empty], [swept])
    assert (block.done.points[:, 0].min(), block.done.points[:, 0].max()) == (swept.x0, swept.x1)
    (part,), (strip,) = shown(at(film, "sweep"), "O so far"), shown(at(film, "sweep"), "sweeps O")
    assert np.subtract(part.box, strip.box) == pytest.approx(np.zeros(4), abs=0.04)
    assert part.paint[0].opacity == pytest.approx(block.done.get_fill_opacity(), abs=1e-3)
    assert strength(1 / step.sweeps) == pytest.approx(block.done.get_fill_opacity())


def test_blocks_on_chip_are_the_four_of_m() -> None:
    """Side by side and of one size, all of M; outside it the scores, beneath Q and K, and the part, beneath O."""
    for aspect in ASPECTS:
        place = shot(AttentionConfig(), aspect, "io")
        cross = Cross(place["panel"], place["made"])
        slots, made = {name: cross.slot(name) for name in "OQKV"}, {name: cross.slot(name) for name in ("scores", "part")}
        assert len({(round(slot.width, 6), round(slot.height, 6)) for slot in slots.values()}) == 1
        assert not [pair for pair in itertools.combinations([*slots.values(), *made.values()], 2) if pair[0].overlaps(pair[1])]
        assert [slot.x0 for slot in slots.values()] == sorted(slot.x0 for slot in slots.values())
        assert made["scores"].center[0] == pytest.approx((slots["Q"].center[0] + slots["K"].center[0]) / 2)
        assert made["part"].center[0] == pytest.approx(slots["O"].center[0])
        assert all(place["panel"].contains(slot) for slot in slots.values())
        assert all(place["die"].contains(each) and not place["panel"].overlaps(each) for each in made.values())
        assert place["die"].contains(place["panel"])


@every
def test_the_same_block_of_o_comes_back_unfinished(name: str) -> None:
    """With the second block of K and V: its first rows, as strong as one sweep makes them, and it says so."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    end, step = at(film, "back"), found.steps[0]
    place = Square.of(film.shot("io")["square"], found.config.seq_k)
    (held,), (passing,) = shown(end, "held K"), shown(end, "passing O")
    assert (held.box[0], passing.box[3]) == pytest.approx((place.block("K", step.columns, step.columns).x0, place.grid.y1), abs=0.05)
    (block,) = shown(end, "block O so far")
    slot = Cross(film.shot("io")["panel"], film.shot("io")["made"]).slot("O")
    assert block.box == pytest.approx((slot.x0, slot.y0, slot.x1, slot.y1), abs=0.05)
    assert block.paint[0].opacity == pytest.approx(strength(1 / step.sweeps), abs=1e-3)
    assert said(end, "again") == ["the same block", "of O, unfinished"]


def test_the_scores_are_not_in_m() -> None:
    """Made and dropped, as Dao et al. 2022 count: not M's."""
    assert said(at(scene(FILM), "visit"), "dropped") == ["made and dropped,", "not counted in M", "(Dao et al. 2022)"]


@every
def test_the_chip_shrinks_without_a_block_on_another(name: str) -> None:
    """On the way to the strip all blocks keep their order and their distance."""
    film = scene(FILM, **CONFIGS[name])
    place, step = film.shot("io"), gather(AttentionConfig(**CONFIGS[name]), run).steps[0]
    cross = Cross(place["panel"], place["made"])
    quarters = Memory.quarters(
        place["held"].left(place["held"].width / 4), {"K": 1.0, "V": 1.0, **dict.fromkeys("QO", step.rows / step.columns)}
    )
    for share in np.linspace(0.0, 1.0, 11):
        rects = [cross.slot(each).toward(quarters[each], float(share)) for each in "OQKV"]
        assert not [pair for pair in itertools.combinations(rects, 2) if pair[0].overlaps(pair[1])]


def test_the_first_block_stays_until_its_sweep_is_through() -> None:
    """Then the next one comes."""
    place = Square.of(shot(AttentionConfig(), "16:9", "io")["square"], N)
    square = Sweeps(place, THEMES["dark"])
    for swept, block in ((0.5, 0), (1.0, 0), (1.01, 1), (15.9, 15)):
        square.display(32, 32, swept)
        assert square.held["K"].points[:, 0].min() == pytest.approx(place.block("K", 32 * block, 32).x0, abs=2 * SEAM)
    square.display(32, 32, 16.0)
    assert not len(square.held["K"].points)


def test_on_chip_memory_is_rounded_up_to_kib() -> None:
    c = AttentionConfig()
    assert [on_chip(m, c) for m in (8192, 13057, 13312, 13313)] == ["16 KiB", "26 KiB", "26 KiB", "27 KiB"]


# ------------------------------------------------------------------------------------------------------------- to scale


@every
def test_each_sweep_makes_all_rows_of_o_stronger(name: str) -> None:
    """From above: rows that have passed have one sweep more than those below; at last all are in full."""
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    step, place = found.steps[0], Square.of(shot(AttentionConfig(), "16:9", "io")["square"], found.config.seq_k)
    square, strip = Sweeps(place, THEMES["dark"]), place.strip("O")
    for swept in np.arange(0.0, step.sweeps + 0.1, 0.5):
        square.display(step.columns, step.rows, float(swept))
        high = {part: np.ptp(part.points[:, 1]) if len(part.points) else 0.0 for part in (square.before, square.done)}
        part = swept % 1 or float(swept > 0)
        assert high[square.done] == pytest.approx(part * strip.height, abs=1.01 * step.rows * place.unit)
        if swept > 1:
            assert sum(high.values()) == pytest.approx(strip.height)
        for shade, sweeps in ((square.done, math.ceil(swept)), (square.before, math.ceil(swept) - 1)):
            assert shade.get_fill_opacity() == pytest.approx(strength(max(sweeps, 0) / step.sweeps))
    assert square.done.get_fill_opacity() == 1


@every
def test_heights_of_bars_are_to_scale_to_a_pixel(name: str) -> None:
    """And the memory under each is as wide as it is large."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    last = "below" if "below" in {snapshot.beat for snapshot in film.snapshots} else "twice"
    for beat in (last, "answer"):
        end = at(film, beat)
        bars = [shown(end, f"bar {index}")[0] for index in range(len(found.steps))]
        tall = [(bar.box[3] - bar.box[1]) * PX_PER_UNIT for bar in bars]
        assert tall == pytest.approx([tall[0] * step.nbytes / found.steps[0].nbytes for step in found.steps], abs=2.0)
        wide = [item.box[2] - item.box[0] for item in shown(end, "memory kept")]
        assert wide == pytest.approx([wide[0] * step.m / found.steps[0].m for step in found.steps], abs=0.1)


@every
def test_a_bar_is_of_its_tensors(name: str) -> None:
    """Heights of a hue's pieces are that tensor's bytes: K and V once, O, l and m once and with each sweep, Q with each."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    trace, area = traffic(found.traces[-1]), areas(film, len(found.steps) - 1)
    for tensor, names in (("K", "K"), ("V", "V"), ("Q", "Q"), ("O", "O"), ("L", "LM")):
        moved = sum(side.get(part, 0) for part in names for side in (trace.read, trace.written))
        assert area[tensor] / sum(area.values()) == pytest.approx(moved / found.steps[-1].nbytes)


def areas(film: Any, index: int) -> dict[str, float]:
    """Of a bar's pieces, by tensor."""
    (bar,) = [part for top in film.mobjects for part in top.get_family() if vars(part).get("tag") == f"bar {index}"]
    found = dict[str, float]()
    for tensor, part in bar.parts.items():
        boxes = part.points.reshape(-1, 16, 3)
        found[tensor] = float(np.prod(np.ptp(boxes[..., :2], axis=1), axis=1).sum())
    return found


@every
def test_the_closed_form_goes_through_every_trace(name: str) -> None:
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    for step, trace in zip(found.steps, found.traces, strict=True):
        assert step.nbytes == traffic(trace).total == io_complexity.bytes_at(step.m, found.config)
        assert step.nbytes == found.once + step.sweeps * found.sweep
        assert step.sweeps == trace.config.col_blocks
    falls = [before.nbytes / after.nbytes for before, after in itertools.pairwise(found.steps)]
    assert all(1.4 < fall < 2.0 for fall in falls), "up to twice"


def test_the_law_is_that_of_the_bars() -> None:
    """M / 4d keys a block, N / (M / 4d) sweeps of 3 N d numbers of Q and O: 12 N^2 d^2 / M, of each M's bar."""
    film, found = scene(FILM), gather(AttentionConfig(), run)
    end = at(film, "law")
    assert said(end, "law") == ["12 N² d² / M numbers"]
    assert said(end, "numbers") == ["M = 8 KiB = 4,096 numbers"]
    assert said(end, "span") == ["M / 4d = 16", f"N = {N}"]
    assert said(end, "bound") == ["Dao et al. 2022, Theorem 2"]
    (spans,), (grid,) = shown(end, "spans"), shown(end, "sweeps grid")
    assert spans.box[2] - spans.box[0] == pytest.approx(grid.box[2] - grid.box[0], abs=0.06)
    assert "".join(TERMS) == "N / (M / 4d) sweeps × 3 N d numbers"
    assert {"Q in: N d", "O in: N d", "O out: N d"} <= set(film.drawn_at)
    assert said(at(film, "answer"), "by law") == ["law: 6,144", "law: 3,072", "law: 1,536", "law: 217"]
    assert round(found.law(found.real.m) / 1024) == round(2 * 12 * N**2 * D**2 / (227 * 512) / 1024) == 217
    assert [found.law(step.m) / 1024 for step in found.steps] == [6144, 3072, 1536]
    assert 2 * 12 * N**2 * D**2 / 4096 == 6144 * 1024
    for step in found.steps:
        assert step.m == 4 * step.columns * D
        assert step.sweeps == N / step.columns == 4 * N * D / step.m
        assert 2 * 3 * N * D == SWEEP - 16 * N, "two bytes each, and sums and maxima of rows besides"
        assert 3 * N * D * step.sweeps == 12 * N**2 * D**2 / step.m


def test_terms_that_meet_make_the_law() -> None:
    """4 and 3, N and N, d and d; of each kind there are as many terms as its power or factors."""
    kinds = {kind: [TERMS[index].strip() for index, each in BECOME.items() if each == kind] for kind in BECOME.values()}
    assert kinds == {"N²": ["N", "N"], "d²": ["d", "d"], "12": ["4", "3"], "/": ["/"], "M": ["M"], "numbers": ["numbers"]}
    assert math.prod(int(each) for each in kinds["12"]) == 12


@every
def test_the_law_frames_what_it_counts_and_dims_the_rest(name: str) -> None:
    """In each bar 12 N^2 d^2 / M of Q and O are framed, the real chip's too; over it is what crosses once, and the sums of each sweep.

    Sweeps are whole, so that the real chip's, N / (M / 4d) rounded up, are more than the law's.
    """
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    end, steps = at(film, "answer"), (*found.steps, found.real)
    frames = shown(end, "lit")
    assert len(frames) == 2, "the first bar's, and those that went to the others"
    assert len(shown(end, "veil")) == len(steps)
    veils = sorted(shown(end, "veil"), key=lambda item: item.box[0])
    for index, (step, veil) in enumerate(zip(steps, veils, strict=True)):
        (bar,) = shown(end, f"bar {index}")
        unit = (bar.box[3] - bar.box[1]) / step.nbytes
        assert veil.box[3] - veil.box[1] == pytest.approx(unit * (step.nbytes - found.law(step.m)), abs=0.03)
        over = found.once + 2 * found.sums * step.sweeps
        whole = step.sweeps - found.config.seq_k * 4 * found.config.head_dim / step.m
        assert found.law(step.m) + over + whole * 3 * found.matrix == pytest.approx(step.nbytes)
        assert whole == 0 or index == len(found.steps)


@every
def test_sorting_a_bar_moves_sums_and_nothing_else(name: str) -> None:
    """Before, pieces lie as they were laid; after, Q and O lie close, sums over them, and what crosses once where it was; areas stay."""
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    step, columns = found.steps[0], Columns(Rect(0.0, 0.0, 4.0, 5.0), 1, found.steps[0].nbytes)
    bar = Bars(0, found.each[::-1], found.starts, THEMES["dark"])
    laid = {tensor: part.points.copy() for tensor, part in bar.display(columns, step.sweeps, 1.0).parts.items()}
    for tensor, part in bar.sift(columns, step.sweeps, 0.0).parts.items():
        assert part.points == pytest.approx(laid[tensor]), tensor
    parts = bar.sift(columns, step.sweeps, 1.0).parts
    law = columns.y(found.law(step.m))
    once = {
        tensor: len(part.points) // 16 - (step.sweeps * sum(way.tensor == tensor for way in found.each)) for tensor, part in parts.items()
    }
    for tensor, part in parts.items():
        low, high = part.points[: len(part.points) - 16 * once[tensor], 1], part.points[len(part.points) - 16 * once[tensor] :, 1]
        assert not len(low) or (low.min() >= law - 1e-9 if tensor == "L" else low.max() <= law + 1e-9)
        assert high == pytest.approx(laid[tensor][len(laid[tensor]) - len(high) :, 1])


# -------------------------------------------------------------------------------------------------------------- the chip


@every
def test_the_memory_is_m_in_quarters(name: str) -> None:
    """Equal areas are equal bytes: M as wide as it is large once there are others, and a block of each matrix in a quarter of it."""
    film, found = scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run)
    place, doubled = film.shot("io")["held"], "below" if "below" in {snapshot.beat for snapshot in film.snapshots} else "twice"
    first, last = found.steps[0], found.steps[-1]
    for beat, step, scale in (("again", first, last.m), (doubled, last, last.m)):
        end = at(film, beat)
        whole = place.width * step.m / scale
        (memory,) = shown(end, "memory")
        assert memory.box[2] - memory.box[0] == pytest.approx(whole, abs=0.02)
        quarters = [shown(end, f"memory {tensor}")[0] for tensor in "KVQO"]
        share = {"K": 1.0, "V": 1.0, **dict.fromkeys("QO", step.rows / step.columns)}
        for tensor, item in zip("KVQO", quarters, strict=True):
            assert item.box[2] - item.box[0] == pytest.approx(share[tensor] * whole / 4, abs=0.06)
            assert Rect(*memory.box).contains(Rect(*item.box), slack=0.02)


@given(st.integers(1, 600), st.integers(100, 600))
def test_blocks_are_all_keys_and_the_last_is_what_is_left(columns: int, n: int) -> None:
    square = Square.of(shot(AttentionConfig(), "16:9", "io")["square"], n)
    starts = square.starts(columns)
    rects = [square.block("K", float(key), columns) for key in starts]
    assert rects[0].x0 == pytest.approx(square.grid.x0)
    assert rects[-1].x1 == pytest.approx(square.grid.x1)
    for before, after in itertools.pairwise(rects):
        assert before.x1 == pytest.approx(after.x0)
    assert rects[-1].width == pytest.approx((n - columns * (len(rects) - 1)) * square.unit)


@pytest.mark.parametrize("d", [16, 40, 64, 256])
def test_on_chip_memories_are_those_that_the_theorem_speaks_of(d: int) -> None:
    n = 1024
    chips = io_complexity.chip_sizes(AttentionConfig(seq_q=n, head_dim=d, block_m=16, block_n=16))
    assert 2 <= len(chips) <= 3
    for chip in chips:
        assert d <= 4 * d * chip.block_n <= n * d
        assert chip.block_m <= max(16, d)
        assert chip.block_m == min(chip.block_n, 1 << (d.bit_length() - 1)), "the paper's min(Bc, d), in powers of two"
        moved = traffic(record(chip, source="numpy", algorithm="fa1")).total
        assert moved == io_complexity.bytes_at(4 * d * chip.block_n, chip)
    for before, after in itertools.pairwise(chips):
        assert after.block_n == 2 * before.block_n


@given(st.floats(1.0, 1e6))
def test_any_m_makes_whole_sweeps(m: float) -> None:
    step = step_at(m, AttentionConfig(seq_q=N))
    assert (step.columns - 1) * 4 * D < m <= step.columns * 4 * D
    assert step.rows == min(step.columns, D)
    assert (step.sweeps - 1) * step.columns < N <= step.sweeps * step.columns


@given(st.integers(4, 6), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_parts_stay_in_their_places(count: int, low: float, share: float) -> None:
    for aspect in ASPECTS:
        place = shot(AttentionConfig(), aspect, "io")
        columns = Columns(place["plot"], count, 1e6)
        for index in range(count):
            bar = columns.bar(index, low * 1e6, max(low, share) * 1e6)
            assert place["plot"].contains(bar)
            assert bar.width == pytest.approx((BAR[1] - BAR[0]) * columns.pitch)
            assert place["under"].contains(columns.memory(index, place["under"], share))
        square = Square.of(place["square"], N)
        for rect in (square.grid, *(square.strip(name) for name in "KVQO")):
            assert place["square"].contains(rect)
        assert square.grid.width == pytest.approx(square.grid.height)


def test_too_few_tilings_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected two on-chip memories M = 4 d Bc up to N d"):
        scene(FILM, seq_q=4096, head_dim=256, dtype="float32", block_m=16, block_n=16, stages=1, arch="sm_80")
