"""Which branch a twin takes where a value decides which statements run: its own, or the kernel's.

Kernel and twin sum in different orders, so that near its edge a decision may fall either way, and both are right. A kernel keeps the margin
of each decision, how far it lies from the edge; the twin takes the kernel's branch, unless rounding does not explain it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.errors import VerificationError


@dataclass(frozen=True)
class Branches:
    """What a twin asks: ``taken(name, margin)``.

    Args:
        tolerance: By name of the array that keeps them, how far two computations of one margin may lie apart.
        kept: The margins that a kernel kept, by that name; None where no kernel ran.
    """

    tolerance: Mapping[str, float]
    kept: Mapping[str, np.ndarray] | None = None

    def taken(self, name: str, margin: np.ndarray) -> np.ndarray:
        """Where the branch is taken, margin >= 0: by a kernel's margins, where one has kept them.

        Args:
            name: Of the array.
            margin: As the twin computes them, in the shape of that array.

        Raises:
            VerificationError: One of the kernel's lies further from the twin's than the tolerance; the first is named.
        """
        if self.kept is None:
            return np.asarray(margin >= 0)
        kept = self.kept[name]
        with np.errstate(invalid="ignore"):  # of infinities, which are equal or are not
            near = (np.abs(kept - margin) <= self.tolerance[name]) | (kept == margin) | (np.isnan(kept) & np.isnan(margin))
        if not near.all():
            at = np.unravel_index(int(np.argmin(near)), near.shape)
            place, allowed = ", ".join(map(str, at)), self.tolerance[name]
            raise VerificationError(
                f"expected {name}[{place}] within {allowed:.3g} of the twin's {margin[at]:.9g}, got {kept[at]:.9g}; mend kernel or twin"
            )
        return np.asarray(kept >= 0)
