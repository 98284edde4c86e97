"""Film of StandardAttentionScene: the film's stage, kernel by kernel."""

from __future__ import annotations

from manim import Animation

from flashviz import palette, theme
from flashviz.chapters import standard_attention
from flashviz.chapters.standard_attention import KERNELS
from flashviz.director.chapters import ChapterScene
from flashviz.director.flash import ErrorOf, Run, gather, provenance
from flashviz.director.opening import Opening
from flashviz.director.scene import beat
from flashviz.layout import rows
from flashviz.lettering import KEY_PX
from flashviz.mobjects.hbm import SheetTo
from flashviz.mobjects.ledger import Ledger
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Named
from flashviz.storyboard import tile_unit


class StandardAttentionFilm(ChapterScene, Opening):
    """Beats of StandardAttentionScene; ``obstacle`` is the film's."""

    script = standard_attention.BEATS

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
