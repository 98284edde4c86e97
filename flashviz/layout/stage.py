"""The stage: HBM, the slot, the chip, the row lens, kernel lines and the caption, of films and of the page.

HBM shows the whole matrices as a cross; the chip shows one tile of each as the same cross, enlarged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flashviz.config import AttentionConfig
from flashviz.layout.cross import Cross, cross
from flashviz.layout.rect import GAP, MARGIN, Aspect, Rect, centered, columns, frame, rows
from flashviz.lettering import CAPTION_PX, CODE_PX, KEY_PX, LINE_PITCH, NOTE_PX, TITLE_PX, em

LEDGER_ROWS = 7  # a heading, then Q, K, V, S, P, O at most
SMALLEST = 0.35  # side of a score tile on the chip
LABELLED = (0.64, 0.45)  # least width and height of a tile on the chip: its name stands above or beside it
TALL_CLEAR = 1 / 5  # lowest share of a 9:16 frame: phone players put their buttons there


@dataclass(frozen=True)
class ChipTiles:
    """One tile of each matrix on the chip, as a cross; m and l as columns; the register file around S, m, l, acc."""

    q: Rect
    k: Rect
    v: Rect
    s: Rect
    m: Rect
    l: Rect
    acc: Rect
    registers: Rect
    label_q: Rect
    label_k: Rect
    label_v: Rect
    label_s: Rect
    label_m: Rect
    label_l: Rect
    label_acc: Rect
    note_shared: Rect
    note_registers: Rect

    def of(self, tensor: str) -> Rect:
        return {"Q": self.q, "K": self.k, "V": self.v, "S": self.s, "P": self.s, "M": self.m, "L": self.l,
                "O": self.acc, "ACC": self.acc, "LSE": self.m}[tensor]  # fmt: skip


def chip_tiles(config: AttentionConfig, rect: Rect) -> ChipTiles:
    """Fit the chip's cross: Q_i left, K_j^T above, V_j below, S_ij in the middle, then m, l, acc."""
    label = em(TITLE_PX) * 1.15
    stat, pad = 0.2, 0.1
    stats_w = 2 * stat + 2 * GAP
    room_x = rect.width - (stats_w + 2 * GAP + 4 * pad)
    room_y = rect.height - (label + 2 * GAP + 3 * pad)
    bm, bn, d = min(config.block_m, config.seq_q), min(config.block_n, max(config.seq_k, 1)), config.head_dim
    scale = min(room_x / (2 * d + bn), room_y / (2 * d + bm))
    depth_x = min(max(d * scale, LABELLED[0]), (room_x - SMALLEST) / 2)
    depth_y = min(max(d * scale, LABELLED[1]), (room_y - SMALLEST) / 2)
    w = min(max(bn * scale, SMALLEST), room_x - 2 * depth_x)
    h = min(max(bm * scale, SMALLEST), room_y - 2 * depth_y)
    total_w = depth_x + pad * 2 + GAP + w + stats_w + GAP + depth_x
    x = rect.center[0] - total_w / 2
    total_h = 2 * depth_y + h + label + 2 * GAP + 3 * pad
    y_top = rect.y1 - max(0.0, (rect.height - total_h) / 2)
    k = Rect(x + depth_x + 2 * pad + GAP, y_top - depth_y, x + depth_x + 2 * pad + GAP + w, y_top)
    s_top = k.y0 - GAP - pad - label
    s = Rect(k.x0, s_top - h, k.x1, s_top)
    v_top = s.y0 - 2 * pad - GAP
    v = Rect(s.x0, v_top - depth_y, s.x1, v_top)
    q = Rect(x, s.y0, x + depth_x, s.y1)
    m = Rect(s.x1 + GAP, s.y0, s.x1 + GAP + stat, s.y1)
    l = Rect(m.x1 + GAP, s.y0, m.x1 + GAP + stat, s.y1)
    acc = Rect(l.x1 + GAP, s.y0, l.x1 + GAP + depth_x, s.y1)
    registers = Rect(s.x0 - pad, s.y0 - pad, acc.x1 + pad, s.y1 + label + pad / 2)
    above, note = label * 0.98, em(NOTE_PX) * LINE_PITCH
    note_registers = Rect(v.x1 + GAP, registers.y0 - GAP / 2 - note, registers.x1, registers.y0 - GAP / 2)
    return ChipTiles(
        q=q, k=k, v=v, s=s, m=m, l=l, acc=acc, registers=registers,
        label_q=Rect(q.x0, q.y1, q.x1, q.y1 + above),
        label_k=Rect(k.x1 + GAP, k.y0, registers.x1, k.y1),
        label_v=Rect(v.x1 + GAP, v.y0, registers.x1, note_registers.y0),
        label_s=Rect(s.x0, s.y1, s.x1, s.y1 + above),
        label_m=Rect(m.x0 - GAP / 2, m.y1, m.x1 + GAP / 2, m.y1 + above),
        label_l=Rect(l.x0 - GAP / 2, l.y1, l.x1 + GAP / 2, l.y1 + above),
        label_acc=Rect(acc.x0, acc.y1, acc.x1, acc.y1 + above),
        note_shared=Rect(rect.x0, max(k.y1 - 4 * note, q.y1 + above), k.x0 - GAP, k.y1),
        note_registers=note_registers,
    )  # fmt: skip


