"""OnlineSoftmaxScene: parts of a row merge, in any order, to the same max and sum. What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from typing import Any, NamedTuple

import numpy as np

from flashviz.citations import ONLINE_SOFTMAX
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import number, total
from flashviz.storyboard import Beat, follow_in
from flashviz.trace import Trace, replay

BEATS: tuple[Beat, ...] = (
    Beat("row", "A row in tiles", 3.7, shot="merge", late=True, along=True, caption="One query's scores, tile by tile."),
    Beat("part", "The sum of a tile", 6.0, shot="merge", late=True, along=True, caption="Each score becomes a term; their sum is ℓ."),
    Beat("other", "Another tile", 3.5, shot="merge", late=True, along=True, caption="Another tile: its own max, its own ℓ."),
    Beat("values", "Rows of V", 6.2, shot="merge", late=True, along=True, caption="acc adds rows of V, each times its term."),
    Beat("term", "One term", 5.6, shot="merge", late=True, along=True, caption="One factor swaps the lower max for the larger one."),
    Beat("squeeze", "One max for both", 4.2, shot="merge", late=True, along=True, caption="The same factor shrinks ℓ and acc."),
    Beat("join", "One sum", 3.5, shot="merge", late=True, along=True, caption="From one max, ℓ and acc simply add."),
    Beat("lower", "A lower max", 4.0, shot="merge", late=True, along=True, caption="A lower max: the new sum shrinks, then adds."),
    Beat("higher", "A higher max", 5.3, shot="merge", late=True, along=True, caption="A higher max: now the sum so far shrinks."),
    Beat("low", "A low max", 3.8, shot="merge", late=True, along=True, caption="A large sum, a low max: next to nothing."),
    Beat("rest", "All tiles", 4.1, shot="merge", late=True, along=True, caption="All others: the lower max always yields."),
    Beat("all", "Another order", 6.4, shot="merge", late=True, along=True, caption="All {tiles} tiles, any order: the same m and ℓ."),
    Beat("once", "Divide once", 5.4, shot="merge", late=True, along=True, caption="Every score is read once; one division ends it."),
)  # fmt: skip
CITATION = f"{ONLINE_SOFTMAX.short}, arXiv {ONLINE_SOFTMAX.arxiv}"
FACTOR = 0.4  # of the sum that shrinks: the two parts that come nearest are shown, ...
NARROW = 4.0  # ... if both sums are as large
FOLLOWED = 0.75  # a term about as high is followed closely
NOTHING = 0.05  # of the whole sum: less is next to nothing
DIGITS = ((2, 3), (2, 4), (1, 3))  # decimals of sums and of the factor

Run = Callable[..., Any]


class Pair(NamedTuple):
    """Max m of some scores and l, the sum of e^(s - m) over them."""

    m: float
    l: float

    @property
    def written(self) -> tuple[str, str]:
        """m and l as they stand on screen."""
        return number(self.m), total(self.l)


def pair_of(scores: np.ndarray) -> Pair:
    """(m, l) of scores [keys], in float64; of none that is finite: (-inf, 0)."""
    scores = np.asarray(scores, dtype=np.float64)
    m = float(np.max(scores, initial=-np.inf))
    return Pair(m, float(np.exp(scores - m).sum()) if np.isfinite(m) else 0.0)


def merge(one: Pair, other: Pair) -> Pair:
    """m = max(m1, m2), l = l1 e^(m1 - m) + l2 e^(m2 - m) (Milakov & Gimelshein 2018, section 3.1)."""
    m = max(one.m, other.m)
    if not np.isfinite(m):
        return Pair(m, 0.0)
    return Pair(m, one.l * float(np.exp(one.m - m)) + other.l * float(np.exp(other.m - m)))


@dataclass(frozen=True)
class Part:
    """Some scores of the row [keys], their pair, the rows of V [keys, d] that they weigh, and of which keys of which tile they are."""

    scores: np.ndarray
    pair: Pair
    values: np.ndarray
    tile: int
    keys: np.ndarray

    @property
    def terms(self) -> np.ndarray:
        """[keys] e^(s - m): at most 1; of a masked key 0."""
        return np.asarray(np.exp(self.scores - self.pair.m))

    @property
    def acc(self) -> np.ndarray:
        """[d] rows of V, each times its term, added."""
        return np.asarray(self.terms @ self.values)


@dataclass(frozen=True)
class OnlineSoftmax:
    """The followed row.

    ``tiles`` and ``values``: its scores [keys] and their rows of V [keys, d], one array a tile that its program visits. ``end``: m and l of
    the trace after all. ``order``: first the tiles of ``parts``, then the others as they stand; ``path``: m and l after each in that
    order, merged in float64; ``backward``: after each, where the last tile of the row comes first. ``parts``: the two that are merged
    closely, in the row's order.
    """

    trace: Trace
    row: int  # of Q
    tiles: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]
    end: Pair
    order: tuple[int, ...]
    path: tuple[Pair, ...]
    backward: tuple[Pair, ...]
    parts: tuple[Part, Part]
    acc: np.ndarray  # [d] as the trace leaves it
    said: dict[str, str]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Where the row has one tile there is no other order of tiles; and not each row has a tile of each kind."""
        empty = {name for name, times in self.times.items() if not times}
        return tuple(beat for beat in BEATS if beat.name not in empty and (beat.name != "all" or len(self.tiles) > 1))

    @property
    def times(self) -> dict[str, range]:
        """When, in ``order``, the tiles come that each beat takes: until the max rises, the one that raises it, a large sum, the rest."""
        stop, start = len(self.order), len({part.tile for part in self.parts})
        rises = next((at for at in range(start, stop) if self.path[at].m > self.path[at - 1].m), None)
        first = min(start + 1, stop) if rises is None else rises
        low = first if rises is None else first + 1
        rest = low + 1 if low < stop and self.next_to_nothing(low) else low
        return {"lower": range(start, first), "higher": range(first, low), "low": range(low, rest), "rest": range(rest, stop)}

    def next_to_nothing(self, at: int) -> bool:
        """Whether a tile comes whose own sum is larger than all together and adds next to nothing."""
        new, whole = self.own(at), self.path[at]
        return new.l > whole.l and new.l * float(np.exp(new.m - whole.m)) < NOTHING * whole.l

    def own(self, at: int) -> Pair:
        """m and l of the tile that comes then, by itself."""
        return pair_of(self.tiles[self.order[at]])

    def acc_of(self, at: int, m: float) -> np.ndarray:
        """[d] rows of V of the tile that comes then, each times its term as ``m`` measures it."""
        scores, rows = self.tiles[self.order[at]], self.values[self.order[at]]
        return np.asarray(np.exp(scores - m) @ rows)

    @property
    def accs(self) -> list[np.ndarray]:
        """[d] acc after each tile."""
        return [np.sum([self.acc_of(before, pair.m) for before in range(at + 1)], axis=0) for at, pair in enumerate(self.path)]

    @property
    def key(self) -> int:
        """Which of the lower part's terms is followed closely: one about ``FOLLOWED`` high, if there is one whose digits check by hand."""
        terms = self.parts[self.lower].terms

        def rank(at: int) -> tuple[bool, float]:
            by_hand = read(number(terms[at])) * read(number(self.factor))
            return number(by_hand) != number(terms[at] * self.factor), abs(float(terms[at]) - FOLLOWED)

        return min(range(len(terms)), key=rank)

    @property
    def second(self) -> int:
        """Whose row of V comes after that one: the largest of the lower part's other terms that is less than 1."""
        terms = self.parts[self.lower].terms
        return max((at for at in range(len(terms)) if at != self.key or len(terms) == 1), key=lambda at: (terms[at] < 1, terms[at]))

    @property
    def lower(self) -> int:
        """Which of the two parts has the lower max, and shrinks."""
        return 0 if self.parts[0].pair.m < self.parts[1].pair.m else 1

    @property
    def factor(self) -> float:
        """e^(lower max - larger max)."""
        return float(np.exp(self.parts[self.lower].pair.m - self.parts[1 - self.lower].pair.m))

    @property
    def merged(self) -> Pair:
        """Of the two parts."""
        return merge(self.parts[0].pair, self.parts[1].pair)


