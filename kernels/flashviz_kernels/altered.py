"""FlashAttention-2 with one thing changed, for what is learnt from it: without the rescale, or with key tiles in another order.

Traces of their own, kept out of ``record``: their header says what was altered, and neither ``verify`` nor a film takes them for the
algorithm. What is changed are options of its twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.forms.fa2 import NO_RESCALE
from flashviz_kernels.algorithms.fa2 import ALGORITHM, in_words
from flashviz_kernels.recorder import Run, programs_of, run

ORDERS = 64  # that are tried

Program = tuple[int, int]


def without_rescale(config: AttentionConfig, snapshots: Iterable[Program] | None = None) -> Run:
    """The algorithm without alpha: l and acc keep terms that were measured from older maxima. Right only where no max rises.

    Args:
        config: The problem; its inputs are made by its own recipe.
        snapshots: Programs whose values are kept; None for all.
    """
    return _run(config, NO_RESCALE, snapshots)


def in_order(config: AttentionConfig, order: Sequence[int], snapshots: Iterable[Program] | None = None) -> Run:
    """The algorithm with key tiles visited in ``order``: the same O up to rounding, and the same bytes.

    Raises:
        UsageError: ``order`` is not every key tile once.
    """
    return _run(config, in_words(order), snapshots)


def _run(config: AttentionConfig, altered: str, snapshots: Iterable[Program] | None) -> Run:
    programs = programs_of(config) if snapshots is None else snapshots
    return run(config, source="numpy", algorithm=ALGORITHM, snapshots=programs, altered=altered)


def shuffled(scores: np.ndarray, block_n: int) -> list[int]:
    """The first random order of key tiles that begins elsewhere and in which a row with these ``scores`` [N_k] rises again later.

    Where there is none (one tile, or the row sees one alone), the reverse.
    """
    peaks = [float(scores[at : at + block_n].max()) for at in range(0, len(scores), block_n)]
    for seed in range(ORDERS):
        order = [int(j) for j in np.random.default_rng(seed).permutation(len(peaks))]
        if order[:1] != [0] and peaks[order[0]] < max(peaks):
            return order
    return list(range(len(peaks)))[::-1]
