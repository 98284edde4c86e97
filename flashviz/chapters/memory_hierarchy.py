"""MemoryHierarchyScene: memories of one machine, how much flows out of each and how much each holds. What is shown, before it is drawn."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from flashviz.citations import H100_MEMORIES, SHARED_PER_BLOCK, Hierarchy, Memory
from flashviz.config import AttentionConfig
from flashviz.device import SMS
from flashviz.figures import amount
from flashviz.memory import tile_bytes
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("pipes", "Bandwidths", 5.0, shot="pipes", late=True, along=True, caption="An {device}. Each pipe is as wide as its bandwidth."),
    Beat("flow", "Equal flow", 4.8, shot="pipes", late=True, along=True, caption="At equal speed a wider pipe carries more."),
    Beat("hbm", "HBM", 6.4, shot="capacities", late=True, along=True, caption="HBM, the main memory, holds {hbm}. Areas are to scale."),
    Beat("l2", "L2", 3.2, shot="capacities", late=True, along=True, caption="L2 holds {l2}, for the whole chip."),
    Beat(
        "program", "One thread block", 6.4, shot="capacities", late=True, along=True,
        caption="Shared memory: {program} per thread block (program).",
    ),
    Beat(
        "scores", "Scores", 5.9, shot="capacities", late=True, along=True,
        caption="All scores of {n} tokens take {scores}: they do not fit.",
    ),
    Beat("tiles", "Tiles", 9.9, shot="capacities", late=True, along=True, caption="Cut into tiles: one each of Q, K, V and S fits."),
)  # fmt: skip
ON_SCREEN = {"GMEM": "HBM", "L2": "L2 cache", "SMEM": "shared memory", "used": "arithmetic"}
ARCH = "sm_90"  # of the machine that is quoted
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
PROGRAM = "shared memory, one thread block's", "shared memory"  # what a program may use, from long to short
ABREAST = 1.1  # of the side of a square of that area, whose longer side is 1.3
TENSORS = "QKV"  # whose tiles pass through shared memory


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
class MemoryHierarchy:
    """A machine as it is quoted, and the tiles that one program works on."""

    config: AttentionConfig
    hierarchy: Hierarchy = H100_MEMORIES

    @property
    def memories(self) -> tuple[Memory, ...]:
        """From the slowest to the fastest."""
        return self.hierarchy.memories[::-1]

    @property
    def flows(self) -> dict[str, float]:
        """Bandwidth of each memory, as a share of the fastest's."""
        most = max(bytes_of(memory.speed) for memory in self.memories)
        return {memory.name: bytes_of(memory.speed) / most for memory in self.memories}

    def times(self, memory: Memory) -> str:
        """Its bandwidth as a multiple of the slowest's."""
        slowest = self.memories[0]
        return f"{ratio(memory.speed, slowest.speed)} × {ON_SCREEN[slowest.name]}"

    @property
    def program(self) -> int:
        """Bytes of shared memory that one program may use."""
        return SMS[ARCH].shared_per_block

    @property
    def areas(self) -> tuple[tuple[str, str, float], ...]:
        """Name, size and bytes of what is zoomed past, largest first."""
        slow, cache = self.memories[:2]
        whole = [(ON_SCREEN[memory.name], memory.size, bytes_of(memory.size)) for memory in (slow, cache)]
        return (*whole, (PROGRAM[0], amount(self.program), float(self.program)))

    def next(self, index: int) -> tuple[str, str]:
        """How many of the next area fill one, to three digits."""
        (name, _, whole), (*_, smaller) = self.areas[index : index + 2]
        digits = max(0, math.floor(math.log10(whole / smaller)) - 2)
        return f"about {round(whole / smaller, -digits):,.0f}", f"of these fill {name.split()[0]}"

    @property
    def scores(self) -> int:
        """Bytes of all scores of a head."""
        return self.config.seq_q * self.config.seq_k * self.config.itemsize

    @property
    def matrix(self) -> tuple[str, str]:
        """Of what so many bytes are, from long to short."""
        count = f"{self.config.seq_q:,} × {self.config.seq_k:,} × {self.config.itemsize}"
        return f"{count} bytes", f"{count} B"

    @property
    def tiles(self) -> dict[str, int]:
        """Bytes of a tile of S, as large a part of it as it is of all scores, and of a tile of Q, of K and of V."""
        sizes, c = tile_bytes(self.config), self.config
        return {"S": c.block_m * c.block_n * c.itemsize, **{tensor: sizes[tensor] for tensor in TENSORS}}

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Without the last where squares of the tiles' areas do not stand side by side in what one program may use.

        And without the one before it where all scores would fit.
        """
        fits = sum(math.sqrt(size / self.program) for size in self.tiles.values()) <= ABREAST
        shown = {"scores": self.scores > self.program, "tiles": fits}
        return tuple(each for each in BEATS if shown.get(each.name, True))

    @property
    def said(self) -> dict[str, str]:
        """What the captions say."""
        main, cache = (memory.size for memory in self.memories[:2])
        shared = {"program": amount(self.program), "scores": amount(self.scores), "n": f"{self.config.seq_k:,}"}
        return {"device": self.hierarchy.device.split()[0], "hbm": main, "l2": cache, **shared}

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Sources, by the first beat that they stand in; each from long to short."""
        quoted = self.hierarchy.quote.citation
        return {
            "pipes": (f"{self.hierarchy.device}, the whole chip. {quoted}", f"{self.hierarchy.device}, whole chip. {quoted}", quoted),
            "program": (f"{amount(self.program)}: {SHARED_PER_BLOCK}", SHARED_PER_BLOCK.partition(",")[0]),
        }
