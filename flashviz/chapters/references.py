"""ReferencesScene: what either way stores for the same O, where it is written, and where the authors' code is."""

from __future__ import annotations

from flashviz.citations import (
    ATTENTION,
    FLASH_ATTENTION,
    FLASH_ATTENTION_2,
    FLASH_ATTENTION_3,
    GROUPED_QUERIES,
    ONLINE_SOFTMAX,
    REPOSITORY,
    SOURCES,
)
from flashviz.config import AttentionConfig
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("same", "The same O", 8.2, shot="references", late=True, along=True, caption="One O minus the other: only rounding is left."),
    Beat(
        "read", "Where to read on", 6.8, shot="references", late=True, along=True, caption="Exact attention, no score stored. Read on here."
    ),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
SHORT = {"left": "standard", "right": "FlashAttention"}
ALGORITHMS = {"left": "standard", "right": "fa2"}
CALLED = {ATTENTION: "Attention", ONLINE_SOFTMAX: "Online softmax"}  # whose title does not begin with what it introduces
WHY = {  # in words, and in fewer
    ATTENTION: ("where the formula is from", "the formula"),
    ONLINE_SOFTMAX: ("max and sum in one pass", "in one pass"),
    FLASH_ATTENTION: ("tiles: no score is stored", "no score stored"),
    GROUPED_QUERIES: ("heads share K and V", "shared K and V"),
    FLASH_ATTENTION_2: ("queries in the outer loop", "queries outside"),
    FLASH_ATTENTION_3: ("made for Hopper GPUs", "for Hopper"),
}
LINES = (  # what it introduces, what to read it for, where it is
    *((CALLED.get(source, source.name), WHY[source], f"{source.short}, arXiv {source.arxiv}") for source in SOURCES),
    ("Code", ("the authors' kernels", "kernels"), REPOSITORY),
)
OF = ("O of {}", "O: {}")  # in words, and in fewer


def length(config: AttentionConfig) -> str:
    """How many rows of Q, and of K and V where they differ."""
    return f"O: the output, N = {config.seq_q:,}" if config.seq_q == config.seq_k else f"O: the output, {config.seq_q:,} × {config.seq_k:,}"


def scores_stored(config: AttentionConfig, side: str) -> tuple[str, ...]:
    """Bytes of S and of P that one side's algorithm writes to HBM, in words; shorter ones after."""
    written = closed_form(config, ALGORITHMS[side]).written
    stored = kib(sum(written.get(name, 0) for name in "SP"))
    return f"scores S and weights P stored: {stored}", f"S and P stored: {stored}"
