"""What learners ask, as questions on one configuration. The words are in ``questions.toml``; every answer is computed here.

Right answers come from traces and from what a twin computed; wrong ones are the mistakes that people make, computed too. A mistake
that gives the right figure is no choice, and a question with fewer than two wrong choices is left out.
"""

from __future__ import annotations

import math
import tomllib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.config import SHARED_LIMIT, AttentionConfig
from flashviz.delivery.quiz.question import Answer, Question, choices
from flashviz.errors import ConfigError
from flashviz.figures import number, total
from flashviz.forms import compulsory, hbm_extra
from flashviz.memory import FLOAT32, tile_bytes, traffic
from flashviz.storyboard import follow_in
from flashviz.trace import Kind, Op, Trace, replay

Run = Callable[..., Any]  # flashviz_kernels.recorder.run
Figures = dict[str, str]  # what stands for ``right``, for each wrong answer's name, and in braces

WRONG = 2  # wrong choices at least
CLEAR = 0.4  # an alpha that is neither near 0 nor near 1
SHOWN = 0.01, 0.99  # alphas whose three decimals say something
SHARED_HEADS = 8, 2  # query heads and K/V heads, where the configuration's own share nothing


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question in words: ``right`` and ``wrong`` are what those who chose that answer are told."""

    name: str
    point: int
    scene: str
    text: str
    right: str
    wrong: dict[str, str]


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All questions, and the names for people of the scenes that answer them."""

    scenes: dict[str, str]
    questions: list[Words]


