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
        "layer", "One layer", 4.6, shot="one layer", late=True, along=True,
        caption="The backward pass needs P: keep it, or make it again?",
    ),
    Beat(
        "made", "P made again", 8.3, shot="one tile", late=True, along=True,
        caption="Going back, one side reads P, the other makes it again.",
    ),
    Beat(
        "forward", "The forward pass", 5.0, shot="training", late=True, along=True,
        caption="Each layer keeps this until it goes back.",
    ),
    Beat(
        "twice", "Twice the N", 4.0, shot="training", late=True, along=True,
        caption="Twice the tokens: four times the P.",
    ),
    Beat(
        "again", "And again", 4.3, shot="training", late=True, along=True,
        caption="Again: P bursts the frame. LSE is still a hair.",
    ),
    Beat(
        "back", "The backward pass", 6.0, shot="training", late=True, along=True,
        caption="Going back, each layer drops what it kept.",
    ),
    Beat(
        "idea", "What is kept", 4.6, shot="training", late=True, along=True,
        caption="One number a row is kept, and P made again.",
    ),
)  # fmt: skip
LAYERS = 3  # that are drawn, equal ones
LENGTHS = (1, 2, 4)  # times as many queries and keys
EITHER = ("Q", "K", "V", "O")  # kept by both sides
KEPT = {"standard": "P", "flash": "LSE"}  # by each side, besides those


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
        """Bytes of each matrix of one layer, all heads: O, P and LSE as the traces wrote them; Q, K and V as they were given."""
        c = self.config
        rows = {"Q": c.heads * c.seq_q, "K": c.kv_heads * c.seq_k, "V": c.kv_heads * c.seq_k}
        given = {name: c.batch * count * c.head_dim * c.itemsize for name, count in rows.items()}
        flash = traffic(self.flash).written
        return given | {"P": traffic(self.standard).written["P"], "O": flash["O"], "LSE": flash["LSE"]}

    @property
    def tile(self) -> int:
        """Bytes of a tile of P in the inputs' dtype, as the backward pass makes it again."""
        c = self.config
        return c.block_m * c.block_n * c.itemsize

    def bytes_of(self, name: str, n: float = 1) -> float:
        """Bytes of a matrix of one layer, with ``n`` times as many queries and keys: a number of P is a pair of them."""
        return self.sizes[name] * (n * n if name == "P" else n)

    def kept(self, side: str, n: float = 1) -> dict[str, float]:
        """Bytes of each matrix that one layer keeps on a side, the lowest of its slab first."""
        return {name: self.bytes_of(name, n) for name in (*EITHER, KEPT[side])}

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
