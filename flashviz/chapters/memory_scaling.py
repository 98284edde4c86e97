"""MemoryScalingScene: what attention needs beyond Q, K and V as N doubles, measured, with the closed forms drawn through."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.chapters.figure import Figure, Series, compact, doubling, in_bytes, ratio_at_the_end, times
from flashviz.chapters.measured import Sweep
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("question", "The question", 6, fresh=True, still=2.0, caption="How much memory does attention need beyond Q, K and V?"),
    Beat("standard", "Standard attention", 8, still=1.2, caption="Standard attention: twice the tokens, {growth} × the memory."),
    Beat("square", "N squared", 8, still=1.2, caption=
         "It stores S and P: 2 N² numbers a head. Dots are measured; the line is the formula."),
    Beat("flash", "FlashAttention", 8, still=1.2, caption="FlashAttention holds a few tiles of scores at a time and stores none."),
    Beat("linear", "N", 8, still=1.2, caption="What is left is O, N d numbers a head, and at most {over} besides."),
    Beat("gap", "The gap", 8, still=1.0, caption="At N = {n}: {standard} against {flash}, {ratio} × less. That is memory-efficient."),
)  # fmt: skip


@dataclass(frozen=True)
class MemoryScaling:
    """The chart, and what the captions say."""

    figure: Figure
    said: dict[str, str]


def stored_scores(n: float, sweep: Sweep) -> float:
    """Bytes of S and P: 2 H N^2 numbers."""
    return 2 * sweep.heads * n**2 * sweep.itemsize


def stored_output(n: float, sweep: Sweep) -> float:
    """Bytes of O: H N d numbers."""
    return sweep.heads * n * sweep.d * sweep.itemsize


def gather(sweep: Sweep) -> MemoryScaling:
    """From a measurement: peak memory of standard and of flash attention beyond the inputs, in bytes, against N."""
    standard, flash = sweep.memory("standard"), sweep.memory("flash")
    lengths = [n for n, _ in standard]
    samples = [lengths[0] * (lengths[-1] / lengths[0]) ** (step / 48) for step in range(49)]
    series = (
        Series("standard", "standard attention", "S", standard,
               tuple((n, stored_scores(n, sweep) + stored_output(n, sweep)) for n in samples), "line: 2 N² + N d numbers a head"),
        Series("flash", "FlashAttention", "O", flash, tuple((n, stored_output(n, sweep)) for n in samples), "line: N d numbers a head"),
    )  # fmt: skip
    figure = Figure(
        title="Peak memory of one call beyond Q, K and V",
        x=doubling("N, tokens", lengths),
        y=in_bytes("", [y for _, y in (*standard, *flash)] + [stored_output(lengths[0], sweep)]),
        series=series,
        note=sweep.note,
        span=ratio_at_the_end(series[1], series[0]),
    )
    (n, most), (_, least) = standard[-1], flash[-1]
    said = {
        "growth": times(most / standard[-2][1]), "over": compact(max(y - stored_output(x, sweep) for x, y in flash)),
        "n": f"{n:,.0f}", "standard": compact(most), "flash": compact(least), "ratio": times(most / least),
    }  # fmt: skip
    return MemoryScaling(figure, said)
