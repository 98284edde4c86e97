"""Attention as torch differentiates it, whole rows at once, in the dtype that it is given: what gradients are held to."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


def attention(q: Any, k: Any, v: Any, *, scale: float, causal: bool) -> Any:
    """softmax(scale Q K^T) V of tensors; causal is aligned bottom-right, and a row that sees no key gives 0."""
    torch = sys.modules["torch"]
    group, (n_q, n_k) = q.shape[1] // k.shape[1], (q.shape[2], k.shape[2])
    s = q @ k.repeat_interleave(group, 1).mT * scale
    if causal:
        s = s.masked_fill(~torch.ones(n_q, n_k, dtype=torch.bool, device=q.device).tril(n_k - n_q), -torch.inf)
    sees = ~torch.isneginf(s).all(-1, keepdim=True)
    return torch.where(sees, torch.softmax(torch.where(sees, s, 0.0), -1), 0.0) @ v.repeat_interleave(group, 1)


def gradients(tensors: Iterable[Any], *, scale: float, causal: bool) -> tuple[Any, ...]:
    """dQ, dK and dV of Q, K, V and dO by torch.autograd."""
    torch = sys.modules["torch"]
    *given, d_o = tensors
    learning = [each.detach().clone().requires_grad_() for each in given]
    found: tuple[Any, ...] = torch.autograd.grad(attention(*learning, scale=scale, causal=causal), learning, d_o)
    return found
