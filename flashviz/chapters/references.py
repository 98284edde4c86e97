"""ReferencesScene: standard attention stores all its scores, FlashAttention none; where it is written, and the authors' code."""

from __future__ import annotations

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, REPOSITORY
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("same", "Scores stored", 4.3, shot="references", late=True, along=True, caption="Standard attention stores all its scores."),
    Beat("read", "Where to read on", 8.1, shot="references", late=True, along=True, caption="FlashAttention stores none. Read how:"),
)
SIDES = {"left": "standard attention", "right": "FlashAttention"}
PAPERS = {"Online softmax": ONLINE_SOFTMAX, "FlashAttention": FLASH_ATTENTION, "FlashAttention-2": FLASH_ATTENTION_2}
ENTRIES = (  # lines each, the first one what it is
    *((name, source.short, f"arXiv {source.arxiv}") for name, source in PAPERS.items()),
    ("The authors' code", *REPOSITORY.replace("AILab/", "AILab/ ").split()),
)
