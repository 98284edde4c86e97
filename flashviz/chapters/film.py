"""FlashAttentionScene in shots: its beats, in SHOTS.md's order. What is said, before it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flashviz.chapters import rescale
from flashviz.chapters.rescale import Rescale
from flashviz.chapters.roofline import roof_of
from flashviz.citations import MEMORY_SPEEDS, Source
from flashviz.config import AttentionConfig
from flashviz.storyboard import Beat

OPENING: tuple[Beat, ...] = (
    Beat("hook", "The hook", 9.2, shot="hook", late=True, along=True, caption="Same output. One of them stored no score. How?"),
    Beat("query", "One query", 5.2, shot="query", late=True, along=True, caption="One query scores every key."),
    Beat("weights", "Weights", 9.1, shot="query", late=True, along=True, caption="Weight = term / sum of terms."),
    Beat("tiles", "Tiles", 5.2, shot="whole", late=True, along=True, caption="Cut into tiles. One square: {square}."),
    Beat("memory", "Two memories", 8.8, shot="machine", late=True, along=True, caption="The path is slow: the chip waits for tiles."),
    Beat("standard", "Scores out", 6.4, shot="machine", late=True, along=True, caption="Standard attention: every score goes out."),
    Beat("softmax", "Scores back", 6.4, shot="machine", late=True, along=True, caption="Softmax needs whole rows."),
    Beat(
        "product", "Weights, and O", 8.0, shot="machine", late=True, along=True, caption="P goes out, comes back to meet V, and O goes out."
    ),
    Beat("pause-a", "Question", 4.8, shot="machine", pause=True, late=True, caption="Why not use this tile now?"),
    Beat("row", "Divide by what?", 4.6, shot="row", late=True, along=True, caption="Divide by what? The sum is unknown."),
    Beat("carry", "Later", 3.5, shot="row", late=True, along=True, caption="So divide later: carry m, ℓ and acc."),
    Beat("score", "Scores", 7.7, shot="score", late=True, along=True, caption="FlashAttention: Q stays, K arrives."),
    Beat("ceiling", "The ceiling", 5.5, shot="ceiling", late=True, along=True, caption="The largest score so far sets the ceiling."),
    Beat("sum", "The sum", 4.5, shot="ceiling", late=True, along=True, caption="The area is their sum: ℓ."),
    Beat("blend", "Blend", 7.3, shot="values", late=True, along=True, caption="Term × its row of V joins acc. No score is kept."),
    Beat("calm", "Calm tiles", 6.2, shot="rescale", late=True, along=True, caption="No higher score: ℓ and acc just grow."),
)
CLOSING: tuple[Beat, ...] = (
    Beat(
        "again",
        "A second rise",
        11.4,
        shot="rescale",
        late=True,
        along=True,
        caption="Again both shrink; only the new terms move the answer.",
    ),
    Beat("last", "The last tiles", 9.3, shot="final", late=True, along=True, caption="Softmax over all keys at once: the same answer."),
    Beat("finish", "Finish", 5.6, shot="whole", late=True, along=True, caption="Every row divides once, and O is written once."),
    Beat("strips", "Row blocks", 4.6, shot="strips", late=True, along=True, caption="Outer loop: one program for each row block."),
    Beat("rest", "The rest", 7.8, shot="rest", late=True, along=True, caption="Inner loop: K and V again; never a score."),
    Beat(
        "bill",
        "The bill",
        7.0,
        shot="bill",
        late=True,
        along=True,
        caption="Tiles that cross: {flash_tiles} against {standard_tiles}.",
    ),
    Beat("waiting", "Waiting", 4.6, shot="bill", late=True, along=True, caption="Computing is short. What differs is the waiting."),
    Beat(
        "cache",
        "A perfect cache",
        4.8,
        shot="bill",
        late=True,
        along=True,
        caption="No caches counted. Loading no tile twice leaves this.",
    ),
    Beat("turns", "Turns", 8.4, shot="turns", late=True, along=True, caption="While a program waits for tiles, another computes."),
    Beat(
        "taller",
        "Taller tiles",
        7.5,
        shot="taller",
        late=True,
        along=True,
        caption="Twice the rows: half the K and V, but fewer fill the waits.",
    ),
    Beat(
        "difference",
        "The difference",
        6.1,
        shot="difference",
        late=True,
        along=True,
        caption="Only rounding: standard stored S in {dtype}.",
    ),
    Beat("how", "How", 5.1, shot="hook", late=True, along=True, caption="How? Carry m, ℓ, acc. When m rises, scale ℓ and acc."),
    Beat("card", "Provenance", 3.8, shot="card", fresh=True, caption=""),
)
# of the rescale's beats: not what stands before the rise, nor the way to the last tile, which the film tells in its own way
LEFT_OUT = "past", "sum", "answer", "divide", "add", "rows", "all", "rest", "whole"
RESCALE: tuple[Beat, ...] = tuple(beat for beat in rescale.BEATS if beat.name not in LEFT_OUT)
SCRIPT: tuple[Beat, ...] = (*OPENING, *RESCALE, *CLOSING)

DIGEST_SECONDS = {
    "hook": 6.6, "standard": 4.0, "softmax": 2.5, "product": 4.2, "row": 4.6, "ceiling": 4.9, "sum": 3.3, "calm": 3.9, "terms": 3.7,
    "ruler": 2.8, "measure": 3.3, "stale": 2.3, "squeeze": 4.0, "rest": 3.9, "bill": 4.8, "cache": 1.6,
}  # fmt: skip
DIGEST_SAYS = {
    "hook": "Same output, no score stored. How?",
    "standard": "Scores out.", "softmax": "And back.",
    "terms": "A higher score.", "ruler": "m rises.", "measure": "The old 1 is only α.", "stale": "",
    "squeeze": "ℓ and acc: both × α.", "rest": "K and V again; never a score.", "cache": "",
}  # fmt: skip
DIGEST: tuple[Beat, ...] = tuple(
    replace(beat, seconds=DIGEST_SECONDS[beat.name], caption=DIGEST_SAYS.get(beat.name, beat.caption))
    for beat in SCRIPT
    if beat.name in DIGEST_SECONDS
)

EXCERPT = ("score", "ceiling", "sum", "blend", "calm", *(beat.name for beat in RESCALE))  # what benchmarks render: a row and its rise
COURSE = ("row", "carry", *EXCERPT, *(beat.name for beat in CLOSING if beat.name != "card"))  # the other chapters say the rest


TERA = 10**12


@dataclass(frozen=True)
class PathTimes:
    """What crosses, and what is computed, takes so long if all of a device does nothing else, by figures that papers quote."""

    device: str
    speed: str  # of its memory, as it is quoted
    bandwidth: float  # TB/s
    peak: float  # TFLOP/s
    sources: tuple[Source, ...]

    def crossing(self, nbytes: float) -> float:
        """Seconds in which so many bytes cross."""
        return nbytes / (self.bandwidth * TERA)

    def computing(self, flops: float) -> float:
        """Seconds that so many multiplications and additions take."""
        return flops / (self.peak * TERA)


def path_times(config: AttentionConfig) -> PathTimes | None:
    """Of the device of ``config``; None where no source quotes it for its dtype."""
    memory = MEMORY_SPEEDS.get(config.arch)
    roof = None if memory is None else roof_of(memory.device, config.itemsize)
    if memory is None or roof is None or roof.peak is None:
        return None
    sources = tuple(dict.fromkeys((memory.quote.source, roof.peak.quote.source)))
    return PathTimes(memory.device, memory.hbm_speed, roof.bandwidth, roof.peak.value, sources)


def beats_of(found: Rescale, script: Sequence[Beat] = SCRIPT) -> tuple[Beat, ...]:
    """Where nothing rises the beats of the rise are left out; what no tile is left for, too."""
    left_out = set() if found.rises else {beat.name for beat in RESCALE}
    if not found.rises or found.chosen.later is None:
        left_out.add("again")
    if len(found.values.j) < 2:
        left_out.add("calm")
    if path_times(found.trace.config) is None:
        left_out.add("waiting")
    given = found.trace.header.resources
    if given is None or given.scarce is None or given.programs < 2:
        left_out.add("turns")
    return tuple(beat for beat in script if beat.name not in left_out)
