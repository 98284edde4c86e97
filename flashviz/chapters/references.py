"""ReferencesScene: where it is written, and where the authors' code is."""

from __future__ import annotations

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, FLASH_ATTENTION_3, ONLINE_SOFTMAX, REPOSITORY
from flashviz.config import AttentionConfig
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("same", "The same O", 5.6, shot="references", late=True, along=True, caption="One O minus the other: only rounding is left."),
    Beat("read", "Where to read on", 3.3, shot="references", late=True, along=True, caption="Exact attention. No score stored."),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
ALGORITHMS = {"left": "standard", "right": "fa2"}
PAPERS = {  # by the line that each stands in, with what it introduces
    "first": (FLASH_ATTENTION.name, FLASH_ATTENTION),
    "second": (FLASH_ATTENTION_2.name, FLASH_ATTENTION_2),
    "third": (FLASH_ATTENTION_3.name, FLASH_ATTENTION_3),
    "fourth": ("Online softmax", ONLINE_SOFTMAX),
}
LINES = {
    **{part: f"{what}: {source.short}, arXiv {source.arxiv}" for part, (what, source) in PAPERS.items()},
    "code": REPOSITORY,
}
SUBTRACTED = {"minuend": "standard's O", "subtrahend": "FlashAttention's O"}
EQUAL = (" = ".join(SUBTRACTED.values()) + ", up to rounding", "O = O, up to rounding")  # the first that fits


def length(config: AttentionConfig) -> str:
    """How many rows of Q, and of K and V where they differ."""
    return f"N = {config.seq_q:,}" if config.seq_q == config.seq_k else f"{config.seq_q:,} × {config.seq_k:,}"


def scores_stored(config: AttentionConfig, side: str) -> str:
    """Bytes of S and of P that one side's algorithm writes to HBM, in words."""
    written = closed_form(config, ALGORITHMS[side]).written
    return f"S and P stored: {kib(sum(written.get(name, 0) for name in 'SP'))}"
