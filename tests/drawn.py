"""What must hold of everything that is drawn, in every film: it is in the frame, and in the colours of the skin that was asked for."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from manim import VMobject

from flashviz.director import Paint, Shown, Snapshot
from flashviz.director.words import CORNER
from flashviz.layout import Rect, frame, head_rect
from flashviz.lettering import Face, text_width
from flashviz.outlines import outline
from flashviz.palette import THEMES, Theme

TENSORS = {
    "Q": "q", "K": "k", "V": "v", "O": "o", "ACC": "o", "M": "stats", "L": "stats", "LSE": "stats", "S": "scores", "P": "scores",
}  # fmt: skip
# Things whose text is a formula, a figure that is counted and not written, or put together from parts that are named themselves.
NOT_IN_WORDS = ("formula", "power", "kernel", "label", "sign", "head", "pair", "marks", "chip", "quoted")
SOURCES = ("formula", "power", "kernel", "head", "pair", "code")  # whose text is what Typst or Python was given
MIXED = ("lanes",)  # images whose pixels are shares of several hues; a test of their own holds each pixel to them
HUES = frozenset(TENSORS.values())
NAMED_FOR_A_TENSOR = ("", "label ", "squares ", "sheet ")  # what stands before the tensor in a thing's name


@cache
def roles(skin: Theme) -> dict[str, str]:
    """Colour -> its name in the skin."""
    named = {each.name: getattr(skin, each.name) for each in fields(skin) if each.name != "name"}
    colours = {name: colour for name, colour in named.items() if isinstance(colour, str)}
    colours |= {f"{name} {at}": colour for name, some in named.items() if isinstance(some, tuple) for at, colour in enumerate(some)}
    found = {colour.upper(): name for name, colour in colours.items()}
    assert len(found) == len(colours), "no two names share a colour: a colour says what it stands for"
    return found


def check_drawn(scene: Any) -> None:
    """All that stood on screen at the end of any beat is in the frame and in the skin's colours, and a tensor's things in its own."""
    settings = scene.settings
    check_camera(scene)
    for snapshot in scene.snapshots:
        assert snapshot.shown, snapshot.beat
        check_caption(snapshot, scene.caption_rect if settings.captions else None)
        for item in snapshot.shown:
            check_inside(item, settings.aspect, snapshot.beat)
            check_colours(item, THEMES[settings.theme], snapshot.beat)


def check_caption(snapshot: Snapshot, band: Rect | None) -> None:
    """What the beat says stands in its band; nothing does where it says nothing, or where the film is clean."""
    found = [item for item in snapshot.shown if item.name == "caption"]
    assert [item.text for item in found] == ([snapshot.caption] if band and snapshot.caption else []), snapshot.beat
    for item in found:
        assert band is not None
        whole, (x0, y0, x1, y1) = band.inset(-0.011), item.box
        assert whole.x0 <= x0 <= x1 <= whole.x1, (snapshot.beat, item)
        assert whole.y0 <= y0 <= y1 <= whole.y1, (snapshot.beat, item)


def check_said(scene: Any) -> None:
    """Whatever says that it shows a text is drawn with the text's own glyphs, in their order: by the curves of each contour.

    Formulas are set by Typst, and their text is what it was given. And the corners beneath the captions are free.
    """
    check_corners(scene)
    check_written(scene)
    for top in scene.mobjects:
        for part in top.get_family():
            name, text = vars(part).get("tag"), vars(part).get("text")
            if name is None or not isinstance(text, str) or not text.strip() or name.split()[0] in NOT_IN_WORDS:
                continue
            outlines = [drawn.points for drawn in part.family_members_with_points() if isinstance(drawn, VMobject)]
            drawn = sum(map(contours, outlines), ())
            assert not drawn or any(within(glyphs(text, face), drawn) for face in Face), (scene.beat.name, name, text)


ODD = {
    "a hyphen where a minus belongs": re.compile(r"(?<!\w)-\s?\d"),
    "a power that is not written as 10⁻³": re.compile(r"\^|\d[eE][-−+]?\d"),
}


def check_written(scene: Any) -> None:
    """Numbers have one notation: a minus sign, and powers by raised digits. A formula's text is its source."""
    for top in scene.mobjects:
        for part in top.get_family():
            name, text = str(vars(part).get("tag")), vars(part).get("text")
            if isinstance(text, str) and name.split(maxsplit=1)[0] not in SOURCES:
                for odd, pattern in ODD.items():
                    assert not pattern.search(text), (scene.beat.name, name, text, odd)


