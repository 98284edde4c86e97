"""Hypothesis strategies: any valid configuration, small enough to interpret."""

from __future__ import annotations

from hypothesis import strategies as st

from flashviz.config import AttentionConfig

HEAD_DIMS = (16, 24, 40, 64, 72, 128)


@st.composite
def configs(draw: st.DrawFn, *, longest: int = 80) -> AttentionConfig:
    """Batch, grouped heads, ragged and unequal lengths, no keys at all, causal or not, every dtype, odd head dims and scales."""
    kv_heads = draw(st.integers(1, 2))
    return AttentionConfig(
        batch=draw(st.integers(1, 2)),
        heads=kv_heads * draw(st.integers(1, 2)),
        kv_heads=kv_heads,
        seq_q=draw(st.integers(1, longest)),
        seq_k=draw(st.integers(0, longest)),
        head_dim=draw(st.sampled_from(HEAD_DIMS)),
        block_m=draw(st.sampled_from((16, 32, 64))),
        block_n=draw(st.sampled_from((16, 32, 64))),
        dtype=draw(st.sampled_from(("float16", "bfloat16", "float32"))),
        causal=draw(st.booleans()),
        scale=draw(st.sampled_from((0.125, 1.0, 0.02, -0.1))),
        inputs=draw(st.sampled_from(("structured", "gaussian"))),
        seed=draw(st.integers(0, 1000)),
    )
