"""A camera that repaints only what changed: the same pixels as manim's own, without painting the rest of the frame again.

Each mobject that is drawn has a signature: its points and its style. Where a signature changes, the old and the new place of the mobject
are damaged; damaged rectangles are painted afresh on a scratch surface, with everything that reaches into them, in manim's order and by
manim's cairo calls, and copied over. Nothing is clipped but fills, to rows, so rasterisation is manim's to the last bit;
``tests/test_render_parity.py`` holds every frame of whole scenes to that. What this camera does not know (point clouds, strokes coloured
by an image, pictures of other cameras) is painted by manim, the whole frame of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import cairo
import numpy as np
from manim import ImageMobject, Mobject, MovingCamera, VMobject, logger
from manim.camera.camera import CAP_STYLE_MAP, LINE_JOIN_MAP, Camera
from PIL import Image

MITER_LIMIT = 10.0  # cairo's: a pointed corner reaches so many half line widths
SPREAD = 2  # pixels around a shape that antialiasing may touch
WHOLE = 0.6  # share of the frame from which on it is painted whole


class Box(NamedTuple):
    """Pixels x0..x1, y0..y1, half open, from the top left."""

    x0: int
    y0: int
    x1: int
    y1: int

    def overlaps(self, other: Box) -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def union(self, other: Box) -> Box:
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    @property
    def area(self) -> int:
        return max(0, self.x1 - self.x0) * max(0, self.y1 - self.y0)


class Style(NamedTuple):
    """How an outline is painted, in cairo's terms; colours are blue, green, red, alpha, as manim hands them over, or None where clear.

    ``gradient`` and ``behind`` (a stroke beneath the fill) are left to manim.
    """

    fill: tuple[float, float, float, float] | None
    stroke: tuple[float, float, float, float] | None
    width: float
    join: Any
    cap: Any
    gradient: bool
    behind: bool


@dataclass(slots=True, eq=False)
class Drawn:
    """A mobject as it was last painted. ``path`` is cairo's copy of an outline; ``picture`` an image, transformed, and its corner."""

    mobject: Mobject
    signature: tuple[Any, ...]
    box: Box
    path: Any = None
    style: Style | None = None
    picture: tuple[Image.Image, int, int] | None = None


class UnknownMobjectError(Exception):
    """Something that manim must paint."""


