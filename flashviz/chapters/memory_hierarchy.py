"""MemoryHierarchyScene: quoted sizes and bandwidths, and the ratios between them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise

from flashviz.citations import A100_MEMORIES, H100_MEMORIES, Hierarchy
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("three", "Three memories", 9, fresh=True, caption="Three memories, and each is small where it is fast."),
    Beat("speed", "Bandwidth", 13, fresh=True, caption=
         "Bandwidth: {sram} moves {fast} × what {hbm} does, {hbm} {slow} × what {dram} does."),
    Beat("size", "Capacity", 13, fresh=True, still=1.0, caption=
         "Capacity: {hbm} holds {large} × what {sram} holds, {dram} at least {larger} × that."),
    Beat("pause", "Question", 4, pause=True, still=0.0, caption="Where should a score be kept that is used once?"),
    Beat("later", "A later GPU", 12, fresh=True, caption=
         "A later GPU is faster on chip and off it. On chip it still moves {now} × what its HBM does."),
)  # fmt: skip
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def bytes_of(text: str) -> float:
    """Bytes, or bytes a second, of a quoted figure such as ``1.5 TB/s`` or ``> 1 TB``.

    Raises:
        ValueError: There is no figure with a unit in it.
    """
    found = re.search(r"([\d.]+) ([KMGT]?i?B)\b", text)
    if found is None:
        raise ValueError(f"expected a figure with its unit, got {text!r}; write it as 1.5 TB/s")
    return float(found.group(1)) * UNITS[found.group(2)]


def ratio(large: str, small: str) -> str:
    """How many times as much, as whole numbers or, below 10, to one decimal."""
    times = bytes_of(large) / bytes_of(small)
    return f"{times:,.0f}" if times >= 10 else f"{times:.1f}"


@dataclass(frozen=True)
class Compared:
    """The levels of a hierarchy: share 0..1 of the largest value, and how far each falls short of the level before it."""

    hierarchy: Hierarchy

    @property
    def speeds(self) -> tuple[float, ...]:
        """Bandwidth of each level, as a share of the fastest's."""
        found = [bytes_of(memory.speed) for memory in self.hierarchy.memories]
        return tuple(speed / max(found) for speed in found)

    @property
    def sides(self) -> tuple[float, ...]:
        """Sides of two squares whose areas are the capacities of neighbouring levels, smaller over larger, largest pair first.

        Of ``> 1 TB`` what is sure.
        """
        found = [bytes_of(memory.size) for memory in self.hierarchy.memories]
        return tuple(math.sqrt(small / large) for small, large in pairwise(found))[::-1]

    @property
    def enlarged(self) -> tuple[str, ...]:
        """What is said of a level that is drawn anew as large as the level above it was."""
        levels = self.hierarchy.memories
        return tuple(f"drawn {ratio(large.size, small.size)} × larger" for small, large in pairwise(levels[1:]))[::-1]

    @property
    def falls(self) -> tuple[str, ...]:
        """What stands beside each level's bandwidth: nothing beside the first."""
        pairs = pairwise(self.hierarchy.memories)
        return ("", *(f"{before.name} moves {ratio(before.speed, after.speed)} × as much" for before, after in pairs))

    @property
    def citation(self) -> str:
        """Device and source, and what the figures count."""
        return f"{self.hierarchy.device}, quoted: {self.hierarchy.quote.citation}. {self.hierarchy.remark}"


def said() -> dict[str, str]:
    """What the captions say."""
    sram, hbm, dram = A100_MEMORIES.memories
    first, *_, last = H100_MEMORIES.memories
    return {
        "sram": sram.name, "hbm": hbm.name, "dram": dram.name, "fast": ratio(sram.speed, hbm.speed), "slow": ratio(hbm.speed, dram.speed),
        "large": ratio(hbm.size, sram.size), "larger": ratio(dram.size, hbm.size), "now": ratio(first.speed, last.speed),
    }  # fmt: skip
