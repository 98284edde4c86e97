"""Traces -> beats: which row is followed, what each beat says and how long it lasts. No manim.

A film's seconds are data: they do not depend on how many events the trace has. Captions are templates whose braces are
filled from the traces; the words are free, the numbers are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
import numpy as np

from flashviz.config import AttentionConfig
from flashviz.figures import amount, number, power, quarters, total
from flashviz.trace import ProgramValues, Trace, replay, traffic

Rule = Literal["rise", "variation", "calm"]

FIRST_RISE = (0.25, 0.5)  # alpha of the rise that is shown slowly
CALM_TILES = 2  # tiles without a rise between the first tile and the rise that is shown
CANDIDATES = 64  # programs that are searched for a row to follow, ...
SEARCHED_TILES = 1024  # ... but no more once they have visited so many tiles
VANISHED = 1e-6  # an alpha below it counts as this much variation, and no more


@dataclass(frozen=True)
class Beat:
    """One named stretch of a film. ``still`` seconds pass between the caption and the first motion."""

    name: str
    title: str
    seconds: float
    caption: str
    still: float = 1.6
    pause: bool = False
    fresh: bool = False  # brings a picture of its own: the stillness follows its arrival
    late: bool = False  # the caption waits for the picture that it asks about
    shot: str = ""  # what is in the frame, as ``layout.shot`` knows it; "" in films that have one stage


READ_BEFORE, READ_PACE = 0.5, 14.0  # seconds until reading begins, and characters a second


def reading(caption: str) -> float:
    """Seconds that a caption stands before anything moves."""
    return READ_BEFORE + len(caption) / READ_PACE if caption else 0.0


class Told(msgspec.Struct, frozen=True):
    """A beat as a film played it, on the film's clock in seconds: what chapters, slides, captions and pages are cut by."""

    name: str
    title: str
    caption: str
    start: float
    seconds: float
    pause: bool = False
    chapter: str = ""  # of a film that has several


@dataclass(frozen=True)
class Follow:
    """The followed program and row, and why it was chosen.

    ``rise`` is the visited tile whose larger score raises the row's max (None where no later tile does), ``later`` a second one.
    """

    program: tuple[int, int]
    row: int
    rule: Rule
    rise: int | None
    later: int | None


def follow_in(trace: Trace) -> Follow:
    """The followed program and row of an fa2 trace: ``follow`` over its first programs that visit a tile."""
    candidates = [p for p in trace.programs if p[1] == 0 and trace.config.visited(p[0])][:CANDIDATES]
    before = np.cumsum([0, *(trace.config.visited(i) for i, _ in candidates)])  # tiles of the programs before each
    seen = {program: replay(trace, program) for program, tiles in zip(candidates, before, strict=False) if tiles < SEARCHED_TILES}
    return follow({p: v.alpha for p, v in seen.items()}, {p: v.l_new for p, v in seen.items()})


def follow(programs: Mapping[tuple[int, int], np.ndarray], l_values: Mapping[tuple[int, int], np.ndarray]) -> Follow:
    """Choose the row to follow from ``alpha`` [tiles, rows] and ``l`` [tiles, rows] of some programs, in the trace's order.

    STORYBOARD's rule: no rise at tiles 1 and 2, then a first rise with alpha in 0.25..0.5, then preferably a later rise at
    which l falls. Where no row fits: the row with most variation of alpha. Where nothing rises: the first that sees a key.
    """
    fitting = [found for program, alpha in programs.items() for found in _fitting(program, alpha, l_values[program])]
    if fitting:
        return max(fitting, key=lambda found: found[0])[1]
    best, most = None, 0.0
    for program, alpha in programs.items():
        rises = (alpha[1:] < 1) & (l_values[program][1:] > 0)  # a masked row has alpha = 0 and l = 0: nothing rises
        variation = -np.log(np.clip(alpha[1:], VANISHED, 1.0), where=rises, out=np.zeros(rises.shape)).sum(0)
        if variation.size and variation.max() > most:
            most, row = float(variation.max()), int(variation.argmax())
            first, *others = (1 + int(t) for t in np.flatnonzero(rises[:, row]))
            best = Follow(program, row, "variation", first, others[0] if others else None)
    return best or _calm(l_values)


