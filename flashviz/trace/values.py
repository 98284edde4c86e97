"""Values that a recording keeps of programs which keep a row block on chip: by program and visited tile."""

# l and O are the symbols of the papers

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stats:
    """m, l and alpha of every row after every visited tile t: [B * H, T_c, N_q] float32, NaN where a row block visits no t-th tile."""

    m: np.ndarray
    l: np.ndarray
    alpha: np.ndarray

    @classmethod
    def room(cls, copies: int, tiles: int, rows: int) -> Stats:
        """Nothing kept yet."""
        return cls(*(np.full((copies, tiles, rows), np.nan, np.float32) for _ in range(3)))

    def put(self, bh: int | slice, t: int | np.ndarray, first_row: int, m: np.ndarray, l_sum: np.ndarray, alpha: np.ndarray) -> None:
        """Keep [..., rows] of visited tile ``t``, of each row its own or of all one, from ``first_row`` on."""
        rows = np.arange(first_row, first_row + m.shape[-1])
        self.m[bh, t, rows], self.l[bh, t, rows], self.alpha[bh, t, rows] = m, l_sum, alpha


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Values of one program after each visited tile t, float32, natural-log units with the scale applied.

    m, l, alpha [T, rows]; s (masked), p [T, rows, B_c], whose columns beyond N_k mean nothing; acc [T, rows, d].
    """

    m: np.ndarray
    l: np.ndarray
    alpha: np.ndarray
    s: np.ndarray
    p: np.ndarray
    acc: np.ndarray
