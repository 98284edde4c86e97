"""ReferencesScene: what FlashAttention is in one breath, where it is written, and what is misprinted."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.citations import ERRATUM, FLASH_ATTENTION, FLASH_ATTENTION_2, FLASH_ATTENTION_3, REPOSITORY, SOURCES, Source
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("breath", "In one breath", 10, fresh=True, still=4.0, caption="In one breath."),
    Beat("papers", "The papers", 14, fresh=True, still=2.0, caption=
         "Where it is written: the idea in three versions, and the softmax that they stand on."),
    Beat("code", "The code", 8, fresh=True, still=2.0, caption="The authors' own code. flashviz shows a kernel of its own."),
    Beat("erratum", "The erratum", 16, fresh=True, still=3.0, caption="If you read along: one printed line has an inverse too many."),
)  # fmt: skip
BREATH = "Exact attention, tile by tile on chip: each score is used where it is computed, and none is ever stored in HBM."
PAPERS = tuple((source.title, f"{source.short}, arXiv:{source.arxiv}") for source in SOURCES)
BREATH_SOURCE = f"{FLASH_ATTENTION.short}, arXiv:{FLASH_ATTENTION.arxiv}"


@dataclass(frozen=True)
class Code:
    """Where code lies, what it is, and the papers that it follows."""

    name: str
    what: str
    follows: tuple[Source, ...]


WITH_CODE = (FLASH_ATTENTION, FLASH_ATTENTION_2, FLASH_ATTENTION_3)
CODES = (
    Code(REPOSITORY, "the authors' own", WITH_CODE),
    Code("flashviz", "a kernel of its own, after Algorithm 1, line 10 corrected", (FLASH_ATTENTION_2,)),
)
LINES = (("as printed, in our letters", ERRATUM.printed), ("correct", ERRATUM.correct))
