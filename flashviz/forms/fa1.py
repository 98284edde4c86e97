"""FlashAttention, Algorithm 1: K and V once; Q, O, l, m once a visited tile pair; O, l, m also initialised."""

from __future__ import annotations

from flashviz.config import AttentionConfig
from flashviz.forms import FLOAT32, Form, Traffic, flops_visited
from flashviz.visits import rows_visited, unmasked_of, visits_of

A_BLOCK, A_KEY_TILE, A_VISIT = 3, 2, 15  # events; MASK is one more of a visit


def moved(c: AttentionConfig) -> Traffic:
    """Read 2 N_k d e + visited rows x (2 d e + 8), write (N_q + visited rows)(d e + 8), a head."""
    copies, row = c.batch * c.heads, c.head_dim * c.itemsize
    keys, visits, initial = copies * c.seq_k * row, copies * rows_visited(c), copies * c.seq_q
    read = {"Q": visits * row, "K": keys, "V": keys, "O": visits * row, "L": visits * FLOAT32, "M": visits * FLOAT32}
    ends = initial + visits
    return Traffic.of(read, {"O": ends * row, "L": ends * FLOAT32, "M": ends * FLOAT32})


def extra(c: AttentionConfig) -> int:
    """l and m."""
    return 2 * c.batch * c.heads * c.seq_q * FLOAT32


def events(c: AttentionConfig, _altered: str | None = None) -> int:
    """Tiles that are not wholly seen are masked."""
    visits = visits_of(c)
    a_head = A_BLOCK * c.row_blocks + A_KEY_TILE * c.col_blocks + A_VISIT * visits + visits - unmasked_of(c)
    return c.batch * c.heads * a_head


FORM = Form(title="FlashAttention-1", moved=moved, flops=flops_visited, extra=extra, events=events, carried=frozenset({"O", "L", "M"}))
