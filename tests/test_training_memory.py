"""TrainingMemoryScene: bytes are the closed forms, areas are as bytes, and one tile is made again with the numbers of both runs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.training_memory import KEPT, LAYERS, LENGTHS, SHARED, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import HAIR, PAD, TrainingMemoryFilm
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz.mobjects.motion import Shows
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import naive
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["training"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
WRITTEN = 0.005  # half of the last of two decimals
every = pytest.mark.parametrize("name", CONFIGS)


def film_of(name: str) -> TrainingMemoryFilm:
    """A film of its own, which a test may play with."""
    return TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))


def area(part: Any) -> float:
    """Of what is seen of a rectangle or a picture."""
    points = part.points
    clear = not (part.pixel_array[:, :, 3].any() if hasattr(part, "pixel_array") else part.get_fill_opacity())
    return 0.0 if clear or not len(points) else float(np.prod(np.ptp(points[:, :2], axis=0)))


def value(text: str) -> float:
    """The number that a text ends with."""
    return float(text.rsplit(maxsplit=1)[-1].replace("−", "-"))


@every
def test_bytes_are_n_squared_and_n(name: str) -> None:
    """P in the inputs' dtype, LSE in 32 bits, of all heads and layers; Q, K, V and O on both sides."""
    c = AttentionConfig(**CONFIGS[name])
    each = c.batch * LAYERS
    p, lse = each * c.heads * c.seq_q * c.seq_k * c.itemsize, each * c.heads * c.seq_q * 4
    shared = each * 2 * (c.heads * c.seq_q + c.kv_heads * c.seq_k) * c.head_dim * c.itemsize
    film = scene(FILM, **CONFIGS[name])
    for beat, n in (("forward", 1), ("twice", 2), ("idea", 4)):
        stands = at(film, beat)
        assert said(stands, "bytes standard") == [f"P {kib(n * n * p)}"]
        assert said(stands, "bytes flash") == [f"LSE {kib(n * lse)}"]
        assert {*said(stands, "rest standard"), *said(stands, "rest flash")} == {f"Q K V O {kib(n * shared)}"}
        assert all(f"{n * side:,}" in said(stands, "count")[0] for side in (c.seq_q, c.seq_k))
    assert said(at(film, "layer"), "P bytes") == [kib(p / LAYERS)]
    assert said(at(film, "layer"), "LSE bytes") == [kib(lse / LAYERS)]
    assert f"{c.itemsize} bytes" in said(at(film, "layer"), "P note")[0]
    assert "4 bytes" in said(at(film, "layer"), "LSE note")[0]


@every
def test_areas_are_bytes_on_both_sides(name: str) -> None:
    """On one scale, at any length: of P and of Q, K, V and O; LSE is as long as P, and as thick as its bytes or as is seen."""
    film = film_of(name)
    for n in np.arange(1.0, LENGTHS[-1] + 0.1, 0.5):
        film.display(float(n), LAYERS)
        for side, kept in KEPT.items():
            for card in film.cards[side]:
                for each in SHARED:
                    assert area(card.strips[each]) == pytest.approx(film.found.bytes_of(each, n) * film.unit, rel=1e-6)
                if kept == "P":
                    assert area(card.p[0]) == pytest.approx(film.found.bytes_of("P", n) * film.unit, rel=1e-6)
                else:
                    wide, high = np.ptp(card.strips["LSE"].points[:, :2], axis=0)
                    assert high == pytest.approx(film.high(n))
                    assert wide == pytest.approx(max(HAIR, film.found.bytes_of("LSE", n) * film.unit / high))


@every
def test_p_and_lse_are_as_long_as_there_are_queries(name: str) -> None:
    """While N grows, on a scale that stands: P both ways, all others one way, and LSE keeps its thickness."""
    film = film_of(name)
    first = film.display(1, LAYERS).parts("flash", 0)
    for n in LENGTHS[1:]:
        now = film.display(n, LAYERS).parts("flash", 0)
        assert now["P"].height == pytest.approx(n * first["P"].height)
        assert now["P"].width == pytest.approx(n * first["P"].width)
        for each in ("LSE", *SHARED):
            assert now[each].height == pytest.approx(n * first[each].height)
            assert now[each].width == pytest.approx(first[each].width)


