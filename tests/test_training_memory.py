"""TrainingMemoryScene: bytes are the closed forms, areas are numbers on one scale, and what waits grows and goes layer by layer."""

from __future__ import annotations

from typing import Any

import pytest

from flashviz.chapters.training_memory import LAYERS, gather
from flashviz.config import AttentionConfig
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
    """P in the inputs' dtype, LSE in 32 bits, of all heads and layers."""
    c = AttentionConfig(**CONFIGS[name])
    heads = c.batch * c.heads * LAYERS
    p, lse = heads * c.seq_q * c.seq_k * c.itemsize, heads * c.seq_q * 4
    film = scene(FILM, **CONFIGS[name])
    assert said(at(film, "forward"), "bytes standard") == [kib(p)]
    assert said(at(film, "forward"), "bytes flash") == [kib(lse)]
    assert at(film, "waits").caption == f"So P waits with {kib(p)}, or LSE with {kib(lse)}."
    first, takes, ratio, times, last = said(at(film, "waits"), "ratio")
    assert (first, takes, times, last) == ("P", "takes", "×", "LSE")
    assert float(ratio.replace(",", "")) == pytest.approx(p / lse, rel=5e-3)
    assert said(at(film, "back"), "bytes standard") == said(at(film, "back"), "bytes flash") == ["0 KiB"]


@pytest.mark.parametrize("aspect", ASPECTS)
@every
def test_areas_are_numbers_on_one_scale_and_fit(name: str, aspect: Aspect) -> None:
    c = AttentionConfig(**CONFIGS[name])
    place = shot(c, aspect, "training")
    layers = Layers(place["standard"], place["flash"], LAYERS, c.seq_q, c.seq_k, c.head_dim, 4 / c.itemsize)
    numbers: dict[str, float] = {
        tensor: rows * c.head_dim for tensor, rows in (("Q", c.seq_q), ("K", c.seq_k), ("V", c.seq_k), ("O", c.seq_q))
    }
    numbers |= {"P": c.seq_q * c.seq_k, "LSE": c.seq_q * 4 / c.itemsize}
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
        assert not shown(at(film, "back"), name) or shown(at(film, "back"), name)[0].values.startswith("(1,) sum 0.0000")
    assert not shown(at(film, "waits"), "kept flash P"), "FlashAttention keeps none"


def test_without_keys_there_is_no_film() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        gather(AttentionConfig(seq_q=64, seq_k=0), run)
