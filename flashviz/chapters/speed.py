"""SpeedScene: time against N as it was measured, and what the paper printed of its own machine, apart."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.chapters.figure import Figure, Series, doubling, in_tens, rate, ratio_at_the_end, seconds, times
from flashviz.chapters.measured import Sweep
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("question", "The question", 6, fresh=True, caption="How long does one call of attention take?"),
    Beat("standard", "Standard attention", 8, still=1.2, caption="Standard attention: {standard} at N = {n}."),
    Beat("flash", "FlashAttention", 8, still=1.2, caption="FlashAttention, on the same machine: {flash}."),
    Beat("gap", "The gap", 6, still=1.0, caption="FlashAttention is {ratio} × faster, and leaves out no operation."),
    Beat("square", "N squared", 9, still=1.2, caption="Both do 4 N² d operations a head: neither escapes N². Only the rate differs."),
    Beat("pause-a", "Question", 4, pause=True, still=0.0, caption="Can more operations take less time?"),
    Beat("paper", "The paper", 12, fresh=True, still=5.0, caption=
         "On the paper's GPU, backward pass included, which computes S again: more operations, fewer bytes, less time."),
)  # fmt: skip


@dataclass(frozen=True)
class Speed:
    """The chart of what was measured here, and what the captions say."""

    figure: Figure
    said: dict[str, str]


def gather(sweep: Sweep) -> Speed:
    """From a measurement: median seconds of standard and of flash attention against N.

    The lines say how long each N would take at the rate, operations a second, that the method reached at the largest.
    """
    standard, flash = sweep.seconds("standard"), sweep.seconds("flash")
    (n, slow), (_, fast) = standard[-1], flash[-1]
    operations = sweep.flops[-1][1]

    def series(name: str, label: str, tensor: str, points: tuple[tuple[float, float], ...], last: float) -> Series:
        line = tuple((x, flops / (operations / last)) for x, flops in sweep.flops)
        return Series(name, label, tensor, points, line, f"line: {rate(operations / last, 'FLOP')}")

    both = series("standard", "standard attention", "S", standard, slow), series("flash", "FlashAttention", "O", flash, fast)
    figure = Figure(
        title="Time of one call, forward",
        x=doubling("N, tokens", [x for x, _ in standard]),
        y=in_tens("", [y for each in both for _, y in (*each.points, *each.curve)], "s"),
        series=both,
        note=sweep.note,
        span=ratio_at_the_end(both[1], both[0]),
    )
    said = {"standard": seconds(slow), "flash": seconds(fast), "n": f"{n:,.0f}", "ratio": times(slow / fast)}
    return Speed(figure, said)