def _calm(l_values: Mapping[tuple[int, int], np.ndarray]) -> Follow:
    """Where nothing rises: the first row that sees a key at all, else the first row."""
    for program, l_new in l_values.items():
        seen = np.flatnonzero(l_new[-1] > 0).tolist() if len(l_new) else []
        if seen:
            return Follow(program, seen[0], "calm", None, None)
    return Follow(next(iter(l_values)), 0, "calm", None, None)


def _fitting(program: tuple[int, int], alpha: np.ndarray, l_new: np.ndarray) -> list[tuple[tuple[float, ...], Follow]]:
    """Rows of one program that the rule accepts, with how well.

    First those whose digits check, then those with a falling l, an early rise, alpha near 0.4.
    """
    found: list[tuple[tuple[float, ...], Follow]] = []
    tiles, n_rows = alpha.shape
    for row in range(n_rows):
        rises = [t for t in range(1, tiles) if alpha[t, row] < 1]
        if not rises or rises[0] <= CALM_TILES or not FIRST_RISE[0] <= alpha[rises[0], row] <= FIRST_RISE[1]:
            continue
        later = [t for t in rises[1:] if l_new[t, row] < l_new[t - 1, row]]
        exact = checks(l_new[rises[0] - 1, row], alpha[rises[0], row], l_new[rises[0], row])
        score = (-float(program[0]), float(exact), float(bool(later)), -float(rises[0]), -abs(float(alpha[rises[0], row]) - 0.4))
        second = next(iter(later or rises[1:]), None)
        found.append((score, Follow(program, row, "rise", rises[0], second)))
    return found


def checks(l_old: float, alpha: float, l_new: float) -> bool:
    """Whether the digits on screen, multiplied and added by hand, give the digits on screen."""
    scaled, shown = float(l_old) * float(alpha), float(total(l_old)) * float(number(alpha))
    added = float(l_new) - scaled
    return total(scaled) == total(shown) and total(float(total(scaled)) + float(total(added))) == total(l_new)


def facts(fa2: Trace, standard: Trace, chosen: Follow, values: ProgramValues, *, errors: Mapping[str, float]) -> dict[str, str]:
    """What the braces of the captions stand for, all from the traces."""
    config = fa2.config
    unit = tile_unit(fa2)
    row = chosen.row
    said: dict[str, str] = {
        "stored": f"{stored_score_tiles(standard):,}",
        "programs": f"{config.row_blocks * config.heads * config.batch:,}",
        "scores": f"{int(np.isfinite(values.s[0]).sum()):,}" if len(values.j) else "0",
        "standard_tiles": quarters(crossed_bytes(standard) / unit),
        "flash_tiles": quarters(crossed_bytes(fa2) / unit),
        "ratio": f"{crossed_bytes(standard) / crossed_bytes(fa2):.1f}",
        "scores_bytes": amount(score_bytes(standard)),
        "e_flash": power(errors["flash"]),
        "e_standard": power(errors["standard"]),
    }
    names = ("",) if len(_sides(config)) == 1 else ("_q", "_k")
    for name, side in zip(names, _sides(config), strict=True):
        said |= {f"tile{name}": f"{side} × {config.head_dim}", f"unit{name}": amount(side * config.head_dim * config.itemsize)}
    if fa2.header.resources is not None:
        said["fitting"] = f"{fa2.header.resources.programs}"
    if len(values.j):
        said |= {"m0": number(values.m_new[0, row]), "l0": total(values.l_new[0, row])}
    if chosen.rise is not None:
        t = chosen.rise
        added = float(np.nansum(values.p[t, row]))
        said |= {
            "m_old": number(values.m_old[t, row]), "m_new": number(values.m_new[t, row]), "alpha": number(values.alpha[t, row]),
            "l_old": total(values.l_old[t, row]), "l_scaled": total(values.l_scaled[t, row]), "l_added": total(added),
            "l_new": total(values.l_new[t, row]),
        }  # fmt: skip
    return said


