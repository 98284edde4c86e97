"""The main film as an object: the traces, the followed row, and what stands on stage. Its beats are functions of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from manim import Animation, Group, Mobject, VGroup, VMobject

from flashviz.chapters import film as story
from flashviz.chapters.rescale import Rescale
from flashviz.chapters.rescale import facts as rescale_facts
from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.director.film.parts import placed
from flashviz.director.material import Material, gather, provenance, tile_values
from flashviz.director.rescale_film import Placing, RescaleFilm
from flashviz.director.shots import TEXT, ShotScene, StepBack
from flashviz.director.sweep import crossed
from flashviz.director.words import CORNER, LABEL, Word, middle
from flashviz.figures import amount, quarters
from flashviz.layout import Rect, Shot, shot
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.mobjects.whole import Chip, HbmPanel, Sheet
from flashviz.palette import Theme, spread
from flashviz.storyboard import Beat, crossed_bytes, facts, reading, tile_unit
from flashviz.trace import Kind, State, Trace, state_at

SAYING = 1.5 * TEXT  # seconds in which one caption leaves and the next comes
STILL = 0.35  # seconds with which a beat of the digest ends
MOST_SQUARES = 4096  # of a pile that are drawn: with more tiles one square stands for several
COUNTED = "{} crossed", "{}"  # what is said of the tiles that have, where there is room
BETWEEN = em(14)  # the names of what is kept
COMPUTED_TILES = 4096  # of score tiles, for which all of O is computed and shown


@dataclass(frozen=True)
class Outputs:
    """O of the first head by both algorithms, float64 [N_q, d]; rows of a long problem that were not computed are NaN."""

    standard: np.ndarray
    flash: np.ndarray

    @property
    def apart(self) -> np.ndarray:
        """|standard - flash|."""
        return np.asarray(np.abs(self.standard - self.flash))


@dataclass(frozen=True)
class Taller:
    """The same problem with twice the rows a program: its trace, and what the compiler gave a program before and after."""

    trace: Trace
    before: Resources | None
    after: Resources | None


class FlashStage(ShotScene):
    """The scene that the main film is played on.

    ``pace``: how long this beat's moves take, of what they take in the whole film; captions stand for as long as reading takes.
    """

    script = story.SCRIPT
    calm_poster = "rest"  # where no row ever rises
    only: Sequence[str] = ()  # of the beats that are played, where not all are
    film: Film
    said: dict[str, str]  # what the braces of captions stand for
    pace = 1.0

    def setup(self) -> None:
        """Unlike a chapter, the film shows a recording."""

    def shot(self, name: str) -> Shot:
        """Where everything stands: a recording brings its own configuration."""
        config = self.film.config if "film" in vars(self) else self.settings.config
        return shot(config, self.settings.aspect, name)

    def begin_beat(self, beat: Beat) -> None:
        """A beat of the digest is the film's, with less time; words that are longer in another language take theirs from the moves."""
        whole = next(each for each in story.SCRIPT if each.name == beat.name)
        apart = 0.0 if beat.along else 1.0  # of the reading, what takes time of its own
        moving = beat.seconds - apart * reading(beat.caption) - SAYING
        full = whole.seconds - apart * reading(whole.caption.format(**self.said)) - SAYING
        self.pace = min(1.0, moving / full) if whole.seconds == beat.seconds else (moving - STILL) / full
        super().begin_beat(beat)

    def end_beat(self) -> None:
        """As any beat ends; what was read of large traces goes out of memory."""
        with self.unhurried():
            super().end_beat()
        for trace in self.film.traces:
            trace.let_go()

    def say(self, text: str) -> None:
        with self.unhurried():
            super().say(text)

    def arrived(self, spent: float = 0.0) -> None:
        with self.unhurried():
            super().arrived(spent)

    def move(self, *animations: Any, seconds: float) -> None:
        super().move(*animations, seconds=seconds * self.pace)

    def hold(self, seconds: float) -> None:
        super().hold(seconds * self.pace)

    @property
    def motion(self) -> float:
        """Seconds of this beat that are left for motion, as the whole film counts them."""
        return super().motion / self.pace

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """What is read takes its time."""
        pace, self.pace = self.pace, 1.0
        try:
            yield
        finally:
            self.pace = pace

    def open(
        self, run: Callable[..., Any], error_of: Callable[..., float], compiled: Callable[..., Resources | None] | None = None
    ) -> Film:
        """Record the traces, choose the followed row, fill the captions.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            error_of: ``flashviz_kernels.exactness.block_error``.
            compiled: ``flashviz_kernels.compiler.resources_of``, asked about taller tiles where the trace has the compiler's word.
        """
        settings = self.settings
        material = gather(settings.config, run, error_of, settings.source, settings.trace)
        config = material.fa2.config
        self.provenance = [provenance(trace) for trace in (material.fa2, material.standard)]
        last = len(material.values.j) - 1
        found = Rescale(material.fa2, material.chosen, material.values, last if material.chosen.rise is None else material.chosen.rise)
        said = facts(material.fa2, material.standard, material.chosen, material.values, errors=material.errors)
        said["square"] = amount(tile_unit(material.fa2))
        beats = story.beats_of(found, self.script)
        self.said = said | rescale_facts(found)
        self.set_board([each for each in beats if not self.only or each.name in self.only], self.said)
        if not found.rises:
            self.poster = self.calm_poster
        before = material.fa2.header.resources
        twice = replace(config, block_m=2 * config.block_m)
        after = compiled(twice) if compiled is not None and before is not None else None
        taller = Taller(run(twice, source="numpy", algorithm="fa2", computed=range(0)).trace, before, after)
        outputs = outputs_of(config, run)
        self.film = Film(self, material, found, said, outputs, off_from_exact(config, outputs, error_of), taller)
        return self.film


