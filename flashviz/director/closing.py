"""Beats after the slow tile: finish, the rest, parallel programs, the bill, exactness, the card."""

from __future__ import annotations

import numpy as np
from manim import Group, VGroup

from flashviz import palette
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX
from flashviz.director.pictures import BillBlock, Lanes, LanesTo, bill_pitch, card_lines, marker, note, places_of, two_halves
from flashviz.director.scene import beat
from flashviz.director.slow import Slow
from flashviz.figures import kib, number, power, quarters
from flashviz.layout import Rect, centered, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, wrap
from flashviz.memory import compulsory
from flashviz.mobjects.chip import used_of
from flashviz.mobjects.motion import FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, panel
from flashviz.palette import spread
from flashviz.storyboard import tile_unit
from flashviz.trace import Kind

VALUES_FROM = {"snapshot": "kept by the traced code itself", "recomputed": "recomputed from the inputs that the trace names"}


class Closing(Slow):
    """Beats 10 to 14 and the card."""

    @beat("10a")
    def onward(self) -> None:
        """The other tiles, a second rise among them."""
        chosen, values = self.material.chosen, self.material.values
        first = 1 + (chosen.rise if chosen.rise is not None else len(values.j) - 1)
        shown = self.worth_showing(list(range(first, len(values.j))))
        weights = {t: 2.2 if t == chosen.later else 1.0 for t in shown}
        for t in shown:  # each takes its share of what is left, so that frames rounded up do not add up
            left = sum(weights[later] for later in shown if later >= t)
            self.quick_tile(t, seconds=max(0.3, self.motion) * weights[t] / left)

    @beat("10")
    def finished(self) -> None:
        """Divide; O_i and the LSE leave."""
        formula = self.formula('O = "acc" thin slash thin ell')
        self.move(FadeIn(formula), seconds=0.4)
        self.divide(seconds=self.motion * 0.3)
        self.move(FadeOut(formula), seconds=0.3)
        self.leave("O", seconds=self.motion * 0.5)
        self.leave("LSE", seconds=self.motion)

    def worth_showing(self, tiles: list[int]) -> list[int]:
        """All tiles where they are few; else those at which our row's max rises, and the last: the others pass unseen."""
        if len(tiles) <= 8:
            return tiles
        row = self.material.chosen.row
        rises = [t for t in tiles if self.material.values.alpha[t, row] < 1]
        return sorted({*rises[:3], tiles[-1]})

    def divide(self, *, seconds: float) -> None:
        """acc / l: the only division."""
        if "ACC" not in self.on_chip:
            return
        self.reach(Kind.NORMALIZE)
        out = np.asarray(self.material.values.o, dtype=np.float64)
        result = Matrix(out, self.set.tiles.acc, self.skin, "O", *spread(out))
        label = self.chip.label("ACC", f"O_{self.material.chosen.program[0]}")
        old = self.retire("ACC")
        self.on_chip["ACC"], self.labels["ACC"] = result, label
        self.add(result, label)
        self.move(FadeIn(result), FadeIn(label), *old, seconds=seconds)

    def leave(self, tensor: str, *, seconds: float) -> None:
        """A finished tile goes back through the slot; LSE is a sliver."""
        state = self.reach(Kind.STORE_O if tensor == "O" else Kind.STORE_LSE)
        target = self.cross.tile("O", self.material.chosen.program[0])
        flying = target.copy().set_fill(color=self.skin.hue(tensor), opacity=palette.LIT).set_stroke(color=self.skin.hue(tensor))
        if tensor == "LSE":
            flying.stretch_to_fit_width(max(0.03, target.width * 0.06))
        flying.set_z_index(8)
        start = self.set.tiles.of(tensor).center
        end = target.get_center() if tensor == "O" else target.get_right()
        self.add(flying.move_to(start))
        self.move(Flight(flying, self.route(np.array(end), start)[::-1]), seconds=seconds * 0.75)
        self.remove(flying)
        if tensor == "O":
            target.set_fill(opacity=palette.LIT)
        gone = self.retire("ACC", "M", "L", "Q") if tensor == "LSE" else []  # the program ends with its last store
        if tensor == "LSE":
            gone += self.leave_stage([thing for thing in (self.row_mark, self.strip_shown) if thing is not None])
        self.move(*self.tally(state), *gone, seconds=max(0.25, seconds * 0.25))

    @beat("11")
    def rest(self) -> None:
        """All other programs at a linear pace: O fills, the grid stays empty."""
        trace = self.material.fa2
        start = self.event or 0
        self.code_wanted = False
        leaving = [thing for thing in (self.lens, self.row_mark, self.code, *self.numbers.values(), self.strip_shown) if thing is not None]
        seconds = self.motion - 1.4
        speed = self.speed_up(start, seconds)
        words = note(f"{speed:,.0f} × faster", LABEL_PX, self.skin.ink, self.set.hbm_title, "right")
        self.move(*self.leave_stage(leaving), FadeIn(words), seconds=0.5)
        self.lens = self.code = None
        self.cross.cursor.set_stroke(opacity=0)
        self.sweep(trace, self.ledger, start, len(trace), seconds)
        for index in range(len(self.cross.strips["Q"])):
            self.cross.strips["Q"][index].set_fill(opacity=palette.RESTING)
        self.event = len(trace)
        self.move(FadeOut(words), seconds=0.3)

    def speed_up(self, start: int, seconds: float) -> float:
        """How many times faster than the slow tile: events a second now, over events a second in beats 7b to 7e."""
        program = self.material.fa2.program(*self.material.chosen.program)
        slow_events = self.cues[Kind.PV_DOT, 0] - program.start if (Kind.PV_DOT, 0) in self.cues else 1
        slow_seconds = sum(b.seconds for b in self.board if b.name in ("7b", "7c", "7d", "7e")) or 1.0
        now = (len(self.material.fa2) - start) / max(seconds, 1e-6)
        return max(1.0, now / (slow_events / slow_seconds))

    @beat("12")
    def parallel(self) -> None:
        """Lanes in lockstep: the order shown was the program's, not the hardware's."""
        s = self.set
        room = Rect(s.chip.x0, s.code.y0 if s.code else s.chip.y0, max(s.lens.rect.x1, s.chip.x1) if s.code else s.chip.x1, s.chip.y1)
        plate = panel(room, fill=self.skin.chip, edge=self.skin.edge).set_z_index(6)
        inner = room.inset(0.2, 0.12)
        title_h = em(NOTE_PX) * LINE_PITCH
        visited = [self.config_.visited(i) for i in range(self.config_.row_blocks)]
        lanes = Lanes(inner.below(title_h + 0.1), visited, self.skin)
        more = len(visited) - lanes.count
        words = "key tiles done; the order between lanes is not defined" if inner.width > 6 else "order between lanes: not defined"
        title = note(words + (f"; {more} more" if more else ""), NOTE_PX, self.skin.quiet, inner.top(title_h))
        plate.set_z_index(6)
        for part in (title, lanes):
            part.set_z_index(7)
        self.move(FadeIn(plate), FadeIn(title), FadeIn(lanes), seconds=0.5)
        self.move(LanesTo(lanes), seconds=max(0.5, self.motion))
        self.finish = [plate, title, lanes]

    @beat("bill")
    def bill(self) -> None:
        """Two ledgers of squares, one baseline; what a perfect cache would move is marked."""
        self.event = len(self.material.fa2)
        self.clear_all()
        room = self.set.center_stage.inset(0.3, 0.1)
        unit = tile_unit(self.material.fa2)
        totals = [self.final["standard"], self.final["fa2"]]
        most = sum(totals[0].values()) / unit
        scale = max(1, int(np.ceil(most / 6000)))  # squares that would be too small stand for several tiles
        once = compulsory(self.config_, "standard")
        fewest = sum(once.read.values()) + sum(once.written.values())
        footnotes = self.footnotes(totals, fewest, unit * scale, room.width)
        text_h, name_h, foot_h = em(TITLE_PX) * 1.7, em(NOTE_PX) * 1.3, em(NOTE_PX) * LINE_PITCH * (sum(map(len, footnotes)) + 0.2)
        body = room.above(foot_h)
        half_rects = rows(body, 2, 0.2)
        squares = max(sum(places_of(nbytes / unit / scale) for nbytes in crossing.values()) for crossing in totals)
        pitch = min(bill_pitch(half_rects[0].below(text_h).above(name_h), squares), 0.34)
        blocks, words = [], []
        for rect, title, crossing in zip(half_rects, ("standard attention", "FlashAttention"), totals, strict=True):
            blocks.append(BillBlock(rect.below(text_h).above(name_h), title, crossing, unit * scale, pitch, self.skin))
            total = sum(crossing.values())
            head = rect.top(text_h)
            words.append(note(title, TITLE_PX, self.skin.ink, head))
            words.append(note(f"{kib(total)} = {quarters(total / unit)} tiles", TITLE_PX, self.skin.ink, head, "right", Face.MONO))
        self.move(*(FadeIn(w) for w in words[:2]), *(FadeIn(p) for p in blocks[0].parts.values()), seconds=0.8)
        self.arrived()
        self.move(*(FadeIn(w) for w in words[2:]), *(FadeIn(p) for p in blocks[1].parts.values()), seconds=0.8)
        names = Group(*(name for block in blocks for name in block.names(self.skin)))
        self.add(names)
        self.hold(self.motion * 0.2)
        rect = half_rects[0].below(text_h).above(name_h)
        line_x = blocks[0].reach(fewest / unit / scale)
        cached = marker(line_x, Rect(rect.x0, rect.y0 - 0.05, rect.x1, rect.y1 + 0.05), "", self.skin)
        places = iter(rows(room.bottom(foot_h), sum(map(len, footnotes))))
        drawn = [VGroup(*(note(text, NOTE_PX, self.skin.quiet, next(places)) for text in texts)) for texts in footnotes]
        self.move(FadeIn(cached), FadeIn(drawn[0]), seconds=0.6)
        self.hold(self.motion * 0.25)
        self.move(FadeIn(drawn[1]), FadeIn(drawn[2]), seconds=0.6)
        self.finish = [*blocks, *words, cached, *drawn, names]

    def footnotes(self, totals: list[dict[str, int]], fewest: int, square: int, width: float) -> list[list[str]]:
        """What the squares mean, what a perfect cache would move, what grew: each as lines of at most ``width``."""
        ratio = fewest / sum(totals[1].values())
        texts = (
            f"dashed: standard attention with a perfect cache, every tensor once: {kib(fewest)}, {ratio:.1f} × FlashAttention",
            self.regrown(totals),
            f"one square = {kib(square)}; logical transfers, caches not counted",
        )
        return [wrap(text, width, NOTE_PX) for text in texts]

    def regrown(self, totals: list[dict[str, int]]) -> str:
        """K and V: read once would be so many tiles, read again for each row block so many."""
        unit = tile_unit(self.material.fa2)
        once = compulsory(self.config_, "fa2")
        least = sum(once.read.get(t, 0) for t in "KV") / unit
        moved = sum(totals[1].get(t, 0) for t in "KV") / unit
        return f"K and V in FlashAttention: {quarters(moved)} tiles, where reading once would be {quarters(least)}"

    def clear_all(self) -> None:
        """Everything but the caption goes."""
        kept = {id(self.caption)} if self.caption is not None else set()
        gone = [thing for thing in self.mobjects if id(thing) not in kept]
        self.finish = []
        if gone:
            self.move(*(FadeOut(thing) for thing in gone), seconds=0.5)
            self.remove(*gone)

    @beat("pause-c")
    def pause_c(self) -> None:
        """The bill as a still, with a question to take home."""

    @beat("exact")
    def exact(self) -> None:
        """O of the same rows from both, errors against float64 beside them."""
        self.clear_all()
        room = self.set.center_stage.inset(0.3)
        places = two_halves(room, beside=self.set.aspect != "9:16")
        pairs = (("standard attention", self.material.o_standard, "standard"), ("FlashAttention", self.material.values.o, "flash"))
        drawn = []
        for place, (title, out, key) in zip(places, pairs, strict=True):
            head, foot = place.top(em(TITLE_PX) * 1.6), place.bottom(em(KEY_PX) * 3.4)
            body = place.below(head.height).above(foot.height)
            data = np.asarray(out, dtype=np.float64)
            scale = min(body.width / data.shape[1], body.height / data.shape[0])
            rect = centered(*body.center[:2], data.shape[1] * scale, data.shape[0] * scale)
            matrix = Matrix(data, rect, self.skin, "O", *spread(data))
            name = note(f"{title}: O of block {self.material.chosen.program[0]}", NOTE_PX, self.skin.ink, head, "center")
            upper, middle, lower = rows(foot, 3)
            error = note(power(self.material.errors[key]), KEY_PX, self.skin.ink, upper, "center", Face.MONO)
            under = note("its largest error against float64", NOTE_PX, self.skin.quiet, middle, "center")
            where = f"S and P rounded to {self.config_.dtype} for HBM" if key == "standard" else "S never leaves float32 registers"
            drawn.append((matrix, name, error, under, note(where, NOTE_PX, self.skin.quiet, lower, "center")))
        self.move(*(FadeIn(item) for parts in drawn for item in parts[:2]), seconds=0.8)
        self.arrived()
        self.move(*(FadeIn(item) for parts in drawn for item in parts[2:]), seconds=0.6)
        self.finish = [item for parts in drawn for item in parts]

    @beat("card")
    def card(self) -> None:
        """Where everything came from."""
        self.clear_all()
        room = self.set.center_stage.inset(0.4, 0.2)
        ink, quiet = self.skin.ink, self.skin.quiet
        texts: list[tuple[str, float, str]] = [("flashviz: what moved is what the kernel did", TITLE_PX, ink), ("", NOTE_PX, quiet)]
        for text in self.provenance_lines():
            texts += [(line, NOTE_PX, ink) for line in wrap(text, room.width, NOTE_PX)]
        texts.append(("", NOTE_PX, quiet))
        for source in (FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX):
            texts += [(line, NOTE_PX, quiet) for line in wrap(f"{source.short}: {source.title}. arXiv {source.arxiv}", room.width, NOTE_PX)]
        texts += [("", NOTE_PX, quiet), ("Film CC BY 4.0, code MIT", NOTE_PX, quiet)]
        card = Named(card_lines(texts, room), tag="card", text="\n".join(text for text, _, _ in texts))
        self.move(FadeIn(card), seconds=0.5)

    def compiler_line(self) -> str:
        """What the compiler gave a program, or that it was not asked."""
        found = self.material.fa2.header.resources
        if found is None:
            return "On-chip bytes are those of the tiles; no compiler was asked."
        return (
            f"Compiled for {found.arch}: {used_of(found)} of shared memory and {found.registers} registers a thread for one program, "
            f"{found.programs} programs on one SM."
        )

    def provenance_lines(self) -> list[str]:
        """Configuration, and of each trace its algorithm, source, versions and hash."""
        c = self.config_
        mask = "causal" if c.causal else "not causal"
        problem = f"N = {c.seq_q} × {c.seq_k}, d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, {mask}"
        heads = f"batch {c.batch}, heads {c.heads} / {c.kv_heads}"
        rest = f"scale {number(c.scale)}, {heads}, {c.arch}, {c.stages} stages, {c.inputs} inputs, seed {c.seed}"
        return [
            f"{problem}, {rest}",
            *(
                f"{item['algorithm']}: {item['source']}, {item['events']:,} events, trace {item['hash']}, kernel {item['kernel']}"
                for item in self.provenance
            ),
            f"Values of block {self.material.chosen.program[0]}: {VALUES_FROM[self.material.values.source]}.",
            self.compiler_line(),
            "The order shown is the program's, not hardware time.",
        ]
