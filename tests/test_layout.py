"""Layout as properties over any valid configuration: nothing overlaps, everything is inside, proportions are true."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.layout import (
    ASPECTS,
    BAND_LIMIT,
    MARGIN,
    TALL_CLEAR,
    THINNEST,
    Aspect,
    Cross,
    Rect,
    columns,
    frame,
    rows,
    stage,
)
from flashviz.lettering import (
    CAPTION_PX,
    CODE_PX,
    KEY_PX,
    LABEL_PX,
    NOTE_PX,
    TITLE_PX,
    Face,
    em,
    text_width,
)

ASPECT_NAMES: tuple[Aspect, ...] = tuple(ASPECTS)
TENSORS = "QKVO"

# The longest that each brace of a caption can become.
LONGEST = {
    "stored": "1,000,000",
    "tile": "256 × 256",
    "tile_q": "256 × 256",
    "tile_k": "128 × 256",
    "unit_q": "128 KiB",
    "unit_k": "64 KiB",
    "unit": "128 KiB",
    "square": "128 KiB",
    "new": "256",
    "height": "123.45",
    "programs": "100,000",
    "fitting": "16",
    "scores": "65,536",
    "m0": "−12.345",
    "l0": "512.345",
    "m_old": "−12.345",
    "m_new": "−12.345",
    "alpha": "0.345",
    "l_old": "512.345",
    "l_scaled": "512.345",
    "l_added": "256.345",
    "l_new": "512.345",
    "dtype": "bfloat16",
    "standard_tiles": "1,234,567 1/4",
    "flash_tiles": "1,234,567 1/4",
    "ratio": "12.3",
    "scores_bytes": "1,024 GiB",
    "e_flash": "1.2 × 10⁻⁴",
    "e_standard": "1.2 × 10⁻⁴",
}


@st.composite
def any_config(draw: st.DrawFn) -> AttentionConfig:
    """Any problem that a config accepts, lengths up to 100,000."""
    length = st.one_of(st.integers(1, 600), st.integers(1, 100_000))
    block = st.sampled_from([16, 32, 64, 128, 256])
    kv_heads = draw(st.integers(1, 4))
    try:
        return AttentionConfig(
            heads=kv_heads * draw(st.integers(1, 8)),
            kv_heads=kv_heads,
            seq_q=draw(length),
            seq_k=draw(st.one_of(length, st.just(0))),
            head_dim=draw(st.integers(16, 256)),
            block_m=draw(block),
            block_n=draw(block),
            dtype=draw(st.sampled_from(["float16", "bfloat16", "float32"])),
            causal=draw(st.booleans()),
            stages=1,
        )
    except ConfigError:
        reject()


configs = any_config()
aspects = st.sampled_from(ASPECT_NAMES)
DEFAULT = AttentionConfig()
CORNERS = (
    DEFAULT,
    AttentionConfig(seq_q=16, block_m=16, block_n=16, head_dim=256),
    AttentionConfig(seq_q=100_000, block_m=16, block_n=16, head_dim=16),
    AttentionConfig(seq_q=1, seq_k=100_000, head_dim=128),
    AttentionConfig(seq_q=100_000, seq_k=1, head_dim=128),
    AttentionConfig(seq_q=64, seq_k=0),
    AttentionConfig(seq_q=200, seq_k=1000, head_dim=128, block_m=128),
    AttentionConfig(seq_q=256, block_m=256, block_n=16, head_dim=64),
    AttentionConfig(seq_q=256, block_m=16, block_n=256, head_dim=64),
)


def everywhere(test: Callable[[AttentionConfig, Aspect], None]) -> Callable[[], None]:
    """The property at any config and aspect, and at the corners of both."""
    for config, aspect in itertools.product(CORNERS, ASPECT_NAMES):
        test = example(config=config, aspect=aspect)(test)
    checked: Callable[[], None] = settings(max_examples=80, deadline=None)(given(config=configs, aspect=aspects)(test))
    return checked


def assert_apart(parts: Mapping[str, Rect]) -> None:
    """No two overlap, none is empty."""
    for name, rect in parts.items():
        assert rect.width > 0, f"{name} has no width: {rect}"
        assert rect.height > 0, f"{name} has no height: {rect}"
    for (a, first), (b, second) in itertools.combinations(parts.items(), 2):
        assert not first.overlaps(second, slack=1e-6), f"{a} {first} overlaps {b} {second}"


def assert_inside(outer: Rect, parts: Mapping[str, Rect]) -> None:
    for name, rect in parts.items():
        assert outer.contains(rect, slack=1e-6), f"{name} {rect} is not inside {outer}"


def cross_parts(cross: Cross) -> dict[str, Rect]:
    strips = {f"strip {t}": cross.strip(t) for t in TENSORS}
    return {"grid": cross.grid, **strips, **{f"label {t}": cross.label(t) for t in TENSORS}}


# ------------------------------------------------------------------------------------------------------------ panels


@everywhere
def test_panels_lie_apart_inside_the_margin(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    assert_inside(frame(aspect).inset(MARGIN), shown.panels)
    assert_apart(shown.panels)


@everywhere
def test_lowest_fifth_of_a_tall_frame_stays_clear(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    clear = frame(aspect).bottom(frame(aspect).height * TALL_CLEAR)
    for name, rect in shown.panels.items():
        assert aspect != "9:16" or not rect.overlaps(clear, slack=1e-6), f"{name} {rect} reaches into {clear}"


@everywhere
def test_slot_joins_hbm_and_chip(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    if aspect == "9:16":
        assert (shown.slot.y1, shown.slot.y0) == pytest.approx((shown.hbm.y0, shown.chip.y1))
    else:
        assert (shown.slot.x0, shown.slot.x1) == pytest.approx((shown.hbm.x1, shown.chip.x0))
        assert shown.chip.y0 <= shown.slot.y0 < shown.slot.y1 <= shown.chip.y1


# --------------------------------------------------------------------------------------------------------------- HBM


@everywhere
def test_hbm_parts_lie_apart_inside_the_panel(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    ledger = {f"ledger {n}": rect for n, rect in enumerate(shown.ledger)}
    parts = {"title": shown.hbm_title, **cross_parts(shown.cross), **ledger}
    assert_inside(shown.hbm, parts)
    assert_apart(parts)


@everywhere
def test_cells_tile_the_grid_and_strips_line_up(config: AttentionConfig, aspect: Aspect) -> None:
    cross = stage(config, aspect).cross
    corner, far = cross.cell(0, 0), cross.cell(cross.n_rows - 1, cross.n_cols - 1)
    assert (corner.x0, corner.y1) == pytest.approx((cross.grid.x0, cross.grid.y1))
    assert (far.x1, far.y0) == pytest.approx((cross.grid.x1, cross.grid.y0))
    for row, col in itertools.product(range(min(3, cross.n_rows)), range(min(3, cross.n_cols))):
        cell = cross.cell(row, col)
        assert (cell.width, cell.height) == pytest.approx((cross.cell_width, cross.cell_height))
        assert cell.x0 == pytest.approx(cross.grid.x0 + col * cross.cell_width)
        assert cell.y1 == pytest.approx(cross.grid.y1 - row * cross.cell_height)
        for tensor in "QO":
            assert (cross.tile(tensor, row).y0, cross.tile(tensor, row).y1) == pytest.approx((cell.y0, cell.y1))
        for tensor in "KV":
            assert (cross.tile(tensor, col).x0, cross.tile(tensor, col).x1) == pytest.approx((cell.x0, cell.x1))


@everywhere
def test_every_tile_has_its_cell(config: AttentionConfig, aspect: Aspect) -> None:
    cross = stage(config, aspect).cross
    shown_rows = [cross.row_of(i) for i in range(config.row_blocks)]
    shown_cols = [cross.col_of(j) for j in range(config.col_blocks)]
    assert sorted(set(shown_rows)) == list(range(cross.n_rows))
    if config.col_blocks:
        assert sorted(set(shown_cols)) == list(range(cross.n_cols))
    assert max(cross.n_rows, cross.n_cols) <= BAND_LIMIT
    assert cross.band_rows == 1 or config.row_blocks > BAND_LIMIT
    assert cross.band_cols == 1 or config.col_blocks > BAND_LIMIT


@everywhere
def test_strips_are_never_too_thin_to_see(config: AttentionConfig, aspect: Aspect) -> None:
    cross = stage(config, aspect).cross
    assert min(cross.depth_x, cross.depth_y) >= THINNEST - 1e-9
    assert min(cross.cell_width, cross.cell_height) > 0.02, "a cell of under 3 px"


@pytest.mark.parametrize("aspect", ASPECT_NAMES)
@pytest.mark.parametrize(
    "config",
    [DEFAULT, AttentionConfig(seq_q=384, seq_k=768), AttentionConfig(block_m=32), AttentionConfig(head_dim=96)],
    ids=["default", "wide", "low tiles", "d 96"],
)
def test_areas_are_true_where_nothing_is_clamped(config: AttentionConfig, aspect: Aspect) -> None:
    """Area over elements is one and the same for Q, K and a score tile, to a hair."""
    cross = stage(config, aspect).cross
    c, b = config, cross
    scores = b.cell_width * b.cell_height / (c.block_m * c.block_n)
    assert b.tile("Q", 0).width * b.tile("Q", 0).height / (c.block_m * c.head_dim) == pytest.approx(scores, rel=0.01)
    assert b.tile("K", 0).width * b.tile("K", 0).height / (c.block_n * c.head_dim) == pytest.approx(scores, rel=0.01)


@everywhere
def test_ledger_has_a_row_a_tensor_and_each_holds_a_line(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    for algorithm in ("standard", "fa2"):
        assert len(crossed(config, algorithm)) < len(shown.ledger)
    for row in shown.ledger:
        assert row.height >= em(NOTE_PX) * 1.2


@pytest.mark.parametrize("n", [64, 512, 2048, 4096, 16384])
@pytest.mark.parametrize("aspect", ASPECT_NAMES)
@pytest.mark.parametrize("algorithm", ["standard", "fa2"])
def test_ledger_bytes_do_not_run_into_names(n: int, aspect: Aspect, algorithm: str) -> None:
    config = AttentionConfig(seq_q=n)
    shown = stage(config, aspect)
    for tensor, nbytes in crossed(config, algorithm).items():
        name, digits = text_width(tensor, NOTE_PX, Face.MONO_STRONG), text_width(kib(nbytes), NOTE_PX, Face.MONO)
        assert name + digits + 0.02 <= shown.ledger[1].width, f"{tensor} {kib(nbytes)}"


def crossed(config: AttentionConfig, algorithm: str) -> dict[str, int]:
    moved = closed_form(config, algorithm)
    tensors = {**moved.read, **moved.written}
    return {t: moved.read.get(t, 0) + moved.written.get(t, 0) for t in tensors}


# -------------------------------------------------------------------------------------------------------------- chip


@everywhere
def test_chip_parts_lie_apart_inside_the_panel(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    t = shown.tiles
    parts = {name: rect for name, rect in vars(t).items() if name != "registers"} | {"title": shown.chip_title}
    assert_inside(shown.chip, parts | {"registers": t.registers})
    assert_apart(parts)


@everywhere
def test_registers_hold_s_m_l_acc_and_nothing_else(config: AttentionConfig, aspect: Aspect) -> None:
    t = stage(config, aspect).tiles
    assert_inside(t.registers, {name: getattr(t, name) for name in ("s", "m", "l", "acc", "label_s", "label_acc")})
    for name in ("q", "k", "v", "label_q", "label_k", "label_v", "note_shared", "note_registers"):
        assert not t.registers.overlaps(getattr(t, name), slack=1e-6), f"{name} is in the register file"


@everywhere
def test_chip_is_the_cross_enlarged(config: AttentionConfig, aspect: Aspect) -> None:
    """Q, S, m, l and acc share rows; K, S and V share columns."""
    t = stage(config, aspect).tiles
    for name in ("q", "m", "l", "acc"):
        rect = getattr(t, name)
        assert (rect.y0, rect.y1) == pytest.approx((t.s.y0, t.s.y1)), name
    for rect in (t.k, t.v):
        assert (rect.x0, rect.x1) == pytest.approx((t.s.x0, t.s.x1))
    assert t.q.x1 < t.s.x0 < t.m.x0 < t.l.x0 < t.acc.x0
    assert t.v.y1 < t.s.y0 < t.s.y1 < t.k.y0


@pytest.mark.parametrize("aspect", ASPECT_NAMES)
def test_chip_tiles_are_true_to_scale(aspect: Aspect) -> None:
    t = stage(DEFAULT, aspect).tiles
    area = t.s.width * t.s.height
    for rect in (t.q, t.k, t.v, t.acc):
        assert rect.width * rect.height == pytest.approx(area)


# ---------------------------------------------------------------------------------------------------- lens and code


@everywhere
def test_lens_parts_lie_apart_inside(config: AttentionConfig, aspect: Aspect) -> None:
    lens = stage(config, aspect).lens
    parts = {name: rect for name, rect in vars(lens).items() if name != "rect"}
    assert_inside(lens.rect, parts)
    assert_apart(parts)
    assert lens.chart.height > 0.8, "too low for a ceiling"


@pytest.mark.parametrize("aspect", ASPECT_NAMES)
def test_numbers_fit_the_lens(aspect: Aspect) -> None:
    lens = stage(DEFAULT, aspect).lens
    symbol = 0.5  # where a number starts beside its symbol
    for rect in (lens.m, lens.l):
        assert symbol + text_width("−12.345", KEY_PX, Face.MONO) <= rect.width
        assert text_width("m  12.345", KEY_PX, Face.MONO) <= rect.width
    assert 0.16 + text_width("α = ", KEY_PX) + 0.14 + text_width("0.345", KEY_PX, Face.MONO) <= lens.alpha.width
    arithmetic = max(("512.345 × 0.345 = 176.759", "176.759 + 256.345 = 433.104"), key=len)
    assert text_width(arithmetic, NOTE_PX, Face.MONO) <= lens.sum.width
    for name in ("m", "alpha", "l"):
        assert getattr(lens, name).height >= em(KEY_PX), f"{name} is lower than its digits"
    assert lens.sum.height >= em(NOTE_PX)
    assert lens.title.height >= em(NOTE_PX)
    assert lens.axis_note.height >= em(NOTE_PX)


@everywhere
def test_chip_labels_fit(config: AttentionConfig, aspect: Aspect) -> None:
    """Names with the longest index of the configuration; widths of Typst's setting, as test_theme measures them."""
    t = stage(config, aspect).tiles
    digits_i, digits_j = len(str(config.row_blocks - 1)), len(str(max(config.col_blocks - 1, 0)))
    widths = {"q": 0.17 + 0.11 * digits_i, "k": 0.26 + 0.11 * digits_j, "v": 0.09 + 0.11 * digits_j,
              "s": 0.2, "m": 0.22, "l": 0.11, "acc": 0.36}  # fmt: skip
    heights = {"q": 0.26, "k": 0.3, "v": 0.26, "s": 0.2, "m": 0.13, "l": 0.2, "acc": 0.13}
    for name, width in widths.items():
        rect = getattr(t, f"label_{name}")
        assert width <= rect.width + 1e-9, f"label {name}: {width} in {rect}"
        assert heights[name] <= rect.height + 1e-9, f"label {name}: {heights[name]} in {rect}"
    assert text_width("registers", NOTE_PX) <= t.note_registers.width
    assert text_width("memory", NOTE_PX) <= t.note_shared.width
    assert em(NOTE_PX) <= t.note_registers.height