def gather(config: AttentionConfig, source: str | None, run: Run) -> OnlineSoftmax:
    """The followed row's scores in its tiles, what the trace carried after each, and another order.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key, or the row sees but one.
    """
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for a softmax, got 0; there is nothing to attend to")
    trace = run(config, source=source, algorithm="fa2").trace
    chosen = follow_in(trace)
    values, row = replay(trace, chosen.program), chosen.row
    tiles = tuple(values.s[t, row, : len(values.k[t])].astype(np.float64) for t in range(len(values.j)))
    rows_of_v = tuple(v.astype(np.float64) for v in values.v)
    parts = chosen_parts(tiles, rows_of_v)
    order = tuple(dict.fromkeys([*(part.tile for part in parts), *range(len(tiles))]))
    path, backward = (tuple(accumulate((pair_of(tiles[t]) for t in each), merge)) for each in (order, range(len(tiles) - 1, -1, -1)))
    end = Pair(float(values.m_new[-1, row]), float(values.l_new[-1, row]))
    acc = np.asarray(values.acc_new[-1, row], dtype=np.float64)
    whole = chosen.program[0] * config.block_m + row
    found = OnlineSoftmax(trace, whole, tiles, rows_of_v, end, order, path, backward, parts, acc, {})
    one, other = parts[1 - found.lower].pair, parts[found.lower].pair
    sums, decimals = checked(other, one) or DIGITS[0]
    score, term = (float(each[found.key]) for each in (found.parts[found.lower].scores, found.parts[found.lower].terms))
    said = {
        "tiles": f"{len(tiles):,}", "m": number(one.m), "l": number(one.l, sums), "m_lower": number(other.m),
        "l_lower": number(other.l, sums), "factor": number(found.factor, decimals), "shrunk": number(other.l * found.factor, sums),
        "sum": number(found.merged.l, sums), "keys": f"{max(map(len, tiles)):,}", "score": number(score), "term": number(term),
        "new": number(term * found.factor), "second": number(float(found.parts[found.lower].terms[found.second])),
    }  # fmt: skip
    return replace(found, said=said)


