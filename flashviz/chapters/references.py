"""ReferencesScene: where it is written, and where the authors' code is."""

from __future__ import annotations

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, REPOSITORY
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("read", "Where to read on", 8.8, shot="references", late=True, caption="Exact attention. No score stored."),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
LINES = {
    **{
        part: f"{source.name}: {source.short}, arXiv {source.arxiv}"
        for part, source in (("first", FLASH_ATTENTION), ("second", FLASH_ATTENTION_2))
    },
    "code": REPOSITORY,
}