@dataclass(frozen=True)
class Lens:
    """The followed row, magnified: scores as a strip, terms e^(s-m) as bars under a ceiling, numbers beneath."""

    rect: Rect
    title: Rect
    strip: Rect
    chart: Rect  # the axis is its bottom edge
    axis_note: Rect
    m: Rect
    alpha: Rect
    l: Rect
    sum: Rect


def lens(rect: Rect, *, beside: bool) -> Lens:
    """Chart above its numbers, or beside them where the panel is wide and low."""
    inner = rect.inset(0.15, 0.1)
    title_h, key_h, note_h = em(NOTE_PX) * 1.5, em(KEY_PX) * 1.25, em(NOTE_PX) * 1.5
    if beside:
        picture, numbers = inner.left(inner.width * 0.5 - GAP), inner.right(inner.width * 0.5 - GAP)
    else:
        numbers = inner.bottom(3 * key_h + note_h)
        picture = inner.above(3 * key_h + note_h)
    title, picture = picture.top(title_h), picture.below(title_h)
    strip, picture = picture.top(0.2), picture.below(0.2 + GAP)
    axis_note, chart = picture.bottom(note_h), picture.above(note_h)
    share = (numbers.height - note_h) / 3
    m, rest = numbers.top(share), numbers.below(share)
    alpha, rest = rest.top(share), rest.below(share)
    l_rect, sum_rect = rest.top(share), rest.below(share)
    return Lens(
        rect,
        title,
        strip,
        chart.beyond(em(NOTE_PX) * 1.1),
        axis_note.beyond(em(NOTE_PX) * 1.1),
        m,
        alpha,
        l_rect,
        sum_rect,
    )


@dataclass(frozen=True)
class Stage:
    """The stage of every film: HBM, the slot (bus), the chip, the row lens, kernel lines, captions."""

    aspect: Aspect
    frame: Rect
    caption: Rect
    hbm: Rect
    hbm_title: Rect
    cross: Cross
    ledger: tuple[Rect, ...]  # a heading, then one row a tensor
    slot: Rect  # from HBM's edge to the chip's edge
    chip: Rect
    chip_title: Rect
    tiles: ChipTiles
    lens: Lens
    code: Rect | None  # the tall and square frames have no room for kernel lines

    @property
    def center_stage(self) -> Rect:
        """Everything above the caption: for pictures that need the whole width."""
        return Rect(self.hbm.x0, self.caption.y1 + GAP, max(self.lens.rect.x1, self.chip.x1, self.hbm.x1), self.hbm.y1)

    @property
    def panels(self) -> dict[str, Rect]:
        named = {"caption": self.caption, "hbm": self.hbm, "slot": self.slot, "chip": self.chip, "lens": self.lens.rect}
        return named if self.code is None else {**named, "code": self.code}


TITLE_H = em(TITLE_PX) * 1.35
CODE_LINES = 3
CAPTION_LINES: dict[Aspect, int] = {"16:9": 2, "4:3": 2, "1:1": 3, "9:16": 4}


def caption_height(aspect: Aspect) -> float:
    """Room for as many lines as the longest caption needs in this frame."""
    return CAPTION_LINES[aspect] * em(CAPTION_PX) * LINE_PITCH + 0.08


def stage(config: AttentionConfig, aspect: Aspect = "16:9") -> Stage:
    """The stage for one configuration and one frame."""
    whole = frame(aspect).inset(MARGIN)
    if aspect == "16:9":
        return _wide_stage(config, whole)
    if aspect == "9:16":
        return _tall_stage(config, whole)
    return _stacked_stage(config, whole, aspect)


def _wide_stage(config: AttentionConfig, whole: Rect) -> Stage:
    caption = whole.bottom(caption_height("16:9"))
    board = whole.above(caption.height + GAP)
    hbm, right = board.left(4.75), board.beyond(4.75 + 0.42)
    code_h = CODE_LINES * em(CODE_PX) * LINE_PITCH * 1.12 + 0.22
    code, upper = right.bottom(code_h), right.above(code_h + GAP)
    chip, lens_rect = upper.left(upper.width - 3.75 - GAP), upper.right(3.75)
    slot = Rect(hbm.x1, chip.center[1] - 0.3, chip.x0, chip.center[1] + 0.3)
    return _assemble("16:9", config, caption, hbm, slot, chip, lens(lens_rect, beside=False), code, ledger_beside=False)


