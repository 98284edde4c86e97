"""The film of any kernel: tensors in HBM as sheets that fill where they were touched, and blocks on the chip, a place a statement."""

from __future__ import annotations

import math

import numpy as np
from manim import Group, Rectangle, VMobject

from flashviz import palette, theme
from flashviz.figures import counter
from flashviz.generic.layout import Place, Sheet
from flashviz.generic.touches import Touch
from flashviz.layout import Rect
from flashviz.lettering import NOTE_PX, Face, em
from flashviz.mobjects.code import clip
from flashviz.mobjects.readout import ADVANCE, Readout
from flashviz.mobjects.tiles import box, image
from flashviz.palette import Theme
from flashviz.trace import TensorInfo


def extent(shape: tuple[int, ...]) -> str:
    """A shape as 64 × 32; a single number has none."""
    sides = [size for at, size in enumerate(shape) if size != 1 or at >= len(shape) - 1]
    return " × ".join(f"{size:,}" for size in sides) if sides != [1] else "1"


def fit(text: str, rect: Rect, px: float = NOTE_PX) -> str:
    """As much of a line as ``rect`` is wide, in the monospaced face."""
    return clip(text, int(rect.width / (ADVANCE * em(px)) + 1e-6))


class TensorSheet(Group):
    """One tensor in HBM: faint where it holds given values, lit where a kernel has written, with the bytes that crossed.

    Args:
        given: Whether it held values before the first launch.
        final: Bytes read and written at the end. Where it is never read its only counter stands where that of the reads would.
        written: When its parts were written.
    """

    def __init__(
        self, info: TensorInfo, sheet: Sheet, hue: str, skin: Theme, *, given: bool, final: tuple[int, int], written: Touch
    ) -> None:
        self.info, self.sheet, self.given, self.final, self.written = info, sheet, given, final, written
        self.tag, self.text = f"sheet {info.name}", f"{info.name} {extent(info.shape)} {info.dtype}"
        self.colour, self.ink = theme.rgb(hue), skin.ink
        self.picture = image(np.zeros((*written.size, 4), np.uint8))
        self.picture.stretch_to_fit_width(sheet.picture.width).stretch_to_fit_height(sheet.picture.height).move_to(sheet.picture.center)
        self.frame = box(sheet.picture, stroke=hue, width=theme.OUTLINE)
        self.cursor = box(sheet.picture, stroke=skin.ink, width=theme.HEAVY).set_stroke(opacity=0)
        name = Readout(fit(info.name, sheet.name), NOTE_PX, hue, name=f"name {info.name}", face=Face.MONO_STRONG).at(sheet.name)
        stored, indices = info.nbytes // info.itemsize, math.prod(info.shape)
        sides = extent(info.shape) if stored == indices else f"{extent(info.shape)} of {stored:,}"  # several indices are one element
        told = (f"{sides} {info.dtype}", sides, extent(info.shape), extent(info.shape).replace(" ", ""))
        said = next((text for text in told if fit(text, sheet.shape) == text), fit(told[-1], sheet.shape))
        about = Readout(said, NOTE_PX, skin.quiet, name="shape").at(sheet.shape)
        self.read = Readout("", NOTE_PX, skin.ink, name=f"read {info.name}").at(sheet.read)
        self.wrote = Readout("", NOTE_PX, skin.ink, name=f"written {info.name}").at(sheet.written if final[0] else sheet.read)
        super().__init__(self.picture, self.frame, name, about, self.read, self.wrote, self.cursor)
        self.display(0)

    def display(self, k: int) -> TensorSheet:
        """Fill what the first ``k`` events have written."""
        share = self.written.share(k)
        resting = palette.RESTING if self.given else 0.0
        opacity = resting + (palette.LIT - resting) * share
        pixels = np.empty((*share.shape, 4), np.uint8)
        pixels[..., :3] = np.round(self.colour * 255)
        pixels[..., 3] = np.round(opacity * 255)
        self.picture.pixel_array = pixels
        self.values = share
        return self

    def counters(self, read: int, written: int) -> dict[Readout, str]:
        """What the counters say of these bytes."""
        return {
            self.read: fit(f"read {counter(read, self.final[0])}" if read else "", self.sheet.read),
            self.wrote: fit(f"wrote {counter(written, self.final[1])}" if written else "", self.sheet.written),
        }

    def point_at(self, rect: Rect | None) -> Rectangle:
        """Set the cursor around what was touched last; without a place it is gone."""
        if rect is None:
            return self.cursor.set_stroke(opacity=0)
        seen = Rect(*rect_at_least(rect, 0.06))
        self.cursor.become(box(seen, stroke=self.ink, width=theme.HEAVY))
        return self.cursor


def rect_at_least(rect: Rect, side: float) -> tuple[float, float, float, float]:
    """The same middle, and no side shorter than ``side``."""
    (x, y, _), width, height = rect.center, max(rect.width, side), max(rect.height, side)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


class Block(Group):
    """What a statement last loaded or computed, in its place."""

    def __init__(self, title: str, shape: tuple[int, ...], place: Place, body: Rect, hue: str, skin: Theme) -> None:
        self.tag, self.text, self.body = "block", f"{title} {extent(shape)}", body
        self.face: VMobject = box(body, stroke=hue, opacity=palette.LIT)
        name = Readout(fit(title, place.name), NOTE_PX, hue, name="block name", face=Face.MONO_STRONG).at(place.name)
        about = Readout(fit(extent(shape), place.shape), NOTE_PX, skin.quiet, name="block shape").at(place.shape)
        super().__init__(self.face, name, about)
