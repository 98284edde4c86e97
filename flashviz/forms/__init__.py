"""Closed forms of attention's algorithms: bytes, FLOPs and events by formula, knowing nothing of a recording. Each file is one, ``FORM``.

The IO model: logical transfers between HBM and the chip, visited tiles, clipped at N_q and N_k, counted per query head. Caches are not
counted: a K or V tile counts each time that it is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.visits import scores_visited

BASELINE = "standard"  # what the others are compared with
FLOAT32 = 4
NAMES = tuple(sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py")))


@dataclass(frozen=True)
class Traffic:
    """Bytes read from and written to HBM, by tensor."""

    read: dict[str, int]
    written: dict[str, int]

    @classmethod
    def of(cls, read: Mapping[str, int], written: Mapping[str, int]) -> Traffic:
        """Without tensors that never cross: they are not in a trace either."""
        return cls({t: n for t, n in read.items() if n}, {t: n for t, n in written.items() if n})

    @property
    def total_read(self) -> int:
        return sum(self.read.values())

    @property
    def total_written(self) -> int:
        return sum(self.written.values())

    @property
    def total(self) -> int:
        return self.total_read + self.total_written


@dataclass(frozen=True, kw_only=True)
class Form:
    """An algorithm by formula.

    Args:
        title: What it is called in full.
        moved: Of a config: bytes that cross.
        flops: Of a config: operations of its products.
        extra: Of a config: bytes kept in HBM beyond Q, K, V and O.
        events: Of a config, and of the words of what was altered or None: how many a recording has.
        carried: Tensors that go out and come back within one launch: a perfect cache keeps them on chip until the end.
    """

    title: str
    moved: Callable[[AttentionConfig], Traffic]
    flops: Callable[[AttentionConfig], int]
    extra: Callable[[AttentionConfig], int]
    events: Callable[[AttentionConfig, str | None], int]
    carried: frozenset[str] = frozenset()


def flops_visited(config: AttentionConfig) -> int:
    """Two products, each of 2 d operations a score of a visited tile."""
    return 4 * config.head_dim * config.batch * config.heads * scores_visited(config)


def form_of(algorithm: str) -> Form:
    """The one of a name.

    Raises:
        ConfigError: There is none.
    """
    if algorithm not in NAMES:
        raise ConfigError(
            f"algorithm must be one of {', '.join(NAMES)}, got {algorithm[:80]!r}; another has a closed form of its own"
        )  # fmt: skip
    found: Form = importlib.import_module(f"{__name__}.{algorithm}").FORM
    return found


def closed_form(config: AttentionConfig, algorithm: str) -> Traffic:
    """Bytes that an algorithm must move.

    Raises:
        ConfigError: No such algorithm.
    """
    return form_of(algorithm).moved(config)


def compulsory(config: AttentionConfig, algorithm: str) -> Traffic:
    """The same with a perfect cache: every tensor that is stored in HBM crosses once a direction.

    For standard attention with one head and N_q = N_k = N: 4 N d + 4 N^2 elements.

    Raises:
        ConfigError: No such algorithm.
    """
    form, once = form_of(algorithm), closed_form(config, algorithm)
    row = config.head_dim * config.itemsize
    queries = config.batch * config.heads * config.seq_q
    keys = config.batch * config.kv_heads * config.seq_k * row
    scores = queries * config.seq_k * config.itemsize
    size = {
        "Q": queries * row, "K": keys, "V": keys, "O": queries * row, "S": scores, "P": scores,
        "LSE": queries * FLOAT32, "L": queries * FLOAT32, "M": queries * FLOAT32,
    }  # fmt: skip
    return Traffic(
        {tensor: min(size[tensor], moved) for tensor, moved in once.read.items() if tensor not in form.carried},
        {tensor: min(size[tensor], moved) for tensor, moved in once.written.items()},
    )


def hbm_extra(config: AttentionConfig, algorithm: str) -> int:
    """Bytes that an algorithm keeps in HBM beyond Q, K, V and O.

    Raises:
        ConfigError: No such algorithm.
    """
    return form_of(algorithm).extra(config)
