"""FlashAttentionScene in shots: its beats, in SHOTS.md's order. What is said, before it is drawn."""

from __future__ import annotations

from flashviz.chapters import rescale
from flashviz.storyboard import Beat

OPENING: tuple[Beat, ...] = (
    Beat("hook", "The hook", 13.6, shot="hook", late=True, caption="Same output. One of them stored no score. How?"),
    Beat("query", "One query", 8.6, shot="query", caption="One query scores every key."),
    Beat("weights", "Weights", 8.6, shot="query", caption="Weight = term / sum of terms."),
    Beat("tiles", "Tiles", 7, shot="whole", late=True, caption="Cut into tiles. One square: {unit}."),
    Beat("standard", "Standard attention", 22, shot="machine", caption="Scores out, and back. Weights out, and back."),
    Beat("pause-a", "Question", 5, shot="machine", pause=True, caption="Why not use this tile now?"),
    Beat("row", "Divide by what?", 6, shot="row", caption="Divide by what?"),
    Beat("carry", "Later", 5.6, shot="row", late=True, caption="Later. Carry m, ℓ and acc."),
    Beat("score", "Scores", 8.6, shot="score", caption="Q stays. K arrives."),
    Beat("ceiling", "Max and sum", 12.6, shot="ceiling", caption="The largest sets the ceiling. Area is the sum: ℓ."),
    Beat("blend", "Blend", 9.8, shot="score", caption="V arrives. The scores are overwritten."),
    Beat("calm", "Calm tiles", 10, shot="rescale", caption="Nothing higher: just add."),
)
CLOSING: tuple[Beat, ...] = (
    Beat("again", "A second rise", 8, shot="rescale", late=True, caption="Again."),
    Beat("finish", "Finish", 11, shot="whole", caption="Divide once. Write once."),
    Beat("rest", "The rest", 13, shot="rest", late=True, caption="K and V again; never a score."),
    Beat("bill", "The bill", 12.6, shot="bill", late=True, caption="{standard_tiles} against {flash_tiles}. Bytes, not time."),
    Beat("taller", "Taller tiles", 10.2, shot="taller", late=True, caption="Twice the rows: half the K and V."),
    Beat("difference", "The difference", 6.4, shot="hook", late=True, caption="Only rounding differs."),
    Beat("card", "Provenance", 5, shot="card", fresh=True, caption=""),
)
SEEN = "past", "answer"  # of the rescale's beats: what stands before the rise
RESCALE: tuple[Beat, ...] = tuple(beat for beat in rescale.BEATS if beat.name not in SEEN)
SCRIPT: tuple[Beat, ...] = (*OPENING, *RESCALE, *CLOSING)