def _sides(config: AttentionConfig) -> list[int]:
    """Rows of a tile of Q and O, and of K and V where they differ: no tile is taller than its matrix."""
    rows, keys = min(config.block_m, config.seq_q), min(config.block_n, max(config.seq_k, 1))
    return [rows] if rows == keys else [rows, keys]


def tile_unit(trace: Trace) -> int:
    """Bytes of one full K tile: what one square stands for."""
    config = trace.config
    return min(config.block_n, max(config.seq_k, 1)) * config.head_dim * config.itemsize


def crossed_bytes(trace: Trace) -> int:
    """All bytes that crossed between HBM and the chip."""
    return traffic(trace).total


def score_bytes(trace: Trace) -> int:
    """Bytes of S and P that were stored in HBM."""
    written = traffic(trace).written
    return written.get("S", 0) + written.get("P", 0)


def stored_score_tiles(trace: Trace) -> int:
    """Tiles of S and P that were stored in HBM: bytes over the bytes of one score tile would count ragged tiles in part."""
    config = trace.config
    return 2 * config.row_blocks * config.col_blocks * config.heads * config.batch if score_bytes(trace) else 0


# ---------------------------------------------------------------------------------------------------------- the films

FLASH: tuple[Beat, ...] = (
    Beat("hook", "The hook", 7, still=0.8, caption=
         "Same attention. One stored {stored} tiles of scores and weights; the other stored none."),
    Beat("attention", "Attention", 17, fresh=True, caption=
         "A query scores every key. Softmax turns scores into weights; the weights blend the values."),
    Beat("tiles", "Tiles", 9, fresh=True, caption="Cut everything into {tile} tiles. Each square here is {unit}."),
    Beat("memory", "Two memories", 11, caption="Data waits in HBM; arithmetic happens on chip. The path between is the bottleneck."),
    Beat("standard", "Standard attention", 23, caption=
         "Standard attention writes every score, reads it back, writes the weights, reads them back."),
    Beat("pause-a", "Question", 4, pause=True, caption="Why not use a score tile at once and throw it away?"),
    Beat("obstacle", "The obstacle", 12, fresh=True, caption=
         "Softmax divides by a sum over the whole row. So carry two numbers a row: max m and sum ℓ."),
    Beat("7a", "Q stays", 6, still=1.2, fresh=True, caption="One program takes one row block. Q is loaded once and stays."),
    Beat("7b", "Scores", 9, caption="K arrives. One product makes {scores} scores, on chip."),
    Beat("7c", "Max", 9, caption="m = {m0}, the row's largest score so far. Measured from it, every term is at most 1."),
    Beat("7d", "Sum", 6, still=1.2, caption="Their sum is ℓ = {l0}."),
    Beat("7e", "Blend", 9, caption="V arrives and is blended into acc. The scores are done: overwritten, never stored."),
    Beat("8", "Calm tiles", 8, still=1.2, caption="No larger score in our row: nothing to correct."),
    Beat("pause-b", "Question", 6, still=0.0, pause=True, late=True, caption=
         "This tile breaks the ceiling. What must happen to ℓ and acc?"),
    Beat("9a", "The rise", 7, caption="m rises: {m_old} → {m_new}. The past was measured from the old max."),
    Beat("9b", "Why", 10, caption="One factor re-measures every past term: α = {alpha}."),
    Beat("9c", "The sum", 8, caption="{l_old} × {alpha} = {l_scaled}, then + {l_added} = {l_new}."),
    Beat("9d", "The accumulator", 7, still=1.2, caption="acc takes the same α, then the new values. Nothing is approximated."),
    Beat("10a", "The other tiles", 8, still=1.0, caption="So for every tile: where a larger score comes, the past is re-measured again."),
    Beat("10", "Finish", 7, still=1.2, caption="Divide once by ℓ; write O once, and one number a row: LSE = m + log ℓ."),
    Beat("11", "The rest", 11, caption="Every row block reads K and V again. No score crosses the bus."),
    Beat("12", "Parallel", 6, still=1.0, caption="Row blocks never wait for each other: {programs} independent programs."),
    Beat("bill", "The bill", 12, fresh=True, caption=
         "{standard_tiles} tiles against {flash_tiles}: {ratio} × fewer bytes. "
         "Kept in HBM: {scores_bytes} of scores and weights against none."),
    Beat("pause-c", "Question", 4, pause=True, caption="What would taller tiles change?"),
    Beat("exact", "Exact", 8, still=1.0, fresh=True, caption=
         "Same sums, another order: only rounding differs. Error against float64: standard {e_standard}, flash {e_flash}."),
    Beat("card", "Provenance", 6, still=0.0, caption=""),
)  # fmt: skip

