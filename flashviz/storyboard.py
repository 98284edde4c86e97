"""Traces -> beats: which row is followed, what each beat says and how long it lasts. No manim.

A film's seconds are data: they do not depend on how many events the trace has. Captions are templates whose braces are
filled from the traces; the words are free, the numbers are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
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
    along: bool = False  # the caption is read while what it names goes on
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
    visiting = (program for program in trace.programs if program[1] == 0 and len(trace.key_tiles(*program)))
    candidates = list(islice(visiting, CANDIDATES))
    before = np.cumsum([0, *(len(trace.key_tiles(*program)) for program in candidates)])  # tiles of the programs before each
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
        "dtype": config.dtype,
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
