"""TraceScene: what every film shares. Settings, frame, skin, captions, beats with their seconds, structural snapshots."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
from manim import Animation, Camera, ImageMobject, Mobject, Rectangle, Scene, VMobject, config

from flashviz import palette
from flashviz.catalogue import Catalogue
from flashviz.director.captions import caption, check_fit
from flashviz.errors import UsageError
from flashviz.layout import Rect, frame, stage
from flashviz.mobjects.motion import FadeIn, FadeOut, Veil
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import box
from flashviz.outlines import register_fonts
from flashviz.render import make_renderer
from flashviz.settings import Aspect, Settings, load_settings
from flashviz.storyboard import Beat, Told

REST = 0.8  # seconds of stillness that end a beat
FADE = 0.3


@dataclass(frozen=True)
class Paint:
    """One colour that a thing is drawn with, as the camera has it. Of an image: its darkest and lightest pixels, its mean opacity."""

    how: Literal["fill", "stroke", "image"]
    colour: str  # #RRGGBB
    opacity: float
    width: float = 0.0  # of a stroke, in manim's units


@dataclass(frozen=True)
class Shown:
    """One thing on screen at the end of a beat: what a structural snapshot compares. Without a name of its own it has its class's."""

    name: str
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 in the frame, whatever the thing is a part of
    text: str = ""
    values: str = ""
    paint: tuple[Paint, ...] = ()  # of all its parts, each once, in drawing order


@dataclass
class Snapshot:
    """Everything that stood on screen when a beat ended, and the event of the trace that it stands for."""

    beat: str
    caption: str
    seconds: float
    event: int | None
    shown: list[Shown] = field(default_factory=list)

    def texts(self) -> dict[str, str]:
        return {item.name: item.text for item in self.shown if item.text}