def _stacked_stage(config: AttentionConfig, whole: Rect, aspect: Aspect) -> Stage:
    caption = whole.bottom(caption_height(aspect))
    board = whole.above(caption.height + GAP)
    lens_h = 2.45
    lower, upper = board.bottom(lens_h), board.above(lens_h + GAP)
    hbm, chip = upper.left(upper.width * 0.46 - 0.15), upper.right(upper.width * 0.54 - 0.15)
    slot = Rect(hbm.x1, chip.center[1] - 0.25, chip.x0, chip.center[1] + 0.25)
    return _assemble(aspect, config, caption, hbm, slot, chip, lens(lower, beside=True), None, ledger_beside=False)


def _tall_stage(config: AttentionConfig, whole: Rect) -> Stage:
    board = Rect(whole.x0, whole.y0 + frame("9:16").height * TALL_CLEAR - MARGIN, whole.x1, whole.y1)
    caption, board = board.bottom(caption_height("9:16")), board.above(caption_height("9:16") + GAP)
    lens_h, slot_h = 2.3, 0.32
    lower, upper = board.bottom(lens_h), board.above(lens_h + GAP)
    hbm = upper.top((upper.height - slot_h) * 0.48)
    chip = upper.bottom((upper.height - slot_h) * 0.52)
    slot = Rect(-0.3, chip.y1, 0.3, hbm.y0)
    return _assemble("9:16", config, caption, hbm, slot, chip, lens(lower, beside=True), None, ledger_beside=True)


def _assemble(
    aspect: Aspect, config: AttentionConfig, caption: Rect, hbm: Rect, slot: Rect, chip: Rect, row_lens: Lens,
    code: Rect | None, *, ledger_beside: bool, whole: Rect | None = None,
) -> Stage:  # fmt: skip
    hbm_title, body = hbm.inset(0.15, 0.08).top(TITLE_H), hbm.inset(0.12, 0.08).below(TITLE_H)
    row_h = em(NOTE_PX) * 1.28
    if ledger_beside:
        bill, cross_rect = body.right(body.width * 0.46), body.left(body.width * 0.54 - GAP)
        ledger = rows(centered(*bill.center[:2], bill.width, min(bill.height, 1.5 * LEDGER_ROWS * row_h)), LEDGER_ROWS)
    elif aspect == "16:9":
        bill, cross_rect = body.bottom(LEDGER_ROWS * row_h), body.above(LEDGER_ROWS * row_h + GAP)
        ledger = rows(bill, LEDGER_ROWS)
    else:  # two columns of tensors save height
        lines = LEDGER_ROWS // 2 + 1
        bill, cross_rect = body.bottom(lines * row_h), body.above(lines * row_h + GAP)
        heading, *below = rows(bill, lines)
        ledger = [heading, *(columns(row, 2, 2.5 * GAP)[side] for side in (0, 1) for row in below)]
    chip_title, chip_body = chip.inset(0.15, 0.06).top(TITLE_H), chip.inset(0.12, 0.06).below(TITLE_H)
    return Stage(
        aspect=aspect,
        frame=frame(aspect) if whole is None else whole,
        caption=caption,
        hbm=hbm,
        hbm_title=hbm_title,
        cross=cross(config, cross_rect),
        ledger=tuple(ledger),
        slot=slot,
        chip=chip,
        chip_title=chip_title,
        tiles=chip_tiles(config, chip_body),
        lens=row_lens,
        code=code,
    )


PlayerShape = Literal["wide", "narrow"]
PANEL_WIDE = 4.75  # of HBM, as in the 16:9 film


def player_stage(config: AttentionConfig, shape: PlayerShape) -> Stage:
    """The same panels for a page, where captions and kernel lines are text of the page: side by side with the lens below, or one column."""
    chip_w, between = 4.78, 0.42
    if shape == "narrow":
        heights = (5.5, 4.9, 4.1)  # of HBM, chip, lens
        whole = Rect(0.0, 0.0, PANEL_WIDE, sum(heights) + between + GAP)
        hbm = whole.top(heights[0])
        chip, row = whole.below(heights[0] + between).top(heights[1]), whole.bottom(heights[2])
        slot = Rect(whole.center[0] - 0.3, chip.y1, whole.center[0] + 0.3, hbm.y0)
    else:
        tall, low = 5.6, 2.5
        whole = Rect(0.0, 0.0, PANEL_WIDE + between + chip_w, tall + GAP + low)
        upper, row = whole.top(tall), whole.bottom(low)
        hbm, chip = upper.left(PANEL_WIDE), upper.beyond(PANEL_WIDE + between).left(chip_w)
        slot = Rect(hbm.x1, chip.center[1] - 0.3, chip.x0, chip.center[1] + 0.3)
    row_lens = lens(row, beside=shape == "wide")
    return _assemble("16:9", config, whole.bottom(0.0), hbm, slot, chip, row_lens, None, ledger_beside=False, whole=whole)
