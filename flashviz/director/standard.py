"""Film of StandardAttentionScene: HBM, the chip and the bill, kernel by kernel."""

from __future__ import annotations

import numpy as np
from manim import DOWN, LEFT, UP, Animation, Brace, Line, Mobject, VGroup, VMobject

from flashviz import palette, theme
from flashviz.chapters import standard_attention
from flashviz.chapters.standard_attention import KERNELS
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import ErrorOf, Material, Run, gather, provenance
from flashviz.director.pictures import note
from flashviz.director.scene import beat
from flashviz.director.sweep import Sample, StateSweep, Traffic, crossed, place
from flashviz.layout import GAP, Cross, Rect, Stage, columns, rows, stage
from flashviz.lettering import KEY_PX, LABEL_PX, NOTE_PX, wrap
from flashviz.mobjects.chip import ChipPanel
from flashviz.mobjects.hbm import CrossView, HbmPanel, ScoreSheet, SheetTo, Slot
from flashviz.mobjects.ledger import Ledger
from flashviz.mobjects.motion import LAND, LIFT, TRAVEL, Enlarge, FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import KeyNumber
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import spread
from flashviz.storyboard import tile_unit
from flashviz.trace import Kind, State, Trace, state_at

FLY = LIFT + TRAVEL + LAND
WHY_MAX = "Taking m off every score cancels in the quotient, and no term exceeds 1."


