"""BackwardScene: one tile of the backward pass, the program that owns its keys, and dQ, to which all programs add. Before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flashviz.chapters.rescale import Rescale
from flashviz.chapters.rescale import gather as gather_forward
from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.figures import number
from flashviz.inputs import inputs_hash
from flashviz.layout.backward import arrivals
from flashviz.storyboard import Beat
from flashviz.trace import Op, Trace

BEATS: tuple[Beat, ...] = (
    Beat(
        "kept", "What is given and wanted", 3.5, shot="kept", late=True, along=True,
        caption="The loss gives dO. Wanted: dQ, dK, dV.",
    ),
    Beat(
        "again", "P again", 3.6, shot="one tile", late=True, along=True,
        caption="Q, K and LSE make P again.",
    ),
    Beat(
        "dv", "The part of dV", 5.2, shot="one tile", late=True, along=True,
        caption="Columns of P weigh the rows of dO: dV.",
    ),
    Beat(
        "upstream", "From dO to dP", 3.1, shot="one tile", late=True, along=True,
        caption="dO and V make dP, P's gradient.",
    ),
    Beat(
        "row", "One query", 5.5, shot="one query", late=True, along=True,
        caption="Query {query}: each key a bar, P wide, dP high.",
    ),
    Beat(
        "raise", "One score more", 5.6, shot="one query", late=True, along=True,
        caption="Raise a score: its weight grows, then all shrink.",
    ),
    Beat(
        "share", "Gained less lost", 5.2, shot="one query", late=True, along=True,
        caption="It gains its dP; all, itself too, lose the mean: D.",
    ),
    Beat(
        "dot", "Without the others", 5.1, shot="one query", late=True, along=True,
        caption="D needs no other keys: it is dO · O.",
    ),
    Beat(
        "softmax", "From dP to dS", 3.9, shot="one tile", late=True, along=True,
        caption="Row by row dO · O gives D; then dS.",
    ),
    Beat(
        "dk", "The part of dK", 2.8, shot="one tile", late=True, along=True,
        caption="Columns of dS weigh Q: dK.",
    ),
    Beat(
        "dq", "The part of dQ", 2.8, shot="one tile", late=True, along=True,
        caption="Rows of dS weigh K: dQ.",
    ),
    Beat(
        "shared", "What is shared", 5.1, shot="all tiles", late=True, along=True,
        caption="Each column owns dK, dV; all share dQ.",
    ),
    Beat(
        "order", "Two orders", 7.6, shot="row of tiles", late=True, along=True,
        caption="Two add to one dQ: who is first sets the last digit.",
    ),
    Beat(
        "recap", "All of it", 4.3, shot="recap", late=True, along=True,
        caption="Five products make all three; only dQ is shared.",
    ),
)  # fmt: skip

OTHER_ROWS = 2  # of a column's, whose terms are written beside the followed one's
Given = Callable[[AttentionConfig], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Tile:
    """A pair of tiles on chip, float32: scores, weights, and their gradients.

    Args:
        s: [rows, keys] masked, natural-log units with the scale applied.
        p: [rows, keys] e^(S - LSE).
        dp: [rows, keys] dO V^T.
        d: [rows] rowsum(dO o O).
        ds: [rows, keys] P o (dP - D), not rounded yet.
    """

    s: np.ndarray
    p: np.ndarray
    dp: np.ndarray
    d: np.ndarray
    ds: np.ndarray


@dataclass(frozen=True)
class Backward:
    """The followed tile of the forward pass, and what the backward pass does with it.

    Args:
        forward: The row that all films follow, at its tile.
        trace: Of the backward pass, dQ by atomic additions.
        given: Q, K, V, O, LSE and dO, with which it ran.
    """

    forward: Rescale
    trace: Trace
    given: Mapping[str, np.ndarray]

    @property
    def config(self) -> AttentionConfig:
        return self.trace.config

    @property
    def head(self) -> tuple[int, int, int]:
        """Batch, key/value head, and the head's place in its group, of the followed program."""
        b, h = divmod(self.forward.chosen.program[1], self.config.heads)
        return b, *divmod(h, self.config.group)

    @property
    def key_tile(self) -> int:
        """The followed one."""
        return int(self.forward.values.j[self.forward.t])

    @property
    def row_block(self) -> int:
        """The followed one, as the trace numbers it: block i of head g of a group of heads is g T_r + i."""
        return self.head[2] * self.config.row_blocks + self.forward.chosen.program[0]

    @property
    def row_blocks(self) -> int:
        """Of all heads that share the keys."""
        return self.config.group * self.config.row_blocks

    @cached_property
    def walks(self) -> list[list[int]]:
        """By key tile: the row blocks to which its program adds dQ, in the trace's order."""
        c, columns = self.config, self.trace.columns
        adding = [code for code, statement in self.trace.statements.items() if statement.op == Op.ATOMIC]
        b, shared, _ = self.head
        here = np.isin(columns["kind"], adding) & (columns["pid_bh"] == b * c.kv_heads + shared)
        return [columns["i"][here & (columns["j"] == j)].tolist() for j in range(c.col_blocks)]

    @property
    def programs(self) -> list[int]:
        """Key tiles whose programs add to the followed row block."""
        return [j for j, walk in enumerate(self.walks) if self.row_block in walk]

    def all_of(self, name: str) -> np.ndarray:
        """[n, d] of Q, K or O, [n] of LSE: of the followed head."""
        b, shared, g = self.head
        return np.asarray(self.given[name][b, shared if name == "K" else shared * self.config.group + g], np.float64)

    def rows_of(self, name: str, block: int) -> np.ndarray:
        """[rows, d] of Q, O or dO, [rows] of LSE: a row block, by the trace's number."""
        (b, shared, _), (g, i) = self.head, divmod(block, self.config.row_blocks)
        rows = slice(i * self.config.block_m, (i + 1) * self.config.block_m)
        return np.asarray(self.given[name][b, shared * self.config.group + g, rows], np.float32)

    def keys_of(self, name: str, j: int) -> np.ndarray:
        """[keys, d] of K or V."""
        b, shared, _ = self.head
        return np.asarray(self.given[name][b, shared, j * self.config.block_n : (j + 1) * self.config.block_n], np.float32)

    def tile(self, block: int, j: int) -> Tile:
        """Do what the events of one pair say, in float32 (FlashAttention-2, Algorithm 2)."""
        c = self.config
        q, do, lse = (self.rows_of(name, block) for name in ("Q", "dO", "LSE"))
        s = q @ self.keys_of("K", j).T * np.float32(c.scale)
        if c.causal:
            row, column = block % c.row_blocks * c.block_m + np.arange(len(q)), j * c.block_n + np.arange(s.shape[1])
            s = np.where(row[:, None] + c.seq_k - c.seq_q >= column, s, np.float32(-np.inf))
        p = np.exp(s - np.where(np.isinf(lse), np.inf, lse)[:, None].astype(np.float32))  # a row that sees no key has weights of 0
        d = (do * self.rows_of("O", block)).sum(1)
        dp = do @ self.keys_of("V", j).T
        return Tile(s, p, dp, d, p * (dp - d[:, None]))

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """As P and dS go into a product: in the inputs' dtype."""
        return np.asarray(values.astype(self.given["Q"].dtype), np.float32)

    @cached_property
    def followed(self) -> Tile:
        """The tile that is shown."""
        return self.tile(self.row_block, self.key_tile)

    @cached_property
    def whole(self) -> Tile:
        """The followed row block over all keys that it sees, tile beside tile."""
        tiles = [self.tile(self.row_block, j) for j in self.programs]
        s, p, dp, ds = (np.concatenate([getattr(tile, name) for tile in tiles], 1) for name in ("s", "p", "dp", "ds"))
        return Tile(s, p, dp, self.followed.d, ds)

    @cached_property
    def own(self) -> slice:
        """Keys of the followed tile, in ``whole``."""
        before = sum(len(self.keys_of("K", j)) for j in self.programs if j < self.key_tile)
        return slice(before, before + len(self.keys_of("K", self.key_tile)))

    @cached_property
    def row(self) -> int:
        """The row of the tile that is looked at: in which 0, D, and dP of the tile's heaviest key stand furthest apart for its range."""
        heaviest, rows = self.followed.p.argmax(1), np.arange(len(self.followed.p))
        apart = np.minimum(self.followed.d, self.followed.dp[rows, heaviest] - self.followed.d)
        return int((apart / np.maximum(np.abs(self.whole.dp).max(1), np.float32(1e-30))).argmax())

    @property
    def key(self) -> int:
        """Of the tile, the one with the largest weight in that row."""
        return int(self.followed.p[self.row].argmax())

    @cached_property
    def weighed(self) -> tuple[np.ndarray, np.ndarray]:
        """[rows] weights of that key, as they go into the product, and [rows, d] rows of dO, each times its own: the sum is dV."""
        weights = self.rounded(self.followed.p[:, self.key])
        return weights, weights[:, None] * self.rows_of("dO", self.row_block)

    def query(self, row: int) -> int:
        """Of a row of the tile, in its head."""
        return self.row_block % self.config.row_blocks * self.config.block_m + row

    @property
    def written(self) -> list[int]:
        """The row that is looked at, and others in which that key weighs most, in their order."""
        others = [int(row) for row in np.argsort(-self.weighed[0], kind="stable") if row != self.row]
        return sorted([self.row, *others[:OTHER_ROWS]])

    def gained(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """What a row block adds to dK_j and to dV_j of the followed key tile [keys, d]."""
        tile = self.tile(block, self.key_tile)
        dk = self.rounded(tile.ds).T @ self.rows_of("Q", block) * np.float32(self.config.scale)
        return dk, self.rounded(tile.p).T @ self.rows_of("dO", block)

    def times(self, seed: int) -> dict[tuple[int, int], float]:
        """When each program comes to each row block, as a share of the time; the followed one was there before all others run at once."""
        return arrivals(self.walks, seed) | {(block, self.key_tile): 0.0 for block in self.walks[self.key_tile]}

    def order(self, block: int, seed: int) -> list[int]:
        """The programs that add to a row block, as they come; paces are drawn by ``seed``."""
        when = self.times(seed)
        return sorted((j for row, j in when if row == block), key=lambda j: when[block, j])

    @cached_property
    def drawn(self) -> tuple[list[int], list[int]]:
        """An order in which programs add to the followed row block, and the same but for the last two, who meet: the other one is first."""
        first = self.order(self.row_block, self.config.seed)
        return first, [*first[:-2], *first[:-3:-1]]

    @cached_property
    def parts(self) -> np.ndarray:
        """[programs, rows, d] what each program adds to dQ of the followed row block, float32."""
        scale = np.float32(self.config.scale)
        return np.stack([self.rounded(self.tile(self.row_block, j).ds) @ self.keys_of("K", j) * scale for j in self.programs])

    @cached_property
    def orders(self) -> tuple[np.ndarray, np.ndarray]:
        """[rows, d] their sum in float32, in either order."""
        first, last = (added(self.in_order(self.parts, order)) for order in self.drawn)
        return first, last

    def in_order(self, parts: np.ndarray, order: Sequence[int]) -> np.ndarray:
        """[programs, ...] parts as these programs come."""
        return parts[[self.programs.index(j) for j in order]]

    @cached_property
    def number(self) -> tuple[int, int]:
        """Row and column of a number of dQ that the order changes; of those the one whose smallest term is the largest."""
        first, last = self.orders
        parts = self.in_order(self.parts, self.drawn[0])
        sizes = np.abs([added(parts[:-2]), *parts[-2:]])
        least = np.where(first != last, sizes.min(0), -1.0)
        row, column = np.unravel_index(int(least.argmax()), least.shape)
        return int(row), int(column)

    @cached_property
    def steps(self) -> list[np.ndarray]:
        """In either order, of that number: what dQ holds, the part that comes, their sum, the other part, and the sum at the end."""
        written = []
        for order in self.drawn:
            parts = self.in_order(self.parts, order)[(slice(None), *self.number)]
            sums = [added(parts[:count]) for count in range(len(parts) - 2, len(parts) + 1)]
            written.append(np.array([sums[0], parts[-2], sums[1], parts[-1], sums[2]], np.float32))
        return written

    @property
    def exact(self) -> str:
        """What the three that are added come to: three float32 are added in float64, which is written to the last place of any part."""
        line, (held, one, _, other, _) = aligned(self.steps)[0][0], self.steps[0].astype(np.float64)
        return f"{held + one + other:{len(line)}.{len(line.partition('.')[2])}f}".replace("-", "−")

    @property
    def differ(self) -> int:
        """How many numbers of dQ's tile the order changes."""
        return int((self.orders[0] != self.orders[1]).sum())

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Without a second program nothing is shared; where no order changes a bit, none is shown."""
        left_out = {"order"} if self.differ == 0 else set()
        if len(self.programs) < 2:
            left_out = {"shared", "order", "recap"}
        return tuple(beat for beat in BEATS if beat.name not in left_out)

    @property
    def said(self) -> dict[str, str]:
        """What the braces of the captions stand for, and every number on screen."""
        said = {
            "query": f"{self.query(self.row)}",
            "weight": number(float(self.followed.p[self.row, self.key])),
            "gradient": number(float(self.followed.dp[self.row, self.key]), 2),
            "mean": number(float(self.followed.d[self.row]), 2),
            "part": number(float(self.followed.ds[self.row, self.key]), 2),
        }
        if len(self.programs) > 1:
            lines = aligned(self.steps)
            said |= {f"{side} {at}": text for side, texts in zip(("first", "last"), lines, strict=True) for at, text in enumerate(texts)}
            said |= {f"{side} {len(lines[0])}": self.exact for side in ("first", "last")}
        return said


def added(parts: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """One after the other, each sum rounded to float32."""
    total = np.zeros_like(parts[0])
    for part in parts:
        total = total + part
    return np.asarray(total, np.float32)


def digits(*numbers: np.float32) -> list[str]:
    """float32 numbers with as many decimals as tell each from every other."""
    places = max(1, *(len(np.format_float_positional(each, unique=True).partition(".")[2]) for each in numbers))
    return [f"{float(each):.{places}f}".replace("-", "−") for each in numbers]


def aligned(steps: Sequence[np.ndarray]) -> list[list[str]]:
    """Sums and what is added in turn, of each [5], as text with the points one beneath the other; sums have equally many decimals."""
    sums = digits(*np.concatenate([each[::2] for each in steps]))
    texts = []
    for at, each in enumerate(steps):
        lines = sums[3 * at : 3 * at + 3]
        for place, part in ((1, each[1]), (3, each[3])):
            lines.insert(place, ("−" if part < 0 else "+") + digits(abs(part))[0])
        texts.append(lines)
    whole, rest = (max(len(line.lstrip("+−").split(".")[side]) for lines in texts for line in lines) for side in (0, 1))
    return [[pointed(line, whole, rest) for line in lines] for lines in texts]


def pointed(text: str, whole: int, rest: int) -> str:
    """A number with its sign in front, filled with blanks to so many digits before and after its point."""
    sign = text[0] if text[0] in "+−" else " "
    before, after = text.lstrip("+−").split(".")
    return f"{sign}{before:>{whole}}.{after:<{rest}}"


def products(trace: Trace) -> list[str]:
    """What the products that were executed on a pair of tiles make, in the order of the statements."""
    executed = set(np.unique(trace.columns["kind"]).tolist())
    return [
        statement.makes.name for statement in trace.header.statements
        if statement.op == Op.DOT and statement.makes is not None and statement.code in executed
    ]  # fmt: skip


def gather(config: AttentionConfig, source: str | None, run: Callable[..., Any], given: Given) -> Backward:
    """Record the backward pass of the forward pass that the films follow.

    Args:
        run: ``flashviz_kernels.recorder.run``.
        given: ``flashviz_kernels.differentiating.inputs``.

    Raises:
        ConfigError: There is no key, or none that any row sees.
        TraceError: What was given is not what the trace was recorded with.
    """
    forward = gather_forward(config, source, run)
    trace = run(config, source=source, algorithm="backward").trace
    arrays = given(config)
    if trace.header.inputs_hash != inputs_hash(arrays.values()):
        raise TraceError("expected the inputs that the backward pass ran with, got others; hand in those of the same config")
    return Backward(forward, trace, arrays)
