"""TrainingMemoryScene: LSE is the log of a real row's sum, bytes are the closed forms, areas are as bytes, and one tile is made again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.training_memory import AROUND, KEPT, LENGTHS, SHARED, TrainingMemory, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import HAIR, Bars, TrainingMemoryFilm, shade
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.tiles import THIN
from flashviz_kernels.differentiating import inputs
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import naive
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["training"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
WRITTEN = 0.005  # half of the last of two decimals
every = pytest.mark.parametrize("name", CONFIGS)


def found_of(name: str) -> TrainingMemory:
    return gather(AttentionConfig(**CONFIGS[name]), run, inputs)


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
    """exp of the score, the sum, its log, the difference and its exp, in this order, to two decimals."""
    film, row = scene(FILM, **CONFIGS[name]), found_of(name).row
    numbers = row.said
    score, lse, difference, weight, total = (value(numbers[part]) for part in ("score", "LSE", "difference", "weight", "sum"))
    assert value(numbers["term"]) == pytest.approx(np.exp(score), abs=0.5)
    assert lse == pytest.approx(np.log(total), abs=2 * WRITTEN)
    assert difference == pytest.approx(score - lse)
    assert weight == pytest.approx(np.exp(difference), abs=2 * WRITTEN)
    assert score == row.scores.max().round(2)
    written = [f"exp({numbers['score']}) = {numbers['term']}", f"sum = {numbers['sum']}", f"log({numbers['sum']}) = {numbers['LSE']}"]
    written += [f"{numbers['score']} − {numbers['LSE']} = {numbers['difference']}", f"exp({numbers['difference']}) = {numbers['weight']}"]
    times = [film.drawn_at[text] for text in written]
    assert times == sorted(times)


@every
def test_bars_are_scores_then_terms_then_a_sum(name: str) -> None:
    """On one axis scores stand under LSE; e^S are as high as they are large; end to end they are as long as their share of the sum."""
    found = found_of(name)
    row, place = found.row, scene(FILM, **CONFIGS[name]).shot("one row")
    bars, seen = Bars(found, place), np.isfinite(found.row.scores)
    zero, unit = bars.height(0.0), bars.height(1.0) - bars.height(0.0)
    assert bars.height(row.lse) == pytest.approx(place["plot"].y1) == pytest.approx(place["cell"].center[1])
    assert (bars.scores[:, 3] - bars.scores[:, 1])[seen] == pytest.approx(np.abs(row.scores[seen]) * unit)
    assert (bars.scores[:, 3] - bars.scores[:, 1])[~seen] == pytest.approx(0.0)
    tall = bars.terms[:, 3] - zero
    assert tall / tall.max() == pytest.approx(row.weights / row.weights.max(), abs=1e-9)
    assert tall.max() == pytest.approx((bars.scores[:, 3] - zero).max())
    begins = bars.band[:, 0] - place["band"].x0
    assert begins == pytest.approx((np.cumsum(row.weights) - row.weights) * place["band"].width)


# ------------------------------------------------------------------------------------------------------------ what is kept


@every
def test_bytes_are_n_squared_and_n(name: str) -> None:
    """P in the inputs' dtype, LSE in 32 bits, of all heads; Q, K, V and O on both sides."""
    c = AttentionConfig(**CONFIGS[name])
    p, lse = c.batch * c.heads * c.seq_q * c.seq_k * c.itemsize, c.batch * c.heads * c.seq_q * 4
    shared = c.batch * 2 * (c.heads * c.seq_q + c.kv_heads * c.seq_k) * c.head_dim * c.itemsize
    film = scene(FILM, **CONFIGS[name])
    for beat, n in (("keep", 1), ("twice", 2), ("idea", 4)):
        stands = at(film, beat)
        for part, expected in (
            ("bytes standard", n * n * p),
            ("bytes flash", n * lse),
            ("rest standard", n * shared),
            ("rest flash", n * shared),
        ):
            assert value(said(stands, part)[0].removesuffix(" KiB").removesuffix(" MiB").removesuffix(" GiB")) == pytest.approx(
                value(kib(expected).rsplit(" ", 1)[0]), abs=0.5 if expected > 1e5 else 0.05
            )
        assert all(f"{n * side:,}" in said(stands, "count")[0] for side in (c.seq_q, c.seq_k))