def outputs_of(config: AttentionConfig, run: Callable[..., Any]) -> Outputs:
    """O by both algorithms, of as many row blocks as take a moment."""
    tiles = config.batch * config.heads * max(config.col_blocks, 1)
    computed = range(max(1, min(config.row_blocks, COMPUTED_TILES // tiles)))
    standard, flash = (run(config, source="numpy", algorithm=name, computed=computed).o[0, 0] for name in ("standard", "fa2"))
    return Outputs(standard.astype(np.float64), flash.astype(np.float64))


def off_from_exact(config: AttentionConfig, outputs: Outputs, error_of: Callable[..., float]) -> tuple[float, float]:
    """The largest |O - float64 attention| of the rows that were computed, of standard attention and of FlashAttention."""
    largest = 0.0, 0.0
    for i in range(config.row_blocks):  # both of a block in turn: its truth is kept for one block
        both = [o[i * config.block_m : (i + 1) * config.block_m] for o in (outputs.standard, outputs.flash)]
        standard, flash = (0.0 if np.isnan(o).all() else error_of(config, (i, 0), o) for o in both)
        largest = max(largest[0], standard), max(largest[1], flash)
    return largest


class Kept(VGroup):
    """What a program keeps on chip from tile to tile, by name."""

    def __init__(self, skin: Theme) -> None:
        self.tag = "kept"
        pieces = [("on chip:", skin.ink), ("Q", skin.q), ("m", skin.stats), ("ℓ", skin.stats), ("acc", skin.o)]
        left, self.pieces = 0.0, []
        for text, color in pieces:
            self.pieces.append(Word(text, LABEL, color, left, 0.0, "kept", Face.TEXT if text == "on chip:" else Face.STRONG))
            left += self.pieces[-1].wide + BETWEEN
        super().__init__(*self.pieces)

    def put(self, rect: Rect) -> Kept:
        """Stand at the left of ``rect``."""
        way = rect.x0 - self.pieces[0].left
        for each in self.pieces:
            each.put_at(each.left + way, middle(rect, LABEL))
        return self


class Row(RescaleFilm):
    """The followed row on the main film's stage."""

    scene: FlashStage

    def __init__(self, scene: FlashStage, found: Rescale, said: dict[str, str], tiles_of: Callable[[float], str]) -> None:
        self.kept, self.tiles_of = Kept(scene.skin), tiles_of
        most = tiles_of(sum(crossed(state_at(found.trace, found.event(Kind.PV_DOT, found.last))).values()))
        places = [shot["crossed"] for shot in map(scene.shot, ("sum", "rescale", "squeeze")) if "crossed" in shot]
        self.counted, px = COUNTED[-1], float(LABEL)
        if places:
            room = min(place.width for place in places)
            wide = {words: text_width(words.format(most), LABEL, Face.MONO_STRONG) for words in COUNTED}
            self.counted = next((words for words in COUNTED if wide[words] * CORNER / LABEL <= room), COUNTED[-1])
            px = min(LABEL, LABEL * room / wide[self.counted])
        self.crossed = Readout("", px, scene.skin.ink, name="crossed", face=Face.MONO_STRONG)
        super().__init__(scene, found, said)

    def placings(self) -> list[Placing]:
        return [*super().placings(), ("held", self.kept, self.kept.put), ("crossed", self.crossed, self.crossed.at)]

    def come(self, kind: Kind) -> None:
        """What crossed is counted with it."""
        super().come(kind)
        self.count()

    def count(self) -> None:
        """How many tiles have crossed, by the film's clock."""
        nbytes = sum(crossed(state_at(self.found.trace, self.scene.event or 0)).values())
        self.crossed.display(self.counted.format(self.tiles_of(nbytes)))

    def read(self) -> None:
        with self.scene.unhurried():
            super().read()


class Film:
    """Everything on stage, made here once; what a beat leaves for the next is declared beneath.

    ``tiles`` and ``names`` are what stands on chip, by tensor.
    """

    tiles: dict[str, Matrix]
    names: dict[str, Mobject]
    titles: list[Word]
    bars: Rectangles  # the scores of all keys of the followed row, then their terms
    weigh: list[Any]  # how they become terms
    terms: np.ndarray  # [N_k], by its last max
    back: StepBack | None = None  # how things stepped back behind a question
    around: VMobject  # the frame of the tile that is asked about
    strip: Matrix  # the row's known scores
    bar: Any  # what crossed in standard attention, in one line
    crossed: Readout
    map: Group  # HBM, small, with what has crossed
    ledger: Any  # what crossed, tensor by tensor
    piles: Any  # the same as a pile, beside standard attention's
    residents: Any = None  # the programs on one SM, once they have been seen
    first_terms: np.ndarray  # of the row's first tile, by its max

    def __init__(
        self, scene: FlashStage, material: Material, found: Rescale, said: Mapping[str, str], outputs: Outputs, off: tuple[float, float],
        taller: Taller,
    ) -> None:  # fmt: skip
        self.scene, self.material, self.found, self.said, self.skin = scene, material, found, said, scene.skin
        self.outputs_, self.taller = outputs, taller
        self.off = off  # the largest errors of standard attention's O and of FlashAttention's, from float64
        self.traces = (material.fa2, material.standard, taller.trace)
        for trace in self.traces:
            trace.spill()
        skin, self.config = scene.skin, material.fa2.config
        place = scene.shot("hook")
        self.standard = HbmPanel(self.config, skin, "standard").place(place["left"])
        self.hbm = HbmPanel(self.config, skin, "hbm").place(place["right"])
        self.chip = Chip(skin)  # the same from the first load to the last store
        self.sheets = {
            name: Sheet(shares, skin, name, over=name == "P").place(self.standard.cross)
            for name, shares in (("S", material.sheet_s), ("P", material.sheet_p))
        }
        low, high = spread(outputs.standard[np.isfinite(outputs.standard).all(1)])
        self.outputs = [
            Matrix(np.nan_to_num(o, nan=(low + high) / 2), panel.cross.strip("O"), skin, "O", low, high)
            for o, panel in zip((outputs.standard, outputs.flash), (self.standard, self.hbm), strict=True)
        ]  # fmt: skip
        self.cells = self.standard.cross.n_rows * self.standard.cross.n_cols
        self.unit = tile_unit(material.fa2)
        self.grain = max(
            1, int(np.ceil(crossed_bytes(material.standard) / self.unit / MOST_SQUARES))
        )  # tiles that one drawn square stands for
        self.square = self.grain * self.unit
        self.row = Row(scene, found, rescale_facts(found), self.tiles_of)
        later = found.chosen.later if found.rises else None
        self.later = None if later is None else replace(found, t=later)
        if self.later is not None:
            self.row.chart.tallest = max(self.row.chart.tallest, float(self.later.before.max()))  # both rises have room
            self.row.stand(self.row.shot.name)
        self.tiles, self.names, self.times = {}, {}, story.path_times(self.config)
        self.notes: list[Mobject] = []  # on the chip, till its picture is another
        self.counted: list[Mobject] = []  # what the counter of standard attention's bar counts

    def move(self, *animations: Any, seconds: float) -> None:
        """Nothing takes time where nothing moves."""
        if animations:
            self.scene.move(*animations, seconds=seconds)

    def hold(self, seconds: float) -> None:
        self.scene.hold(seconds)

    def tiles_of(self, nbytes: float) -> str:
        """Bytes in the film's unit."""
        count = quarters(nbytes / self.unit)
        return f"{count} tile" if count == "1" else f"{count} tiles"

    def crossed_by(self, trace: Trace) -> str:
        """How many tiles cross in all of a trace, as it is written."""
        return quarters(crossed_bytes(trace) / self.unit)

    def leave(self, *kept: Mobject | None) -> list[Animation]:
        """The picture leaves, but what is kept; before what comes meanwhile is there."""
        return [FadeOut(thing, rate_func=early) for thing in self.others(*kept)]

    def others(self, *kept: Mobject | None) -> list[Mobject]:
        """The picture but what is kept; of a group that is kept in part, its other parts."""
        stays = {id(part) for thing in kept if thing is not None for part in thing.get_family()}

        def among(things: Sequence[Mobject]) -> Iterator[Mobject]:
            for thing in things:
                if id(thing) in stays:
                    continue
                if any(id(part) in stays for part in thing.get_family()):
                    yield from among(thing.submobjects)
                else:
                    yield thing

        return list(among(self.scene.picture))

    def arrive(self, panel: Any, rect: Rect) -> Animation:
        """The one move between shots; a panel that is not on stage yet appears in its place."""
        return placed(panel, rect) if self.scene.on_stage(panel) else FadeIn(panel.place(rect))

    def enter(self, rect: Rect) -> Animation:
        """The chip comes to fill ``rect``, under all that is seen on it."""
        if self.scene.on_stage(self.chip):
            return placed(self.chip, rect)
        self.scene.bring_to_back(self.chip.place(rect))

        def come(share: float) -> None:
            self.chip.set_fill(opacity=share).set_stroke(opacity=share)

        return Shows(self.chip, come)

    def zoom_in(self) -> Animation:
        """The chip comes to fill the frame: what is seen next happens on it."""
        return self.enter(self.scene.shot("inside")["chip"])

    def go_out(self) -> list[Animation]:
        """The chip leaves, where it is on stage."""
        return [FadeOut(self.chip)] if self.scene.on_stage(self.chip) else []

    def reach(self, kind: Kind, t: int) -> State:
        """Set the clock just after an event of the followed program."""
        self.scene.event = self.found.event(kind, t)
        self.row.come(kind)
        return state_at(self.material.fa2, self.scene.event)

    def picture(self, tensor: str, t: int) -> np.ndarray:
        """A tile's values as the chip shows them; what is masked is as low as what is lowest."""
        tile = tile_values(self.material.values, tensor, t)
        return np.nan_to_num(np.asarray(tile, dtype=np.float64), neginf=float(np.nanmin(np.where(np.isfinite(tile), tile, np.inf))))

    def tile(self, tensor: str, t: int, rect: Rect) -> Matrix:
        """A tile whose values are seen."""
        values = self.picture(tensor, t)
        low, high = (0.0, 1.0) if tensor == "P" else spread(values)
        return Matrix(values, rect, self.skin, tensor, low, high)