class DamageCamera(Camera):
    """``draw`` brings ``pixel_array`` up to date and says which rectangles of it changed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._said = False
        self.forget()

    def forget(self) -> None:
        """Paint the whole frame next time."""
        self._drawn: dict[tuple[int, int], Drawn] = {}
        self._standing: tuple[Sequence[Mobject], dict[tuple[int, int], Drawn]] = ((), {})
        self._view: tuple[Any, ...] = ()
        self._scratch: np.ndarray | None = None
        self._caught: Image.Image | None = None
        self._catching = False

    def draw(self, static: Sequence[Mobject], moving: Sequence[Mobject]) -> list[Box]:
        """Paint ``static`` and over it ``moving``, both in drawing order and without families.

        As long as ``static`` is the same list, its mobjects are taken to be as they were.

        Returns:
            The rectangles that differ from the last ``draw``; the whole frame where that is not known.
        """
        whole = Box(0, 0, self.pixel_width, self.pixel_height)
        view = (self.pixel_width, self.pixel_height, self.frame_width, self.frame_height, *self.frame_center, id(self.background))
        if view != self._view:
            self.forget()
            self.pixel_array_to_cairo_context = {}
            self._view, self._scratch = view, np.zeros_like(self.pixel_array)
        before = self._drawn
        try:
            now, damage = self._compare(static, moving)
        except UnknownMobjectError as error:
            if not self._said:
                logger.warning("%s is painted by manim itself, the whole frame of it: slower, the same pixels", error)
                self._said = True
            self.forget()
            self.reset()
            self.capture_mobjects([*static, *moving], include_submobjects=False)
            return [whole]
        gone = [drawn.box for key, drawn in before.items() if key not in now]
        reordered = [key for key in before if key in now] != [key for key in now if key in before]
        self._drawn = now
        rectangles = [whole] if not before or reordered else merged([*damage, *gone], whole)
        if sum(rectangle.area for rectangle in rectangles) > WHOLE * whole.area:
            rectangles = [whole]
        for rectangle in rectangles:
            self._repaint(rectangle)
        return rectangles

    def _compare(self, static: Sequence[Mobject], moving: Sequence[Mobject]) -> tuple[dict[tuple[int, int], Drawn], list[Box]]:
        """What is to be seen now, and the old and new places of what changed."""
        damage: list[Box] = []
        if static is not self._standing[0]:
            self._standing = static, {}
            self._renew(static, self._standing[1], damage)
        now = dict(self._standing[1])
        self._renew(moving, now, damage)
        return now, damage

    def _renew(self, mobjects: Sequence[Mobject], now: dict[tuple[int, int], Drawn], damage: list[Box]) -> None:
        """Add ``mobjects`` to what is drawn ``now``: as they were, where their signature is what it was."""
        for mobject in mobjects:
            turn = 0
            while (id(mobject), turn) in now:  # painted twice where manim would paint it twice
                turn += 1
            key = id(mobject), turn
            old = self._drawn.get(key)
            signature = self.signature(mobject)
            if old is not None and old.mobject is mobject and old.signature == signature:
                now[key] = old
            elif self.type_or_raise(mobject) is not Mobject:  # trackers have points and are not drawn
                fresh = self._measured(mobject, signature, old)
                damage += [fresh.box] if old is None else [old.box, fresh.box]
                now[key] = fresh

    def _measured(self, mobject: Mobject, signature: tuple[Any, ...], old: Drawn | None) -> Drawn:
        if isinstance(mobject, VMobject) and not mobject.background_image and finite(mobject.points):
            return self._outlined(mobject, signature, old)
        if isinstance(mobject, ImageMobject) and type(mobject).get_pixel_array is ImageMobject.get_pixel_array:
            return self._pictured(mobject, signature)
        raise UnknownMobjectError(type(mobject).__name__)

    def signature(self, mobject: Mobject) -> tuple[Any, ...]:
        """All that decides what a mobject looks like: points come first, then style."""
        if isinstance(mobject, ImageMobject):
            pixels = mobject.get_pixel_array()
            return mobject.points.tobytes(), pixels.tobytes(), pixels.shape, mobject.resampling_algorithm
        if not isinstance(mobject, VMobject):
            return (mobject.points.tobytes(),)
        behind = mobject.get_stroke_width(background=True)
        return (
            mobject.points.tobytes(),
            mobject.get_fill_rgbas().tobytes(),
            mobject.get_stroke_rgbas().tobytes(),
            mobject.get_stroke_width(),
            behind,
            mobject.get_stroke_rgbas(background=True).tobytes() if behind else b"",
            mobject.joint_type,
            mobject.cap_style,
            mobject.sheen_factor,
            np.asarray(mobject.sheen_direction).tobytes(),
        )

    def _outlined(self, mobject: VMobject, signature: tuple[Any, ...], old: Drawn | None) -> Drawn:
        path = old.path if old is not None and old.mobject is mobject and old.signature[0] == signature[0] else None
        scale = self.pixel_width / self.frame_width
        width = max(mobject.get_stroke_width(), mobject.get_stroke_width(background=True))
        reach = 0.5 * width * self.cairo_line_width_multiple * scale * MITER_LIMIT
        return Drawn(mobject, signature, self._around(mobject.points, reach), path, self._style(mobject))

    def _style(self, mobject: VMobject) -> Style:
        fill, stroke, width = mobject.get_fill_rgbas(), mobject.get_stroke_rgbas(), mobject.get_stroke_width()
        return Style(
            fill=_bgra(fill[0]), stroke=_bgra(stroke[0]) if width else None, width=width * self.cairo_line_width_multiple,
            join=LINE_JOIN_MAP[mobject.joint_type], cap=CAP_STYLE_MAP[mobject.cap_style],
            gradient=len(fill) > 1 or len(stroke) > 1, behind=bool(mobject.get_stroke_width(background=True)),
        )  # fmt: skip

    def _pictured(self, mobject: ImageMobject, signature: tuple[Any, ...]) -> Drawn:
        """The image, transformed: an upright one by itself; any other by manim, caught before it is laid over the frame."""
        upright = self._upright(mobject)
        if upright is not None:
            box = self._around(mobject.points, 0.0)
            image, left, top = upright
            return Drawn(
                mobject, signature, box, picture=(image.crop((box.x0 - left, box.y0 - top, box.x1 - left, box.y1 - top)), box.x0, box.y0)
            )
        self._catching, self._caught = True, None
        self.display_image_mobject(cast("Any", mobject), self.pixel_array)
        self._catching = False
        box = self._around(mobject.points, 0.0)
        picture = None
        if self._caught is not None:
            picture = self._caught.crop(box), box.x0, box.y0
        return Drawn(mobject, signature, box, picture=picture)

    def _upright(self, mobject: ImageMobject) -> tuple[Image.Image, int, int] | None:
        """An image whose sides are those of the frame, as manim transforms it (``Camera.display_image_mobject``), and its corner.

        manim pastes it into a picture of the whole frame first, which takes longer than all the rest.
        """
        corners = self.points_to_subpixel_coords(mobject, mobject.points)
        (left, top), (right, low) = corners[0], corners[-1]
        if not np.array_equal(corners, [(left, top), (right, top), (left, low), (right, low)]) or right - left < 1 or low - top < 1:
            return None
        pixels = Image.fromarray(mobject.get_pixel_array(), mode="RGBA")
        shift = corners.astype(np.int64).min(axis=0)
        size = (corners.astype(np.int64) - shift).max(axis=0)
        original = np.array([[0, 0], [pixels.width, 0], [0, pixels.height], [pixels.width, pixels.height]])
        system = [
            row
            for (x, y), (at_x, at_y) in zip(corners - shift, original, strict=True)
            for row in ([x, y, 1, 0, 0, 0, -at_x * x, -at_x * y], [0, 0, 0, x, y, 1, -at_y * x, -at_y * y])
        ]
        homography = np.linalg.solve(np.array(system, dtype=np.float64), original.reshape(8).astype(np.float64)).tolist()
        method, resample = Image.Transform.PERSPECTIVE, mobject.resampling_algorithm
        image = pixels.transform(size=(int(size[0]), int(size[1])), method=method, data=homography, resample=resample)
        return image, int(shift[0]), int(shift[1])

    def overlay_PIL_image(self, pixel_array: np.ndarray, image: Image.Image) -> None:  # noqa: N802  # manim's name
        """As manim; while an image is being caught it is kept instead."""
        if self._catching:
            self._caught = image
        else:
            super().overlay_PIL_image(pixel_array, image)

    def _around(self, points: np.ndarray, reach: float) -> Box:
        """The pixels that a shape of these points can touch."""
        (left, low, _), (right, high, _) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        center_x, center_y, _ = self.frame_center
        width, height = self.pixel_width, self.pixel_height
        across, down = width / self.frame_width, height / self.frame_height
        x0, x1 = (left - center_x) * across + width / 2 - reach, (right - center_x) * across + width / 2 + reach
        y0, y1 = height / 2 - (high - center_y) * down - reach, height / 2 - (low - center_y) * down + reach
        return Box(
            min(max(math.floor(x0) - SPREAD, 0), width), min(max(math.floor(y0) - SPREAD, 0), height),
            min(max(math.ceil(x1) + SPREAD, 0), width), min(max(math.ceil(y1) + SPREAD, 0), height),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------------ painting

    def _repaint(self, rectangle: Box) -> None:
        """Paint everything that reaches into a rectangle, and bring the rectangle into the frame."""
        assert self._scratch is not None
        assert self.background is not None
        x0, y0, x1, y1 = rectangle
        self._scratch[y0:y1, x0:x1] = self.background[y0:y1, x0:x1]
        context = self.get_cairo_context(self._scratch)
        rows = rows_of(context, y0, y1)
        for drawn in self._drawn.values():
            left, top, right, low = drawn.box
            if left < x1 and x0 < right and top < y1 and y0 < low:  # Box.overlaps, without a call for each of hundreds
                if isinstance(drawn.mobject, VMobject):
                    self._paint(context, rows, drawn, drawn.mobject)
                else:
                    self._lay(drawn, rectangle)
        self.pixel_array[y0:y1, x0:x1] = self._scratch[y0:y1, x0:x1]

    def _paint(self, context: cairo.Context[Any], rows: cairo.Context[Any], drawn: Drawn, mobject: VMobject) -> None:
        """Paint an outline: its fill in some rows alone, all of its stroke, which cairo would not join alike if it were cut."""
        style = drawn.style
        assert style is not None
        if drawn.path is None:
            trace_outline(context, mobject)
            drawn.path = context.copy_path()
        if style.behind or style.gradient:
            retrace(context, drawn.path)
        if style.behind:
            self.apply_stroke(context, mobject, background=True)
        if style.gradient:
            self.apply_fill(context, mobject)
            self.apply_stroke(context, mobject)
            return
        if style.fill is not None:  # a clear fill or stroke changes nothing
            retrace(rows, drawn.path)
            rows.set_source_rgba(*style.fill)
            rows.fill()
        if style.stroke is not None:
            retrace(context, drawn.path)
            context.set_source_rgba(*style.stroke)
            context.set_line_width(style.width)
            context.set_line_join(style.join)
            context.set_line_cap(style.cap)
            context.stroke()

    def _lay(self, drawn: Drawn, rectangle: Box) -> None:
        """Lay an image over what is there, within the rectangle."""
        assert self._scratch is not None
        if drawn.picture is None:
            return
        image, left, top = drawn.picture
        x0, y0 = max(drawn.box.x0, rectangle.x0), max(drawn.box.y0, rectangle.y0)
        x1, y1 = min(drawn.box.x1, rectangle.x1), min(drawn.box.y1, rectangle.y1)
        under = Image.fromarray(np.ascontiguousarray(self._scratch[y0:y1, x0:x1]))
        over = image.crop((x0 - left, y0 - top, x1 - left, y1 - top))
        self._scratch[y0:y1, x0:x1] = np.asarray(Image.alpha_composite(under, over))


class MovingDamageCamera(DamageCamera, MovingCamera):
    """The same for ``manim.MovingCameraScene``: where ``frame`` moves all is painted, and what changes while it stands."""


def rows_of(context: cairo.Context[Any], y0: int, y1: int) -> cairo.Context[Any]:
    """Another context of the same surface that paints its pixel rows y0..y1 alone.

    Fills are the same to the last bit there: an edge that ends at a row keeps its line. Ended at a column it is split, and pixels change.
    """
    surface = context.get_target()
    assert isinstance(surface, cairo.ImageSurface)
    rows = cairo.Context(surface)
    rows.rectangle(0, y0, surface.get_width(), y1 - y0)
    rows.clip()
    rows.set_matrix(context.get_matrix())
    return rows


def retrace(context: cairo.Context[Any], path: cairo.Path) -> None:
    """Begin with a copy of an outline."""
    context.new_path()
    context.append_path(path)


def trace_outline(context: cairo.Context[Any], mobject: VMobject) -> None:
    """As ``Camera.set_cairo_context_path``, call by call, on plain numbers: for the few curves of a shape NumPy's detours take longer."""
    context.new_path()
    points = mobject.points[:, :2].tolist()
    joined, each = mobject.consider_points_equals_2d, mobject.n_points_per_cubic_curve
    if len(points) < each:
        return
    starts = [0, *(at for at in range(each, len(points), each) if points[at - 1] != points[at] and not joined(points[at - 1], points[at]))]
    for start, stop in zip(starts, [*starts[1:], len(points)], strict=True):
        if stop - start < each:
            continue
        context.new_sub_path()
        context.move_to(*points[start])
        for at in range(start, stop - each + 1, each):
            context.curve_to(*points[at + 1], *points[at + 2], *points[at + 3])
        if joined(points[start], points[stop - 1]):
            context.close_path()


def finite(points: np.ndarray) -> bool:
    """Whether no coordinate is NaN or infinite: a sum is finite only then (or overflows, beyond any screen)."""
    return math.isfinite(float(points.sum()))


def _bgra(rgba: np.ndarray) -> tuple[float, float, float, float] | None:
    red, green, blue, alpha = rgba.tolist()
    return (blue, green, red, alpha) if alpha else None


def merged(boxes: Iterable[Box], whole: Box) -> list[Box]:
    """Disjoint rectangles within the frame that cover all of these."""
    found: list[Box] = []
    for box in boxes:
        grown = Box(max(box.x0, whole.x0), max(box.y0, whole.y0), min(box.x1, whole.x1), min(box.y1, whole.y1))
        if not grown.area:
            continue
        while True:
            touching = [other for other in found if other.overlaps(grown)]
            if not touching:
                break
            for other in touching:
                grown = grown.union(other)
            found = [other for other in found if other not in touching]
        found.append(grown)
    return found
