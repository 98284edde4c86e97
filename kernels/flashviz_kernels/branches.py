"""Which branch a twin takes where a value decides which statements run: its own, or the kernel's.

Kernel and twin sum in different orders, so that near its edge a decision may fall either way, and both are right. A kernel keeps the margin
of each decision, how far it lies from the edge; the twin takes the kernel's branch, unless rounding does not explain it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.errors import UsageError, VerificationError
from flashviz_kernels.algorithm import Algorithm, Named


@dataclass(frozen=True)
class Branches:
    """What a twin asks: ``taken(name, margin)``.

    Args:
        tolerance: By name of the array that keeps them, how far two computations of one margin may lie apart.
        margins: By that name, those that a kernel kept; where none ran, room for the twin's own.
        decided: Whether a kernel has.
    """

    tolerance: Mapping[str, float]
    margins: Mapping[str, np.ndarray]
    decided: bool

    def taken(self, name: str, margin: np.ndarray, at: Any = ...) -> np.ndarray:
        """Where the branch is taken, margin >= 0: by a kernel's margins, where one has kept them.

        Args:
            name: Of the array.
            margin: As the twin computes them, in the shape of what is decided.
            at: Which of the array's are decided, as NumPy's index; all.

        Raises:
            VerificationError: One of the kernel's lies further from the twin's than the tolerance; the first is named.
        """
        if not self.decided:
            self.margins[name][at] = margin
            return np.asarray(margin >= 0)
        kept = self.margins[name][at]
        with np.errstate(invalid="ignore"):  # of infinities, which are equal or are not
            near = (np.abs(kept - margin) <= self.tolerance[name]) | (kept == margin) | (np.isnan(kept) & np.isnan(margin))
        if not near.all():
            first, shape, allowed = int(np.argmin(near)), self.margins[name].shape, self.tolerance[name]
            numbers = np.arange(self.margins[name].size).reshape(shape)[at]
            place = ", ".join(map(str, np.unravel_index(numbers.flat[first], shape)))
            mine, its = (f"{np.broadcast_to(each, near.shape).flat[first]:.9g}" for each in (margin, kept))
            raise VerificationError(f"expected {name}[{place}] within {allowed:.3g} of the twin's {mine}, got {its}; mend kernel or twin")
        return np.asarray(kept >= 0)


def options_of(algorithm: Algorithm, config: Any, inputs: Named, written: Mapping[str, np.ndarray] | None) -> dict[str, Branches]:
    """What the twin takes besides: ``branches``, where a value decides.

    Args:
        algorithm: What the twin is of.
        config: Its problem.
        inputs: Its inputs.
        written: Arrays as its kernels left them, the margins among them; None where none ran.

    Raises:
        UsageError: There are other margins than the algorithm's.
    """
    if algorithm.by_value is None:
        return {}
    tolerance, room = algorithm.by_value(inputs, config), algorithm.given(config, inputs)
    found = room if written is None else written
    for name in tolerance:
        if name not in room or name not in found or room[name].shape != found[name].shape:
            expected, got = (each[name].shape if name in each else "none" for each in (room, found))
            raise UsageError(f"{algorithm.name} decides by {name} of its arrays, {expected}, got {got}; keep them, or record again")
    return {"branches": Branches(tolerance, {name: found[name] for name in tolerance}, decided=written is not None)}
