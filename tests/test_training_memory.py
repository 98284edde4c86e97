"""TrainingMemoryScene: bytes are the closed forms, areas are as bytes, on one scale, and are left and go layer by layer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.training_memory import LAYERS, LENGTHS, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import FALL, TrainingMemoryFilm
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["training"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


def film_of(name: str) -> TrainingMemoryFilm:
    """A film of its own, which a test may play with."""
    return TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))


def area(part: Any) -> float:
    """Of what is seen of a rectangle or a picture."""
    points = part.points
    clear = not (part.pixel_array[:, :, 3].any() if hasattr(part, "pixel_array") else part.get_fill_opacity())
    return 0.0 if clear or not len(points) else float(np.prod(np.ptp(points[:, :2], axis=0)))


@every
def test_bytes_are_n_squared_and_n(name: str) -> None:
    """P in the inputs' dtype, LSE in 32 bits, of all heads and layers."""
    c = AttentionConfig(**CONFIGS[name])
    each = c.batch * LAYERS
    p, lse = each * c.heads * c.seq_q * c.seq_k * c.itemsize, each * c.heads * c.seq_q * 4
    film = scene(FILM, **CONFIGS[name])

    def counted(nbytes: float) -> list[str]:
        return [kib(round(nbytes / 1024) * 1024)]

    for beat, n in (("forward", 1), ("back", 0), ("twice", 2), ("idea", 4)):
        assert said(at(film, beat), "bytes standard") == counted(n * n * p)
        assert said(at(film, beat), "bytes flash") == counted(n * lse)
        assert all(f"{max(n, 1) * each:,}" in said(at(film, beat), "count")[0] for each in (c.seq_q, c.seq_k))
    assert kib(p / LAYERS) in said(at(film, "layer"), "P bytes")[0]
    assert kib(lse / LAYERS) in said(at(film, "layer"), "LSE bytes")[0]


@every
def test_counters_run_with_what_is_drawn(name: str) -> None:
    """At any moment, of the step and while N grows, the areas that are drawn are the bytes that are written, on one scale."""
    film = film_of(name)
    moments = [(1.0, float(now)) for now in np.arange(0.3, LAYERS, 0.35)]
    moments += [(1.0, 2 * LAYERS - layer - 0.5) for layer in range(LAYERS)]
    moments += [(float(n), float(LAYERS)) for n in np.arange(1, LENGTHS[-1], 0.4)]
    for n, now in moments:
        film.display(n, now)
        assert film.count.text == film.counted(n)
        for side, parts in (("standard", film.plates), ("flash", film.blocks)):
            got, unit = film.bytes[side].text.replace(",", "").split()
            size = {"KiB": 1024, "MiB": 1024**2}[unit]
            drawn = sum(area(part) for part in parts) / film.unit / size
            assert float(got) == pytest.approx(drawn, abs=0.51, rel=0.01), (n, now, side)


@every
def test_a_plate_lies_on_those_before_and_goes_first(name: str) -> None:
    """Between the passes all is kept; the last layer's is left last and goes first, from both sides."""
    film = film_of(name)
    for turn in range(2 * LAYERS):
        film.display(1, turn + (0.5 if turn < LAYERS else FALL))
        kept = [layer for layer in range(LAYERS) if layer <= turn < 2 * LAYERS - layer]
        for parts in (film.plates, film.blocks):
            seen = [at_ for at_, part in enumerate(parts) if area(part)]
            assert seen == kept, turn
    film.display(1, LAYERS)
    for below, above in itertools.pairwise(film.plates):
        assert film.all.submobjects.index(below) < film.all.submobjects.index(above)


@every
def test_lse_is_one_length_thick_and_p_grows_both_ways(name: str) -> None:
    film = film_of(name)
    for n in LENGTHS:
        film.display(n, LAYERS)
        block, (wide, high) = film.block(0), film.size(n)
        first, size = film.block(0).height, film.size(1)
        assert block.width == pytest.approx(n * first)
        assert block.height == pytest.approx(first)
        assert (wide, high) == pytest.approx((n * size[0], n * size[1]))


@every
def test_areas_of_one_layer_are_as_their_bytes(name: str) -> None:
    """Folded or not, LSE has its area beside P's."""
    film = film_of(name)
    whole = film.scene.shot("one layer")["P"]
    for share in (0.0, 1.0):
        pieces = film.folded(share)
        drawn = sum(each.width * each.height for each in pieces)
        assert drawn / (whole.width * whole.height) == pytest.approx(film.found.sizes["LSE"] / film.found.sizes["P"])
    low, high = min(each.y0 for each in pieces), max(each.y1 for each in pieces)
    assert high - low == pytest.approx(pieces[0].height), "side by side"


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = gather(c, run), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


@every
def test_every_tile_of_p_is_made_again_where_it_is_not_kept(name: str) -> None:
    """In each layer's turn back all tiles, column by column, one at a time; of the kept P as much is lit as was read."""
    film = film_of(name)
    c = film.found.config
    count = c.row_blocks * c.col_blocks
    for layer in range(LAYERS):
        begin, places = 2 * LAYERS - 1 - layer, []
        for index in range(count):
            film.display(1, begin + (index + 0.5) / count)
            box = film.frame.points[:16]
            places.append((round(float(box[:, 0].min()), 4), round(-float(box[:, 1].max()), 4)))
            assert film.empty.contains(Rect(*box.min(0)[:2], *box.max(0)[:2]))
        assert len(set(places)) == count
        assert places == sorted(places)
        assert area(film.reading) == pytest.approx(area(film.plates[layer]) * (count - 0.5) / count)
    film.display(1, 2 * LAYERS)
    assert not any(len(part.points) for part in (film.reading, film.frame, *film.used.values())), "dropped"


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_plates_fill_their_place_at_first_and_at_the_end(name: str, aspect: Aspect) -> None:
    """At N and, drawn smaller, at four times as many: inside the place, and as large as one of its sides allows."""
    film = scene(FILM, aspect, **CONFIGS[name])
    sizes = []
    for beat in ("forward", "idea"):
        boxes = [Rect(*item.box) for item in shown(at(film, beat), "kept P")]
        assert len(boxes) == LAYERS
        assert all(film.shot("training")["standard"].contains(each, slack=0.011) for each in boxes)
        sizes.append((boxes[0].width, boxes[0].height))
    assert sizes[0] == pytest.approx(sizes[1], abs=0.021)


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
