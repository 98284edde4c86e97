"""TrainingMemoryScene: what waits between the forward and the backward pass of a training step. Before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib, times
from flashviz.storyboard import Beat
from flashviz.trace import Trace, traffic

BEATS: tuple[Beat, ...] = (
    Beat(
        "forward", "The forward pass", 6.1, shot="training", late=True, along=True,
        caption="Each layer leaves what its backward pass will need.",
    ),
    Beat("waits", "What waits", 4.9, shot="training", late=True, along=True, caption="P waits with {p}. LSE, enlarged: {lse}."),
    Beat("row", "How many times", 5.0, shot="training", late=True, along=True, caption="A row has {n} numbers of P, one of LSE."),
    Beat(
        "back", "The backward pass", 9.2, shot="training", late=True, along=True,
        caption="Last layer first: P is read, or made again from LSE.",
    ),
    Beat("left", "What it took", 4.1, shot="training", late=True, caption="A square a layer, or one number a row."),
)  # fmt: skip
LAYERS = 3  # that are drawn, equal ones
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

    def bytes_of(self, name: str) -> int:
        """Bytes of a matrix of one layer, all heads: O, P and LSE as the traces wrote them; Q, K and V as they were given."""
        c = self.config
        if name in ("Q", "K", "V"):
            heads, rows = (c.heads, c.seq_q) if name == "Q" else (c.kv_heads, c.seq_k)
            return c.batch * heads * rows * c.head_dim * c.itemsize
        return traffic(self.standard if name == "P" else self.flash).written[name]

    def waiting(self, *names: str) -> str:
        """Bytes of these matrices of all layers, as they are written."""
        return kib(LAYERS * sum(map(self.bytes_of, names)))

    @property
    def ratio(self) -> str:
        """How many times as much P is as LSE."""
        return times(self.bytes_of("P") / self.bytes_of("LSE"))

    @property
    def said(self) -> dict[str, str]:
        """What the braces of the captions stand for."""
        return {"n": f"{self.config.seq_k:,}"} | {name.lower(): self.waiting(name) for name in KEPT.values()}


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
