"""FlashAttention-2's backward pass: a program owns dK_j and dV_j of a key tile, and all add to dQ by atomics. Kernels: ``backward``."""

from __future__ import annotations

from flashviz_kernels.differentiating import algorithm

ALGORITHM = algorithm("backward", atomic=True, deterministic="backward_deterministic")