@every
def test_a_doubling_is_a_pull_back_and_a_growth(name: str) -> None:
    """First all is drawn smaller as it was, then N grows on that scale, until it fills the place again; outlines are what P was."""
    film = film_of(name)
    film.display(1, LAYERS)
    seen: list[tuple[float, float]] = []  # N and the scale, after each move

    def played(*animations: Any, **_: float) -> None:
        for each in animations:
            if isinstance(each, Shows):
                each.show(1.0)
                seen.append((film.n, film.unit))

    film.move = played  # type: ignore[method-assign]  # the scene is shared
    for before, n in itertools.pairwise(LENGTHS):
        was = film.unit
        film.grows(n)
        assert seen[-2:] == [(before, film.unit), (n, film.unit)]
        assert film.unit < was
        assert film.n == n
        assert film.unit == pytest.approx(film.fitting(n))
        assert film.was[-1] == before
        lse = film.parts("flash", film.top)["LSE"]
        marks = film.before.points.reshape(-1, 16, 3)[-len(film.was) :, :, 1].mean(1)
        assert marks == pytest.approx([lse.y1 - lse.height * m / n for m in film.was])


@every
def test_layers_are_written_one_after_the_other(name: str) -> None:
    """From the top, on both sides as far; later ones lie on earlier ones."""
    film = film_of(name)
    for layers in np.arange(0.25, LAYERS + 0.1, 0.25):
        film.display(1, float(layers))
        for side, kept in KEPT.items():
            for layer, card in enumerate(film.cards[side]):
                part = card.p[0] if kept == "P" else card.strips["LSE"]
                high = np.ptp(part.points[:, 1]) if area(part) else 0.0
                assert high == pytest.approx(film.high(1) * np.clip(layers - layer, 0, 1))
    for cards in film.cards.values():
        assert [film.drawn.submobjects.index(card) for card in cards] == sorted(film.drawn.submobjects.index(card) for card in cards)


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = gather(c, run), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


@every
def test_the_tile_is_that_of_both_runs(name: str) -> None:
    """P made again is float64 attention's, and the stored one: to what the dtype of the stored scores leaves."""
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    c, tile = found.config, found.tile
    (row, column), (q, k, v) = tile.place, found.flash.inputs
    rows, keys = slice(row * c.block_m, (row + 1) * c.block_m), slice(column * c.block_n, (column + 1) * c.block_n)
    basis = np.eye(c.seq_k, dtype=np.float64)[None, None]  # with V = 1 for each key alone, O is P
    weights = naive(q[:1, :1], k[:1, :1], np.asarray(basis, v.dtype), scale=c.scale, causal=c.causal)[0][0, 0][rows, keys]
    assert tile.p == pytest.approx(weights, abs=1e-5)
    assert tile.stored == pytest.approx(weights, abs=0.01)
    assert (tile.s.shape, tile.lse.shape) == (tile.p.shape, tile.p.shape[:1])


@every
def test_the_weight_is_reckoned_of_what_is_written(name: str) -> None:
    """score - LSE is the difference, its exp the weight, to two decimals; and the stored weight says the same."""
    film = scene(FILM, **CONFIGS[name])
    numbers = gather(AttentionConfig(**CONFIGS[name]), run).tile.said
    score, lse, difference, weight, stored = (value(numbers[part]) for part in ("score", "LSE", "difference", "weight", "stored"))
    assert difference == pytest.approx(score - lse)
    assert weight == pytest.approx(np.exp(difference), abs=2 * WRITTEN)
    assert weight == stored
    written = [f"S = {numbers['score']}", f"LSE = {numbers['LSE']}", f"S − LSE = {numbers['difference']}"]
    written += [f"exp({numbers['difference']}) = {numbers['weight']}", f"stored: {numbers['stored']}"]
    assert all(text in film.drawn_at for text in written)
    times = [film.drawn_at[text] for text in written]
    assert times == sorted(times)


@every
def test_every_tile_of_p_is_made_again_where_it_is_not_kept(name: str) -> None:
    """All tiles, column by column, one at a time."""
    film = film_of(name)
    film.display(1, LAYERS)
    c, whole = film.found.config, film.parts("flash", film.top)["P"]
    count, places = c.row_blocks * c.col_blocks, []
    for index in range(count):
        film.walk((index + 0.5) / count)
        points = film.walking[1].points
        places.append((round(float(points[:, 0].min()), 4), round(-float(points[:, 1].max()), 4)))
        assert whole.contains(Rect(*points.min(0)[:2], *points.max(0)[:2]))
    assert len(set(places)) == count
    assert places == sorted(places)


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_cards_lie_in_their_places_at_each_length(name: str, aspect: Aspect) -> None:
    film = scene(FILM, aspect, **CONFIGS[name])
    for beat in ("forward", "twice", "idea"):
        boxes = shown(at(film, beat), "card")
        assert len(boxes) == 2 * LAYERS
        places = [film.shot("training")[side] for side in KEPT]
        assert all(any(place.contains(Rect(*item.box), slack=PAD + 0.011) for place in places) for item in boxes), (beat, boxes)


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
