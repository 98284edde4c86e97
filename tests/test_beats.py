"""What moves within a beat: areas that are kept, squares that count, digits that flip, flights of constant size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manim import Mobject, Scene, tempconfig
from PIL import Image

from flashviz.director.film.bill import Pile
from flashviz.layout import Rect
from flashviz.mobjects.motion import LAND, LIFT, LIFTED, TRAVEL, Enlarge, Flight
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.stored import Stored
from flashviz.mobjects.tiles import Matrix, Rectangles, box, rectangles
from flashviz.palette import DARK

GOLDEN = Path(__file__).parent / "golden"
shares = st.floats(0.0, 1.0)
heights = st.floats(0.02, 1.0)


@pytest.fixture(autouse=True)
def _folder_of_the_test(tmp_path: Path) -> Iterator[None]:
    """Where manim keeps its outlines."""
    with tempconfig({"media_dir": str(tmp_path), "verbosity": "ERROR"}):
        yield


def area(drawn: Mobject) -> float:
    """Of disjoint rectangles drawn as one path."""
    corners = drawn.points.reshape(-1, 16, 3)
    sides = corners.max(1) - corners.min(1)
    return float((sides[:, 0] * sides[:, 1]).sum())


# ------------------------------------------------------------------------------------------------------------ squares


@given(st.dictionaries(st.sampled_from("QKVSPO"), st.integers(1, 10**6), min_size=1), st.integers(100, 10**5), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_the_bill_has_a_square_for_every_tile(crossed: dict[str, int], unit: int, lines: int) -> None:
    """As many squares as tiles, a sliver for a part of one; none lies on another of its tensor, and columns fill from above."""
    pile = Pile.of(Rect(0, 0, 12, 1.2), crossed, unit, lines, 1.2 / lines)
    assert pile.count == pytest.approx(sum(crossed.values()) / unit)
    for (tensor, first, count), nbytes in zip(pile.parts, crossed.values(), strict=True):
        boxes = pile.boxes(first, count)
        assert len(boxes) == math.ceil(nbytes / unit - 1e-9), tensor
        sides = boxes[:, 2:] - boxes[:, :2]
        assert np.allclose(sides[:, 1], 0.84 * pile.pitch)
        assert np.allclose(sides[:-1, 0], 0.84 * pile.pitch)
        assert sides[-1, 0] <= 0.84 * pile.pitch + 1e-9
        assert len({(round(float(x), 6), round(float(y), 6)) for x, y in boxes[:, :2]}) == len(boxes)
        assert boxes[:, 1].min() >= -1e-6
        assert boxes[:, 3].max() <= 1.2 + 1e-6


def test_rectangles_are_drawn_as_one_path() -> None:
    drawn = Rectangles("#FFFFFF", name="x").display(np.array([[0, 0, 2, 1], [3, 0, 4, 2]]))
    assert len(drawn.get_subpaths()) == 2
    assert area(drawn) == pytest.approx(4.0)
    assert len(rectangles(np.zeros((0, 4)))) == 0


# -------------------------------------------------------------------------------------------------------------- digits


@given(st.sampled_from(["5.175", "0.407", "13.22", "1,024 KiB"]), st.sampled_from(["5.178", "6.75", "8.518", "8 KiB"]), shares)
@settings(deadline=None)
def test_digits_flip_and_never_count(old: str, new: str, share: float) -> None:
    """At every moment the glyphs are those of the old text or of the new one, at their places."""
    readout = Readout(old, 40, "#FFFFFF", name="x")
    flip = readout.turn(new)
    flip.begin()
    flip.interpolate_mobject(share)
    places = {text: _columns(Readout(text, 40, "#FFFFFF", name="y")) for text in (old, new)}
    shown = _columns(readout)
    assert shown <= places[old] or shown <= places[new]
    flip.interpolate_mobject(1.0)
    assert np.allclose(readout.points, Readout(new, 40, "#FFFFFF", name="y").points)
    assert readout.text == new


def _columns(readout: Readout) -> set[tuple[float, float]]:
    """Left and right of each outline."""
    return {(round(float(p[:, 0].min()), 4), round(float(p[:, 0].max()), 4)) for p in map(np.array, readout.get_subpaths())}


@pytest.mark.parametrize(("anchor", "side"), [("left", 0), ("right", 1)])
def test_readout_stays_where_it_is_anchored(anchor: str, side: int) -> None:
    rect = Rect(-2, 0, 2, 1)
    short, long = (Readout(text, 40, "#FFFFFF", name="x", anchor=anchor).at(rect) for text in ("8", "888"))
    edges = [(readout.get_left()[0], readout.get_right()[0])[side] for readout in (short, long)]
    assert edges[0] == pytest.approx(edges[1])


# ------------------------------------------------------------------------------------------------------------ motion


def test_flight_is_lift_travel_land_at_one_size() -> None:
    tile = box(Rect(0, 0, 0.4, 0.4), stroke="#FFFFFF")
    flight = Flight(tile, np.array([[0.2, 0.2, 0], [3, 1, 0], [4, 1, 0], [6, -1, 0]]))
    assert flight.run_time == pytest.approx(LIFT + TRAVEL + LAND)
    flight.begin()
    for seconds in np.linspace(LIFT, LIFT + TRAVEL, 7):
        flight.interpolate_mobject(seconds / flight.run_time)
        assert tile.width == pytest.approx(0.4 * LIFTED)
    for share, place in ((0.0, (0.2, 0.2)), (1.0, (6, -1))):
        flight.interpolate_mobject(share)
        assert tile.get_center()[:2] == pytest.approx(place)
        assert tile.width == pytest.approx(0.4)


@given(shares)
@settings(deadline=None, max_examples=30)
def test_flight_passes_the_slot(share: float) -> None:
    """Through the gates: the path is made of straight parts, and nothing leaves it."""
    corners = np.array([[0, 0, 0], [3, 1, 0], [4, 1, 0], [6, -1, 0]], dtype=float)
    point = Flight(box(Rect(0, 0, 1, 1), stroke="#FFFFFF"), corners).point(share)
    nearest = min(_distance(point, a, b) for a, b in itertools.pairwise(corners))
    assert nearest == pytest.approx(0, abs=1e-9)


def _distance(point: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    along = np.clip(np.dot(point - a, b - a) / np.dot(b - a, b - a), 0, 1)
    return float(np.linalg.norm(point - a - along * (b - a)))


def test_picture_is_enlarged_to_exactly_its_place() -> None:
    rect = Rect(1, 1, 3, 2)
    picture = Matrix(np.arange(6).reshape(2, 3), rect, DARK, "K", 0, 5)
    grow = Enlarge(picture, 0.4, 0.2)
    grow.begin()
    grow.interpolate_mobject(0.0)
    assert (picture.frame.width, picture.frame.height) == pytest.approx((0.4, 0.2))
    grow.interpolate_mobject(1.0)
    assert (picture.frame.width, picture.frame.height) == pytest.approx((2, 1))
    assert picture.get_center()[:2] == pytest.approx((2, 1.5))


def test_a_stored_matrix_shows_whole_tiles_in_row_order() -> None:
    stored = Stored(np.random.default_rng(1).random((256, 256)), Rect(0, 0, 4, 4), (4, 4), DARK, "S")
    there = stored.image.pixel_array[..., 3]
    assert not there.any()
    stored.display(6)
    assert (there[:64] == 255).all()
    assert (there[64:128, :128] == 255).all()
    assert not there[64:128, 128:].any()
    assert not there[128:].any()
    stored.display(16)
    assert (there == 255).all()
    assert stored.cell(5).edges == (1, 2, 2, 3)


# ------------------------------------------------------------------------------------------------------- golden frames


def frame_of(*shown: Mobject) -> np.ndarray:
    """The pixels of a still, 320 x 180, without text."""
    with tempconfig({"pixel_width": 320, "pixel_height": 180, "background_color": DARK.ground, "dry_run": True}):
        scene = Scene()
        scene.add(*shown)
        scene.renderer.update_frame(scene)
        return np.asarray(scene.renderer.get_frame())[..., :3].copy()


def still() -> list[Mobject]:
    row, column = np.mgrid[0:8, 0:16]
    values = np.where(column > row + 8, -np.inf, np.cos(0.7 * (column - row)))
    return [Matrix(values, Rect(-6, -3, 6, 3), DARK, "S", -1.0, 1.0)]


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")  # in manim's camera
def test_golden_frame() -> None:
    """A hair of anti-aliasing apart, the picture is the kept one. To keep another: delete the file and run this test."""
    path, pixels = GOLDEN / "matrix.png", frame_of(*still())
    if not path.is_file():
        GOLDEN.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
        pytest.fail(f"there was no {path.name}; it is kept now: look at it, then run again")
    kept = np.asarray(Image.open(path).convert("RGB"))
    assert pixels.shape == kept.shape
    apart = np.abs(pixels.astype(int) - kept).max(-1)
    assert (apart > 24).mean() < 0.005, f"{(apart > 24).sum()} pixels differ"
    assert apart.mean() < 0.5