@everywhere
def test_code_pane_holds_three_lines(config: AttentionConfig, aspect: Aspect) -> None:
    shown = stage(config, aspect)
    assert (shown.code is None) == (aspect != "16:9")
    if shown.code is not None:
        assert shown.code.inset(0.1).height >= 3 * em(CODE_PX) * 1.2
        assert shown.code.inset(0.15).width >= text_width("x" * 76, CODE_PX, Face.MONO)


# -------------------------------------------------------------------------------------------------------------- type


def test_type_sizes_are_the_storyboards() -> None:
    assert (CAPTION_PX, KEY_PX, NOTE_PX, CODE_PX) == (44, 56, 28, 24)
    assert min(CAPTION_PX, KEY_PX, TITLE_PX, LABEL_PX, NOTE_PX) == NOTE_PX > CODE_PX


@given(st.integers(1, 40), st.floats(0, 0.05))
def test_rows_and_columns_divide_a_rectangle(count: int, gap: float) -> None:
    rect = Rect(-1.0, -2.0, 3.0, 4.0)
    for parts in (rows(rect, count, gap), columns(rect, count, gap)):
        assert len(parts) == count
        assert all(rect.contains(part) for part in parts)
        assert_apart({str(n): part for n, part in enumerate(parts)})
    assert rows(rect, count, gap)[0].y1 == rect.y1
    assert columns(rect, count, gap)[0].x0 == rect.x0
