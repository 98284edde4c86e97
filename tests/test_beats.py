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

from flashviz.config import AttentionConfig
from flashviz.director.pictures import BillBlock, bill_pitch, places_of
from flashviz.director.stage import bare, cues, kernel_excerpt
from flashviz.figures import kib
from flashviz.layout import Aspect, Rect, cross, pack, stage
from flashviz.lettering import NOTE_PX, em
from flashviz.mobjects.hbm import ScoreSheet
from flashviz.mobjects.ledger import Ledger, squares, squares_area
from flashviz.mobjects.lens import Ceiling, Chart, between, headroom
from flashviz.mobjects.motion import LAND, LIFT, LIFTED, TRAVEL, Enlarge, Flight
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box, rectangles
from flashviz.palette import DARK
from flashviz.trace import Kind, Trace
from flashviz_kernels.recorder import record
from tests.test_layout import configs, crossed

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


# ------------------------------------------------------------------------------------------------------------ ceiling


@given(heights, st.floats(1.0, 60.0), shares)
def test_past_keeps_its_area_while_it_changes_shape(alpha: float, l_old: float, share: float) -> None:
    """After the squeeze the block is (l, alpha); it spreads to (l alpha, 1): the same terms, only their picture is another."""
    start = Ceiling(np.zeros(4), past=(l_old, alpha))
    stop = Ceiling(np.zeros(4), past=(l_old * alpha, 1.0))
    assert between(start, stop, share).area == pytest.approx(l_old * alpha)


@given(heights, st.floats(1.0, 60.0))
def test_squeeze_scales_the_past_and_the_bars_alike(alpha: float, l_old: float) -> None:
    """The view zooms out by alpha: what stood 1 / alpha ceilings tall touches the ceiling."""
    bars = np.array([0.1, 1.0, 0.5]) / alpha
    start = Ceiling(bars, past=(l_old, 1.0), rising=1 / alpha)
    stop = Ceiling(bars * alpha, past=(l_old, alpha), rising=1.0)
    for share in (0.0, 0.5, 1.0):
        state = between(start, stop, share)
        assert state.past[0] == pytest.approx(l_old)
    assert between(start, stop, 1.0).past[1] == pytest.approx(alpha)
    assert between(start, stop, 1.0).bars.max() == pytest.approx(1.0)


def chart(n_keys: int = 16, l_most: float = 12.0, room: float = 2.5) -> Chart:
    return Chart(Rect(0, 0, 4, 2), Rect(0, -0.4, 4, 0), n_keys, l_most, room, DARK)


@given(st.lists(st.floats(0.01, 1.0), min_size=16, max_size=16), st.floats(0.5, 12.0))
@settings(max_examples=25, deadline=None)
def test_areas_are_terms(terms: list[float], past: float) -> None:
    """Poured into the block, a term of height e^(s - m) covers as much as it adds to l, on the scale of the block."""
    drawn = chart().display(Ceiling(np.array(terms), past=(past, 1.0), poured=1.0))
    unit = drawn.key * drawn.tall
    assert area(drawn.block) == pytest.approx(past * unit)
    assert area(drawn.bars) == pytest.approx(sum(terms) * unit)
    left, right = drawn.bars.points[:, 0].min(), drawn.bars.points[:, 0].max()
    assert left == pytest.approx(drawn.block.points[:, 0].max()), "the new terms join the past"
    assert right - left == pytest.approx(sum(terms) * drawn.key)


def test_bars_stand_under_a_ceiling_of_one() -> None:
    drawn = chart().display(Ceiling(np.linspace(0.1, 1.0, 16)))
    assert drawn.bars.points[:, 1].max() == pytest.approx(drawn.rect.y0 + drawn.tall)
    assert drawn.line.get_center()[1] == pytest.approx(drawn.rect.y0 + drawn.tall)


@given(st.floats(0.02, 1.0))
@settings(max_examples=20, deadline=None)
def test_bar_of_the_rise_breaks_the_ceiling_and_stays_in_the_picture(alpha: float) -> None:
    drawn = chart(room=headroom(alpha)).display(Ceiling(np.full(16, 1 / alpha), past=(12.0, 1.0)))
    assert drawn.bars.points[:, 1].max() <= drawn.rect.y1 + 1e-9
    assert alpha > 0.9 or drawn.bars.points[:, 1].max() > drawn.rect.y0 + drawn.tall
    assert drawn.bars.points[:, 0].max() <= drawn.rect.x1 + 1e-9
    assert drawn.block.points[:, 0].max() <= drawn.bars.points[:, 0].min(), "the past is beside the new bars"


