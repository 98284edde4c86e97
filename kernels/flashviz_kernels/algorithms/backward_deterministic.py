"""The backward pass whose sums have one order: dQ has a launch of its own, at seven products a pair of tiles instead of five."""

from __future__ import annotations

from flashviz_kernels.differentiating import algorithm

ALGORITHM = algorithm("backward_deterministic", atomic=False)