def check_corners(scene: Any) -> None:
    """No words stand where a film of several chapters has the chapter's name, nor over the name of a machine."""
    aspect = scene.settings.aspect
    name, place = getattr(scene, "running_head", ""), head_rect(aspect)
    lines = [] if scene.caption is None else [("caption", line) for line in scene.caption.submobjects]
    words = [(str(vars(part).get("tag")), part) for top in scene.picture for part in top.get_family() if vars(part).get("text")]
    corners = {"running head": place.left(min(place.width, text_width(name, CORNER)))} if name else {}
    machines = [part for top in scene.mobjects for part in top.get_family() if vars(part).get("tag") == "machine"]
    for corner, taken in (*corners.items(), *(("machine", Rect(*bounds(part))) for part in machines)):
        for tag, part in (*lines, *words):
            own = any(part is each for machine in machines for each in machine.get_family())
            if len(part.get_all_points()) and not (corner == "machine" and own) and "badge" not in tag:
                assert not taken.overlaps(Rect(*bounds(part))), (scene.beat.name, corner, tag, vars(part).get("text"))


def bounds(part: Any) -> tuple[float, float, float, float]:
    points = part.get_all_points()
    (x0, y0, _), (x1, y1, _) = points.min(0), points.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def contours(points: np.ndarray) -> tuple[int, ...]:
    """How many curves each closed contour has: 'e' has two contours, '3' another number of curves than '8'."""
    curves = points.reshape(-1, 4, 3)
    starts = np.flatnonzero(np.abs(curves[1:, 0] - curves[:-1, 3]).max(1, initial=0) > 1e-6) + 1
    return tuple(np.diff([0, *starts, len(curves)]).tolist()) if len(curves) else ()


@cache
def glyphs(text: str, face: Face) -> tuple[int, ...]:
    """The contours of a text as Pango sets it."""
    return contours(outline(" ".join(text.split()), face))


def within(some: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    return any(whole[at : at + len(some)] == some for at in range(len(whole) - len(some) + 1))


def check_camera(scene: Any) -> None:
    """The camera sees the aspect's frame, on the skin's ground."""
    whole, camera = frame(scene.settings.aspect), scene.renderer.camera
    seen = (*camera.frame_center[:2], camera.frame_width, camera.frame_height)
    assert seen == pytest.approx((*whole.center[:2], whole.width, whole.height))
    assert camera.pixel_width / camera.pixel_height == pytest.approx(whole.width / whole.height, rel=0.01)
    assert camera.background_color.to_hex().upper() == THEMES[scene.settings.theme].ground


def check_inside(item: Shown, aspect: Any, where: str) -> None:
    whole, (x0, y0, x1, y1) = frame(aspect).inset(-0.011), item.box  # boxes are rounded to 0.01
    assert whole.x0 <= x0 <= x1 <= whole.x1, (where, item)
    assert whole.y0 <= y0 <= y1 <= whole.y1, (where, item)


def check_colours(item: Shown, skin: Theme, where: str) -> None:
    """Outlines have colours of the skin; images lie on straight lines between two of them. What is named for a tensor has its hue."""
    known, own = roles(skin), tensor_of(item)
    drawn = flat(item)
    assert item.paint, (where, item)
    assert {paint.colour for paint in drawn} <= known.keys(), (where, item)
    if item.name not in MIXED:
        assert all(on_a_ramp(paint.colour, skin, own) for paint in item.paint if paint.how == "image"), (where, item)
    if own and drawn:
        assert {known[paint.colour] for paint in drawn} & HUES == {own}, (where, item)


def tensor_of(item: Shown) -> str:
    """Which hue it must have, of a thing that is named for a tensor."""
    for before in NAMED_FOR_A_TENSOR:
        if item.name.startswith(before) and item.name.removeprefix(before) in TENSORS:
            return TENSORS[item.name.removeprefix(before)]
    return ""


def flat(item: Shown) -> list[Paint]:
    """What of it is no image."""
    return [paint for paint in item.paint if paint.how != "image"]


@cache
def on_a_ramp(colour: str, skin: Theme, own: str) -> bool:
    """Whether a colour lies between the skin's panel and another of its colours: a tensor's hue where it is one's."""
    point, start = rgb(colour), rgb(skin.panel)
    for end in map(rgb, [getattr(skin, own)] if own else roles(skin)):
        along = end - start
        share = np.clip((point - start) @ along / max(along @ along, 1), 0, 1)
        if np.abs(start + share * along - point).max() < 1.5:  # of 255: images are rounded to whole steps
            return True
    return False


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=float)


def in_roles(scene: Any) -> list[list[Shown]]:
    """What each beat showed, with the names of colours instead of the colours. An image's ends have none: what it shows are its values."""
    known = roles(THEMES[scene.settings.theme])
    return [
        [replace(item, paint=tuple(replace(paint, colour=known[paint.colour]) for paint in flat(item))) for item in snapshot.shown]
        for snapshot in scene.snapshots
    ]
