"""TrainingMemoryScene: what waits between the forward and the backward pass of a training step. Before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.storyboard import Beat
from flashviz.trace import Trace, traffic

BEATS: tuple[Beat, ...] = (
    Beat(
        "layer", "One layer", 6.6, shot="one layer", late=True, along=True,
        caption="The backward pass needs P: keep it, or make it again?",
    ),
    Beat(
        "forward", "The forward pass", 5.6, shot="training", late=True, along=True,
        caption="Layer by layer this is kept for the backward pass.",
    ),
    Beat(
        "back", "The backward pass", 8.0, shot="training", late=True, along=True,
        caption="Going back, P is read, or made again tile by tile.",
    ),
    Beat(
        "twice", "Twice the N", 6.0, shot="training", late=True, along=True,
        caption="Twice the tokens: four times the P, twice the LSE.",
    ),
    Beat(
        "idea", "And again", 7.4, shot="training", late=True, along=True,
        caption="Keep one number a row, and make P again.",
    ),
)  # fmt: skip
LAYERS = 3  # that are drawn, equal ones
LENGTHS = (1, 2, 4)  # times as many queries and keys
KEPT = {"standard": "P", "flash": "LSE"}  # by each side; besides, both keep Q, K, V and O


@dataclass(frozen=True)
class TrainingMemory:
    """Traces of one layer's forward pass.

    Args:
        standard: P is written whole, and the backward pass reads it.
        flash: LSE is written, and the backward pass makes P of it again.
    """

    standard: Trace
    flash: Trace

    @property
    def config(self) -> AttentionConfig:
        return self.flash.config

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Bytes of P and of LSE of one layer, all heads, as the traces wrote them."""
        return {"P": traffic(self.standard).written["P"], "LSE": traffic(self.flash).written["LSE"]}

    def bytes_of(self, name: str, n: float = 1) -> float:
        """Bytes of a matrix of one layer, with ``n`` times as many queries and keys: a number of P is a pair of them."""
        return self.sizes[name] * (n * n if name == "P" else n)

    @property
    def units(self) -> list[str]:
        """What N numbers are of: the first line says all, the last what fits everywhere."""
        c = self.config
        heads = "one head" if c.batch * c.heads == 1 else f"{c.batch * c.heads} heads"
        return [f"a layer: {heads}, d = {c.head_dim}, {c.dtype}", f"{heads}, d = {c.head_dim}, {c.dtype}", f"d = {c.head_dim}, {c.dtype}"]


def gather(config: AttentionConfig, run: Callable[..., Any]) -> TrainingMemory:
    """Events of both forward passes; no value is computed.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a film, got 0; there is nothing to attend to")
    standard, flash = (run(config, source="numpy", algorithm=name, computed=range(0)).trace for name in ("standard", "fa2"))
    return TrainingMemory(standard, flash)
