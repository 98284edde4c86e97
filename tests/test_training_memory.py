"""TrainingMemoryScene: bytes are the closed forms, areas are as bytes, LSE is the log of a real row's sum, and one tile is made again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.training_memory import KEPT, LARGE, LENGTHS, SHARED, TrainingMemory, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import ACROSS, HAIR, KEY, Bars, Gains, Product, TrainingMemoryFilm, in_turn, rounds, shade
from flashviz.director.words import LABEL, Word
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.lettering import em
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.tiles import THIN
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import naive
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["training"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
WRITTEN = 0.005  # half of the last of two decimals
every = pytest.mark.parametrize("name", CONFIGS)


def found_of(name: str) -> TrainingMemory:
    return gather(AttentionConfig(**CONFIGS[name]), run)


def film_of(name: str, aspect: Aspect = "16:9") -> TrainingMemoryFilm:
    """A film of its own, which a test may play with."""
    return TrainingMemoryFilm(scene(FILM, aspect, **CONFIGS[name]), found_of(name))


def areas(part: Any) -> float:
    """Of all rectangles of a path, or of what is seen of a picture."""
    if hasattr(part, "pixel_array"):
        return float(np.prod(np.ptp(part.points[:, :2], axis=0))) if part.pixel_array[:, :, 3].any() else 0.0
    sizes = np.ptp(part.points.reshape(-1, 16, 3)[:, :, :2], axis=1)
    return float(np.prod(sizes, axis=1).sum())


def value(text: str) -> float:
    """The number that a text ends with."""
    return float(text.rsplit(maxsplit=1)[-1].replace("−", "-").replace(",", ""))


def nbytes_of(text: str, unit: str) -> float:
    """Of a number with a unit, or without one where another says it."""
    figure, *own = text.split()
    return value(figure) * {"KiB": 1024, "MiB": 1024**2}[own[0] if own else unit]


# ------------------------------------------------------------------------------------------------------------- one row


@every
def test_the_row_is_one_of_the_tile_and_its_lse_is_the_kernels(name: str) -> None:
    found = found_of(name)
    c, row, tile = found.config, found.row, found.tile
    inside = row.at - tile.place[0] * c.block_m
    assert 0 <= inside < len(tile.s)
    assert row.lse == pytest.approx(float(tile.lse[inside]), abs=1e-4)
    keys = slice(tile.place[1] * c.block_n, (tile.place[1] + 1) * c.block_n)
    assert row.weights[keys] == pytest.approx(tile.p[inside], abs=1e-5)
    assert row.weights.sum() == pytest.approx(1.0)


@every
def test_what_is_written_of_the_row_can_be_checked_by_hand(name: str) -> None:
    """exp of the score, the sum, its log, its share of the sum and exp of the difference, in this order, to two decimals."""
    film, row = scene(FILM, **CONFIGS[name]), found_of(name).row
    numbers = row.said
    score, lse, difference, weight, total = (value(numbers[part]) for part in ("score", "LSE", "difference", "weight", "sum"))
    assert value(numbers["term"]) == pytest.approx(np.exp(score), abs=0.5)
    assert lse == pytest.approx(np.log(total), abs=2 * WRITTEN)
    assert difference == pytest.approx(score - lse)
    assert weight == pytest.approx(np.exp(difference), abs=2 * WRITTEN)
    assert score == row.scores.max().round(2)
    written = [f"exp({numbers['score']}) = {numbers['term']}", f"sum = {numbers['sum']}", f"LSE = ln({numbers['sum']}) = {numbers['LSE']}"]
    written += [
        f"{numbers['term']} / {numbers['sum']} = {numbers['weight']}",
        f"exp({numbers['score']} − {numbers['LSE']}) = {numbers['weight']}",
    ]
    assert weight == pytest.approx(value(numbers["term"]) / total, abs=2 * WRITTEN)
    times = [film.drawn_at[text] for text in written]
    assert times == sorted(times)


@every
def test_the_row_and_the_tile_are_the_first_that_the_backward_kernel_makes(name: str) -> None:
    """Down one key tile after another; a large weight is told from the others, if the tile's rows have one."""
    found = found_of(name)
    c, row = found.config, found.row
    assert found.order == [(i, j) for j in range(c.col_blocks) for i in range(c.row_blocks)]
    assert found.tile.place == (0, 0)
    largest = found.weights[: c.block_m].max(1)
    assert row.weights.max() >= min(LARGE, largest.max()) - 1e-6
    assert row.scores[row.key] == row.scores.max()