@every
def test_areas_are_bytes_on_both_sides(name: str) -> None:
    """On one scale, at any length: of P and of Q, K, V and O; LSE is as long as P, and as thick as its bytes or as is seen."""
    film = film_of(name)
    film.unit = film.fitting(LENGTHS[-1])
    for n in np.arange(1.0, LENGTHS[-1] + 0.1, 0.5):
        film.display(n=float(n), rows=1.0)
        for (_, each), strip in film.strips.items():
            if each in SHARED:
                assert areas(strip) == pytest.approx(film.found.bytes_of(each, n) * film.unit, rel=1e-6)
        assert areas(film.picture) + areas(film.further) == pytest.approx(film.found.bytes_of("P", n) * film.unit, rel=1e-6)
        wide, high = np.ptp(film.strips["flash", "LSE"].points[:, :2], axis=0)
        assert high == pytest.approx(film.high(n))
        assert wide == pytest.approx(max(HAIR, film.found.bytes_of("LSE", n) * film.unit / high))


@every
def test_the_scale_stands_while_n_doubles_and_numbers_keep_step(name: str) -> None:
    """P grows both ways, all others one way, LSE keeps its thickness; at every moment the counters say what is drawn."""
    film = film_of(name)
    film.display(unit=film.fitting(LENGTHS[-1]), rows=1.0)
    first, unit = film.parts("flash"), film.unit
    moments: list[float] = []

    def played(*animations: Any, **_: float) -> None:
        for each in animations:
            if isinstance(each, Shows):
                for share in (0.0, 0.4, 1.0):
                    each.show(share)
                    moments.append(film.n)
                    now = film.parts("flash")
                    assert (now["P"].height, now["P"].width) == pytest.approx((film.n * first["P"].height, film.n * first["P"].width))
                    for part in ("LSE", *SHARED):
                        assert (now[part].height, now[part].width) == pytest.approx((film.n * first[part].height, first[part].width))
                    assert [film.count.text, *(film.bytes[side].text for side in KEPT)] == [
                        film.length(film.n), *(film.bytes_of(side, film.n) for side in KEPT)
                    ]  # fmt: skip

    film.move = played  # type: ignore[method-assign]  # the scene is shared
    for before, n in itertools.pairwise(LENGTHS):
        film.goes([film.kept], seconds=1.0, n=float(n))
        assert (moments[-3], moments[-1]) == (before, n)
    assert film.unit == unit


@every
def test_rows_are_written_from_the_top_and_counted_as_they_are(name: str) -> None:
    """Of P and of LSE as many."""
    film = film_of(name)
    for rows in np.arange(0.0, 1.01, 0.25):
        film.display(rows=float(rows))
        for part in (film.picture, film.strips["flash", "LSE"]):
            high = float(np.ptp(part.points[:, 1])) if areas(part) else 0.0
            assert high == pytest.approx(film.high(1) * rows, abs=1e-6)
        assert film.bytes["standard"].text == film.bytes_of("standard", 1, float(rows))


@every
def test_squares_as_large_as_the_first_p_are_cut(name: str) -> None:
    """Four times the tokens: seams at each quarter of P, both ways, and of all strips."""
    film = film_of(name).display(n=float(LENGTHS[-1]), rows=1.0)
    count = LENGTHS[-1] - 1
    lines = len(film.seams.points) // 16
    assert lines == count * (2 * len(KEPT) + len(KEPT) * (len(SHARED) + 1))
    assert min(np.ptp(film.seams.points.reshape(-1, 16, 3)[:, :, :2], axis=1).min(1)) == pytest.approx(THIN)


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = found_of(name), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run, inputs)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


# ------------------------------------------------------------------------------------------------------------- one tile


