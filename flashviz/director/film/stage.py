"""The main film as an object: the traces, the followed row, and what stands on stage from the first frame on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import Group, Mobject, VMobject

from flashviz.chapters import film as story
from flashviz.chapters.rescale import Rescale
from flashviz.chapters.rescale import facts as rescale_facts
from flashviz.director.film.parts import heading
from flashviz.director.flash import gather, provenance
from flashviz.director.rescale import RescaleFilm, Word
from flashviz.director.shots import ShotScene
from flashviz.director.stage import Material
from flashviz.layout import Rect
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread
from flashviz.storyboard import Beat, facts, stored_score_tiles, tile_unit
from flashviz.trace import Kind, Trace, state_at


class FlashStage(ShotScene):
    """The scene that the main film is played on."""

    script = story.SCRIPT

    def open(self, run: Callable[..., Any], error_of: Callable[..., float]) -> Film:
        """Record the traces, choose the followed row, fill the captions.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            error_of: ``flashviz_kernels.exactness.block_error``.
        """
        settings = self.settings
        material = gather(settings.config, run, error_of, settings.source, settings.trace)
        self.provenance = [provenance(trace) for trace in (material.fa2, material.standard)]
        last = len(material.values.j) - 1
        found = Rescale(material.fa2, material.chosen, material.values, last if material.chosen.rise is None else material.chosen.rise)
        said = facts(material.fa2, material.standard, material.chosen, material.values, errors=material.errors)
        row_said = rescale_facts(found)
        self.set_board(beats_of(found, len(material.values.j)), said | row_said)
        twice = run(replace(settings.config, block_m=2 * settings.config.block_m), source="numpy", algorithm="fa2", computed=range(0)).trace
        if not found.rises:
            self.poster = "rest"
        outputs = [run(settings.config, source="numpy", algorithm=name).o[0, 0].astype(np.float64) for name in ("standard", "fa2")]
        return Film(self, material, found, said, row_said, outputs, twice)


def beats_of(found: Rescale, more: int) -> tuple[Beat, ...]:
    """Where nothing rises the beats of the rise are left out; what no tile is left for, too."""
    left_out = set()
    if not found.rises:
        left_out |= {beat.name for beat in story.RESCALE} | {"again"}
    if found.chosen.later is None:
        left_out.add("again")
    if more < 2 and not found.rises:
        left_out.add("calm")
    return tuple(beat for beat in story.SCRIPT if beat.name not in left_out)


class Film:
    """Everything on stage, made here once.

    ``words`` are what the next beat lets go, ``tiles`` and ``names`` what stands on chip, by tensor.
    """

    words: list[Mobject]
    tiles: dict[str, Matrix]
    names: dict[str, Mobject]
    on_chip: dict[str, Matrix]  # of standard attention
    around: VMobject  # the frame of the tile that is asked about
    terms: np.ndarray  # [N_k] of the followed row, by its last max
    strip: Matrix  # the row's known scores
    crossed: Readout
    map: Group  # HBM, small, with what has crossed
    mark: Mobject  # of the followed row, its name and its place
    mark_name: Word
    mark_rect: Rect
    l_number: Word

    def __init__(
        self, scene: ShotScene, material: Material, found: Rescale, said: Mapping[str, str], row_said: dict[str, str],
        outputs: Sequence[np.ndarray], twice: Trace,
    ) -> None:  # fmt: skip
        self.scene, self.material, self.found, self.said, self.skin = scene, material, found, said, scene.skin
        self.taller = twice  # the same problem with twice the rows a program
        skin, config = scene.skin, material.fa2.config
        self.config = config
        place = scene.shot("hook")
        self.standard = HbmPanel(config, skin, "standard").place(place["left"])
        self.hbm = HbmPanel(config, skin, "hbm").place(place["right"])
        self.sheets = {
            name: Sheet(shares, skin, f"sheet {name}", skin.scores, inner=name == "P").place(self.standard.cross)
            for name, shares in (("S", material.sheet_s), ("P", material.sheet_p))
        }
        low, high = spread(outputs[0])
        self.outputs = [
            Matrix(o, panel.cross.strip("O"), skin, "O", low, high)
            for o, panel in zip(outputs, (self.standard, self.hbm), strict=True)
        ]  # fmt: skip
        self.cells = self.standard.cross.n_rows * self.standard.cross.n_cols
        self.unit, self.scores_stored = tile_unit(material.fa2), stored_score_tiles(material.standard)
        self.row = RescaleFilm(scene, found, row_said)
        self.later = self.second(found.chosen.later) if found.rises else None
        scene.clear()  # nothing is shown yet
        self.titles = [
            heading(place["left name"], "standard attention", skin.ink), heading(place["right name"], "FlashAttention", skin.ink)
        ]  # fmt: skip
        self.tiles, self.names, self.on_chip, self.words = {}, {}, {}, []

    def second(self, t: int | None) -> RescaleFilm | None:
        """The same row at a later rise, drawn to the same scale."""
        if t is None:
            return None
        found, first = replace(self.found, t=t), self.row
        later = RescaleFilm(self.scene, found, rescale_facts(found))
        chart = later.chart
        chart.key, chart.unit = first.chart.key, first.chart.unit
        chart.terms_x = chart.rect.x1 - chart.keys * chart.key
        later.acc.place(first.acc.rect, first.acc.zero, first.acc.unit, len(found.of("acc_old")))
        return later

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def hold(self, seconds: float) -> None:
        self.scene.hold(seconds)

    def reach(self, kind: Kind, t: int) -> Any:
        """Set the clock just after an event of the followed program."""
        self.scene.event = self.found.event(kind, t)
        return state_at(self.material.fa2, self.scene.event)

    def picture(self, tensor: str, t: int) -> np.ndarray:
        """A tile's values as the chip shows them."""
        v = self.material.values
        match tensor:
            case "Q":
                tile = v.q
            case "K":
                tile = v.k[t].T
            case "V":
                tile = v.v[t]
            case _:
                tile = {"S": v.s, "P": v.p, "ACC": v.acc_new}[tensor][t]
        return np.nan_to_num(np.asarray(tile, dtype=np.float64), neginf=float(np.nanmin(np.where(np.isfinite(tile), tile, np.inf))))

    def tile(self, tensor: str, t: int, rect: Rect) -> Matrix:
        """A tile whose values are seen."""
        values = self.picture(tensor, t)
        low, high = (0.0, 1.0) if tensor == "P" else spread(values)
        return Matrix(values, rect, self.skin, tensor, low, high)
