"""TrainingMemoryScene: bytes are the closed forms, slabs are as high as their bytes, on one scale, and are left and go layer by layer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz import palette
from flashviz.chapters.training_memory import LAYERS, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import FALL, MADE, SIDES, WEIGHED, Tile, TrainingMemoryFilm
from flashviz.errors import ConfigError
from flashviz.figures import amount, kib
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["training"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


@every
def test_bytes_are_n_squared_and_n(name: str) -> None:
    """P in the inputs' dtype, LSE in 32 bits, Q, K, V and O, of all heads and layers."""
    c = AttentionConfig(**CONFIGS[name])
    each = c.batch * LAYERS
    p, lse = each * c.heads * c.seq_q * c.seq_k * c.itemsize, each * c.heads * c.seq_q * 4
    either = 2 * each * (c.heads * c.seq_q + c.kv_heads * c.seq_k) * c.head_dim * c.itemsize  # Q, O and K, V
    film = scene(FILM, **CONFIGS[name])
    for beat, n in (("forward", 1), ("twice", 2), ("again", 4)):
        assert said(at(film, beat), "bytes standard") == [f"kept now: {kib(n * either + n * n * p)}"]
        assert said(at(film, beat), "bytes flash") == [f"kept now: {kib(n * either + n * lse)}"]
        assert all(f"{n * each:,}" in said(at(film, beat), "count")[0] for each in (c.seq_q, c.seq_k))
    for beat, n in (("twice", 2), ("again", 4)):
        assert set(said(at(film, beat), "factor P")) == {f"× {n * n}"}
        assert said(at(film, beat), "factor flash") == [f"all × {n}"]
    standard, flash = (4 * either + 16 * p, 4 * either + 4 * lse)
    assert said(at(film, "idea"), "most standard") == [kib(standard)]
    assert said(at(film, "idea"), "most flash") == [kib(flash)]
    layer = [round(each / LAYERS) for each in (either, either + p, either + lse)]
    sums = " ".join(said(at(film, "forward"), "sum"))
    assert all(kib(each) in sums for each in layer), "both sides' own is added to what both keep"
    assert said(at(film, "made"), "standard keeps") == [f"keeps P: {kib(p / LAYERS)}"]
    assert said(at(film, "made"), "flash keeps") == [f"keeps LSE: {kib(lse / LAYERS)}"]
    one = {"P": kib(16 * p / LAYERS), "LSE": kib(4 * lse / LAYERS)}
    assert sorted(said(at(film, "idea"), "idea")) == sorted([f"a layer: {one['LSE']} of", "LSE", f"in place of {one['P']} of", "P"])


@every
def test_counters_run_with_what_is_drawn(name: str) -> None:
    """At any moment of the step the edge that is drawn now is as high as the bytes that are written, on one scale for both sides."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    moments = np.arange(0.1, 2 * LAYERS, 0.2)  # not those in which a picture is narrower than 8 px, and left clear
    for n, now in itertools.product((1, 2), moments):
        film.display(n, float(now))
        for side in SIDES:
            x = film.place[side].x0 + now * film.place[side].width / (2 * LAYERS)
            drawn = [slab.get_all_points() for (of, _), slab in film.slabs.items() if of == side]
            top = max(points[np.isclose(points[:, 0], x), 1].max(initial=film.place[side].y0) for points in drawn)
            playhead = film.playhead[side].points
            assert (playhead[:, 0].min() + playhead[:, 0].max()) / 2 == pytest.approx(x), "it is where the step is"
            assert playhead[:, 1].max() == pytest.approx(top), "and as high as what it counts"
            got, unit = film.bytes[side].text.removeprefix("kept now: ").replace(",", "").split()
            size = {"KiB": 1024, "MiB": 1024**2}[unit]
            assert float(got) == pytest.approx((top - film.place[side].y0) / film.unit / size, abs=1.01), (n, now, side)


@every
def test_each_slab_lies_on_the_one_beneath_it_and_has_its_bytes(name: str) -> None:
    """Between the passes all of it is kept; the last layer's is left last and goes first."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    for side in SIDES:
        step, low = film.step(side, 1), film.place[side].y0
        for layer in range(LAYERS):
            for tensor, nbytes in step.sizes.items():
                slab = step.slab(tensor, layer, LAYERS)
                assert slab is not None
                assert slab.y0 == pytest.approx(low)
                assert slab.height == pytest.approx(nbytes * film.unit)
                low = slab.y1
            assert step.slab("O", layer, layer) is None, "not before its turn"
        lives = [slab for layer in range(LAYERS) if (slab := step.slab("O", layer, 2 * LAYERS))]
        assert all(a.x0 < b.x0 and b.x1 < a.x1 for a, b in itertools.pairwise(lives))


