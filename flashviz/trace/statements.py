"""Statements: what an event did, said once in the header by whoever recorded it. Nothing is concluded from a name."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from flashviz.errors import TraceError

Memory = Literal["HBM", "SMEM", "REG"]
BLANK = re.compile(r"\{(\w*)\}")
BLANKS = frozenset({"i", "j", "bytes", "scores"})  # what a page fills in: tiles, bytes moved, elements worked on
MOST = 1 << 15  # statements of a kernel: their codes are int16


class Op(enum.IntEnum):
    """What a statement does. The numbers are part of the file format: they are never reused."""

    LOAD = 0
    STORE = 1
    ATOMIC = 2  # reads and writes
    DOT = 3
    REDUCE = 4
    SCAN = 5
    ATOMIC_LOAD = 6  # a compare-and-swap that found another value: it only reads
    COMPUTE = 7  # element by element


READS = frozenset({Op.LOAD, Op.ATOMIC, Op.ATOMIC_LOAD})
WRITES = frozenset({Op.STORE, Op.ATOMIC})


class Product(msgspec.Struct, frozen=True):
    """What a statement leaves on chip: its name, where it lies, and bytes an element there.

    With ``gathers`` a tile joins those of the same product that came before it, column by column, instead of taking their place.
    """

    name: str
    memory: Literal["SMEM", "REG"]
    itemsize: int
    gathers: bool = False


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a kernel. An event says that it was executed, where, and by whom.

    Args:
        code: What events call it by; unique in a trace.
        name: What people call it.
        op: What it does.
        launch: The launch whose programs execute it; -1 where several do.
        line: Its source line.
        file: Index of the traced file; -1 where the statement stands in none.
        tensor: What it reads from or writes to HBM; None where it does neither.
        makes: What it leaves on chip, taking the place of what had that name; None where it leaves nothing.
        frees: Products that nobody needs once it has run.
        dims: Of a dot m, n and k, of a reduction the block's sides, as the kernel's constants are named.
        says: The same as a sentence without its full stop, in which {i}, {j}, {bytes} and {scores} are filled in.

    Raises:
        TraceError: It contradicts itself.
    """

    code: int
    name: str
    op: Op
    launch: int
    line: int
    file: int = 0
    tensor: str | None = None
    makes: Product | None = None
    frees: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()
    says: str

    def __post_init__(self) -> None:
        """Refuse what no recorder writes: from a file."""
        moves = self.op in READS or self.op in WRITES
        rules = {
            f"a code from 0 to {MOST - 1}": 0 <= self.code < MOST,
            "a launch from -1 on": -1 <= self.launch < 1 << 31,
            "a tensor where HBM is read or written, and nowhere else": moves == (self.tensor is not None),
            "elements of 1 to 16 bytes": self.makes is None or 1 <= self.makes.itemsize <= 16,
            f"no blanks but {', '.join(sorted(BLANKS))}": BLANKS.issuperset(BLANK.findall(self.says)),
        }
        for expected, holds in rules.items():
            if not holds:
                raise TraceError(f"a statement must have {expected}, got {self.name[:80]!r} with code {self.code}; record again")

    @property
    def reads(self) -> bool:
        """HBM -> chip."""
        return self.op in READS

    @property
    def writes(self) -> bool:
        """Chip -> HBM."""
        return self.op in WRITES

    @property
    def subject(self) -> str:
        """The tensor that it moves; of arithmetic, what it makes."""
        return self.tensor or (self.makes.name if self.makes is not None else "")


def check_statements(statements: Sequence[Statement]) -> None:
    """Refuse statements that contradict each other: of one code, or with a product that lies in two memories or that none makes.

    Raises:
        TraceError: With the first such statement.
    """
    seen: set[int] = set()
    memories: dict[str, str] = {}
    for statement in statements:
        product = statement.makes
        if statement.code in seen or (product is not None and memories.setdefault(product.name, product.memory) != product.memory):
            raise TraceError(
                f"statements must have codes of their own and a product one memory, got {statement.name[:80]!r} "
                f"with code {statement.code}; record again"
            )
        seen.add(statement.code)
    unknown = next((gone for statement in statements for gone in statement.frees if gone not in memories), None)
    if unknown is not None:
        raise TraceError(f"statements must free what one of them makes, got {unknown[:80]!r}; record again")
