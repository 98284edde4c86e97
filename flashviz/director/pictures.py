"""Pictures that use the whole width: the row of attention, two HBMs side by side, the bill, lanes, errors, the last card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, DashedLine, Group, Line, VGroup, VMobject

from flashviz import palette, theme
from flashviz.figures import kib, quarters
from flashviz.layout import GAP, Cross, Packing, Rect, centered, columns, pack, rows
from flashviz.lettering import LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em
from flashviz.mobjects.hbm import CrossView, HbmPanel
from flashviz.mobjects.ledger import squares
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import Theme

NARROWEST = 0.05  # of a lane's cells


class RowPicture(Group):
    """One query against all keys, as the cross of one row: q left, K^T above, scores in the middle, V below, o right.

    Of very many keys every n-th is shown, a column of K and V and a bar each.

    Args:
        q [d], k [N_k, d], v [N_k, d], scores [N_k], o [d]: of the followed row, as the trace's inputs and values have them.
    """

    def __init__(self, rect: Rect, q: np.ndarray, k: np.ndarray, v: np.ndarray, scores: np.ndarray, o: np.ndarray, skin: Theme) -> None:
        self.tag, self.skin = "row picture", skin
        side = min(1.5, rect.width * 0.13)
        middle = Rect(rect.x0 + side + 0.75, rect.y0, rect.x1 - side - 0.75, rect.y1)
        band = min(1.2, rect.height * 0.22)
        top, bottom = middle.top(band), middle.bottom(band)
        self.field = middle.below(band + 0.25).above(band + 0.25)
        scale = np.percentile(np.abs(np.concatenate([k.ravel(), v.ravel()])), 99)
        self.keys = self._matrix(shrink(k).T, top, "K", scale)
        self.values_ = self._matrix(shrink(v).T, bottom, "V", scale)
        self.query = self._matrix(q[None, :], centered(rect.x0 + side / 2 + 0.2, self.field.center[1], side, 0.22), "Q", scale)
        self.out = self._matrix(o[None, :], centered(rect.x1 - side / 2 - 0.2, self.field.center[1], side, 0.22), "O", np.abs(o).max())
        self.names = VGroup(
            theme.maths("K^top", TITLE_PX, skin.k).next_to(self.keys, LEFT, buff=GAP),
            theme.maths("V", TITLE_PX, skin.v).next_to(self.values_, LEFT, buff=GAP),
            theme.maths("q", TITLE_PX, skin.q).next_to(self.query, UP, buff=GAP),
        )
        self.out_name = theme.maths("o", TITLE_PX, skin.o).next_to(self.out, UP, buff=GAP)
        self.axis = Line((self.field.x0, 0, 0), (self.field.x1, 0, 0), stroke_color=skin.edge, stroke_width=theme.HAIRLINE)
        self.bars = Rectangles(skin.scores, name="row bars")
        self.scores = scores
        finite = scores[np.isfinite(scores)]
        weights = np.where(np.isfinite(scores), np.exp(scores - finite.max()), 0.0)
        self.weights = weights / weights.sum()
        self.axis.set_y(self._zero(finite))
        low = self.field.center[1] - 1.0
        self.formula_place = centered(rect.x0 + (side + 0.55) / 2, low, side + 0.45, em(TITLE_PX) * 2)
        super().__init__(self.keys, self.values_, self.query, self.names, self.axis, self.bars)

    def weighed(self) -> np.ndarray:
        """V^T with each key's column faded to its weight: what the blend takes of it."""
        shown = self.values_
        share = shrink(self.weights)
        return np.asarray(shown.low + (shown.values - shown.low) * (0.12 + 0.88 * np.sqrt(share / share.max()))[None, :])

    def _matrix(self, values: np.ndarray, rect: Rect, tensor: str, scale: float) -> Matrix:
        return Matrix(values, rect, self.skin, tensor, -float(scale), float(scale))

    def _zero(self, finite: np.ndarray) -> float:
        low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
        self.unit = self.field.height / max(high - low, 1e-9)
        return self.field.y0 - low * self.unit

    def score_boxes(self) -> np.ndarray:
        """One bar a key that is shown, from the zero line to the score."""
        zero, scores = self.axis.get_y(), shrink(self.scores)
        return self._boxes(np.full(len(scores), zero), zero + np.nan_to_num(scores, neginf=0.0) * self.unit)

    def weight_boxes(self) -> np.ndarray:
        """One bar a key that is shown, from the floor: weights, the largest as tall as the field."""
        tall = shrink(self.weights) / self.weights.max() * self.field.height
        return self._boxes(np.full(len(tall), self.field.y0), self.field.y0 + tall)

    def _boxes(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        width = self.field.width / len(low)
        x = self.field.x0 + np.arange(len(low)) * width
        return np.stack([x, np.minimum(low, high), x + 0.9 * width, np.maximum(low, high)], 1)


def shrink(matrix: np.ndarray, most: int = 1024) -> np.ndarray:
    """Every n-th row or number, so that no picture has more than twice ``most``."""
    return matrix[:: max(1, len(matrix) // most)].astype(np.float64)


class Boxes(Act):
    """Rectangles move linearly from old to new boxes; ``sweep`` reveals them left to right instead."""

    def __init__(self, drawn: Rectangles, old: np.ndarray, new: np.ndarray, *, sweep: bool = False, **kwargs: object) -> None:
        self.old, self.new, self.sweep = old, new, sweep
        super().__init__(drawn, **kwargs)  # type: ignore[arg-type]

    def interpolate_mobject(self, alpha: float) -> None:
        if self.sweep:
            self.mobject.display(self.new[: round(alpha * len(self.new))])
        else:
            self.mobject.display(self.old + (self.new - self.old) * alpha)


def two_halves(rect: Rect, *, beside: bool) -> list[Rect]:
    """Two equal places, beside each other or one above the other."""
    return columns(rect, 2, 0.4) if beside else rows(rect, 2, 0.3)


class FinalHbm(Group):
    """An HBM as it stands when a film is over."""

    def __init__(self, rect: Rect, title: str, cross: Cross, skin: Theme) -> None:
        self.tag, self.text, self.rect = "final HBM", title, rect
        self.panel = HbmPanel(rect, rect.inset(0.15, 0.08).top(em(TITLE_PX) * LINE_PITCH), skin, title)
        self.cross = CrossView(cross, skin)
        for tile in self.cross.strips["O"]:
            tile.set_fill(opacity=palette.LIT)
        super().__init__(self.panel, self.cross)


class BillBlock(Group):
    """All transfers of one algorithm as squares on a common baseline (the left edge), coloured by tensor, filled column by column."""

    def __init__(self, rect: Rect, title: str, crossed: Mapping[str, int], unit: int, pitch: float, skin: Theme) -> None:
        self.tag, self.text = f"bill {title}", kib(sum(crossed.values()))
        self.rect, self.pitch = rect, pitch
        self.high = max(1, int(rect.height / pitch + 1e-9))
        self.parts: dict[str, Rectangles] = {}
        start = 0
        for tensor, nbytes in crossed.items():
            part = Rectangles(skin.hue(tensor), name=f"bill {title} {tensor}", opacity=palette.SECOND if tensor == "P" else 1.0)
            part.display(self._boxes(start, nbytes / unit))
            self.parts[tensor] = part
            start += places_of(nbytes / unit)
        super().__init__(*self.parts.values())

    def _boxes(self, start: int, count: float) -> np.ndarray:
        """``count`` squares from place ``start`` on, in column order; a fraction is a sliver."""
        index = np.arange(start, start + places_of(count))
        side = self.pitch / 1.2
        x = self.rect.x0 + (index // self.high) * self.pitch
        y = self.rect.y1 - (index % self.high) * self.pitch
        width = np.full(len(index), side)
        if len(width) > count:
            width[-1] = max(side * (count % 1), 0.02)
        return np.stack([x, y - side, x + width, y], 1)

    def names(self, skin: Theme) -> list[VMobject]:
        """Each tensor's letter beneath its squares, where they are wide enough for it."""
        drawn = []
        for tensor, part in self.parts.items():
            if part.width >= 0.6 * em(NOTE_PX) * len(tensor):
                name = theme.line(tensor, NOTE_PX, skin.hue(tensor), Face.MONO_STRONG)
                drawn.append(name.move_to((part.get_center()[0], self.rect.y0 - 0.65 * em(NOTE_PX), 0)))
        return drawn

    def reach(self, squares_count: float) -> float:
        """x of the far edge of that many squares."""
        return self.rect.x0 + squares_count / self.high * self.pitch


def places_of(count: float) -> int:
    """Places that ``count`` squares take: a fraction takes one of its own."""
    return int(np.ceil(count - 1e-9))


def bill_pitch(rect: Rect, most: float) -> float:
    """The largest square pitch at which ``most`` squares fit into ``rect`` in whole columns."""
    pitch = rect.height
    for high in range(1, 400):
        pitch = rect.height / high
        if np.ceil(most / high) * pitch <= rect.width:
            return pitch
    return pitch


class Lanes(Group):
    """Row blocks as lanes that advance in lockstep: programs, never SMs, since a twin or interpreter knows none."""

    def __init__(self, rect: Rect, visited: list[int], skin: Theme, shown: int = 16) -> None:
        self.tag = "lanes"
        self.count = min(len(visited), shown)
        self.visited = visited[: self.count]
        places = rows(rect, self.count, min(0.1, rect.height / self.count / 4))
        label_w = 0.75
        most = max(1, *self.visited)
        self.tracks, self.fills = VGroup(), []
        names = VGroup()
        for index, (place, tiles) in enumerate(zip(places, self.visited, strict=True)):
            track = place.beyond(label_w)
            track = track.left(max(track.width * tiles / most, 0.02))
            self.tracks.add(box(track, stroke=skin.edge, width=theme.HAIRLINE))
            fill = Rectangles(skin.scores, name=f"lane {index}", opacity=0.8)
            self.fills.append((fill, track, tiles))
            if place.height > em(NOTE_PX) or index % 2 == 0:
                names.add(theme.maths(f"Q_{index}", NOTE_PX, skin.q).move_to(place.left(label_w - GAP).center))
        super().__init__(self.tracks, *(fill for fill, _, _ in self.fills), names)

    def display(self, step: float) -> Lanes:
        """After ``step`` key tiles each lane shows the whole tiles that it has finished: a cell each, one bar of very many."""
        for fill, track, tiles in self.fills:
            done = min(int(step), tiles)
            if track.width < NARROWEST * tiles:
                cells = [track.left(track.width * done / tiles).inset(0, 0.03)] if done else []
            else:
                cells = [c.inset(0.015, 0.03) for c in columns(track, max(tiles, 1))[:done]]
            fill.display(np.array([[c.x0, c.y0, c.x1, c.y1] for c in cells]) if cells else np.zeros((0, 4)))
        return self


class LanesTo(Act):
    """All lanes advance by whole tiles at the same time."""

    def interpolate_mobject(self, alpha: float) -> None:
        lanes: Lanes = self.mobject
        lanes.display(alpha * max(lanes.visited))


def note(text: str, px: float, color: str, rect: Rect, side: str = "left", face: Face = Face.TEXT) -> Named:
    """One line in the middle of ``rect``, at its left, centre or right."""
    drawn = theme.line(text, px, color, face).move_to(rect.center)
    if side == "left":
        drawn.align_to((rect.x0, 0, 0), LEFT)
    elif side == "right":
        drawn.align_to((rect.x1, 0, 0), RIGHT)
    return Named(drawn, tag="note", text=text)


def marker(x: float, rect: Rect, text: str, skin: Theme) -> Named:
    """A dashed line across ``rect`` at ``x`` with its words beneath."""
    line = DashedLine((x, rect.y0, 0), (x, rect.y1, 0), stroke_color=skin.warn, stroke_width=theme.HEAVY, dash_length=0.08)
    words = theme.line(text, NOTE_PX, skin.ink).next_to(line, DOWN, buff=0.08)
    return Named(line, words, tag="marker", text=text)


def card_lines(texts: Sequence[tuple[str, float, str]], rect: Rect) -> VGroup:
    """Lines of the last card, from the top of ``rect``: (text, px, colour)."""
    block, y = VGroup(), rect.y1
    for text, px, color in texts:
        y -= em(px) * LINE_PITCH
        if text:
            block.add(theme.on_baseline(theme.line(text, px, color), px, rect.x0, y, text))
    return block


__all__ = [
    "LABEL_PX",
    "UP",
    "BillBlock",
    "Boxes",
    "FinalHbm",
    "Lanes",
    "LanesTo",
    "Packing",
    "RowPicture",
    "bill_pitch",
    "card_lines",
    "marker",
    "note",
    "pack",
    "quarters",
    "squares",
    "two_halves",
]  # fmt: skip