@every
def test_bars_are_scores_then_a_sum_then_weights(name: str) -> None:
    """On one axis scores stand under LSE; end to end they are as long as their share of the sum; weights are as high as they are large."""
    found = found_of(name)
    row, place = found.row, scene(FILM, **CONFIGS[name]).shot("one row")
    bars, seen = Bars(found, place), np.isfinite(found.row.scores)
    unit = bars.height(1.0) - bars.height(0.0)
    assert bars.height(row.lse) == pytest.approx(place["plot"].y1) == pytest.approx(bars.level.center[1])
    assert (bars.scores[:, 3] - bars.scores[:, 1])[seen] == pytest.approx(np.abs(row.scores[seen]) * unit)
    assert (bars.scores[:, 3] - bars.scores[:, 1])[~seen] == pytest.approx(0.0)
    tall = bars.weights[:, 3] - bars.weights[:, 1]
    assert tall / tall.max() == pytest.approx(row.weights / row.weights.max(), abs=1e-9)
    begins = bars.band[:, 0] - place["band"].x0
    assert begins == pytest.approx((np.cumsum(row.weights) - row.weights) * place["band"].width)
    assert (bars.sum_line.x0, bars.sum_line.x1) == pytest.approx((place["band"].x0, place["band"].x1))


@every
def test_the_key_that_is_followed_keeps_its_height_and_its_colour(name: str) -> None:
    """As wide as is seen, as high as its score and then as its weight; as long as its share of the sum."""
    film, found = scene(FILM, **CONFIGS[name]), found_of(name)
    bars = Bars(found, film.shot("one row"))
    for beat, boxes in (("scores", bars.scores), ("row", bars.scores), ("weights", bars.weights)):
        (key,) = shown(at(film, beat), "key")
        x0, y0, x1, y1 = key.box
        assert (y0, y1) == pytest.approx(tuple(boxes[found.row.key, [1, 3]]), abs=0.02)
        assert x1 - x0 == pytest.approx(max(KEY, boxes[found.row.key, 2] - boxes[found.row.key, 0]), abs=0.02)
    (term,) = shown(at(film, "row"), "term of the key")
    share = found.row.weights[found.row.key]
    assert (term.box[2] - term.box[0]) / film.shot("one row")["band"].width == pytest.approx(share, abs=0.01)


@every
def test_scores_stand_up_behind_the_query(name: str) -> None:
    """One after another, each to the end."""
    count = len(found_of(name).row.scores)
    assert not in_turn(count, 0.0).any()
    assert (in_turn(count, 1.0) == 1.0).all()
    assert (np.diff(in_turn(count, 0.4)[:, 0]) <= 0).all()


# ------------------------------------------------------------------------------------------------------------ what is kept


