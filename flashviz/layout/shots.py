"""Shots as data: which parts are in a shot, and where each stands. Pure, without manim.

A shot frames one subject. A part that is not in a shot has no place there. Tables are in pixels of a frame whose short side has 1080,
from its top left corner, as a film is drawn on paper: (left, top, right, bottom).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.layout import backward, rescale
from flashviz.layout.causal import CAUSAL
from flashviz.layout.exactness import ANSWER, ERRORS, ROW, THREE
from flashviz.layout.film import FILM
from flashviz.layout.grouped import BARS, GROUPED, HEADS, SWEEP
from flashviz.layout.hierarchy import CAPACITIES, PIPES
from flashviz.layout.io_complexity import IO
from flashviz.layout.loop_order import ALONE, BILLS, LOOPS, VISIT
from flashviz.layout.merge import MERGE
from flashviz.layout.rect import Aspect, Rect, frame
from flashviz.layout.references import REFERENCES
from flashviz.layout.roofline import ROOF, WAIT, WORK
from flashviz.layout.scaling import SCALING
from flashviz.layout.score import SCORE
from flashviz.layout.speed import SPEED
from flashviz.layout.standard import STANDARD
from flashviz.layout.table import CAPTION, HEAD, MACHINE, Place, Table
from flashviz.layout.training import ONE_ROW, SIDES, TRAINING
from flashviz.lettering import em

SHOTS: Mapping[str, Mapping[Aspect, Table]] = {
    "sum": rescale.SUM, "values": rescale.VALUES, "answer": rescale.ANSWER, "final": rescale.FINAL, "rescale": rescale.RESCALE,
    "squeeze": rescale.SQUEEZE, "formula": rescale.FORMULA, "rows": rescale.ROWS, "alone": ALONE, "loops": LOOPS,
    "visit": VISIT, "bills": BILLS, "causal": CAUSAL, "merge": MERGE,
    "grouped": GROUPED,
    "heads": HEADS, "sweep": SWEEP, "bars": BARS,
    "scaling": SCALING, "pipes": PIPES, "capacities": CAPACITIES, "standard": STANDARD, "references": REFERENCES,
    "three outputs": THREE, "errors": ERRORS, "row errors": ROW, "largest errors": ANSWER, "io": IO, "work": WORK, "wait": WAIT,
    "roof": ROOF,
    "speed": SPEED, "pair": SCORE, **FILM,
    "kept": backward.KEPT, "one tile": backward.ONE, "one query": backward.QUERY, "all tiles": backward.GRID,
    "row of tiles": backward.ROW_OF, "recap": backward.RECAP, "training": TRAINING, "one row": ONE_ROW, "two sides": SIDES,
}  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """What is in the frame, and where."""

    name: str
    frame: Rect
    parts: Mapping[str, Rect]

    def __getitem__(self, part: str) -> Rect:
        return self.parts[part]

    def __contains__(self, part: str) -> bool:
        return part in self.parts


def shot(config: AttentionConfig, aspect: Aspect, name: str) -> Shot:
    """Where each part of the shot stands, in scene units.

    Raises:
        ConfigError: There is no such shot.
    """
    if name not in SHOTS:
        raise ConfigError(f"expected a shot, one of {', '.join(SHOTS)}, got {name}")
    whole = frame(aspect)
    parts = {part: _on(whole, edges) for part, edges in {**SHOTS[name][aspect], "caption": CAPTION[aspect]}.items()}
    if name == "rows":  # a tile of few rows is as tall as its rows, at most as high as the place
        rows, columns = min(config.block_m, config.seq_q), config.head_dim
        share = min(1.0, rows * parts["tile"].width / (columns * parts["tile"].height))
        parts |= {part: parts[part].top(parts[part].height * max(share, 0.25)) for part in ("factors", "sums", "tile", "quotients")}
    return Shot(name, whole, parts)


def head_rect(aspect: Aspect) -> Rect:
    """Where the name of the chapter stands, in a film that has several."""
    return _on(frame(aspect), HEAD[aspect])


def machine_rect(aspect: Aspect) -> Rect:
    """Where the machine stands whose figures are shown."""
    return _on(frame(aspect), MACHINE[aspect])


def _on(whole: Rect, edges: Place) -> Rect:
    """A rectangle given in pixels from the top left corner of the frame."""
    left, top, right, bottom = (em(edge) for edge in edges)
    return Rect(whole.x0 + left, whole.y1 - bottom, whole.x0 + right, whole.y1 - top)