@every
def test_the_tile_is_float64_attentions(name: str) -> None:
    """P made again, and P as it is drawn where it is kept; dS is the gradient of each score, by differences of the loss."""
    found = found_of(name)
    c, tile, given = found.config, found.tile, inputs(found.config)
    (row, column), (q, k, v) = tile.place, found.flash.inputs
    rows, keys = slice(row * c.block_m, (row + 1) * c.block_m), slice(column * c.block_n, (column + 1) * c.block_n)
    basis = np.eye(c.seq_k, dtype=np.float64)[None, None]  # with V = 1 for each key alone, O is P
    weights = naive(q[:1, :1], k[:1, :1], np.asarray(basis, v.dtype), scale=c.scale, causal=c.causal)[0][0, 0][rows, keys]
    assert tile.p == pytest.approx(weights, abs=1e-5)
    assert shade(tile.p, tile.largest) == pytest.approx(shade(found.weights[rows], None)[:, keys], abs=1e-3)
    at, key, step = found.row.at - row * c.block_m, int(tile.p[found.row.at - row * c.block_m].argmax()), 1e-4

    def loss(by: float) -> float:
        scores = found.row.scores.copy()
        scores[keys.start + key] += by
        terms = np.exp(scores - scores.max())
        return float(terms / terms.sum() @ (np.asarray(v[0, 0], np.float64) @ given["dO"][0, 0, found.row.at].astype(np.float64)))

    assert tile.ds[at, key] == pytest.approx((loss(step) - loss(-step)) / (2 * step), abs=0.02)


@every
def test_the_tile_keeps_its_place_while_the_frame_comes_near(name: str) -> None:
    """In both windows it lies at the same place of P, which is as large in both; at the end a few tiles are seen."""
    film = film_of(name).display(rows=1.0)
    tile = film.regions["tile"]
    for share in np.arange(0.0, 1.01, 0.25):
        film.display(away=float(share), near=float(share))
        stored, made = (film.cell_of(tile, window) for window in ("stored", "S"))
        views = film.view
        assert (stored.width, stored.height) == pytest.approx((made.width, made.height))
        assert stored.x0 - views["stored"].x0 == pytest.approx(made.x0 - views["S"].x0)
        assert stored.y1 - views["stored"].y1 == pytest.approx(made.y1 - views["S"].y1)
        assert views["S"].contains(made)
    about = film.regions["about"]
    assert about.contains(tile)
    c = film.found.config
    assert (about.width, about.height) <= (AROUND * c.block_n, AROUND * c.block_m)
    cell = film.cell_of(tile)
    assert film.lying(tile)["Q"].y0 == pytest.approx(cell.y0)
    assert film.lying(tile)["K"].x0 == pytest.approx(cell.x0)
    assert film.lying(tile)["LSE"].y1 == pytest.approx(cell.y1)


@every
def test_every_tile_is_made_again_and_used(name: str) -> None:
    """After the walk each key tile's dV has all of its row blocks."""
    film = scene(FILM, **CONFIGS[name])
    (whole,), (filled,) = (shown(at(film, "back"), part) for part in ("dV", "made dV"))
    assert filled.box == pytest.approx(whole.box, abs=0.03)
    c = AttentionConfig(**CONFIGS[name])
    assert f"so all {c.row_blocks * c.col_blocks:,} tiles" in said(at(film, "back"), "S name")


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_all_that_is_kept_lies_in_its_place_at_each_length(name: str, aspect: Aspect) -> None:
    film = scene(FILM, aspect, **CONFIGS[name])
    places = [film.shot("training")[side] for side in KEPT]
    for beat in ("keep", "twice", "idea"):
        items = [
            item
            for part in ("kept P", "rim", "P, not kept", *(f"kept {each}" for each in ("LSE", *SHARED)))
            for item in shown(at(film, beat), part)
        ]
        assert len(items) == 3 + 2 * len(SHARED) + 1
        assert all(any(place.contains(Rect(*item.box), slack=0.02) for place in places) for item in items), (beat, items)


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run, inputs)