# ------------------------------------------------------------------------------------------------------------ squares


@given(st.floats(0.05, 500.0), st.floats(1.0, 6.0), st.floats(0.1, 0.5))
@settings(deadline=None)
def test_ledger_squares_count_the_tiles(count: float, width: float, height: float) -> None:
    rect = Rect(0, 0, width, height)
    packing = pack(count, rect)
    boxes = squares(count, rect, packing)
    covered = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
    assert covered == pytest.approx(count * packing.side**2, rel=1e-6)
    assert boxes[:, 0].min() >= -1e-9
    assert boxes[:, 1].min() >= -1e-9
    assert boxes[:, 3].max() <= height + 1e-9
    assert boxes[:, 2].max() <= width + packing.pitch + 1e-9
    assert len({(round(float(x), 6), round(float(y), 6)) for x, y in boxes[:, :2]}) == len(boxes), "none hides another"


@given(st.dictionaries(st.sampled_from("QKVSPO"), st.integers(1, 10**6), min_size=1), st.integers(100, 10**5))
@settings(deadline=None, max_examples=60)
def test_bill_shows_every_tensors_bytes(crossed: dict[str, int], unit: int) -> None:
    """Areas are bytes, to a sliver; tensors do not hide one another; all is inside."""
    rect = Rect(0, 0, 12, 1.2)
    needed = sum(places_of(nbytes / unit) for nbytes in crossed.values())
    pitch = bill_pitch(rect, needed)
    block = BillBlock(rect, "x", crossed, unit, pitch, DARK)
    side = pitch / 1.2
    seen: set[tuple[float, float]] = set()
    for tensor, nbytes in crossed.items():
        part = block.parts[tensor]
        assert area(part) == pytest.approx(nbytes / unit * side**2, abs=max(1e-6, 0.02 * side))
        corners = {(round(float(p[:, 0].min()), 5), round(float(p[:, 1].min()), 5)) for p in part.points.reshape(-1, 16, 3)}
        assert not corners & seen
        seen |= corners
        assert part.points[:, 0].max() <= rect.x1 + 1e-6
        assert part.points[:, 1].min() >= rect.y0 - 1e-6


def test_the_ledgers_squares_are_its_bytes() -> None:
    """A square a tile, the last cut to its fraction, and none for none; as many bytes, as large an area in every row."""
    final, tile = {"Q": 4096, "K": 32768, "V": 30000, "O": 0}, 4096
    ledger = Ledger(stage(AttentionConfig(), "16:9").ledger, final, tile, DARK, most=32768).display(final)
    side = ledger.rows["K"].packing.side
    for tensor, row in ledger.rows.items():
        assert area(row.squares) == pytest.approx(final[tensor] / ledger.unit_bytes * side**2, abs=1e-6)
        assert row.bytes.text == kib(final[tensor])
        mark = row.submobjects[0]
        assert [part.get_fill_color().to_hex().upper() for part in (mark, row.squares)] == [DARK.hue(tensor)] * 2
        assert len(row.squares.get_subpaths()) == math.ceil(final[tensor] / ledger.unit_bytes)


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


def test_sheet_shows_whole_cells_in_row_order() -> None:
    geometry = cross(AttentionConfig(seq_q=256), Rect(0, 0, 4, 4))
    sheet = ScoreSheet(np.random.default_rng(1).random((256, 256)), geometry, DARK, name="sheet S")
    assert not sheet.pixel_array[..., 3].any()
    sheet.display(6)
    assert (sheet.pixel_array[:64, :, 3] == 255).all()
    assert (sheet.pixel_array[64:128, :128, 3] == 255).all()
    assert not sheet.pixel_array[64:128, 128:, 3].any()
    assert not sheet.pixel_array[128:, :, 3].any()
    assert (sheet.display(16).pixel_array[..., 3] == 255).all()


# ----------------------------------------------------------------------------------------------------- cues and code


@pytest.fixture(scope="module", params=["numpy", "triton"])
def trace(request: pytest.FixtureRequest) -> Trace:
    config = AttentionConfig(seq_q=64, seq_k=80, head_dim=16, block_m=32, block_n=32, causal=True)
    return record(config, source=request.param)