def beat(name: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a method the beat ``name``: caption, stillness, its motion, rest to the second. A film without the beat skips it."""

    def decorate(method: Callable[[Any], None]) -> Callable[[Any], None]:
        @functools.wraps(method)
        def played(scene: Any) -> None:
            found = scene.on_board(name)
            if found is not None:
                scene.begin_beat(found)
                method(scene)
                scene.end_beat()

        played.beat = name  # type: ignore[attr-defined]  # a transcript finds what moves in a beat by its docstring
        return played

    return decorate


class TraceScene(Scene):
    """A film made of beats: ``board`` says which and how long, methods decorated with ``beat`` say what moves.

    ``on_progress(seconds_done, seconds_total)`` is called after each play; ``provenance`` names every trace that is shown.
    ``subject`` is the film's name for people, ``poster`` the beat whose last frame shows its idea, ``script`` what its beats say in
    English and, once it is made, in the language of the settings' catalogue.
    """

    subject = ""  # the class's name
    poster = ""  # the last beat
    script: Sequence[Beat] = ()  # titles and captions of its beats, from which translations are made; none: it composes them itself

    def __init__(self, renderer: Any = None, **kwargs: Any) -> None:
        self.settings: Settings = load_settings()
        self.language = self.settings.catalogue
        if self.language is not None:
            self.script = self.in_language(self.language)
        self.skin = palette.THEMES[self.settings.theme]
        self.frame = frame(self.settings.aspect)
        _fit_camera(self.frame, self.skin.ground, self.settings.aspect)
        register_fonts()
        self.on_progress: Callable[[float, float], None] | None = None
        self.provenance: list[dict[str, object]] = []
        self.snapshots: list[Snapshot] = []
        self.told: list[Told] = []
        self.chapter = ""  # which is played, of a film that has several; ``seconds_before`` it so many were
        self.seconds_before = 0.0
        self.beat: Beat | None = None
        self.updating = True
        self.event: int | None = None
        self.caption: Named | None = None
        self.heading: Named | None = None  # the name of the chapter, of a film that has several
        self.finish: list[Mobject] = []  # what the next picture wipes away
        self.board: tuple[Beat, ...] = ()
        self.veils: dict[str, Rectangle] = {}
        super().__init__(renderer=renderer or make_renderer(self.settings.encode, kwargs.get("camera_class", Camera)), **kwargs)

    # ------------------------------------------------------------------------------------------------------- the beats

    def take(self, beats: Iterable[Beat]) -> None:
        """Make these, with their captions filled, the film's beats. Captions in another language must fit their band."""
        self.board = tuple(beats)
        if self.language is not None and self.settings.captions:
            check_fit(self.board, self.caption_rect, self.settings.aspect, self.language)

    def in_language(self, language: Catalogue) -> Sequence[Beat]:
        """What the beats say in another language."""
        return language.translated(type(self).__name__, type(self).script)

    def values(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """What the braces of captions stand for, as the language has it."""
        return said if self.language is None else self.language.values(said)

    def on_board(self, name: str) -> Beat | None:
        """The beat of that name, where this film has it."""
        return next((beat for beat in self.board if beat.name == name), None)

    def begin_beat(self, beat: Beat) -> None:
        self.beat, self.started = beat, self.now
        self.next_section(self.section(beat))
        if beat.late:
            self.say("")
        else:
            self.announce()
        if not beat.fresh:
            self.hold(beat.still)

    def section(self, beat: Beat) -> str:
        """The name of a beat in the film: chapters may have beats of the same name."""
        return f"{type(self).__name__}-{beat.name}" if self.chapter else beat.name

    def announce(self) -> None:
        """The beat's caption: burned in, and as a subtitle until the beat ends."""
        assert self.beat is not None
        if self.beat.caption:
            self.add_subcaption(self.beat.caption, duration=self.beat.seconds - (self.now - self.started) - 0.05)
        self.say(self.beat.caption)

    def arrived(self, spent: float = 0.0) -> None:
        """The stillness of a beat whose picture had to arrive first, less the seconds for which its caption has stood already."""
        assert self.beat is not None
        self.hold(max(0.0, self.beat.still - spent))

    def end_beat(self) -> None:
        assert self.beat is not None
        self.hold(self.beat.seconds - (self.now - self.started))
        told = self.beat
        name, seconds = self.section(told), self.now - self.started
        self.told.append(Told(name, told.title, told.caption, self.started, seconds, told.pause, self.chapter))
        self.snapshots.append(
            Snapshot(self.beat.name, self.beat.caption, self.now - self.started, self.event, list(described(self.mobjects)))
        )

    @property
    def now(self) -> float:
        return float(self.renderer.time)

    @property
    def motion(self) -> float:
        """Seconds of this beat that are left for motion."""
        assert self.beat is not None
        return max(0.2, self.beat.seconds - (self.now - self.started) - REST * min(1.0, self.beat.seconds / 8))

    def hold(self, seconds: float) -> None:
        """Stand still, for at least one frame or not at all."""
        if round(seconds * config.frame_rate) >= 1:  # 0.0667 s may be a little less than a frame
            self.wait(seconds)
            self._report()

    def move(self, *animations: Any, seconds: float) -> None:
        """Play animations (or ``mobject.animate`` chains) together for ``seconds``."""
        self.play(*animations, run_time=max(seconds, 1 / config.frame_rate))
        self._report()

    def _report(self) -> None:
        if self.on_progress is not None:
            self.on_progress(self.now, self.seconds_before + sum(beat.seconds for beat in self.board))

    def begin_animations(self) -> None:
        """As manim; and ask once whether anything on stage has an updater."""
        super().begin_animations()
        self.updating = any(part.updaters for top in self.mobjects for part in top.get_family())

    def update_mobjects(self, dt: float) -> None:
        """As manim, where there is something to update: it would walk all families at every frame."""
        if self.updating:
            super().update_mobjects(dt)

    @property
    def picture(self) -> list[Mobject]:
        """What stands on stage, but the words that accompany it: caption and chapter's name."""
        return [thing for thing in self.mobjects if thing is not self.caption and thing is not self.heading]

    def on_stage(self, thing: Mobject) -> bool:
        """Whether any part is shown. Moving a part of a group makes manim list the group's parts one by one."""
        shown = {id(part) for top in self.mobjects for part in top.get_family()}
        return any(id(part) in shown for part in thing.get_family())

    # ---------------------------------------------------------------------------------------------- captions and zones

    @property
    def caption_rect(self) -> Rect:
        return stage(self.settings.config, self.settings.aspect).caption

    def say(self, text: str) -> None:
        """Burn the caption in; an empty one where the setting keeps the picture clean: films with captions and without have one clock.

        The old one leaves before the new one comes.
        """
        if self.caption is not None:
            self.move(FadeOut(self.caption), seconds=FADE / 2)
        self.caption = None
        if text:
            burned = self.settings.captions
            self.caption = caption(text, self.caption_rect, self.skin, self.language) if burned else Named(tag="caption")
            self.move(FadeIn(self.caption), seconds=FADE / 2)

    def dim(self, **opacity: float) -> list[Animation]:
        """Veil zones that are not in play: ``dim(hbm=0.7, lens=0)``."""
        changes: list[Animation] = []
        for zone, amount in opacity.items():
            veil = self.veils[zone]
            if abs(veil.get_fill_opacity() - amount) > 1e-6:
                changes.append(Veil(veil, amount))
        return changes


def _fit_camera(whole: Rect, ground: str, aspect: Aspect) -> None:
    """Set manim's frame and pixels for the aspect; the quality's height is the short side.

    Raises:
        UsageError: ``manim -r W,H`` asks for a shape that is not the aspect's. The qualities' own shape, 16:9, is made to fit.
    """
    wide, high = config.pixel_width, config.pixel_height
    fitting = [name for name in get_args(Aspect) if abs(wide - high * Fraction(*map(int, name.split(":")))) < 2]
    if aspect not in fitting and "16:9" not in fitting:
        remedy = f"set FLASHVIZ_ASPECT={fitting[0]}" if fitting else "films are made in " + ", ".join(get_args(Aspect))
        raise UsageError(f"-r {wide},{high}: expected a picture of {aspect}, got another shape; {remedy}, or leave -r out")
    short = min(config.pixel_height, config.pixel_width)
    unit = short / min(whole.width, whole.height)
    config.frame_width, config.frame_height = whole.width, whole.height
    config.pixel_width, config.pixel_height = 2 * round(whole.width * unit / 2), 2 * round(whole.height * unit / 2)
    config.background_color = ground


def described(mobjects: list[Mobject]) -> Iterator[Shown]:
    """The named things among ``mobjects``, and every outline and image of them, in drawing order; clear ones are left out."""
    for top in mobjects:
        for part in top.get_family():
            name = vars(part).get("tag") or (type(part).__name__ if len(part.points) else None)
            paint = _paint(part) if name else ()
            if name and paint:
                yield Shown(name, _box(part), str(vars(part).get("text", "")), _values(part), paint)


def _paint(part: Mobject) -> tuple[Paint, ...]:
    """With what a thing and its parts are drawn, each once, in drawing order; nothing for a clear one."""
    return tuple(dict.fromkeys(paint for drawn in part.family_members_with_points() for paint in _paints(drawn) if paint.opacity > 0))


def _paints(drawn: Mobject) -> Iterator[Paint]:
    """Of one outline or image."""
    if isinstance(drawn, VMobject):
        yield from (Paint("fill", _hex(rgba), round(rgba[3], 3)) for rgba in drawn.fill_rgbas.tolist())
        strokes = (drawn.background_stroke_width, drawn.background_stroke_rgbas), (drawn.stroke_width, drawn.stroke_rgbas)
        for width, rgbas in strokes:
            if width > 0:
                yield from (Paint("stroke", _hex(rgba), round(rgba[3], 3), round(float(width), 2)) for rgba in rgbas.tolist())
    elif isinstance(drawn, ImageMobject):
        pixels = drawn.pixel_array.reshape(-1, 4) / 255
        opacity, light = round(float(pixels[:, 3].mean()), 3), pixels[:, :3].sum(1)
        yield from (Paint("image", _hex(pixels[at].tolist()), opacity) for at in (light.argmin(), light.argmax()))
    else:
        raise TypeError(f"expected outlines and images on the stage, got {type(drawn).__name__}")


def _hex(rgba: Sequence[float]) -> str:
    return "#" + "".join(f"{round(255 * share):02X}" for share in rgba[:3])


def _box(part: Mobject) -> tuple[float, float, float, float]:
    points = part.get_all_points()
    low, high = points.min(0), points.max(0)
    return tuple(round(float(v), 2) for v in (low[0], low[1], high[0], high[1]))  # type: ignore[return-value]


def _values(part: Mobject) -> str:
    """Numbers behind a picture: enough digits that another value shows."""
    held = vars(part).get("values")
    if held is None:
        state = vars(part).get("state")
        held = None if state is None else np.concatenate([np.nan_to_num(state.bars), state.past, [state.poured]])
    if held is None:
        return ""
    flat = np.nan_to_num(np.asarray(held, dtype=float), nan=-1e9, posinf=1e9, neginf=-1e9)
    return f"{flat.shape} sum {flat.sum():.4f} abs {np.abs(flat).sum():.4f} first {flat.flat[0]:.4f}"


def veil(rect: Rect, skin: palette.Theme) -> Rectangle:
    """A cover in the ground's colour, clear at first."""
    return box(rect.inset(-0.03), stroke=skin.ground, fill=skin.ground, opacity=0.0, width=0)
