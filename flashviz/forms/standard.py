"""Standard attention in tiles: Q once; K and V once a row block; S and P written and read, in the inputs' dtype."""

from __future__ import annotations

from flashviz.config import AttentionConfig
from flashviz.forms import Form, Traffic
from flashviz.visits import unmasked_of

A_BLOCK, A_TILE = 1 + 3 + 1, 3 + 2 + 3  # events in its three launches; MASK is one more of a tile


def moved(c: AttentionConfig) -> Traffic:
    """Read N_q d e + 2 T_r N_k d e + 2 N_q N_k e, write 2 N_q N_k e + N_q d e, a head."""
    copies, row = c.batch * c.heads, c.head_dim * c.itemsize
    rows, keys, scores = copies * c.seq_q * row, copies * c.seq_k * row * c.row_blocks, extra(c) // 2
    return Traffic.of({"Q": rows, "K": keys, "V": keys, "S": scores, "P": scores}, {"S": scores, "P": scores, "O": rows})


def flops(c: AttentionConfig) -> int:
    """Two products, each of 2 d operations a score: every tile is computed."""
    return 4 * c.head_dim * c.batch * c.heads * c.seq_q * c.seq_k


def extra(c: AttentionConfig) -> int:
    """S and P."""
    return 2 * c.batch * c.heads * c.seq_q * c.seq_k * c.itemsize


def events(c: AttentionConfig, _altered: str | None = None) -> int:
    """Every tile is computed, and those that are not wholly seen are masked."""
    tiles = c.row_blocks * c.col_blocks
    return c.batch * c.heads * (A_BLOCK * c.row_blocks + A_TILE * tiles + tiles - unmasked_of(c))


FORM = Form(title="Standard attention", moved=moved, flops=flops, extra=extra, events=events)
