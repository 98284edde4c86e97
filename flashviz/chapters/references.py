"""ReferencesScene: where it is written, and where the authors' code is."""

from __future__ import annotations

from flashviz.citations import ATTENTION, ONLINE_SOFTMAX, REPOSITORY, SOURCES
from flashviz.config import AttentionConfig
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("same", "The same O", 6.8, shot="references", late=True, along=True, caption="One O minus the other: only rounding is left."),
    Beat("read", "Where to read on", 5.6, shot="references", late=True, along=True, caption="Exact attention. No score stored."),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
ALGORITHMS = {"left": "standard", "right": "fa2"}
CALLED = {ATTENTION: "Attention", ONLINE_SOFTMAX: "Online softmax"}  # whose title does not begin with what it introduces
LINES = (
    *((CALLED.get(source, source.name), f"{source.short}, arXiv {source.arxiv}") for source in SOURCES), ("Code", REPOSITORY),
)  # fmt: skip
SUBTRACTED = {"minuend": "standard's O", "subtrahend": "FlashAttention's O"}
DIFFERENCE = (" − ".join(SUBTRACTED.values()), "O − O")  # the first that fits


def length(config: AttentionConfig) -> str:
    """How many rows of Q, and of K and V where they differ."""
    return f"N = {config.seq_q:,}" if config.seq_q == config.seq_k else f"{config.seq_q:,} × {config.seq_k:,}"


def scores_stored(config: AttentionConfig, side: str) -> str:
    """Bytes of S and of P that one side's algorithm writes to HBM, in words."""
    written = closed_form(config, ALGORITHMS[side]).written
    return f"S and P stored: {kib(sum(written.get(name, 0) for name in 'SP'))}"
