"""RescaleScene: one row, the tile that raises its max, and what happens to l and to acc. What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import SUPERSCRIPT, number, plus, total
from flashviz.storyboard import Beat, Follow, follow_in
from flashviz.trace import Kind, ProgramValues, Trace, replay

BEATS: tuple[Beat, ...] = (
    Beat("past", "One query, its keys", 7.2, shot="sum", late=True, caption="One query, {keys} keys, {new} at a time: a bar a key."),
    Beat("sum", "One sum", 7.9, shot="sum", late=True, caption="A term for each key. Their area is the sum, ℓ."),
    Beat("answer", "Their values", 9.0, shot="values", late=True, caption="Each key has a value. acc sums term × value."),
    Beat("divide", "The answer so far", 6.6, shot="answer", late=True, caption="acc divided by ℓ: the answer so far."),
    Beat("add", "Nothing higher", 7.8, shot="rescale", late=True, caption="Nothing higher: just add."),
    Beat("terms", "The next keys", 6.3, shot="sum", late=True, along=True, caption="The next {new} keys, by the old m."),
    Beat("question", "Question", 4.5, shot="sum", pause=True, caption="This term is {height}, above 1. Why not just add it?"),
    Beat("ruler", "A new max", 8.0, shot="sum", late=True, along=True, caption="It would fit. A higher one overflows {dtype}: so m rises."),
    Beat("measure", "By the new max", 4.0, shot="sum", late=True, along=True, caption="By the new m, the old 1 is only α."),
    Beat("stale", "By the old max", 4.8, shot="squeeze", late=True, along=True, caption="ℓ and acc still count by the old 1."),
    Beat("squeeze", "The squeeze", 6.1, shot="squeeze", late=True, along=True, caption="So both are multiplied by α. Watch acc / ℓ."),
    Beat("same", "The answer stands", 4.0, shot="squeeze", late=True, along=True, caption="Both shrank. The answer did not move."),
    Beat("alone", "One without the other", 4.6, shot="squeeze", late=True, along=True, caption="What if only ℓ shrank?"),
    Beat("both", "Both together", 2.8, shot="squeeze", late=True, caption="Both, together."),
    Beat("rows", "Every row", 12.4, shot="rows", late=True, caption="The same step in {rows} queries, each with its own α."),
    Beat("all", "No answer moves", 4.6, shot="rows", late=True, caption="Every row shrinks by its α. No answer moves."),
    Beat("exact", "Why it is exact", 6.5, shot="formula", late=True, along=True, caption="Exact: in every term the old m cancels."),
    Beat("join", "The new terms", 4.4, shot="sum", late=True, along=True, caption="The new terms join the sum."),
    Beat("values", "Their values", 6.0, shot="values", late=True, along=True, caption="Their values join acc."),
    Beat("moves", "The answer moves", 4.3, shot="answer", late=True, along=True, caption="Now the answer moves."),
    Beat("rest", "The rest", 8.0, shot="rescale", late=True, caption="The same for the other tiles."),
    Beat("whole", "One pass", 9.8, shot="final", late=True, caption="One pass: the same as softmax over all keys at once."),
)  # fmt: skip
VARIANTS: tuple[Beat, ...] = (
    Beat(
        "calm",
        "No correction",
        11,
        shot="rescale",
        late=True,
        along=True,
        caption="No later term rose above the ceiling: no correction needed.",
    ),
)
SCRIPT = (*BEATS, *VARIANTS)

SHORT = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}
LARGEST = {"float16": (2 - 2**-10) * 2.0**15, "bfloat16": (2 - 2**-7) * 2.0**127, "float32": (2 - 2**-23) * 2.0**127}  # finite

Run = Callable[..., Any]


@dataclass(frozen=True)
class Rescale:
    """One row at one tile: the tile that raises its max or, where none does, its last.

    Values are the trace's, natural-log units, of row ``row`` of the followed program at visited tile ``t``.
    """

    trace: Trace
    chosen: Follow
    values: ProgramValues
    t: int

    @property
    def rises(self) -> bool:
        """Whether the row's max rises at this tile, over a past that is not empty."""
        return self.chosen.rise is not None

    @property
    def row(self) -> int:
        return self.chosen.row

    def of(self, name: str, t: int | None = None) -> np.ndarray:
        """The row's ``acc_old`` [d], ``acc_scaled``, ``acc_new``, or one number: ``l_old``, ``l_scaled``, ``l_new``, ``m_old``, ...

        At visited tile ``t``, this one where it is None. float64.
        """
        return np.asarray(getattr(self.values, name)[self.t if t is None else t, self.row], dtype=np.float64)

    @property
    def m_old(self) -> float:
        """Of the past; where there is none, as at the first tile, the tile's own."""
        m_old = float(self.of("m_old"))
        return m_old if np.isfinite(m_old) else float(self.of("m_new"))

    def terms(self, m: float, t: int | None = None) -> np.ndarray:
        """e^(s - m) of the keys of visited tile ``t``, this one where it is None; of a masked one 0."""
        t = self.t if t is None else t
        scores = np.asarray(self.values.s[t, self.row], dtype=np.float64)[: len(self.values.k[t])]
        return np.asarray(np.where(np.isfinite(scores), np.exp(np.where(np.isfinite(scores), scores, m) - m), 0.0))

    @property
    def before(self) -> np.ndarray:
        """Terms by the old max: a picture of the scores. The kernel does not compute them."""
        return self.terms(self.m_old)

    @property
    def measured(self) -> np.ndarray:
        """Terms as the kernel computed them."""
        return np.asarray(np.nan_to_num(self.of("p"))[: len(self.values.k[self.t])])

    @property
    def last(self) -> int:
        """The last visited tile."""
        return len(self.values.j) - 1

    @property
    def whole(self) -> np.ndarray:
        """[d] softmax over all keys that the row sees, at once, times V. In float64, and of no tile's sums."""
        count = range(len(self.values.j))
        s = np.concatenate([self.values.s[t, self.row, : len(self.values.k[t])] for t in count]).astype(np.float64)
        v = np.concatenate([self.values.v[t][: len(self.values.k[t])] for t in count]).astype(np.float64)
        weights = np.exp(s - s.max())
        return np.asarray(weights / weights.sum() @ v)

    def brought(self, t: int | None = None) -> np.ndarray:
        """[d] P V: what the tile's values add to acc."""
        return np.asarray(self.of("acc_new", t) - self.of("acc_scaled", t))

    @property
    def seen(self) -> int:
        """Keys of the tiles before this one that the row sees."""
        return int(np.isfinite(self.values.s[: self.t, self.row]).sum())

    def event(self, kind: Kind, t: int | None = None) -> int:
        """How many events have happened just after ``kind`` of visited tile ``t``, this one where it is None."""
        t = self.t if t is None else t
        j = int(self.values.j[t])
        events = self.trace.program(*self.chosen.program)
        columns = self.trace.columns
        found = next(k for k in events if columns["kind"][k] == kind and columns["j"][k] == j)
        return found + 1

    def statement(self, kind: Kind) -> str:
        """The kernel's line of an event, without its comment."""
        return self.trace.line_text(self.trace[self.event(kind) - 1]).split("  #", maxsplit=1)[0].strip()