@every
def test_n_is_never_between(name: str) -> None:
    """While what is kept grows, N and the bytes are those that it grows to."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    grown = film.display(2, LAYERS)
    says = [film.count.text, *(film.bytes[side].text for side in SIDES)]
    high = np.ptp(grown.slabs["standard", "P"].get_all_points()[:, 1])
    film.display(1.5, LAYERS, 2)
    assert [film.count.text, *(film.bytes[side].text for side in SIDES)] == says
    assert np.ptp(film.slabs["standard", "P"].get_all_points()[:, 1]) < high


@every
def test_areas_of_one_layer_are_as_their_bytes(name: str) -> None:
    found = gather(AttentionConfig(**CONFIGS[name]), run)
    (p,), (lse,) = (shown(at(scene(FILM, **CONFIGS[name]), "layer"), f"{tensor} of a layer") for tensor in ("P", "LSE"))
    areas = [Rect(*item.box).width * Rect(*item.box).height for item in (p, lse)]
    assert areas[1] / areas[0] == pytest.approx(found.sizes["LSE"] / found.sizes["P"], rel=0.35, abs=2e-3), "boxes are rounded"


@every
def test_a_tile_is_s_then_p_and_then_nothing(name: str) -> None:
    """Where LSE has passed S is P, in the tile itself and in the large one; the next tile of these keys begins with neither."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    tile = Tile(film, film.scene.shot("one tile"))
    large = tile.place["tile"]

    def area(part: Any) -> float:
        """Of what is drawn of the large tile, as a share of it."""
        if not part.pixel_array[:, :, 3].any():
            return 0.0
        assert np.ptp(part.points[:, 1]) == pytest.approx(large.height)
        return float(np.ptp(part.points[:, 0]) / large.width)

    for at_, s, p in ((0.0, 0, 0), (MADE / 2, 0.5, 0), (MADE, 1, 0), ((MADE + WEIGHED) / 2, 0.5, 0.5), (WEIGHED, 0, 1), (0.99, 0, 0)):
        tile.display(at_)
        assert (area(tile.s[0]), area(tile.p[0])) == pytest.approx((s, p), abs=1e-6)
    tile.display(tile.grid.rows)
    assert not any(part.pixel_array[:, :, 3].any() for part in (*tile.s, *tile.p)), "dropped"
    assert not any(len(part.points) for part in (tile.lse, *tile.used.values()))


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = gather(c, run), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


@every
def test_what_is_used_is_where_p_is_kept_or_one_tile(name: str) -> None:
    """Read: up to now all of the layer's slab of P. Made again: one tile on what is kept, as high as its bytes, and no more."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    c = film.found.config
    high = c.block_m * c.block_n * c.itemsize * film.unit
    for layer in range(LAYERS):
        begin = 2 * LAYERS - 1 - layer
        film.display(1, begin + 0.5)
        left, right = film.reading.points, film.tile.points
        slab, step = film.step("standard", 1).slab("P", layer, film.now), film.step("flash", 1)
        kept = step.slab("LSE", layer, film.now)
        assert slab is not None
        assert kept is not None
        assert (left[:, 1].min(), left[:, 1].max()) == pytest.approx((slab.y0, slab.y1))
        assert (left[:, 0].min(), left[:, 0].max()) == pytest.approx(
            (float(step.x(begin)) - step.rect.x0 + film.place["standard"].x0, slab.x1)
        )
        assert right[:, 1].min() == pytest.approx(kept.y1)
        assert np.ptp(right[:, 1]) == pytest.approx(high)
        assert right[:, 0].max() == pytest.approx(float(step.x(film.now)))
    film.display(1, 2 * LAYERS)
    assert not any(len(part.points) for part in (film.reading, film.tile)), "dropped"


@every
def test_what_is_dropped_dims_and_what_is_kept_does_not(name: str) -> None:
    """Each layer is whole until its turn back has ended, and dim soon after, on both sides."""
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    for layer in range(LAYERS):
        for now, dim in ((2 * LAYERS - layer, 1.0), (2 * LAYERS - layer + FALL, palette.DIM)):
            film.display(1, now)
            p, o = film.slabs["standard", "P"].slabs[layer], film.slabs["flash", "O"].slabs[layer]
            assert p.pixel_array[:, :, 3].max() == round(255 * dim)
            assert o.get_fill_opacity() == pytest.approx(dim * palette.LIT)


@every
def test_the_bar_of_the_scale_is_as_high_as_its_bytes(name: str) -> None:
    film = TrainingMemoryFilm(scene(FILM, **CONFIGS[name]), gather(AttentionConfig(**CONFIGS[name]), run))
    for share in (1.0, 0.3):
        film.unit *= share
        film.display(1, LAYERS)
        assert np.ptp(film.scale.bar.points[:, 1]) == pytest.approx(film.scale.nbytes * film.unit)
    assert film.scale.words.text == amount(film.scale.nbytes)


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_p_bursts_the_frame_on_the_scale_on_which_half_the_n_fits(name: str, aspect: Aspect) -> None:
    """Twice the bytes or more do not fit; what is beyond the frame is cut. Drawn smaller, all fits."""
    film = scene(FILM, aspect, **CONFIGS[name])
    whole, place = film.frame, film.shot("training")["standard"]
    for beat, bursts in (("forward", False), ("twice", False), ("again", True), ("back", False), ("idea", False)):
        boxes = [Rect(*item.box) for item in shown(at(film, beat), "kept P")]
        assert boxes, "it is drawn"
        top = max(rect.y1 for rect in boxes)
        assert (top == pytest.approx(whole.y1, abs=0.011)) == bursts, beat
        assert bursts or top <= place.y1 + 0.011


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
