"""Beats before the slow tile: the hook, attention, tiles, two memories, standard attention, the obstacle."""

from __future__ import annotations

import numpy as np
from manim import DOWN, LEFT, UP, Animation, Brace, Create, Line, Mobject, ReplacementTransform, VGroup

from flashviz import palette, theme
from flashviz.citations import MEMORY_SPEEDS
from flashviz.director.pictures import Boxes, FinalHbm, RowPicture, card_lines, note, two_halves
from flashviz.director.scene import beat
from flashviz.director.stage import FLY, StageScene
from flashviz.director.sweep import crossed
from flashviz.figures import amount
from flashviz.layout import GAP, Cross, Rect, columns, cross
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, em, wrap
from flashviz.mobjects.hbm import CrossView, ScoreSheet, SheetTo
from flashviz.mobjects.ledger import Ledger, legend
from flashviz.mobjects.lens import KeyNumber
from flashviz.mobjects.motion import Enlarge, FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.storyboard import tile_unit
from flashviz.trace import Kind, Trace, state_at

WHY_MAX = "Taking m off every score cancels in the quotient, and no term exceeds 1."


class Opening(StageScene):
    """Beats 1 to 6."""

    def curtain(self) -> None:
        """The first frame is a picture already: two HBMs, side by side, with the same O and nothing in their grids yet."""
        places = two_halves(self.set.center_stage, beside=self.set.aspect != "9:16")
        line_h = em(TITLE_PX) * LINE_PITCH
        crosses = [cross(self.config_, place.inset(0.15).below(line_h).above(line_h)) for place in places]
        titles = ("standard attention", "FlashAttention")
        self.finals = [FinalHbm(*one, self.skin) for one in zip(places, titles, crosses, strict=True)]
        self.add(*self.finals)

    @beat("hook")
    def hook(self) -> None:
        """One grid fills with S, then P; the other stays empty; both have the same O."""
        standard, flash = self.finals
        place = standard.cross.cross
        sheets, tags = self.sheets(place), self.sheet_tags(standard.rect)
        cells = place.n_rows * place.n_cols
        self.add(*sheets, tags[0])
        self.move(SheetTo(sheets[0], 0, cells), seconds=self.motion * 0.3)
        self.add(tags[1])
        self.move(SheetTo(sheets[1], 0, cells), seconds=self.motion * 0.4)
        glows = [box(final.cross.cross.strip("O").inset(-0.05), stroke=self.skin.ink, width=theme.HEAVY) for final in self.finals]
        self.move(*(Create(glow) for glow in glows), seconds=min(1.0, self.motion))
        self.finish = [standard, flash, *sheets, *glows, *tags]

    def sheet_tags(self, rect: Rect) -> list[Mobject]:
        """How many tiles each sheet has, beneath the cross."""
        tiles = self.config_.row_blocks * self.config_.col_blocks * self.config_.heads * self.config_.batch
        left, right = columns(rect.inset(0.15, 0.08).bottom(em(TITLE_PX) * LINE_PITCH), 2)
        words = (f"S: {tiles:,} tiles", f"P: {tiles:,} tiles")
        return [note(text, NOTE_PX, self.skin.ink, place, "center") for text, place in zip(words, (left, right), strict=True)]

    def sheets(self, place: Cross) -> list[ScoreSheet]:
        """S, and P on a second sheet a little aside: what standard attention keeps in HBM."""
        scores, weights = self.material.sheet_s, self.material.sheet_p
        return [
            ScoreSheet(scores, place, self.skin, name="sheet S"),
            ScoreSheet(weights, place, self.skin, name="sheet P", lift=0.0),
        ]

    @beat("attention")
    def attention(self) -> None:
        """The cross of one row."""
        values, row = self.material.values, self.material.chosen.row
        picture = RowPicture(
            self.set.center_stage.inset(0.2), values.q[row], np.concatenate(values.k), np.concatenate(values.v),
            self.row_scores(), values.o[row], self.skin,
        )  # fmt: skip
        self.wipe(FadeIn(picture))
        self.arrived()
        third = self.motion / 3.4
        self.label_row(picture, "scores")
        self.move(Boxes(picture.bars, picture.score_boxes(), picture.score_boxes(), sweep=True), seconds=third)
        self.hold(third * 0.2)
        self.label_row(picture, "weights")
        floor = picture.axis.animate.set_y(picture.field.y0)
        self.move(Boxes(picture.bars, picture.score_boxes(), picture.weight_boxes()), floor, seconds=third * 0.8)
        self.hold(third * 0.2)
        self.label_row(picture, "blend")
        self.move(picture.values_.to(picture.weighed()), FadeIn(picture.out), FadeIn(picture.out_name), seconds=third * 0.8)
        self.finish = [picture, picture.out, picture.out_name, self.row_label]

    def label_row(self, picture: RowPicture, step: str) -> None:
        """The formula of the step, above the field."""
        formula = {
            "scores": "s_j = q dot k_j thin slash thin sqrt(d)",
            "weights": "p_j = e^(s_j) thin slash thin sum_n e^(s_n)",
            "blend": "o = sum_j p_j thin v_j",
        }[step]
        label = theme.maths(formula, TITLE_PX, self.skin.ink)
        place = picture.formula_place
        label.scale(min(1.0, place.width / label.width)).move_to(place.center)
        self.remove(self.row_label)
        self.row_label = Named(label, tag="formula", text=formula)
        self.add(self.row_label)

    def row_scores(self) -> np.ndarray:
        """Scores of the followed row against every key it visits, [keys]."""
        values, row = self.material.values, self.material.chosen.row
        return np.concatenate([values.s[t, row, : len(values.k[t])] for t in range(len(values.j))]).astype(np.float64)

    def wipe(self, *arriving: Animation) -> None:
        """What the last picture left goes as the new one comes."""
        leaving = self.leave_stage(self.finish)
        self.finish = []
        self.move(*leaving, *arriving, seconds=0.6)

    @beat("tiles")
    def tiles(self) -> None:
        """The matrices as solid blocks; the cuts spread; one tile and what it weighs."""
        room = self.set.center_stage
        self.big = CrossView(cross(self.config_, room.inset(0.1)), self.skin)
        geometry = self.big.cross
        solids = {t: VGroup(*(box(geometry.tile(t, n), stroke=self.skin.hue(t), opacity=0.0 if t == "O" else palette.RESTING, width=0)
                              for n in range(len(self.big.strips[t])))) for t in "QKVO"}  # fmt: skip
        edges = VGroup(*(box(geometry.strip(t), stroke=self.skin.hue(t)) for t in "QKVO"))
        self.wipe(*(FadeIn(s) for s in solids.values()), FadeIn(edges), *(FadeIn(x) for x in self.big.labels.values()))
        self.arrived()
        cuts = [ReplacementTransform(solids[t], self.big.strips[t]) for t in "QKVO"]
        self.move(*cuts, FadeOut(edges), Create(self.big.grid), seconds=self.motion * 0.45)
        self.remove(*solids.values(), *self.big.labels.values(), *self.big.strips.values(), self.big.grid)
        self.add(self.big)
        c = self.config_
        product = f"{min(c.block_n, max(c.seq_k, 1))} × {c.head_dim} × {c.itemsize} B"
        weight = Named(legend(f"{product} = {amount(tile_unit(self.material.fa2))}", self.skin, NOTE_PX), tag="legend", text=product)
        weight.move_to(Rect(room.x0, room.y0, self.big.cross.label("Q").x0, room.y1).center)
        if weight.get_right()[0] > self.big.cross.label("Q").x0 or weight.get_left()[0] < room.x0:
            weight.move_to(geometry.grid.center)
        tile = self.big.tile("K", 0)
        self.move(tile.animate.set_fill(opacity=palette.LIT), FadeIn(weight), seconds=0.6)
        self.hold(self.motion * 0.4)
        self.move(tile.animate.set_fill(opacity=palette.RESTING), seconds=0.3)
        self.finish = [weight]

    @beat("memory")
    def memory(self) -> None:
        """HBM and chip part; between them the slot. Speeds are quoted and cited."""
        leaving = self.leave_stage(self.finish)
        self.finish = []
        self.add(self.hbm)
        self.bring_to_front(self.big)
        self.move(*leaving, FadeIn(self.hbm), ReplacementTransform(self.big, self.cross), seconds=1.2)
        self.remove(self.big)
        self.add(self.cross)
        self.hold(0.4)
        self.move(FadeIn(self.slot), FadeIn(self.chip), seconds=0.8)
        speeds = MEMORY_SPEEDS.get(self.config_.arch)
        if speeds is not None:
            room = self.set.lens.rect
            ink, quiet = self.skin.ink, self.skin.quiet
            memories = (f"HBM: {speeds.hbm_size}, {speeds.hbm_speed}", f"shared memory: {speeds.sram_size}, {speeds.sram_speed}")
            texts: list[tuple[str, float, str]] = []
            for memory in memories:
                texts += [*((text, LABEL_PX, ink) for text in wrap(memory, room.width, LABEL_PX)), ("", NOTE_PX, ink)]
            texts += [(text, NOTE_PX, quiet) for text in wrap(f"{speeds.device}, quoted: {speeds.citation}", room.width, NOTE_PX)]
            quoted = Named(card_lines(texts, room), tag="quoted speeds", text=speeds.quote.text)
            self.move(FadeIn(quoted), seconds=0.6)
            self.finish = [quoted]
        narrow = box(self.set.slot.inset(-0.04), stroke=self.skin.warn, width=theme.HEAVY)
        self.move(Create(narrow), seconds=0.8)
        self.finish.append(narrow)

    # -------------------------------------------------------------------------------------------- standard attention

    @beat("standard")
    def standard(self) -> None:
        """The grid in HBM fills with S, is read back, fills with P, is read back; the bill runs with it."""
        trace = self.material.standard
        bill = Ledger(self.set.ledger, self.final["standard"], tile_unit(trace), self.skin, most=self.most, name="ledger standard")
        sheets = self.sheets(self.set.cross)
        self.to_stage(FadeIn(bill))
        self.event = None
        first = self.first_tile_out(trace, sheets[0], bill)
        self.add(*sheets)
        cells = self.set.cross.n_rows * self.set.cross.n_cols
        after_s, after_p = last(trace, Kind.STORE_S) + 1, last(trace, Kind.STORE_P) + 1
        step = self.motion / 3
        self.step_name("S out")
        self.sweep(trace, bill, first, after_s, step, SheetTo(sheets[0], 1, cells))
        self.step_name("S back, P out")
        self.sweep(trace, bill, after_s, after_p, step, SheetTo(sheets[1], 0, cells))
        self.step_name("P back, O out")
        self.sweep(trace, bill, after_p, len(trace), step)
        self.remove(self.step_words)
        self.standard_left = [bill, *sheets]

    def step_name(self, words: str) -> None:
        """Which of the three passes runs, in HBM's title line."""
        self.remove(self.step_words)
        self.step_words = note(words, NOTE_PX, self.skin.ink, self.set.hbm_title, "right")
        self.add(self.step_words)

    def to_stage(self, *arriving: Animation) -> None:
        """HBM, slot and chip, whatever was there before."""
        leaving = self.leave_stage(self.finish)
        self.finish = []
        missing = [part for part in (self.hbm, self.cross, self.slot, self.chip) if not self.on_stage(part)]
        self.move(*leaving, *(FadeIn(part) for part in missing), *arriving, seconds=0.6)

    def first_tile_out(self, trace: Trace, sheet: ScoreSheet, bill: Ledger) -> int:
        """The first score tile, slowly: Q and K in, S computed, S out to its place in the grid. Returns the event after it."""
        store = int(np.flatnonzero(trace.columns["kind"] == Kind.STORE_S)[0])
        for tensor in ("Q", "K"):
            source = self.cross.tile(tensor, 0)
            tile = self.flyer(source)
            self.play(Flight(tile, self.route(source.get_center(), self.set.tiles.of(tensor).center), run_time=FLY))
            self.remove(tile)
            picture = self.matrix(tensor, self.material.first_tiles[tensor])
            self.put(tensor, picture, f"{tensor}_0" + ("^top" if tensor == "K" else ""))
            self.move(Enlarge(picture, tile.width, tile.height), seconds=0.3)
        bill.display(crossed(state_at(trace, store)))
        scores = self.matrix("S", self.material.first_tiles["S"])
        self.put("S", scores, "S")
        self.move(FadeIn(scores), seconds=0.5)
        cell = self.set.cross.cell(0, 0)
        leaving = box(cell, stroke=self.skin.ink, fill=self.skin.scores, opacity=palette.LIT)
        leaving.set_z_index(8).move_to(scores.get_center())
        self.play(Flight(leaving, self.route(np.array(cell.center), self.set.tiles.s.center)[::-1], run_time=FLY))
        self.remove(leaving)
        sheet.display(1)
        self.add(sheet)
        bill.display(crossed(state_at(trace, store + 1)))
        self.move(*self.retire("Q", "K", "S"), seconds=0.3)
        return store + 1

    @beat("pause-a")
    def pause_a(self) -> None:
        """A still, with the question."""

    # ---------------------------------------------------------------------------------------------------- the obstacle

    @beat("obstacle")
    def obstacle(self) -> None:
        """One tile of a row is lit, but the denominator reaches along the whole row; two numbers carry it."""
        self.clear_stage()
        room = self.set.center_stage.inset(0.3)
        scores = self.row_scores()
        terms = np.where(np.isfinite(scores), np.exp(scores - np.nanmax(scores[np.isfinite(scores)])), 0.0)
        field = Rect(room.x0, room.center[1] - room.height * 0.19, room.x1, room.center[1] + room.height * 0.15)
        tiles = len(self.material.values.j)
        lit, dim = Rectangles(self.skin.ink, name="tile terms"), Rectangles(self.skin.scores, name="other terms", opacity=palette.FAINT)
        key = field.width / len(terms)
        x = field.x0 + np.arange(len(terms)) * key
        boxes = np.stack([x, np.full(len(x), field.y0), x + 0.85 * key, field.y0 + terms * field.height], 1)
        count = len(self.material.values.k[0])
        heaviest = int(np.argmax([terms[t * count : (t + 1) * count].sum() for t in range(tiles)]))  # the tile worth lighting
        inside = np.arange(len(terms)) // count == heaviest
        lit.display(boxes[inside])
        dim.display(boxes[~inside])
        cuts = VGroup(*(Line((c.x0, c.y0 - 0.1, 0), (c.x0, c.y1 + 0.1, 0), stroke_color=self.skin.edge, stroke_width=theme.HAIRLINE)
                        for c in columns(field, tiles)[1:] if tiles <= 64))  # fmt: skip
        first = Rect(x[inside][0], field.y0, x[inside][-1] + key, field.y1)
        frame_ = box(first.inset(-0.02, -0.12), stroke=self.skin.ink, width=theme.HEAVY)
        here = theme.line("this tile", NOTE_PX, self.skin.ink).next_to(frame_, DOWN, buff=0.1).align_to(frame_, LEFT)
        self.move(FadeIn(lit), FadeIn(frame_), FadeIn(here), FadeIn(cuts), seconds=0.7)
        self.arrived()
        whole = Brace(box(field.inset(0, -0.12), stroke=self.skin.ink), UP, color=self.skin.quiet)
        formula = theme.maths('p_j = e^(s_j - m) thin slash thin ell, quad ell = sum_("whole row") e^(s_n - m)', KEY_PX, self.skin.ink)
        formula.next_to(whole, UP, buff=0.15)
        if formula.width > room.width:
            formula.scale(room.width / formula.width)
        self.move(FadeIn(dim), FadeIn(whole), FadeIn(formula), seconds=self.motion * 0.3)
        self.hold(self.motion * 0.25)
        lower = Rect(room.x0, room.y0, room.x1, field.y0 - 0.55).top(0.6)
        carried = [
            KeyNumber("m", place.beyond(0.3), text, name, LABEL_PX, self.skin)
            for place, text, name in zip(columns(lower, 2, GAP), ("max so far", "sum so far"), ("carried m", "carried l"), strict=True)
        ]
        for item, sign in zip(carried, ("m", "ell"), strict=True):
            item.sign.become(theme.maths(sign, KEY_PX, self.skin.stats).move_to(item.sign))
        why = Named(
            *(note(text, NOTE_PX, self.skin.quiet, Rect(room.x0, 0, room.x1, 0)) for text in wrap(WHY_MAX, room.width, NOTE_PX)),
            tag="why m",
        )  # fmt: skip
        why.arrange(DOWN, aligned_edge=LEFT, buff=0.08).next_to(carried[0], DOWN, buff=0.3).align_to((room.x0 + 0.3, 0, 0), LEFT)
        self.move(*(FadeIn(item) for item in carried), FadeIn(why), seconds=0.7)
        self.finish = [why, lit, dim, cuts, frame_, here, whole, formula, *carried]

    def clear_stage(self) -> None:
        """The standard film's stage goes; its HBM is not FlashAttention's."""
        gone = [*self.standard_left, *self.finish, self.hbm, self.cross, self.slot, self.chip]
        self.finish, self.standard_left = [], []
        leaving = self.leave_stage(gone)
        if leaving:
            self.move(*leaving, seconds=0.5)
        for tile in self.cross.strips["O"]:
            tile.set_fill(opacity=0)


def last(trace: Trace, kind: Kind) -> int:
    """Index of the last event of a kind."""
    return int(np.flatnonzero(trace.columns["kind"] == kind)[-1])
