"""TrainingMemoryScene: bytes are the closed forms, areas are numbers on one scale, and what waits grows and goes layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.training_memory import KEPT, LAYERS, gather
from flashviz.config import AttentionConfig
from flashviz.director.training_memory import COMES, GOES, SIDES, TrainingMemoryFilm
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.layout import ASPECTS, Aspect, shot
from flashviz.layout.training import Layers
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
    for beat in ("forward", "waits", "row"):
        assert said(at(film, beat), "bytes standard") == [kib(p)]
        assert said(at(film, beat), "bytes flash") == [kib(lse)]
        assert said(at(film, beat), "bytes standard all") == [f"kept: {kib(either + p)}"]
        assert said(at(film, beat), "bytes flash all") == [f"kept: {kib(either + lse)}"]
    assert said(at(film, "waits"), "either") == ["both:", *"QKVO", kib(either)]
    assert at(film, "waits").caption == f"P waits with {kib(p)}. LSE, enlarged: {kib(lse)}."
    grown = at(film, "grows")
    assert said(grown, "bytes standard") == [kib(4 * p)]
    assert said(grown, "bytes flash") == [kib(2 * lse)]
    assert said(grown, "bytes standard all") == [f"kept: {kib(2 * either + 4 * p)}"]
    assert said(grown, "bytes flash all") == [f"kept: {kib(2 * either + 2 * lse)}"]
    assert said(grown, "law") == ["P", "× 4,", "LSE", "× 2"]
    assert all(f"{2 * each:,}" in said(grown, "bytes count")[0] for each in (c.seq_q, c.seq_k))
    assert said(at(film, "back"), "most") == ["most:", kib(either + p), "or", kib(either + lse)], "most of all stands"
    for side in ("standard", "flash"):
        assert said(at(film, "back"), f"bytes {side}") == ["0 KiB"]
        assert said(at(film, "back"), f"bytes {side} all") == ["kept: 0 KiB"]


@every
def test_the_ratio_is_a_rows_bytes_by_four(name: str) -> None:
    """What stands beside it on screen gives it: numbers of a row of P, bytes of each, bytes of LSE's one."""
    c = AttentionConfig(**CONFIGS[name])
    row = at(scene(FILM, **CONFIGS[name]), "row")
    assert row.caption == f"A row has {c.seq_k:,} numbers of P, one of LSE."
    count, _, each, _, one = said(row, "sum")
    first, takes, ratio, times, last = said(row, "ratio")
    assert (first, takes, times, last) == ("P", "takes", "×", "LSE")
    keys, size, four, factor = (float(text.removesuffix(" bytes").replace(",", "")) for text in (count, each, one, ratio))
    assert (keys, size, four) == (c.seq_k, c.itemsize, 4)
    assert factor == pytest.approx(keys * size / four, rel=5e-3)


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_counters_run_with_the_areas(way: str) -> None:
    """At any moment the bytes are those of what is drawn; P is whole until its layer is done; what it is made again of is in use."""
    film = TrainingMemoryFilm(scene(FILM), gather(AttentionConfig(), run))
    c = film.found.config
    for done in np.linspace(0, LAYERS, 40):
        film.display(float(done), way)
        for side in SIDES:
            drawn = {name: areas.points.reshape(-1, 16, 3) for (of, name), areas in film.areas.items() if of == side}
            numbers = {name: sum(np.prod(np.ptp(box, axis=0)[:2]) for box in boxes) / film.layers.unit**2 for name, boxes in drawn.items()}
            kept = {name: count * c.itemsize for name, count in numbers.items() if name != "dO"}
            for readout, want in ((film.bytes[side], kept[KEPT[side]]), (film.total[side], sum(kept.values()))):
                got = float(readout.text.removeprefix("kept: ").removesuffix(" KiB").replace(",", ""))
                assert got == pytest.approx(want / 1024, abs=1.0), (way, done, side)
        layer, now = divmod(float(done), 1)
        if way == "backward" and COMES < now < GOES:
            assert film.bytes["standard"].text == kib((LAYERS - layer) * film.found.bytes_of("P"))
            assert all(len(film.work[name].points) for name in ("Q", "K", "LSE", "P"))
            assert len(film.areas["flash", "dO"].points) == 16


@every
def test_twice_the_queries_and_keys_have_the_bytes_of_a_run_of_twice_as_many(name: str) -> None:
    """What the film says of them, and what a recording of them says."""
    c = AttentionConfig(**CONFIGS[name])
    found, twice = gather(c, run), gather(replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k), run)
    assert {tensor: found.bytes_of(tensor, 2) for tensor in found.sizes} == twice.sizes


@pytest.mark.parametrize(("n", "room"), [(1, 1.5), (1.5, 2), (2, 2)])
def test_areas_and_bytes_grow_together(n: float, room: float) -> None:
    film = TrainingMemoryFilm(scene(FILM), gather(AttentionConfig(), run))
    film.grow(n, room)
    place = film.place
    for side in SIDES:
        for layer in range(LAYERS):
            areas = film.layers.of(side, layer)
            assert all(place[side].contains(rect, slack=1e-6) for rect in areas.values())
            for tensor in ("Q", "O", KEPT[side]):
                assert areas[tensor].width * areas[tensor].height * film.found.config.itemsize == pytest.approx(
                    film.found.bytes_of(tensor, n) * film.layers.unit**2
                )
    assert float(film.bytes["standard"].text.removesuffix(" KiB").replace(",", "")) == pytest.approx(1536 * n * n, abs=1)


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_areas_are_numbers_on_one_scale_and_fit(name: str, aspect: Aspect) -> None:
    c = AttentionConfig(**CONFIGS[name])
    place = shot(c, aspect, "training")
    layers = Layers(place["standard"], place["flash"], LAYERS, c.seq_q, c.seq_k, c.head_dim, 4 / c.itemsize)
    numbers: dict[str, float] = {
        tensor: rows * c.head_dim for tensor, rows in (("Q", c.seq_q), ("K", c.seq_k), ("V", c.seq_k), ("O", c.seq_q))
    }
    numbers |= {"dO": numbers["O"], "P": c.seq_q * c.seq_k, "LSE": c.seq_q * 4 / c.itemsize}
    for side in ("standard", "flash"):
        for layer in range(LAYERS):
            areas = layers.of(side, layer)
            for tensor, rect in areas.items():
                assert rect.width * rect.height == pytest.approx(numbers[tensor] * layers.unit**2), "areas to scale"
                assert place[side].contains(rect, slack=1e-6)
            assert not any(areas[a].overlaps(areas[b]) for a in areas for b in areas if a < b)
        first, last = layers.cells(side)[0], layers.cells(side)[-1]
        assert not first.overlaps(last)


def test_all_layers_wait_and_nothing_is_left() -> None:
    film = scene(FILM)
    for name in ("kept standard P", "kept flash LSE", "kept flash O"):
        (waiting,) = shown(at(film, "waits"), name)
        assert waiting.values.startswith("(1,) sum 3.0000")
        assert all(item.values.startswith("(1,) sum 0.0000") for item in shown(at(film, "back"), name))
    assert not shown(at(film, "waits"), "kept flash P"), "FlashAttention keeps none"


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
