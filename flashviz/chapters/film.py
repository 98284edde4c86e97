"""FlashAttentionScene in shots: its beats, in SHOTS.md's order. What is said, before it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flashviz.chapters import rescale
from flashviz.chapters.rescale import Rescale
from flashviz.storyboard import Beat

OPENING: tuple[Beat, ...] = (
    Beat("hook", "The hook", 11.3, shot="hook", late=True, caption="Same output. One of them stored no score. How?"),
    Beat("query", "One query", 7.6, shot="query", late=True, caption="One query scores every key."),
    Beat("weights", "Weights", 7.7, shot="query", late=True, caption="Weight = term / sum of terms."),
    Beat("tiles", "Tiles", 7.2, shot="whole", late=True, caption="Cut into tiles. One square: {square}."),
    Beat("memory", "Two memories", 8.1, shot="machine", late=True, caption="Every tile takes the slow path between them."),
    Beat("standard", "Standard attention", 11.6, shot="machine", late=True, caption="Scores out, and back. Weights out, and back."),
    Beat("pause-a", "Question", 3.9, shot="machine", pause=True, late=True, caption="Why not use this tile now?"),
    Beat("row", "Divide by what?", 5.0, shot="row", late=True, caption="Divide by what?"),
    Beat("carry", "Later", 4.4, shot="row", late=True, caption="Later. Carry m, ℓ and acc."),
    Beat("score", "Scores", 7.3, shot="score", late=True, caption="Q stays. K arrives."),
    Beat("ceiling", "The ceiling", 6.1, shot="ceiling", late=True, caption="The largest sets the ceiling."),
    Beat("sum", "The sum", 5.0, shot="ceiling", late=True, caption="Area is the sum: ℓ."),
    Beat("blend", "Blend", 8.8, shot="score", late=True, caption="The scores are overwritten. V arrives."),
    Beat("calm", "Calm tiles", 8.2, shot="rescale", late=True, caption="Nothing higher: just add."),
)
CLOSING: tuple[Beat, ...] = (
    Beat("again", "A second rise", 7.4, shot="rescale", late=True, caption="Again."),
    Beat("finish", "Finish", 8.3, shot="whole", late=True, caption="Divide once. Write once."),
    Beat("strips", "Row blocks", 5.4, shot="rest", late=True, caption="{programs} programs. None waits."),
    Beat("rest", "The rest", 7.6, shot="rest", late=True, caption="K and V again; never a score."),
    Beat("bill", "The bill", 10.7, shot="bill", late=True, caption="{standard_tiles} against {flash_tiles}. Bytes, not time."),
    Beat("taller", "Taller tiles", 7.3, shot="taller", late=True, caption="Twice the rows: half the K and V."),
    Beat("difference", "The difference", 7.2, shot="difference", late=True, caption="Only rounding differs."),
    Beat("how", "How", 5.4, shot="hook", late=True, caption="How? Carry m, ℓ and acc. Re-measure when m rises."),
    Beat("card", "Provenance", 3.2, shot="card", fresh=True, caption=""),
)
# of the rescale's beats: not what stands before the rise, nor the way to the last tile, which the film tells in its own way
LEFT_OUT = "past", "sum", "answer", "divide", "add", "rows", "all", "rest", "whole"
RESCALE: tuple[Beat, ...] = tuple(beat for beat in rescale.BEATS if beat.name not in LEFT_OUT)
SCRIPT: tuple[Beat, ...] = (*OPENING, *RESCALE, *CLOSING)

DIGEST_SECONDS = {
    "hook": 8.0, "standard": 7.2, "row": 4.2, "ceiling": 4.7, "sum": 4.1, "calm": 4.4, "terms": 3.9, "ruler": 2.8, "measure": 3.5,
    "watch": 1.6, "zoom": 1.6, "squeeze": 4.4, "rest": 4.3, "bill": 5.7,
}  # fmt: skip
DIGEST_SAYS = {
    "terms": "A higher score.", "ruler": "m rises.", "measure": "The old 1 is only α.", "watch": "", "zoom": "",
    "squeeze": "ℓ and acc: both × α.",
}  # fmt: skip
DIGEST: tuple[Beat, ...] = tuple(
    replace(beat, seconds=DIGEST_SECONDS[beat.name], caption=DIGEST_SAYS.get(beat.name, beat.caption))
    for beat in SCRIPT
    if beat.name in DIGEST_SECONDS
)

EXCERPT = ("score", "ceiling", "sum", "blend", "calm", *(beat.name for beat in RESCALE))  # what benchmarks render: a row and its rise
COURSE = ("row", "carry", *EXCERPT, *(beat.name for beat in CLOSING if beat.name != "card"))  # the other chapters say the rest


def beats_of(found: Rescale, script: Sequence[Beat] = SCRIPT) -> tuple[Beat, ...]:
    """Where nothing rises the beats of the rise are left out; what no tile is left for, too."""
    left_out = set() if found.rises else {beat.name for beat in RESCALE}
    if not found.rises or found.chosen.later is None:
        left_out.add("again")
    if len(found.values.j) < 2:
        left_out.add("calm")
    return tuple(beat for beat in script if beat.name not in left_out)
