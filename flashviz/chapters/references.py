"""ReferencesScene: where it is written, and where the authors' code is."""

from __future__ import annotations

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, REPOSITORY
from flashviz.config import AttentionConfig
from flashviz.figures import kib
from flashviz.forms import closed_form
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("read", "Where to read on", 8.8, shot="references", late=True, caption="Exact attention. No score stored."),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
ALGORITHMS = {"left": "standard", "right": "fa2"}
LINES = {
    **{
        part: f"{source.name}: {source.short}, arXiv {source.arxiv}"
        for part, source in (("first", FLASH_ATTENTION), ("second", FLASH_ATTENTION_2))
    },
    "code": REPOSITORY,
}


def scores_stored(config: AttentionConfig, side: str) -> str:
    """Bytes of S and of P that one side's algorithm writes to HBM, in words."""
    written = closed_form(config, ALGORITHMS[side]).written
    return f"S and P stored: {kib(sum(written.get(name, 0) for name in 'SP'))}"