BOOK = msgspec.convert(tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8")), Book)


def check_config(config: AttentionConfig) -> None:
    """Refuse a configuration of which nothing can be asked.

    Raises:
        ConfigError: There are no keys.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a quiz, got 0; nothing is loaded and there is nothing to ask")


def make_questions(config: AttentionConfig, run: Run) -> list[Question]:
    """The questions of the book that this configuration has.

    Args:
        config: One head of it is asked about; sharing of heads with the configuration's own, or with 8 query heads on 2.
        run: ``flashviz_kernels.recorder.run``; the twins are recorded.

    Raises:
        ConfigError: There are no keys.
    """
    check_config(config)
    case = Case(config, run)
    found = ((words, COMPUTED[words.name](case)) for words in BOOK.questions)
    questions = [_question(words, figures) for words, figures in found if figures is not None]
    return [question for question in questions if len(question.answers) > WRONG]


def _question(words: Words, figures: Figures) -> Question:
    shown = f"Shown in “{BOOK.scenes[words.scene]}” ({words.scene})."
    right = Answer(figures["right"], f"Yes. {words.right.format_map(figures)} {shown}", right=True)
    wrong = [Answer(figures[name], f"No. {told.format_map(figures)} {shown}") for name, told in words.wrong.items()]
    return Question(words.name, words.text.format_map(figures), choices(right, wrong, zlib.crc32(words.name.encode())))


@dataclass(frozen=True, eq=False)
class Case:
    """A configuration and its recordings, each made when it is first asked for."""

    config: AttentionConfig
    run: Run

    @property
    def one(self) -> AttentionConfig:
        """One head of one batch entry."""
        return replace(self.config, batch=1, heads=1, kv_heads=1)

    @cached_property
    def fa2(self) -> Trace:
        return self.events(self.one)

    @cached_property
    def fa1(self) -> Trace:
        trace: Trace = self.run(self.one, source="numpy", algorithm="fa1").trace
        return trace

    @cached_property
    def standard(self) -> Trace:
        return self.events(self.one, "standard")

    @cached_property
    def risen(self) -> dict[str, float] | None:
        """The row that the film follows where its maximum rises; None where none rises so that three decimals show it.

        Where the film's rule fits no row, that of the followed program whose alpha is nearest to ``CLEAR``.
        """
        chosen = follow_in(self.fa2)
        if chosen.rise is None:
            return None
        values, at = replay(self.fa2, chosen.program), (chosen.rise, chosen.row)
        if chosen.rule != "rise":
            finite = np.where(np.isfinite(values.m_old), values.alpha, np.inf)
            at = divmod(int(np.abs(finite - CLEAR).argmin()), finite.shape[1])
        found = {name: float(getattr(values, name)[at]) for name in ("m_old", "m_new", "alpha", "l_old", "l_new")}
        found["l_added"] = float(np.nansum(values.p[at]))
        return found if math.isfinite(found["m_old"]) and SHOWN[0] <= found["alpha"] <= SHOWN[1] else None

    def events(self, config: AttentionConfig, algorithm: str = "fa2") -> Trace:
        """A twin's recording, for whose events one row block is computed."""
        trace: Trace = self.run(config, source="numpy", algorithm=algorithm, computed=range(1)).trace
        return trace


def problem(c: AttentionConfig) -> str:
    """A configuration, as a question begins."""
    lengths = f"N = {c.seq_q:,}" if c.seq_q == c.seq_k else f"N_q = {c.seq_q:,}, N_k = {c.seq_k:,}"
    heads = "one head" if c.heads == 1 else f"{c.heads} query heads on {c.kv_heads} heads of K and V"
    limit = ", causal" if c.causal else ""
    return f"{lengths}, d = {c.head_dim}, tiles of {c.block_m} queries and {c.block_n} keys, {c.dtype}, {heads}{limit}."


def count(trace: Trace, kind: Kind, j: int | None = None) -> int:
    """How many events of a kind a trace has, in all or of one key tile."""
    found = trace.columns["kind"] == kind
    return int(found.sum() if j is None else (found & (trace.columns["j"] == j)).sum())


def dots(trace: Trace) -> int:
    """Products of tiles, in all."""
    return int((trace.ops == Op.DOT).sum())


def written_out(c: AttentionConfig, **figures: int | str) -> Figures:
    """Figures as text, with what describes the problem; whole numbers are counts."""
    texts = {name: figure if isinstance(figure, str) else f"{figure:,}" for name, figure in figures.items()}
    return {"problem": problem(c), "d": f"{c.head_dim}", "dtype": c.dtype, "itemsize": f"{c.itemsize}"} | texts


def nbytes(amount: int) -> str:
    """Bytes, every one of them."""
    return f"{amount:,} B"


def times(ratio: float) -> str:
    """A ratio, to two decimals."""
    return f"{ratio:,.2f} times"


# ------------------------------------------------------------------------------------------------------------ which loop, which bytes


def loop_order(case: Case) -> Figures:
    """Loads of K_0 in two traces."""
    return written_out(
        case.one,
        right=count(case.fa2, Kind.LOAD_K, 0),
        keys_outside=count(case.fa1, Kind.LOAD_K, 0),
        each_query=case.one.seq_q,
        all_tiles=count(case.fa2, Kind.LOAD_K),
    )


def traffic_of_o(case: Case) -> Figures:
    """O of fa1: (1 + 2 T_c) N d numbers where every row block visits every tile."""
    c, moved = case.one, traffic(case.fa1)
    return written_out(
        c,
        right=nbytes(moved.read.get("O", 0) + moved.written["O"]),
        once=nbytes(traffic(case.fa2).written["O"]),
        written=nbytes(moved.written["O"]),
        square=nbytes(2 * c.seq_q * c.seq_k * c.itemsize),
    )


def on_chip_memory(case: Case) -> Figures:
    """B_c = ceil(M / 4d), M in numbers (FlashAttention, Algorithm 1)."""
    c, size = case.one, SHARED_LIMIT[case.one.arch]
    kib, held = size // 1024, size // c.itemsize
    return written_out(
        c,
        right=math.ceil(held / (4 * c.head_dim)),
        in_bytes=math.ceil(size / (4 * c.head_dim)),
        thousands=math.ceil(kib * 1000 / c.itemsize / (4 * c.head_dim)),
        whole=math.ceil(held / c.head_dim),
        kib=kib, held=held, bytes=nbytes(size),
    )  # fmt: skip


def place_of_scores(case: Case) -> Figures:
    """A score tile is float32 and in registers."""
    c = case.one
    narrow = nbytes(c.block_m * c.block_n * c.itemsize)
    return written_out(
        c,
        right=f"in registers, {nbytes(tile_bytes(c)['S'])}",
        shared=f"in shared memory, {narrow}",
        narrow=f"in registers, {narrow}",
        hbm=f"in HBM, {narrow}",
    )


def writes(case: Case) -> Figures:
    """O and LSE, and neither S nor P."""
    c, written = case.one, traffic(case.fa2).written
    scores = c.seq_q * c.seq_k * c.itemsize
    return written_out(
        c,
        right=nbytes(sum(written.values())),
        square=nbytes(scores + written["LSE"]),
        scores=nbytes(sum(written.values()) + 2 * scores),
        wide=nbytes(c.seq_q * c.head_dim * FLOAT32 + written["LSE"]),
    )


def ratio(case: Case) -> Figures:
    """The ratio of two traces; other ratios are of other things."""
    c = case.one
    fa2, standard = traffic(case.fa2).total, traffic(case.standard).total
    return written_out(
        c,
        right=times(standard / fa2),
        cached_standard=times(compulsory(c, "standard").total / fa2),
        cached_flash=times(standard / compulsory(c, "fa2").total),
        stored=times(hbm_extra(c, "standard") / hbm_extra(c, "fa2")),
    )


def doubled(case: Case) -> Figures:
    """Bytes at 2 N over bytes at N."""
    c = case.one
    long = replace(c, seq_q=2 * c.seq_q, seq_k=2 * c.seq_k)
    return written_out(
        c,
        right=times(traffic(case.events(long)).total / traffic(case.fa2).total),
        linear=times(hbm_extra(long, "fa2") / hbm_extra(c, "fa2")),
        square=times((long.seq_q * long.seq_k) / (c.seq_q * c.seq_k)),
        constant=times(tile_bytes(long)["K"] / tile_bytes(c)["K"]),
    )


def shared_heads(case: Case) -> Figures:
    """Loads and storage of K and V under H / H_kv sharing query heads."""
    c = replace(case.config, batch=1)
    if c.group == 1:
        c = replace(c, heads=SHARED_HEADS[0], kv_heads=SHARED_HEADS[1])
    read = traffic(case.events(c)).read
    loaded, pair = read.get("K", 0) + read.get("V", 0), 2 * c.seq_k * c.head_dim * c.itemsize
    return written_out(
        c,
        right=nbytes(loaded),
        shared=nbytes(loaded // c.group),
        stored=nbytes(c.kv_heads * pair),
        own=nbytes(c.heads * pair),
        group=c.group,
    )


# ------------------------------------------------------------------------------------------------- softmax, its rows, what they see


def row_statistics(case: Case) -> Figures:
    """Loads of S in the softmax of one row block, before its weights."""
    c, trace = case.one, case.standard
    kinds = [trace[index].kind for index in trace.program(0, 0, launch=1)]
    return written_out(
        c,
        right=kinds[: kinds.index(Kind.SOFTMAX_P)].count(Kind.LOAD_S),
        one=count(trace, Kind.LOAD_S, 0) // c.row_blocks,
        all=count(trace, Kind.LOAD_S),
        none=count(case.fa2, Kind.LOAD_S),
    )


def recompute(case: Case) -> Figures:
    """Products Q K^T of the forward pass."""
    c, tiles = case.one, count(case.fa2, Kind.QK_DOT)
    return written_out(c, right=tiles, twice=2 * tiles, row_block=c.col_blocks, scores=c.seq_q * c.seq_k)


def backward_products(case: Case) -> Figures:
    """Products of tiles in the two backward passes and the forward one; those that make S again."""
    trace, in_one_order = (case.events(case.one, name) for name in ("backward", "backward_deterministic"))
    products, again = dots(trace), int(trace.of_events(lambda each: each.name == "RECOMPUTE_S").sum())
    return written_out(case.one, right=products, forward=dots(case.fa2), kept=products - again, ordered=dots(in_one_order))


def skipped(case: Case) -> Figures:
    """Tiles that a causal trace does not visit."""
    c = replace(case.one, causal=True)
    trace, tiles = case.events(c), c.row_blocks * c.col_blocks
    visited = count(trace, Kind.QK_DOT)
    return written_out(c, right=tiles - visited, half=tiles // 2, masked=count(trace, Kind.MASK), visited=visited, tiles=tiles)


def blind(case: Case) -> Figures:
    """Queries that see no key, in what a twin computed where N_q = 2 N_k."""
    c = replace(case.one, causal=True, seq_q=2 * case.one.seq_k)
    done = case.run(c, source="numpy")
    rows = int(((done.lse == -np.inf) & (done.o == 0).all(axis=-1)).sum())
    return written_out(
        c,
        right=f"{rows:,}; O = 0 and LSE = −∞",
        upper_left="0; each query sees at least its own key",
        undefined=f"{rows:,}; O is NaN",
        mean=f"{rows:,}; O is the mean of V",
    )


def alpha(case: Case) -> Figures | None:
    """alpha = e^(m_old - m_new) of the followed row."""
    row = case.risen
    if row is None:
        return None
    return written_out(
        case.one,
        right=number(row["alpha"]),
        inverse=number(1 / row["alpha"]),
        unchanged=number(1),
        difference=number(row["m_new"] - row["m_old"]),
        m_old=number(row["m_old"]), m_new=number(row["m_new"]),
    )  # fmt: skip


def denominator(case: Case) -> Figures | None:
    """l <- alpha l + rowsum P of the followed row."""
    row = case.risen
    if row is None:
        return None
    old, factor, added = row["l_old"], row["alpha"], row["l_added"]
    return written_out(
        case.one,
        right=total(row["l_new"]),
        no_rescale=total(old + added),
        all_rescaled=total(factor * (old + added)),
        inverse=total(old / factor + added),
        l_old=total(old), alpha=number(factor), l_added=total(added),
    )  # fmt: skip


COMPUTED: dict[str, Callable[[Case], Figures | None]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        loop_order, traffic_of_o, on_chip_memory, place_of_scores, writes, ratio, doubled, shared_heads,
        row_statistics, recompute, backward_products, skipped, blind, alpha, denominator,
    )
}  # fmt: skip
