"""A line as curves is the line that manim's own Text draws, curve by curve."""

from __future__ import annotations

import numpy as np
import pytest
from manim import Text

from flashviz.lettering import Face, text_width
from flashviz.outlines import FAMILY, curves, outline
from tests.conftest import ManimConfig

LINES = ("One factor re-measures every past term:", "AV To We, 8.815 × −0.488 = ℓ", "tl.load(x + i, mask=i < n)  & <b>", "é ∞ → “q”")


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("text", LINES)
def test_it_is_what_manim_draws(face: Face, text: str, manim_config: ManimConfig) -> None:
    """Sizes differ by a scale; Pango rounds to 1/64 of a pixel."""
    family, weight = FAMILY[face]
    with manim_config(pixel_width=1_000_000):  # manim breaks lines at the video's width
        drawn = Text(text, font=family, weight=weight, font_size=300, disable_ligatures=True)
    theirs = np.concatenate([glyph.points for glyph in drawn.family_members_with_points()])
    ours = outline(text, face)
    assert shape_of(ours) == pytest.approx(shape_of(theirs), rel=4e-3)
    assert area_of(ours) == pytest.approx(area_of(theirs) * (np.ptp(ours[:, 0]) / np.ptp(theirs[:, 0])) ** 2, rel=5e-3)


def shape_of(points: np.ndarray) -> float:
    return float(np.ptp(points[:, 1]) / np.ptp(points[:, 0]))


def area_of(points: np.ndarray) -> float:
    """Of the polygon through the ends of all curves: holes count against it, as in the fill."""
    start, end = points[::4], points[3::4]
    return float(abs(np.sum(start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]) / 2))


@pytest.mark.parametrize("face", Face)
def test_the_em_is_one_and_the_baseline_zero(face: Face) -> None:
    high = outline("H", face)
    assert high[:, 1].min() == pytest.approx(0, abs=2e-3)
    assert 0.7 < high[:, 1].max() < 0.75
    wide = outline("H" * 101, face)
    assert np.ptp(wide[:, 0]) - np.ptp(high[:, 0]) == pytest.approx(text_width("H" * 100, 135.0, face), rel=1e-3)


def test_shapes_are_closed_and_lines_are_curves() -> None:
    points = curves("M 0 0 L 3 0 L 3 3 Z M 10 0 C 11 1 12 1 13 0 Z M 5 5 ")
    assert points.shape == (20, 3)
    assert points[0:4, 0].tolist() == [0, 1, 2, 3]
    assert points[8:12, :2].tolist() == [[3, 3], [2, 2], [1, 1], [0, 0]]
    assert points[12:16, :2].tolist() == [[10, 0], [11, 1], [12, 1], [13, 0]]
    assert points[19, :2].tolist() == [10, 0]


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_to_see_has_no_curves(text: str) -> None:
    assert outline(text, Face.TEXT).shape == (0, 3)
