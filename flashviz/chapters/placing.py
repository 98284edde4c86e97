"""Where a chart stands: frame and texts -> rectangles. Nothing is placed in a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from flashviz.chapters.figure import Figure
from flashviz.layout import GAP, MARGIN, Aspect, Rect, caption_height, frame, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, text_width, wrap

LABEL_SHARE = 0.34  # of the width, at most, for the names beside the series
NOTE_H = em(NOTE_PX) * LINE_PITCH
LABEL_H = em(LABEL_PX) * LINE_PITCH
TITLE_LINE_H = em(TITLE_PX) * LINE_PITCH


@dataclass(frozen=True)
class Label:
    """The name of a series and its formula, as lines, in their place."""

    rect: Rect
    name: tuple[str, ...]
    formula: tuple[str, ...]


@dataclass(frozen=True)
class ChartPlace:
    """A chart's parts. Ticks of y stand left of ``plot``, those of x and the name of x beneath it."""

    title: Rect
    title_lines: tuple[str, ...]
    plot: Rect
    x_ticks: Rect
    x_texts: frozenset[str]  # those of x that are written: all, or every n-th where they would touch
    x_label: Rect
    table: dict[str, Rect]  # rows beneath x for figures, where two do not fit side by side over one tick of x
    labels: dict[str, Label]
    ratio: Rect | None  # of the figure's span
    note: Rect
    note_lines: tuple[str, ...]


def chapter_room(aspect: Aspect, caption: Rect) -> Rect:
    """Everything above the caption."""
    whole = frame(aspect).inset(MARGIN)
    return Rect(whole.x0, caption.y0 + caption_height(aspect) + GAP, whole.x1, whole.y1)


def chart_place(figure: Figure, room: Rect) -> ChartPlace:
    """Fit title, axes, names and note around the plot."""
    title_lines, note_lines = wrap(figure.heading, room.width, TITLE_PX, Face.STRONG), wrap(figure.note, room.width, NOTE_PX)
    title, body = room.top(len(title_lines) * TITLE_LINE_H + GAP), room.below(len(title_lines) * TITLE_LINE_H + GAP)
    note, body = body.bottom(len(note_lines) * NOTE_H), body.above(len(note_lines) * NOTE_H + GAP)
    ticks_w = max(text_width(text, NOTE_PX, Face.MONO) for _, text in figure.y.ticks) + GAP
    most = LABEL_SHARE * room.width
    texts = [(wrap(s.label, most, LABEL_PX, Face.STRONG), wrap(s.formula, most, NOTE_PX)) for s in figure.series]
    labels_w = max(
        [text_width(t, LABEL_PX, Face.STRONG) for n, _ in texts for t in n] + [text_width(t, NOTE_PX) for _, f in texts for t in f]
    )
    plot = Rect(body.x0 + ticks_w, body.y0 + 2 * NOTE_H + GAP, body.x1 - labels_w - 2 * GAP, body.y1)
    figures = [series.name for series in figure.series if series.values]
    if 2 * text_width("0.0e−00", NOTE_PX, Face.MONO) + GAP <= plot.width / len(figure.x.ticks):
        figures = []  # they stand beside their dots
    beneath = rows(Rect(plot.x0, body.y0, body.x1, body.y0 + len(figures) * NOTE_H), len(figures)) if figures else []
    plot = plot.above(len(figures) * NOTE_H)
    x_ticks = Rect(plot.x0, plot.y0 - NOTE_H - GAP / 2, plot.x1, plot.y0 - GAP / 2)
    x_label = Rect(plot.x0, x_ticks.y0 - NOTE_H, plot.x1, x_ticks.y0)
    gutter = Rect(plot.x1 + 2 * GAP, plot.y0, body.x1, plot.y1)
    labels, ratio = _labels(figure, plot, gutter, texts)
    shown, table = _written(figure, plot.width), dict(zip(figures, beneath, strict=True))
    return ChartPlace(title, tuple(title_lines), plot, x_ticks, shown, x_label, table, labels, ratio, note, tuple(note_lines))


def _written(figure: Figure, width: float) -> frozenset[str]:
    """Texts under the x axis that do not touch: every n-th, the last among them."""
    ticks = figure.x.ticks[::-1]
    for step in range(1, len(ticks) + 1):
        ends = [(figure.x.share(value) * width, text_width(text, NOTE_PX, Face.MONO) / 2 + GAP) for value, text in ticks[::step]]
        if all(right - left >= half_left + half_right for (right, half_right), (left, half_left) in pairwise(ends)):
            return frozenset(text for _, text in ticks[::step])
    return frozenset()


def _labels(figure: Figure, plot: Rect, gutter: Rect, texts: Sequence[tuple[list[str], list[str]]]) -> tuple[dict[str, Label], Rect | None]:
    """Each beside its series' end, and the ratio between its two values; moved up or down where two would overlap."""

    def height_of(value: float) -> float:
        return plot.y0 + figure.y.share(value) * plot.height

    wanted = [height_of(series.end[1]) for series in figure.series]
    heights = [len(name) * LABEL_H + len(formula) * NOTE_H for name, formula in texts]
    if figure.span is not None:
        wanted.append((height_of(figure.span.low) + height_of(figure.span.high)) / 2)
        heights.append(em(KEY_PX) * LINE_PITCH)
    places = [
        Rect(gutter.x0, y - high / 2, gutter.x1, y + high / 2)
        for y, high in zip(spread(wanted, heights, gutter.y0, gutter.y1), heights, strict=True)
    ]
    labels = {
        series.name: Label(place, tuple(name), tuple(formula))
        for series, (name, formula), place in zip(figure.series, texts, places, strict=False)
    }
    return labels, places[-1] if figure.span is not None else None


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Middles as near to ``wanted`` as they can be without overlap, in their order, within low..high.

    Least squares (isotonic regression by pooling neighbours): blocks that touch move together about the mean of their wishes.
    Where all together are taller than the room they start at ``low`` and stand out at the top.
    """
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    pools: list[tuple[float, float, list[int]]] = []  # bottom edge, height, who
    for at in order:
        pools.append((_clamp(wanted[at] - heights[at] / 2, heights[at], low, high), heights[at], [at]))
        while len(pools) > 1 and pools[-2][0] + pools[-2][1] > pools[-1][0]:
            (_, under, first), (_, over, second) = pools[-2:]
            who, tall = [*first, *second], under + over
            offsets = [sum(heights[other] for other in who[:place]) + heights[one] / 2 for place, one in enumerate(who)]
            bottom = sum(wanted[one] - offset for one, offset in zip(who, offsets, strict=True)) / len(who)
            pools[-2:] = [(_clamp(bottom, tall, low, high), tall, who)]
    middles = [0.0] * len(wanted)
    for bottom, _, who in pools:
        edge = bottom
        for one in who:
            middles[one] = edge + heights[one] / 2
            edge += heights[one]
    return middles


def _clamp(bottom: float, tall: float, low: float, high: float) -> float:
    return max(low, min(bottom, high - tall))


def at(figure: Figure, plot: Rect, x: float, y: float) -> tuple[float, float, float]:
    """Scene coordinates of a value pair."""
    return plot.x0 + figure.x.share(x) * plot.width, plot.y0 + figure.y.share(y) * plot.height, 0.0