@every
def test_bytes_are_n_squared_and_n(name: str) -> None:
    """P in the inputs' dtype, LSE in 32 bits, of all heads; Q, K, V and O on both sides."""
    c = AttentionConfig(**CONFIGS[name])
    p, lse = c.batch * c.heads * c.seq_q * c.seq_k * c.itemsize, c.batch * c.heads * c.seq_q * 4
    shared = c.batch * 2 * (c.heads * c.seq_q + c.kv_heads * c.seq_k) * c.head_dim * c.itemsize
    film = scene(FILM, **CONFIGS[name])
    stands = (
        ("needs", "bytes standard", p), ("needs", "rest", shared), ("twice", "bytes standard", 16 * p), ("twice", "rest", 4 * shared),
        ("ask", "bytes standard", 0), ("keep", "bytes flash", lse),
        ("idea", "standard bytes", 16 * p + 4 * shared), ("idea", "flash bytes", 4 * (lse + shared)),
    )  # fmt: skip
    for beat, part, expected in stands:
        (text,) = said(at(film, beat), part)
        figure, unit = value(text.rsplit(" ", 1)[0]), text.rsplit(" ", 1)[1]
        exact, of = kib(expected).rsplit(" ", 1)
        assert figure == pytest.approx(value(exact), abs=0.5 if expected > 1e5 else 0.05)
        assert unit == of
    for beat, part, n in (("needs", "count", 1), ("twice", "count", 4), ("keep", "count", 1), ("idea", "count", 4)):
        assert all(f"{n * side:,}" in said(at(film, beat), part)[0] for side in (c.seq_q, c.seq_k))


@every
def test_what_a_number_is_made_of_multiplies_to_its_bytes(name: str) -> None:
    """So many numbers of so many bytes each."""
    film, found = scene(FILM, **CONFIGS[name]), found_of(name)
    for beat, side, n in (("needs", "standard", 1), ("twice", "standard", 4), ("keep", "flash", 1)):
        stands = at(film, beat)
        factors = [int(each.replace(",", "")) for each in said(stands, f"how {side}")[0].rsplit(" ", 1)[0].split(" × ")]
        (each,) = said(stands, "each")
        assert np.prod(factors) * int(each.split()[0]) == found.bytes_of(KEPT[side], n)


@every
def test_what_either_keeps_is_the_sum_of_its_parts(name: str) -> None:
    """P or LSE, and Q, K, V and O, which are the same on both sides; LSE in whole KiB is within half of one."""
    film, found = scene(FILM, **CONFIGS[name]), found_of(name)
    ends, stands = film.shot("two sides"), at(film, "idea")
    both = sum(found.bytes_of(each, LENGTHS[-1]) for each in SHARED)
    for side, kept in KEPT.items():
        place = ends[f"{side} how"]
        parts = [item for item in stands.shown if item.text and place.contains(Rect(*item.box), slack=0.1)]
        first, *_, last = (item.text for item in sorted(parts, key=lambda item: item.box[0]))
        assert first.split()[0] == kept
        (whole,) = said(stands, f"{side} bytes")
        unit = whole.split()[1]
        own, others, both_together = (nbytes_of(text, unit) for text in (first.removeprefix(kept), last, whole))
        assert [own, others] == pytest.approx([found.bytes_of(kept, LENGTHS[-1]), both], rel=0.01, abs=512)
        assert both_together == pytest.approx(own + others, rel=0.01)


@every
def test_areas_are_bytes(name: str) -> None:
    """On one scale, at any length: of P and of Q, K, V and O; LSE is as long as P, and as thick as its bytes or as is seen."""
    film = film_of(name)
    for n in np.arange(1.0, LENGTHS[-1] + 0.1, 0.5):
        film.display(n=float(n), lse=1.0)
        unit = film.home.width * film.home.height / film.found.bytes_of("P", n)
        assert areas(film.picture) + areas(film.further) == pytest.approx(film.found.bytes_of("P", n) * unit, rel=1e-6)
        for part in SHARED:
            assert areas(film.strips[part]) == pytest.approx(film.found.bytes_of(part, n) * unit, rel=1e-6)
            long = film.home.width if part in ACROSS else film.home.height
            assert np.ptp(film.strips[part].points[:, 0 if part in ACROSS else 1]) == pytest.approx(long)
        wide, high = np.ptp(film.strips["LSE"].points[:, :2], axis=0)
        assert high == pytest.approx(film.home.height)
        assert wide == pytest.approx(max(HAIR, film.found.bytes_of("LSE", n) * unit / high))