VARIANTS: tuple[Beat, ...] = (  # what some beats say instead
    Beat("tiles-two", "Tiles", 9, "Cut everything into {tile_q} and {tile_k} tiles. Each square here is {unit_q} or {unit_k}."),
    Beat("8-calm", "Calm tiles", 8, "No score of our row ever rises above its first maximum: no correction needed."),
    Beat("12-fitting", "Parallel", 6, caption=
         "Row blocks never wait for each other: {programs} independent programs, of which {fitting} fit on one SM at once."),
)  # fmt: skip
SCRIPT = (*FLASH, *VARIANTS)
MORE_BEAT = "10a"
CALM_BEAT = "8"  # left out where the very next tile rises
RISE_BEATS = ("pause-b", "9a", "9b", "9c", "9d")

DIGEST_SECONDS = {
    "hook": 5.0, "standard": 11.0, "7a": 4.0, "7b": 4.0, "7c": 5.5, "7d": 3.0, "7e": 5.5, "9a": 6.0, "9c": 5.0, "9d": 4.5, "bill": 6.5,
}  # fmt: skip

DIGEST_SCRIPT = tuple(beat for beat in FLASH if beat.name in DIGEST_SECONDS)

COURSE = (
    "7a", "7b", "7c", "7d", "7e", "8", "pause-b", "9a", "9b", "9c", "9d", "10a", "10", "11", "12", "bill", "pause-c",
)  # fmt: skip
COURSE_SECONDS = {beat.name: beat.seconds for beat in FLASH if beat.name in COURSE}  # of the film within the course: chapters say the rest

EXCERPT = ("7a", "7b", "7c", "7d", "7e", "8", "pause-b", "9a", "9b", "9c", "9d")
EXCERPT_SECONDS = {beat.name: beat.seconds for beat in FLASH if beat.name in EXCERPT}  # what benchmarks render: one tile, slowly


def board(
    said: Mapping[str, str],
    chosen: Follow,
    *,
    pauses: bool = True,
    more_tiles: bool = True,
    seconds: Mapping[str, float] | None = None,
    script: Sequence[Beat] = SCRIPT,
) -> tuple[Beat, ...]:
    """The beats of a film with their captions filled.

    Args:
        said: What ``facts`` found.
        chosen: Where nothing rises, the beats of the rise are left out and beat 8 says that no correction was needed.
        pauses: Whether the stills with a question are kept.
        more_tiles: Whether the followed program visits tiles after the slow ones.
        seconds: For the digest: which beats, and how long each; None plays all.
        script: Titles and captions of the beats and their variants, perhaps in another language.
    """
    words, beats = {beat.name: beat for beat in script}, []
    for beat in FLASH:
        if (beat.pause and not pauses) or (seconds is not None and beat.name not in seconds):
            continue
        if (chosen.rise is None and beat.name in RISE_BEATS) or (chosen.rise == 1 and beat.name == CALM_BEAT):
            continue
        if beat.name == MORE_BEAT and not more_tiles:
            continue
        spoken = words[variant_of(beat.name, said, chosen)]
        length = beat.seconds if seconds is None else seconds[beat.name]
        still = beat.still * length / beat.seconds
        beats.append(replace(beat, title=spoken.title, caption=spoken.caption.format(**said), seconds=length, still=still))
    return tuple(beats)


def variant_of(name: str, said: Mapping[str, str], chosen: Follow) -> str:
    """What a beat says: tiles of two shapes, no correction, and how many programs fit are said in words of their own."""
    if name == "tiles" and "tile_k" in said:
        return "tiles-two"
    if name == CALM_BEAT and chosen.rise is None:
        return "8-calm"
    return "12-fitting" if name == "12" and "fitting" in said else name
