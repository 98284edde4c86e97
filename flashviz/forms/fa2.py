"""FlashAttention-2, Algorithm 1: Q and O once; K and V once a row block that visits them; LSE in float32."""

from __future__ import annotations

from flashviz.config import AttentionConfig
from flashviz.forms import FLOAT32, Form, Traffic, flops_visited
from flashviz.visits import keys_visited, unmasked_of, visits_of

A_BLOCK, A_VISIT = 4, 9  # events of a row block, and of each key tile that it visits
MASKED = A_VISIT + 1
NO_RESCALE = "broken on purpose: nothing is rescaled when the max rises"  # how a header says so


def moved(c: AttentionConfig) -> Traffic:
    """Read N_q d e + 2 d e x keys of visited tiles, write N_q d e + 4 N_q, a head."""
    copies, row = c.batch * c.heads, c.head_dim * c.itemsize
    rows, keys = copies * c.seq_q * row, copies * row * keys_visited(c)
    return Traffic.of({"Q": rows, "K": keys, "V": keys}, {"O": rows, "LSE": extra(c)})


def extra(c: AttentionConfig) -> int:
    """LSE."""
    return c.batch * c.heads * c.seq_q * FLOAT32


def events(c: AttentionConfig, altered: str | None = None) -> int:
    """Tiles that are not wholly seen are masked; without the rescale there is one event less a visit."""
    visits, unmasked = visits_of(c), unmasked_of(c)
    a_head = A_BLOCK * c.row_blocks + A_VISIT * unmasked + MASKED * (visits - unmasked)
    return c.batch * c.heads * (a_head - (visits if altered == NO_RESCALE else 0))


def most_events(c: AttentionConfig) -> int:
    """Of one program, at most: every tile visited and masked."""
    return A_BLOCK + MASKED * c.col_blocks


FORM = Form(title="FlashAttention-2", moved=moved, flops=flops_visited, extra=extra, events=events)