@every
def test_the_frame_is_pulled_back_while_n_doubles_and_numbers_keep_step(name: str) -> None:
    """P fills its place, the first P is an nth of its sides; at every moment the counters say what is drawn."""
    film = film_of(name)
    moments: list[float] = []

    def played(*animations: Any, **_: float) -> None:
        for each in animations:
            if isinstance(each, Shows):
                for share in (0.0, 0.4, 1.0):
                    each.show(share)
                    moments.append(film.n)
                    assert np.ptp(film.picture.points[:, :2], axis=0) == pytest.approx(
                        (film.home.width / film.n, film.home.height / film.n)
                    )
                    assert film.picture.points[0, :2] == pytest.approx((film.home.x0, film.home.y1))
                    assert [film.count.text, film.bytes["standard"].text, film.how["standard"].text] == [
                        film.length(film.n), film.bytes_of("standard", film.n), film.numbers_of("standard", film.n)
                    ]  # fmt: skip

    film.move = played  # type: ignore[method-assign]  # the scene is shared
    for before, n in itertools.pairwise(LENGTHS):
        film.goes([film.kept], seconds=1.0, n=float(n))
        assert (moments[-3], moments[-1]) == (before, n)


@every
def test_rows_come_and_go_from_the_top_and_are_counted_as_they_do(name: str) -> None:
    """Of P at any length, and of LSE."""
    film = film_of(name)
    for n, rows in itertools.product(LENGTHS, np.arange(0.0, 1.01, 0.25)):
        film.display(n=float(n), rows=float(rows), lse=float(rows))
        seen = [part for part in (film.picture, film.further) if areas(part) > 1e-9]
        points = np.concatenate([part.points for part in seen]) if seen else np.full((1, 3), film.home.y1)
        assert film.home.y1 - points[:, 1].min() == pytest.approx(film.home.height * rows, abs=1e-6)
        assert float(np.ptp(film.strips["LSE"].points[:, 1])) == pytest.approx(film.home.height * rows, abs=1e-6)
        assert film.bytes["standard"].text == film.bytes_of("standard", n, float(rows))
        assert film.bytes["flash"].text == film.bytes_of("flash", n, float(rows))


