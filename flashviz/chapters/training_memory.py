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
    Beat("forward", "The forward pass", 8.6, shot="training", late=True, caption="Each layer leaves what its backward pass will need."),
    Beat("waits", "What waits", 5.8, shot="training", late=True, caption="So P waits with {p}, or LSE with {lse}."),
    Beat("back", "The backward pass", 9.6, shot="training", caption="Last layer first: P is read, or made again from LSE."),
)  # fmt: skip
LAYERS = 3  # that are drawn, equal ones
KEPT = {"standard": "P", "flash": "LSE"}  # by each side, besides Q, K, V and O


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

    def waiting(self, side: str, layers: int) -> int:
        """Bytes of P or of LSE, all heads of so many layers: what the traces wrote of them."""
        trace = self.standard if side == "standard" else self.flash
        return layers * traffic(trace).written[KEPT[side]]

    def wrote(self, side: str, layers: int) -> str:
        """As it is written on screen."""
        return kib(self.waiting(side, layers))

    @property
    def ratio(self) -> str:
        """How many times as much P is as LSE."""
        return times(self.waiting("standard", 1) / self.waiting("flash", 1))

    @property
    def said(self) -> dict[str, str]:
        """What the braces of the captions stand for."""
        return {name: kib(self.waiting(side, LAYERS)) for name, side in (("p", "standard"), ("lse", "flash"))}


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
