"""Attention as torch differentiates it: once, by the kernels of the backward pass."""

# mypy: allow-untyped-calls, disable-error-code="misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from flashviz.errors import InputError

Forward = Callable[[Any, Any, Any], tuple[Any, Any]]  # q, k, v -> O, LSE
Backward = Callable[[Any, Any, Any, Any, Any, Any], tuple[Any, Any, Any]]  # q, k, v, O, LSE, dO -> dQ, dK, dV


def differentiable(forward: Forward, backward: Backward, q: Any, k: Any, v: Any) -> tuple[Any, Any]:
    """O and LSE by ``forward``; torch goes back through O by ``backward``, which is given O and LSE again: no score is kept."""
    o, lse = Attention.apply(forward, backward, q, k, v)
    return o, lse


class Attention(torch.autograd.Function):
    """O and LSE. No gradient comes through LSE: who asks for one is refused, since leaving it out would be wrong."""

    @staticmethod
    def forward(ctx: Any, forward: Forward, backward: Backward, q: Any, k: Any, v: Any) -> tuple[Any, Any]:
        o, lse = forward(q, k, v)
        ctx.save_for_backward(q, k, v, o, lse)
        ctx.backward_pass = backward
        ctx.set_materialize_grads(False)  # None, and not zeros, is what comes from an output that the loss does not depend on
        return o, lse

    @staticmethod
    def backward(ctx: Any, d_o: Any, d_lse: Any) -> tuple[Any, ...]:
        if d_lse is not None:
            raise InputError("a loss must depend on O alone to go back through flash_attention, got one of LSE too; use lse.detach()")
        if d_o is None:
            return (None,) * 5
        return None, None, *Gradients.apply(ctx.backward_pass, *ctx.saved_tensors, d_o)


class Gradients(torch.autograd.Function):
    """dQ, dK and dV, through which torch does not go back again."""

    @staticmethod
    def forward(ctx: Any, backward: Backward, *tensors: Any) -> tuple[Any, Any, Any]:  # noqa: ARG004  # as torch calls it
        dq, dk, dv = backward(*tensors)
        return dq, dk, dv

    @staticmethod
    def backward(ctx: Any, *_gradients: Any) -> tuple[Any, ...]:  # noqa: ARG004  # the same
        raise InputError(
            "flash_attention has first derivatives, got a second one asked for; "
            "detach the first ones, or take torch's scaled_dot_product_attention under sdpa_kernel(SDPBackend.MATH)"
        )