def test_cues_find_every_event_of_the_program_once(trace: Trace) -> None:
    program = (1, 0)
    found = cues(trace, program)
    assert sorted(found.values()) == list(trace.program(*program))
    for (kind, t), index in found.items():
        event = trace[index]
        assert event.kind == kind
        assert (t == -1) == (event.j < 0)
        assert t in (-1, event.j), "key tiles are visited in order"
    assert (Kind.MASK, 2) in found
    assert (Kind.MASK, 0) not in found


def test_every_event_has_a_line_that_can_be_shown(trace: Trace) -> None:
    """The excerpt holds the event's own statement, in the order of the source, without what only records."""
    for index in trace.program(1, 0):
        excerpt = kernel_excerpt(trace, index)
        numbers = [number for number, _ in excerpt]
        assert trace[index].line in numbers
        assert numbers == sorted(numbers)
        assert len(excerpt) == 3
        source = trace.header.kernel_source.splitlines()
        for number, text in excerpt:
            assert bare(source[number - trace.header.kernel_first_line]).strip() == text.strip()
            assert "trace" not in text.lower()
            assert "#" not in text


# ------------------------------------------------------------------------------------------------------- golden frames


@settings(deadline=None)
@given(config=configs, aspect=st.sampled_from(["16:9", "9:16"]), algorithm=st.sampled_from(["standard", "fa2"]))
def test_ledger_has_room_for_squares_beside_the_longest_bytes(config: AttentionConfig, aspect: Aspect, algorithm: str) -> None:
    """In the aspects with one column of rows; those with two leave the squares out where there is no room."""
    final = crossed(config, algorithm)
    widest = max((kib(n) for n in (*final.values(), sum(final.values()))), key=len)
    assert squares_area(stage(config, aspect).ledger[1], widest).width > 3 * em(NOTE_PX)


def frame_of(*shown: Mobject) -> np.ndarray:
    """The pixels of a still, 320 x 180, without text."""
    with tempconfig({"pixel_width": 320, "pixel_height": 180, "background_color": DARK.ground, "dry_run": True}):
        scene = Scene()
        scene.add(*shown)
        scene.renderer.update_frame(scene)
        return np.asarray(scene.renderer.get_frame())[..., :3].copy()


def still(name: str) -> list[Mobject]:
    if name == "ceiling":
        bars = np.array([0.3, 1.0, 0.2, 2.4, 0.8, 0.1, 0.5, 1.6])
        drawn = Chart(Rect(-6, -3, 6, 3), Rect(-6, -3.6, 6, -3), 8, 6.0, 2.5, DARK)
        drawn.display(Ceiling(bars, past=(6.0, 0.6), outline=(6.0, 1.0), rising=2.4))
        return [drawn.block, drawn.outline, drawn.bars, drawn.new_line]
    if name == "squares":
        rows = [Rect(-6, y, 6, y + 1.5) for y in (1.5, -1.0, -3.5)]
        counts = {"K": 64.0, "Q": 8.0, "S": 40.25}
        packing = pack(64, rows[0], largest=0.5)
        return [
            Rectangles(DARK.hue(t), name=t).display(squares(n, rect, packing)) for (t, n), rect in zip(counts.items(), rows, strict=True)
        ]
    row, column = np.mgrid[0:8, 0:16]
    values = np.where(column > row + 8, -np.inf, np.cos(0.7 * (column - row)))
    return [Matrix(values, Rect(-6, -3, 6, 3), DARK, "S", -1.0, 1.0)]


@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")  # in manim's camera
@pytest.mark.parametrize("name", ["ceiling", "squares", "matrix"])
def test_golden_frame(name: str) -> None:
    """A hair of anti-aliasing apart, the picture is the kept one. To keep another: delete the file and run this test."""
    path, pixels = GOLDEN / f"{name}.png", frame_of(*still(name))
    if not path.is_file():
        GOLDEN.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
        pytest.fail(f"there was no {path.name}; it is kept now: look at it, then run again")
    kept = np.asarray(Image.open(path).convert("RGB"))
    assert pixels.shape == kept.shape
    apart = np.abs(pixels.astype(int) - kept).max(-1)
    assert (apart > 24).mean() < 0.005, f"{(apart > 24).sum()} pixels differ"
    assert apart.mean() < 0.5