def gather(config: AttentionConfig, source: str | None, run: Run) -> Rescale:
    """The followed row and its tile, as the storyboard's rule chooses them.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key, or none that any row sees.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a film, got 0; there is nothing to attend to")
    chosen = follow_in(run(config, source="numpy", algorithm="fa2", computed=range(0)).trace)
    block = range(chosen.program[0], chosen.program[0] + 1)
    trace = run(config, source=source, algorithm="fa2", snapshots=[chosen.program], computed=block).trace
    values = replay(trace, chosen.program)
    if not len(values.j):
        raise ConfigError("expected a row that sees a key, got none; leave out causal, or take more keys")
    return Rescale(trace, chosen, values, len(values.j) - 1 if chosen.rise is None else chosen.rise)


def beats_of(found: Rescale) -> tuple[Beat, ...]:
    """Where nothing rises, the beats of the rise are left out; without a past there is none to show."""
    left_out = {"add"} if found.t < 2 else set()
    left_out |= {"rest"} if found.t == found.last else set()
    more = [beat for beat in BEATS if beat.name not in left_out]
    if found.rises:
        return tuple(more)
    return (*(beat for beat in more if beat.name in ("past", "sum", "answer", "add") and found.seen), *VARIANTS)


def largest(dtype: str) -> str:
    """The largest number of a dtype, which P has."""
    value = LARGEST[dtype]
    exponent = int(np.log10(value))
    return f"{value:,.0f}" if exponent < 6 else "10" + str(exponent).translate(SUPERSCRIPT)


def facts(found: Rescale) -> dict[str, str]:
    """What the braces of the captions stand for, and every other number on screen."""
    said = {
        "new": f"{len(found.before):,}",
        "features": f"{found.trace.config.head_dim:,}",
        "keys": f"{found.trace.config.seq_k:,}",
        "l_old": total(float(found.of("l_old"))),
        "m_old": number(found.m_old),
    }
    said["l_new"] = total(float(found.of("l_new")))
    if not found.rises:
        return said
    alphas = found.values.alpha[found.t].astype(np.float64)
    return said | {
        "height": total(float(found.before.max())), "alpha": number(float(found.of("alpha"))),
        "m_new": number(float(found.of("m_new"))),
        "l_scaled": total(float(found.of("l_scaled"))), "added": plus(float(found.of("l_scaled")), float(found.of("l_new"))),
        "largest": largest(found.trace.config.dtype), "dtype": SHORT[found.trace.config.dtype],
        "rows": f"{len(alphas):,}",
        "over": f"{np.log(LARGEST[found.trace.config.dtype]):.2f}",
        "least": number(float(alphas.min())), "most": number(float(alphas.max())),
    }  # fmt: skip