@every
def test_squares_as_large_as_the_first_p_are_cut(name: str) -> None:
    """Four times the tokens: seams at each quarter of P, both ways."""
    film = film_of(name).display(n=float(LENGTHS[-1]))
    seams = film.seams.points.reshape(-1, 16, 3)[:, :, :2]
    assert len(seams) == 2 * (LENGTHS[-1] - 1)
    assert np.ptp(seams, axis=1).min(1) == pytest.approx(THIN)
    level, upright = np.split(seams.mean(1), 2)
    quarters = np.arange(1, LENGTHS[-1]) / LENGTHS[-1]
    assert (film.home.y1 - level[:, 1]) / film.home.height == pytest.approx(quarters)
    assert (upright[:, 0] - film.home.x0) / film.home.width == pytest.approx(quarters)
    cuts = film.cuts.points.reshape(-1, 16, 3)[:, :, :2].mean(1)
    assert len(cuts) == 4 * (LENGTHS[-1] - 1)  # of Q, K, V and O
    assert all(np.abs(film.home.y1 - y - quarters * film.home.height).min() < 1e-6 for y in cuts[: len(cuts) // 2, 1])
    assert all(np.abs(x - film.home.x0 - quarters * film.home.width).min() < 1e-6 for x in cuts[len(cuts) // 2 :, 0])
    first = film.first.points[:, :2]
    assert np.ptp(first, axis=0) == pytest.approx((film.home.width / LENGTHS[-1], film.home.height / LENGTHS[-1]))
    assert first.min(0)[0] == pytest.approx(film.home.x0)
    assert first.max(0)[1] == pytest.approx(film.home.y1)


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = found_of(name), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


# ------------------------------------------------------------------------------------------------------------- one tile


@every
def test_the_tile_is_float64_attentions(name: str) -> None:
    """P made again, and P as it is drawn where it is kept."""
    found = found_of(name)
    c, tile = found.config, found.tile
    (row, column), (q, k, v) = tile.place, found.flash.inputs
    rows, keys = slice(row * c.block_m, (row + 1) * c.block_m), slice(column * c.block_n, (column + 1) * c.block_n)
    basis = np.eye(c.seq_k, dtype=np.float64)[None, None]  # with V = 1 for each key alone, O is P
    weights = naive(q[:1, :1], k[:1, :1], np.asarray(basis, v.dtype), scale=c.scale, causal=c.causal)[0][0, 0][rows, keys]
    assert tile.p == pytest.approx(weights, abs=1e-5)
    assert shade(tile.p, tile.largest) == pytest.approx(shade(found.weights[rows], None)[:, keys], abs=1e-3)


@every
def test_an_axis_measures_the_bars_that_stand_by_it(name: str) -> None:
    """Of scores, up to LSE, and of weights: its marks stand at the height of a bar of so much."""
    found = found_of(name)
    film, row = scene(FILM, **CONFIGS[name]), found.row
    bars = Bars(found, film.shot("one row"))
    for measure, values, boxes, top in (("S", row.scores, bars.scores, row.lse), ("P", row.weights, bars.weights, row.weights.max())):
        zero, *marks, title = (part for part in bars.axis(measure, film.skin) if isinstance(part, Word))
        bar, high = boxes[row.key], float(values[row.key])
        assert (zero.text, title.text) == ("0", measure)
        assert zero.baseline + em(LABEL) / 3 == pytest.approx(bar[1])
        assert [float(each.text.replace(",", "")) for each in marks] == pytest.approx(rounds(float(top))[1:])
        for each in marks:
            assert (each.baseline - zero.baseline) / (bar[3] - bar[1]) == pytest.approx(float(each.text.replace(",", "")) / high)


@pytest.mark.parametrize("top", [0.21, 1.0, 4.9, 9.99, 10.82, 73.0])
def test_marks_of_an_axis_are_few_and_leave_no_room_for_one_more(top: float) -> None:
    marks = rounds(top)
    assert 3 <= len(marks) <= 5
    assert np.diff(marks) == pytest.approx(marks[1])
    assert marks[-1] <= top < marks[-1] + marks[1]


@every
def test_lse_is_marked_on_the_axis_at_its_level(name: str) -> None:
    film, found = scene(FILM, **CONFIGS[name]), found_of(name)
    level = Bars(found, film.shot("one row")).level
    marks = [item for item in at(film, "row").shown if item.text == found.row.said["LSE"]]
    assert [item.box[1] for item in marks] == pytest.approx([level.center[1]], abs=0.03)
    assert marks[0].box[0] > level.x1


@every
def test_the_tile_and_what_it_is_made_of_lie_on_one_line(name: str) -> None:
    """The tile's place stays where it is while the tile grows out of it, within P's place, with its proportions."""
    film = film_of(name)
    tile = film.regions["tile"]
    small = film.cell_of(tile)
    for share in np.arange(0.0, 1.01, 0.25):
        film.display(near=float(share))
        cell = film.cell_of(tile)
        assert cell == small
        seen = Rect(*film.lens.points[:, :2].min(0), *film.lens.points[:, :2].max(0))
        assert film.view.contains(seen, slack=1e-6)
        assert seen.width / seen.height == pytest.approx(cell.width / cell.height)
        assert seen.width == pytest.approx(cell.width + (film.large.width - cell.width) * share)
        for start, stop in film.guides.points[:, :2].reshape(-1, 4, 2)[:, [0, 3]]:
            assert (start - [cell.x0, cell.y0]) / [cell.width, cell.height] == pytest.approx(
                (stop - [seen.x0, seen.y0]) / [seen.width, seen.height]
            )
        for part in ("Q", "LSE"):
            assert (film.block(part, tile).y0, film.block(part, tile).y1) == pytest.approx((cell.y0, cell.y1))
        assert (film.block("K", tile).x0, film.block("K", tile).x1) == pytest.approx((cell.x0, cell.x1))
        assert film.place["stage"].contains(film.around["Q"], slack=1e-6)


@every
def test_every_tile_is_made_again_and_adds_to_the_whole_of_its_dv(name: str) -> None:
    """Each key tile's dV is the brighter, the more row blocks have been used; at last all are full."""
    film, c = film_of(name), AttentionConfig(**CONFIGS[name])
    gains = Gains(film)
    before = [part.get_fill_opacity() for part in gains.sums]
    assert before == [0.0] * c.col_blocks
    for count, (_, column) in enumerate(film.found.order, 1):
        gains.display(count)
        after = [part.get_fill_opacity() for part in gains.sums]
        assert [now > was for now, was in zip(after, before, strict=True)] == [each == column for each in range(c.col_blocks)]
        before = after
    assert before == pytest.approx([1.0] * c.col_blocks)
    assert sum(areas(part) for part in gains.sums) == pytest.approx(areas(film.strips["V"]), rel=1e-6)
    played = at(scene(FILM, **CONFIGS[name]), "back")
    assert said(played, "P name")[0].startswith(f"{c.row_blocks} × {c.col_blocks} tiles")
    (cells,) = shown(played, "all tiles")
    assert cells.box == pytest.approx(film.view.edges, abs=0.02)


@every
def test_a_tile_is_turned_about_its_diagonal_before_it_meets_its_rows_of_do(name: str) -> None:
    """Keys downwards and queries to the right, as many as the rows of dO beside it, on one scale; then both lie in dV of its keys."""
    film = film_of(name)
    film.display(room=1.0)
    film.gains = Gains(film)
    for index in range(min(2, len(film.found.order))):
        product = Product(film, index)
        span, cell = product.span, film.cell_of(product.span)
        made = film.matrix("P", film.weights_of(span), cell)
        assert made.values.shape == (round(span.height), round(span.width))
        product.turns(made, cell).show(1.0)
        upper_left, upper_right, lower_left, lower_right = made.image.points[:, :2]
        turned, beside = product.turned, product.beside
        assert upper_left == pytest.approx([turned.x0, turned.y1])
        assert upper_right == pytest.approx([turned.x0, turned.y0])  # along a query's keys
        assert lower_left == pytest.approx([turned.x1, turned.y1])  # along a key's queries
        assert lower_right == pytest.approx([turned.x1, turned.y0])
        assert turned.width == pytest.approx(beside.height)
        assert turned.width / turned.height == pytest.approx(cell.height / cell.width)
        assert film.view.contains(turned, slack=1e-6)
        assert film.view.contains(beside, slack=1e-6)
        product.adds(made).show(1.0)
        assert areas(product.rows) == pytest.approx(product.into.width * product.into.height)
        assert product.into == film.gains.place(film.found.order[index][1])


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_all_that_is_kept_lies_in_its_place_at_each_length(name: str, aspect: Aspect) -> None:
    film = scene(FILM, aspect, **CONFIGS[name])
    stage, ends = film.shot("training")["stage"], [film.shot("two sides")[side] for side in KEPT]
    strips = [f"kept {part}" for part in SHARED]
    for beat, parts, places in (
        ("needs", ["kept P", "rim", *strips], [stage]), ("twice", ["kept P", "rim", *strips], [stage]),
        ("ask", ["P, not kept", *strips], [stage]), ("keep", ["P, not kept", "kept LSE", *strips], [stage]),
        ("idea", ["kept P", "rim", "P, not kept", "kept LSE"], ends),
    ):  # fmt: skip
        items = [item for part in parts for item in shown(at(film, beat), part)]
        assert len(items) == len(parts)
        assert all(any(place.contains(Rect(*item.box), slack=0.02) for place in places) for item in items), (beat, items)


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