def chosen_parts(tiles: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> tuple[Part, Part]:
    """Two tiles of the row, or two halves of its only tile: both sums wide, the factor near ``FACTOR``, digits that check by hand.

    Args:
        values: Of each tile, its rows of V [keys, d].

    Raises:
        ConfigError: The row sees but one key.
    """
    seen = [
        Part(tile[finite], pair_of(tile), rows[finite], at, np.flatnonzero(finite))
        for at, (tile, rows) in enumerate(zip(tiles, values, strict=True))
        if (finite := np.isfinite(tile)).any()
    ]
    if len(seen) == 1:
        halves = zip(*(np.array_split(each, 2) for each in (seen[0].scores, seen[0].values, seen[0].keys)), strict=True)
        seen = [Part(scores, pair_of(scores), rows, seen[0].tile, keys) for scores, rows, keys in halves if len(scores)]
    if len(seen) < 2:
        raise ConfigError("expected a row that sees two keys or more, so that there are two sums to merge, got one; take more keys")

    def rank(pair: tuple[Part, Part]) -> float:
        low, high = sorted((part.pair for part in pair), key=lambda one: one.m)
        factor = float(np.exp(low.m - high.m))
        narrow = min(low.l, high.l) < NARROW
        return abs(float(np.log(max(factor, 1e-300) / FACTOR))) + 2 * narrow + (checked(low, high) is None)

    return min(combinations(seen, 2), key=rank)


def checked(low: Pair, high: Pair) -> tuple[int, int] | None:
    """Decimals of sums and of the factor with which the digits on screen check by hand; None where none do."""
    factor = float(np.exp(low.m - high.m))
    scaled, whole = low.l * factor, merge(low, high).l
    for sums, decimals in DIGITS:
        product = read(number(low.l, sums)) * read(number(factor, decimals))
        added = read(number(scaled, sums)) + read(number(high.l, sums))
        if number(product, sums) == number(scaled, sums) and number(added, sums) == number(whole, sums):
            return sums, decimals
    return None


def read(text: str) -> float:
    """A number as it stands on screen."""
    return float(text.replace("−", "-"))