class StandardAttentionFilm(ChapterScene):
    """Beats of StandardAttentionScene."""

    script = standard_attention.BEATS
    standard_left: list[Mobject]  # the bill, the sheets and the formulas

    def open(self, run: Run, error_of: ErrorOf) -> None:
        """Record standard attention, and the row whose denominator is asked for.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            error_of: ``flashviz_kernels.exactness.block_error``.
        """
        material = gather(self.settings.config, run, error_of, self.settings.source, None)
        self.found = standard_attention.gather(material.standard)
        self.provenance = [provenance(material.standard)]
        self.set_board(standard_attention.BEATS, self.found.said)
        self.set_stage(material)

    @beat("kernels")
    def kernels(self) -> None:
        """The stage, an empty grid, and three formulas."""
        trace = self.found.trace
        self.bill = Ledger(self.set.ledger, self.final["standard"], tile_unit(trace), self.skin, most=self.most, name="ledger standard")
        places = rows(self.set.lens.rect.inset(0.2), len(KERNELS))
        self.formulas = [Named(theme.maths(text, KEY_PX, self.skin.ink).move_to(place.center), tag="kernel", text=text)
                         for text, place in zip(KERNELS, places, strict=True)]  # fmt: skip
        self.grid_sheets = self.sheets(self.set.cross)
        self.to_stage(FadeIn(self.bill))
        self.arrived()
        for formula in self.formulas:
            self.move(FadeIn(formula), seconds=0.5)
        self.standard_left = [self.bill, *self.grid_sheets, *self.formulas]

    @beat("s-out")
    def scores_out(self) -> None:
        """One tile slowly, then all of S."""
        self.light(0)
        first = self.first_tile_out(self.found.trace, self.grid_sheets[0], self.bill)
        self.run_on(first, self.found.cuts[1], SheetTo(self.grid_sheets[0], 1, self.cells))

    @beat("p-out")
    def weights_out(self) -> None:
        """S comes back by rows; P lies over it."""
        self.light(1)
        self.add(self.grid_sheets[1])
        self.run_on(self.found.cuts[1], self.found.cuts[2], SheetTo(self.grid_sheets[1], 0, self.cells))

    @beat("o-out")
    def output(self) -> None:
        """P and V come in, O leaves."""
        self.light(2)
        self.run_on(self.found.cuts[2], self.found.cuts[3])

    @beat("pause")
    def why_not(self) -> None:
        """The full grid as a still, with a question."""

    def run_on(self, first: int, stop: int, *more: Animation) -> None:
        """Events first..stop for the rest of the beat; the bill runs with them."""
        self.sweep(self.found.trace, self.bill, first, stop, self.motion, *more)
        self.event = stop

    @property
    def cells(self) -> int:
        """Of the grid in HBM."""
        return self.set.cross.n_rows * self.set.cross.n_cols

    def light(self, kernel: int) -> None:
        """The formula of the kernel that runs is lit."""
        changes = [formula.animate.set_opacity(1.0 if index == kernel else palette.DIM) for index, formula in enumerate(self.formulas)]
        self.move(*changes, seconds=0.3)

    # ------------------------------------------------------------------------------------------------------- the stage

    def set_stage(self, material: Material) -> None:
        """Build the actors. Nothing is shown yet."""
        self.material, self.config_ = material, material.fa2.config
        self.set: Stage = stage(self.config_, self.settings.aspect)
        s, skin = self.set, self.skin
        self.hbm = HbmPanel(s.hbm, s.hbm_title, skin, self.hbm_name())
        self.cross = CrossView(s.cross, skin)
        self.slot = Slot(s.slot, skin)
        self.chip = ChipPanel(s.chip, s.chip_title, s.tiles, skin, material.fa2.header.resources)
        self.final = {t.header.algorithm: crossed(state_at(t, len(t))) for t in (material.fa2, material.standard)}
        self.most = max(max(final.values()) for final in self.final.values())  # one scale of squares for both bills
        self.on_chip: dict[str, Matrix] = {}
        self.labels: dict[str, VGroup] = {}
        self.event = 0
        for trace in (material.fa2, material.standard):
            trace.spill()

    def end_beat(self) -> None:
        """As any beat ends; what was read of large traces goes out of memory."""
        super().end_beat()
        for trace in (self.material.fa2, self.material.standard):
            trace.let_go()

    def hbm_name(self) -> str:
        """HBM, and what of it is shown: one head of several, bands where there are too many tiles to show."""
        heads, cross = self.config_.batch * self.config_.heads, self.set.cross
        words = ["HBM"]
        if heads > 1:
            words.append(f"one of {heads:,} heads")
        if cross.band_rows * cross.band_cols > 1:
            words.append(f"cell = {cross.band_rows} × {cross.band_cols} tiles")
        return ", ".join(words)

    def sweep(self, trace: Trace, bill: Ledger, first: int, stop: int, seconds: float, *more: Animation) -> None:
        """Events first..stop at a linear pace: sampled transfers fly, counters and O are true at every frame."""
        nbytes = np.asarray(trace.columns["nbytes"][first:stop])
        traffic = Traffic.of(nbytes, first, seconds, lambda k, start: self.sampled(trace, k, start), self.skin.hue)
        self.add(traffic)

        def state_of(share: float) -> State:
            trace.let_go()  # a sweep passes all of a large trace
            return state_at(trace, first + round(share * (stop - first)))

        states = StateSweep(self.cross, bill, state_of, self.material.chosen.program[1])
        self.move(states, traffic.run(), *more, seconds=seconds)
        self.remove(traffic)

    def sampled(self, trace: Trace, index: int, start: float) -> Sample:
        """The flight of event ``index``."""
        event = trace[index]
        where = place(self.set.cross, event.tensor, event.i, event.j)
        path = self.route(np.array(where.center), self.set.tiles.of(event.tensor).center)
        return Sample(event.tensor, start, path if event.is_load else path[::-1], where.width, where.height)

    def matrix(self, tensor: str, values: np.ndarray, scale: np.ndarray | None = None) -> Matrix:
        low, high = spread(values if scale is None else scale)
        return Matrix(values, self.set.tiles.of(tensor), self.skin, tensor, low, high)

    def flyer(self, source: VMobject) -> VMobject:
        """A copy of a tile that leaves the board; the tile stays behind."""
        tile: VMobject = source.copy()
        tile.set_fill(opacity=palette.LIT)
        tile.set_z_index(8)
        self.add(tile)
        return tile

    def route(self, start: np.ndarray, end: tuple[float, float, float]) -> np.ndarray:
        """Corner points from a tile in HBM through the slot to its place on the chip."""
        slot = self.set.slot
        if slot.width >= slot.height or self.set.aspect != "9:16":
            gates = [(slot.x0, slot.center[1], 0.0), (slot.x1, slot.center[1], 0.0)]
        else:
            gates = [(slot.center[0], slot.y1, 0.0), (slot.center[0], slot.y0, 0.0)]
        return np.array([start, *gates, end], dtype=float)

    def put(self, tensor: str, picture: Matrix, formula: str | None) -> None:
        """Let ``picture`` take the place of what stood there; its name follows."""
        self.vacate(tensor)
        self.on_chip[tensor] = picture
        self.add(picture)
        if formula is not None:
            self.labels[tensor] = self.chip.label(tensor, formula)
            self.add(self.labels[tensor])

    def vacate(self, tensor: str) -> None:
        for held in (self.on_chip, self.labels):
            if tensor in held:
                self.remove(held.pop(tensor))

    def retire(self, *tensors: str) -> list[Animation]:
        """Fade what has been used; the next tile takes the same place."""
        gone = [held.pop(t) for t in tensors for held in (self.on_chip, self.labels) if t in held]
        return [FadeOut(thing) for thing in gone]

    def sheets(self, place: Cross) -> list[ScoreSheet]:
        """S, and P on a second sheet a little aside: what standard attention keeps in HBM."""
        scores, weights = self.material.sheet_s, self.material.sheet_p
        return [
            ScoreSheet(scores, place, self.skin, name="sheet S"),
            ScoreSheet(weights, place, self.skin, name="sheet P", lift=0.0),
        ]

    def row_scores(self) -> np.ndarray:
        """Scores of the followed row against every key it visits, [keys]."""
        values, row = self.material.values, self.material.chosen.row
        return np.concatenate([values.s[t, row, : len(values.k[t])] for t in range(len(values.j))]).astype(np.float64)

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
