"""The slow tile: one program, one row, every statement of the kernel once (beats 7a to 9d)."""

from __future__ import annotations

import numpy as np

from flashviz import palette, theme
from flashviz.director.scene import beat
from flashviz.director.stage import FADE_SCORES, FLY, StageScene
from flashviz.figures import number, total
from flashviz.layout import Rect, centered
from flashviz.lettering import KEY_PX, em
from flashviz.mobjects.lens import Ceiling
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, panel
from flashviz.palette import spread
from flashviz.storyboard import CALM_BEAT
from flashviz.trace import Kind

MOST_QUICK = 8  # tiles that are shown one by one within a beat


class Slow(StageScene):
    """Beats 7a to 9d."""

    @beat("7a")
    def q_stays(self) -> None:
        """The stage opens; programs before the followed one are swept visibly; Q_i flies and stays."""
        self.to_flash_stage()
        self.arrived()
        self.sweep_earlier()
        self.code_wanted = True
        self.load("Q", seconds=min(FLY + 0.35, self.motion))

    def to_flash_stage(self) -> None:
        """HBM with an empty grid, the slot, the chip, an empty ledger."""
        leaving = self.leave_stage([*self.standard_left, *self.finish])
        self.finish, self.standard_left = [], []
        self.event = 0
        for tile in self.cross.strips["O"]:
            tile.set_fill(opacity=0)
        arriving = [part for part in (self.hbm, self.cross, self.slot, self.chip, self.ledger) if not self.on_stage(part)]
        self.move(*leaving, *(FadeIn(part) for part in arriving), seconds=0.6)
        self.add(*self.veils.values())

    def sweep_earlier(self) -> None:
        """The counters are never ahead of what was seen: earlier programs pass in a moment."""
        first = self.material.fa2.program(*self.material.chosen.program).start
        if first == 0:
            return
        self.sweep(self.material.fa2, self.ledger, 0, first, min(1.2, self.motion * 0.4))
        self.event = first

    @beat("7b")
    def scores(self) -> None:
        """K_0 flies above Q_i; S fills."""
        self.load("K", 0)
        self.hold(0.3)
        self.score(0, seconds=self.motion * 0.6)

    @beat("7c")
    def maximum(self) -> None:
        """The row's scores as a strip; the largest becomes the ceiling; every term is at most 1."""
        values, row = self.material.values, self.material.chosen.row
        self.open_lens()
        assert self.lens is not None
        self.move(*self.dim(hbm=palette.DIMMED), seconds=0.3)
        state = self.reach(Kind.SOFTMAX_M, 0)
        reference = float(values.m_new[0, row])
        strip = self.score_strip(0)
        self.move(FadeIn(strip), seconds=0.5)
        shown_m = self.held(state.m, values.m_new[0])
        self.put("M", self.column("M", shown_m, values.m_new), "m")
        self.move(FadeIn(self.on_chip["M"]), *self.show_number("m", "m", float(shown_m[row])), seconds=0.6)
        terms = self.bars(0, reference)
        self.lens.chart.display(Ceiling(np.zeros_like(terms)))
        self.move(self.lens.chart.to(Ceiling(terms)), self.lens.chart.note_bars.animate.set_opacity(1), seconds=self.motion * 0.5)
        self.weigh(0, seconds=min(0.8, self.motion))

    def held(self, from_state: np.ndarray | None, from_values: np.ndarray) -> np.ndarray:
        """What the fold of the trace holds at this event; where the trace kept no snapshot, what ``replay`` recomputed."""
        return np.asarray(from_values if from_state is None else from_state, dtype=np.float64)

    def score_strip(self, t: int) -> Matrix:
        """The followed row of the score tile, magnified: one cell a key, grey as in the tile."""
        scores = self.material.values.s
        assert self.lens is not None
        self.lens.entitle(f"scores of row {self.material.chosen.row}")
        return self.strip(scores[t, self.material.chosen.row], "S", "strip S", spread(scores[np.isfinite(scores)]))

    def strip(self, row: np.ndarray, tensor: str, name: str, scale: tuple[float, float] | None = None) -> Matrix:
        """A row of a matrix as one line of cells, above its bars."""
        low, high = spread(row) if scale is None else scale
        rect = self.set.lens.strip
        if tensor == "S" and self.lens is not None:
            rect = Rect(self.lens.chart.bars_x, rect.y0, rect.x1, rect.y1)  # a key above its bar
        cells = Matrix(np.asarray(row, dtype=np.float64)[None, :], rect, self.skin, tensor, low, high)
        cells.tag = name
        if self.strip_shown is not None:
            self.remove(self.strip_shown)
        self.strip_shown = cells
        return cells

    @beat("7d")
    def denominator(self) -> None:
        """The bars pour into a block: its area is l."""
        assert self.lens is not None
        values, row = self.material.values, self.material.chosen.row
        state = self.reach(Kind.SOFTMAX_L, 0)
        chart = self.lens.chart
        self.move(chart.to(Ceiling(chart.state.bars, poured=1.0)), chart.note_bars.animate.set_opacity(0), seconds=self.motion * 0.55)
        l_now = self.held(state.l, values.l_new[0])
        chart.display(Ceiling(np.zeros_like(chart.state.bars), past=(float(l_now[row]), 1.0)))
        self.put("L", self.column("L", l_now, values.l_new), "ell")
        self.move(FadeIn(self.on_chip["L"]), chart.note_past.animate.set_opacity(1), *self.show_total(float(l_now[row])), seconds=0.5)

    @beat("7e")
    def blended(self) -> None:
        """V_0 flies; acc fills; the scores fade."""
        self.move(*self.dim(hbm=0.0), seconds=0.3)
        self.load("V", 0)
        self.blend(0, seconds=self.motion * 0.75)

    @beat("8")
    def calm(self) -> None:
        """Tiles without a rise in our row, quickly, one after another; of many, the first and the last."""
        stop = self.rising if self.material.chosen.rise is not None else len(self.material.values.j)
        tiles = list(range(1, stop))
        first, last = (tiles, []) if len(tiles) <= MOST_QUICK else (tiles[:3], tiles[-2:])
        shown = [*first, *last]
        for done, t in enumerate(shown):  # each takes its share of what is left
            if last and t == last[0]:
                self.pass_tiles(t, seconds=self.motion / (len(last) + 1))
            self.quick_tile(t, seconds=self.motion / (len(shown) - done))

    def calm_unseen(self) -> None:
        """The digest has no time for calm tiles: they pass in a moment before the rise."""
        if self.on_board(CALM_BEAT) is None and self.rising > 1:
            self.pass_tiles(self.rising, seconds=0.6)

    def pass_tiles(self, stop: int, *, seconds: float) -> None:
        """All visited tiles before ``stop`` at a linear pace: the counters run, the numbers end at the trace's values."""
        assert self.lens is not None
        values, row, t, start = self.material.values, self.material.chosen.row, stop - 1, self.event or 0
        self.cross.point_at(self.material.chosen.program[0], self.followed_j(t))
        self.reach(Kind.PV_DOT, t)
        self.sweep(self.material.fa2, self.ledger, start, self.event or 0, seconds * 0.7)
        for name, now in (("M", values.m_new[t]), ("L", values.l_new[t])):
            self.on_chip[name].display(np.asarray(now, dtype=np.float64)[:, None])
        self.on_chip["ACC"].display(self.picture("ACC", t))
        chart = self.lens.chart
        total_now = float(values.l_new[t, row])
        past = Ceiling(np.zeros_like(chart.state.bars), past=(total_now, 1.0))
        flips = [*self.show_number("m", "m", float(values.m_new[t, row])), *self.show_total(total_now)]
        self.move(chart.to(past), *flips, seconds=seconds * 0.3)

    def quick_tile(self, t: int, *, seconds: float) -> None:
        """One whole inner step in ``seconds``: loads, scores, statistics, blend; every number ends at the trace's value."""
        assert self.lens is not None
        values, row, chart = self.material.values, self.material.chosen.row, self.lens.chart
        brief = max(seconds, 0.3)
        self.load("K", t, seconds=brief * 0.22)
        self.score(t, seconds=brief * 0.14)
        self.score_strip_now(t)
        m_state = self.reach(Kind.SOFTMAX_M, t)
        alpha = float(values.alpha[t, row])
        m_now = self.held(m_state.m, values.m_new[t])
        terms = self.bars(t, float(m_now[row]))
        past = float(values.l_old[t, row])
        self.on_chip["M"].display(m_now[:, None])
        squeezed = Ceiling(terms, past=(past * alpha, 1.0))
        shows = [chart.to(squeezed), *self.show_number("m", "m", float(m_now[row]))]
        if self.material.chosen.rise is not None and t > self.rising:  # alpha is shown once it has been explained
            shows += self.show_alpha(alpha)
        self.move(*shows, seconds=brief * 0.14)
        self.weigh(t, seconds=brief * 0.06)
        l_state = self.reach(Kind.SOFTMAX_L, t)
        l_now = self.held(l_state.l, values.l_new[t])
        self.on_chip["L"].display(l_now[:, None])
        self.move(chart.to(Ceiling(terms, past=squeezed.past, poured=1.0)), *self.show_total(float(l_now[row])), seconds=brief * 0.14)
        chart.display(Ceiling(np.zeros_like(terms), past=(float(l_now[row]), 1.0)))
        self.load("V", t, seconds=brief * 0.16)
        self.blend(t, seconds=brief * 0.14)

    def score_strip_now(self, t: int) -> None:
        self.add(self.score_strip(t))

    @beat("pause-b")
    def pause_b(self) -> None:
        """The next tile's bar stands through the ceiling. What now?"""
        self.break_ceiling()
        self.announce()

    def break_ceiling(self) -> None:
        """Load K of the rising tile, score it, and measure its terms from the *old* max."""
        if self.broken:
            return
        assert self.lens is not None
        t, values, row = self.rising, self.material.values, self.material.chosen.row
        self.broken = True
        self.load("K", t, seconds=0.9)
        self.score(t, seconds=0.4)
        self.score_strip_now(t)
        chart = self.lens.chart
        old = self.bars(t, float(values.m_old[t, row]))
        chart.display(Ceiling(np.zeros_like(old), past=(float(values.l_old[t, row]), 1.0)))
        self.move(chart.to(Ceiling(old, past=chart.state.past)), chart.note_bars.animate.set_opacity(1), seconds=0.6)

    @beat("9a")
    def rise(self) -> None:
        """The ceiling lifts to the new max."""
        self.calm_unseen()
        self.break_ceiling()
        assert self.lens is not None
        self.move(*self.dim(hbm=palette.DIMMED), seconds=0.3)
        t, values, row = self.rising, self.material.values, self.material.chosen.row
        chart = self.lens.chart
        state = self.reach(Kind.SOFTMAX_M, t)
        m_now = self.held(state.m, values.m_new[t])
        self.on_chip["M"].display(m_now[:, None])
        lifted = Ceiling(chart.state.bars, past=chart.state.past, rising=float(np.exp(values.m_new[t, row] - values.m_old[t, row])))
        chart.display(Ceiling(chart.state.bars, past=chart.state.past, rising=1.0))
        self.move(chart.to(lifted), seconds=self.motion * 0.5)
        stale = [FadeOut(self.numbers.pop("alpha"))] if "alpha" in self.numbers else []  # it belonged to the last tile's m
        self.move(*self.show_number("m", "m", float(m_now[row])), *stale, seconds=0.5)

    @beat("9b")
    def why(self) -> None:
        """e^(s - old) times e^(old - new) is e^(s - new): the old max cancels."""
        t, row = self.rising, self.material.chosen.row
        state = self.reach(Kind.ALPHA, t)
        formula = self.formula('e^(s - m_"old") dot e^(m_"old" - m_"new") = e^(s - m_"new") quad alpha = e^(m_"old" - m_"new")')
        if self.code is not None:
            self.remove(self.code)
        self.move(FadeIn(formula), seconds=0.6)
        self.hold(self.motion * 0.35)
        alpha = self.held(state.alpha, self.material.values.alpha[t])
        self.move(*self.show_alpha(float(alpha[row])), seconds=0.6)
        self.hold(self.motion - 0.4)
        self.move(FadeOut(formula), seconds=0.3)
        if self.code is not None:
            self.add(self.code)

    def formula(self, text: str) -> Named:
        """A formula where the kernel lines stand; without room for those, on a plate over the chip."""
        room = self.set.code
        if room is None:
            room = centered(*self.set.chip.center[:2], self.set.chip.width - 0.3, em(KEY_PX) * 2.2)
        skin = self.skin
        drawn = theme.maths(text, KEY_PX, skin.ink)
        if drawn.width > room.width - 0.3:
            drawn.scale((room.width - 0.3) / drawn.width)
        plate = Named(panel(room, fill=skin.panel, edge=skin.ink), drawn.move_to(room.center), tag="formula", text=text)
        plate.set_z_index(6)
        return plate

    @beat("9c")
    def sum_rescaled(self) -> None:
        """Squeeze, then add: the view zooms out by alpha, the old outline stays, the new bars join."""
        assert self.lens is not None
        t, values, row = self.rising, self.material.values, self.material.chosen.row
        chart = self.lens.chart
        self.weigh(t, seconds=0.5)
        alpha, l_old = float(values.alpha[t, row]), float(values.l_old[t, row])
        terms = self.bars(t, float(values.m_new[t, row]))
        squeezed = Ceiling(terms, past=(l_old, alpha), outline=(l_old, 1.0), rising=1.0)
        state = self.reach(Kind.SOFTMAX_L, t)
        line = self.sum_line(f"{total(l_old)} × {number(alpha)} = {total(values.l_scaled[t, row])}")
        factor = [] if "alpha" in self.numbers else self.show_alpha(alpha)  # the digest has not shown it yet
        self.move(chart.to(squeezed), FadeIn(line), *factor, seconds=self.motion * 0.4)
        self.hold(0.5)
        chart.display(Ceiling(terms, past=(l_old, alpha), outline=(l_old, 1.0)))
        low = Ceiling(terms, past=(l_old * alpha, 1.0), outline=(l_old, 1.0))
        self.move(chart.to(low), seconds=0.5)
        l_now = self.held(state.l, values.l_new[t])
        added = float(np.nansum(values.p[t, row]))
        self.on_chip["L"].display(l_now[:, None])
        self.move(chart.to(Ceiling(terms, past=low.past, poured=1.0, outline=(l_old, 1.0))),
                  line.turn(f"{total(values.l_scaled[t, row])} + {total(added)} = {total(values.l_new[t, row])}"),
                  *self.show_total(float(l_now[row])), seconds=self.motion * 0.75)  # fmt: skip
        chart.display(Ceiling(np.zeros_like(terms), past=(float(l_now[row]), 1.0)))
        self.sum_shown = line

    @beat("9d")
    def acc_rescaled(self) -> None:
        """acc is squeezed by the same alpha; V_j joins."""
        assert self.lens is not None
        t, values, row = self.rising, self.material.values, self.material.chosen.row
        self.reach(Kind.RESCALE_ACC, t)
        if "ACC" in self.on_chip:
            acc = self.on_chip["ACC"]
            line = self.strip(values.acc_old[t, row], "ACC", "strip acc", (acc.low, acc.high))
            self.lens.entitle(f"acc, row {row}")
            self.add(line)
            scaled = np.asarray(values.acc_scaled[t], dtype=np.float64)
            self.move(acc.to(scaled), line.to(scaled[row][None, :]), seconds=self.motion * 0.25)
        self.move(*self.dim(hbm=0.0), seconds=0.3)
        self.load("V", t, seconds=FLY)
        self.blend(t, seconds=max(self.motion, FADE_SCORES + 0.2))
        if self.sum_shown is not None:
            self.remove(self.sum_shown)
