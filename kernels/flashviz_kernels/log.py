"""What a twin writes its events into, and the values that it was asked to keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError, UsageError
from flashviz.trace import Snapshot, Statement, Stats
from flashviz.trace.recording import narrowed

Numbers = np.ndarray | list[int] | int
Box = Sequence[tuple[Numbers, Numbers]]
FIELDS = ("launch", "program", "step", "kind", "i", "j", "nbytes", "flops")  # of an event, besides its box
WIDE = ("nbytes", "flops")
TILED = {"program": "pid_m", "copy": "pid_bh", "start0": "r0", "stop0": "r1", "start1": "c0", "stop1": "c1"}

STATS_LIMIT = 256 << 20  # bytes
SNAPSHOT_LIMIT = 1 << 30
FLOAT32 = 4


def stats_bytes(config: AttentionConfig) -> int:
    """Bytes of m, l and alpha of every row after every key tile."""
    return 3 * FLOAT32 * config.batch * config.heads * config.col_blocks * config.seq_q


def fits_stats(config: AttentionConfig) -> bool:
    """Whether a recording of this config may keep statistics of all programs."""
    return stats_bytes(config) <= STATS_LIMIT


class EventLog:
    """Events of programs that run in lockstep: one entry a statement, for all programs that execute it.

    What differs between them is an array of that length. Each program counts its own steps, in each launch anew.

    Args:
        statements: What may be executed; a statement says in which launch.
        programs: Programs of each launch.
        copies: How often each of them is there, doing the same: once a head of attention. An entry stands for all.
            One number, or one a launch: a program may serve several heads.
        walks: One program of each copy does the work of all ``programs``, in the turns that ``in_turn`` gives them.
        apart: Values decide, so that copies do not do the same: an entry names program p of copy c by its number c * programs + p.

    Raises:
        FlashvizError: ``walks`` and ``apart`` are not told together.
    """

    def __init__(
        self, statements: Iterable[Statement], programs: Sequence[int],
        *, copies: int | Sequence[int] = 1, walks: bool = False, apart: bool = False,
    ) -> None:  # fmt: skip
        if walks and apart:
            raise FlashvizError("expected programs that walk, or that go apart, got both; number the walking ones themselves")
        self.launch_of = {statement.code: statement.launch for statement in statements}
        self.programs = tuple(programs)
        self.copies = (copies,) * len(self.programs) if isinstance(copies, int) else tuple(copies)
        self.walks = walks
        self.apart = apart
        self.numbered = [own * each if apart else own for own, each in zip(self.programs, self.copies, strict=True)]  # that entries name
        self.steps = [np.zeros(number, np.int32) for number in self.numbered]
        self.entries: list[tuple[Numbers, ...]] = []
        self.sizes: list[int] = []

    def __call__(
        self, code: int, programs: np.ndarray, box: Box,
        *, i: Numbers | None = None, j: Numbers = -1, nbytes: Numbers = 0, flops: Numbers = 0,
    ) -> None:  # fmt: skip
        """Note one statement: ``programs`` executed it, each once.

        Args:
            code: The statement's.
            programs: Their numbers in its launch, rising.
            box: What it worked on: start and stop along each axis of what it moves or makes.
            i: Row block, where it is not the program of its copy; -1 where there is none.
            j: Key tile; -1 where there is none.
            nbytes: What crossed between HBM and the chip.
            flops: Of a product.

        Raises:
            FlashvizError: No statement has the code.
        """
        launch = self.launch_of.get(code)
        if launch is None:
            raise FlashvizError(f"expected a statement of {', '.join(map(str, self.launch_of))}, got {code!r}; say what it does")
        steps = self.steps[launch]
        step = steps[programs]
        steps[programs] += 1
        sides = (side for axis in box for side in axis)
        own = programs % self.programs[launch] if i is None else i
        self.entries.append((launch, 0 if self.walks else programs, step, int(code), own, j, nbytes, flops, *sides))
        self.sizes.append(len(programs))

    @property
    def grids(self) -> list[tuple[int, int, int]]:
        """Programs of a copy, and copies, of each launch."""
        return [(1 if self.walks else programs, copies, 1) for programs, copies in zip(self.programs, self.copies, strict=True)]

    def in_turn(self, programs: np.ndarray, statements: np.ndarray, start: int) -> int:
        """From step ``start`` of the first launch on, ``programs`` execute so many statements each, one after the other. Returns the step
        after."""
        ends = start + np.cumsum(statements)
        self.steps[0][programs] = ends - statements
        return int(ends[-1])

    def columns(self) -> dict[str, np.ndarray]:
        """``FIELDS``, ``copy``, and of each axis ``start0``, ``stop0``, ``start1``, ...; sorted by (launch, copy, program, step).

        Empties the log, one column after the other, so that a large recording is not held twice.

        Raises:
            FlashvizError: A program's steps do not count 0, 1, 2, ...
        """
        axes = (max(map(len, self.entries), default=len(FIELDS)) - len(FIELDS)) // 2
        names = (*FIELDS, *(f"{side}{axis}" for axis in range(axes) for side in ("start", "stop")))
        found = {name: self._column(at, name) for at, name in enumerate(names)}
        self.entries.clear()
        where, per_launch = self._places(found["launch"], found["program"], found["step"])
        repeats = [1] * len(self.copies) if self.apart else self.copies
        ends = np.cumsum(per_launch).tolist()
        parts = [slice(end - size, end) for size, end in zip(per_launch, ends, strict=True)]
        columns = {}
        for name in names:
            ordered = np.empty_like(found[name])
            ordered[where] = found.pop(name)
            columns[name] = np.concatenate([np.tile(ordered[part], copies) for part, copies in zip(parts, repeats, strict=True)])
        columns["copy"] = np.concatenate([
            np.repeat(np.arange(copies, dtype=np.int32), size) for size, copies in zip(per_launch, repeats, strict=True)
        ])  # fmt: skip
        if self.apart:
            columns["copy"], columns["program"] = np.divmod(columns["program"], np.array(self.programs)[columns["launch"]])
        return columns

    def tiles(self) -> dict[str, np.ndarray]:
        """The columns of a ``Trace``: a program is a row block, or the one that walks them, of its copy, a head."""
        return {TILED.get(name, name): column for name, column in self.columns().items()}

    def _column(self, at: int, name: str) -> np.ndarray:
        """Number ``at`` of every entry, once a program, in the order of the log. An axis that a box has not is one element long."""
        column = np.empty(sum(self.sizes), np.int64 if name in WIDE else np.int32)
        missing, end = int(name.startswith("stop")), 0
        for size, entry in zip(self.sizes, self.entries, strict=True):
            column[end : end + size] = entry[at] if at < len(entry) else missing
            end += size
        return narrowed(column)

    def _places(self, launch: np.ndarray, program: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, list[int]]:
        """Where each event stands once they are sorted, and how many events of a copy a launch has.

        Steps count 0, 1, 2, ... within a program, so that an event stands ``step`` after its program's first: nothing is sorted.

        Raises:
            FlashvizError: They do not.
        """
        first = np.cumsum([0, *self.numbered])
        place = first.astype(np.int32)[launch] + program
        sizes = np.bincount(place, minlength=first[-1])
        where = (np.cumsum(sizes) - sizes).astype(np.int32)[place]
        where += step
        taken = np.zeros(len(where), bool)
        taken[where.clip(0, len(where) - 1)] = True
        if not taken.all():
            raise FlashvizError("expected each program to number its steps 0, 1, 2, ..., got others; the twin miscounted its statements")
        return where, [int(sizes[start:stop].sum()) for start, stop in pairwise(first.tolist())]


@dataclass
class Kept:
    """Values that a recording keeps: statistics of all programs, everything of some; and which row blocks a twin computes, None for all."""

    config: AttentionConfig
    stats: Stats | None
    programs: tuple[tuple[int, int], ...]
    computed: range | None = None
    tiles: dict[tuple[int, int], dict[str, list[np.ndarray]]] = field(default_factory=dict)
    visits: np.ndarray = field(init=False)  # [N_q] tiles that each row has been through, of a twin in lockstep

    def __post_init__(self) -> None:
        self.visits = np.zeros(self.config.seq_q, np.int64)

    @classmethod
    def of(
        cls, config: AttentionConfig, programs: Iterable[tuple[int, int]], *, stats: bool, computed: range | None = None
    ) -> Kept:  # fmt: skip
        """Room for what was asked.

        Raises:
            UsageError: No such program or row blocks, or more bytes than a recording keeps.
        """
        programs = tuple(dict.fromkeys((int(pid_m), int(pid_bh)) for pid_m, pid_bh in programs))
        copies = config.batch * config.heads
        for pid_m, pid_bh in programs:
            if not (0 <= pid_m < config.row_blocks and 0 <= pid_bh < copies):
                raise UsageError(
                    f"snapshots must name programs with pid_m below {config.row_blocks} and pid_bh below {copies}, "
                    f"got ({pid_m}, {pid_bh}); leave it out"
                )
        if computed is not None and not 0 <= computed.start <= computed.stop <= config.row_blocks:
            raise UsageError(f"computed must be row blocks below {config.row_blocks}, got {computed}; leave it out to compute all")
        if stats and not fits_stats(config):
            raise UsageError(
                f"stats must fit {STATS_LIMIT:,} B, got {stats_bytes(config):,} B for this config; ask for snapshots of some programs"
            )
        a_tile = FLOAT32 * config.block_m * (2 * config.block_n + config.head_dim + 3)
        need = len(programs) * config.col_blocks * a_tile
        if need > SNAPSHOT_LIMIT:
            raise UsageError(f"snapshots must fit {SNAPSHOT_LIMIT:,} B, got {need:,} B; ask for fewer programs")
        return cls(config, Stats.room(copies, config.col_blocks, config.seq_q) if stats else None, programs, computed)

    def tile(self, first_row: int, values: dict[str, np.ndarray]) -> None:
        """After one more tile that the rows from ``first_row`` on visit: [B, H_kv, G, rows, ...] of each value."""
        if not values["m"].size:
            return
        flat = {name: array.reshape(-1, *array.shape[3:]) for name, array in values.items()}
        if self.stats is not None:
            visited = self.visits[first_row : first_row + flat["m"].shape[1]]
            self.stats.put(slice(None), visited, first_row, flat["m"], flat["l"], flat["alpha"])
            visited += 1
        for pid_m, pid_bh in self.programs:
            start = pid_m * self.config.block_m - first_row
            if 0 <= start < flat["m"].shape[1]:
                self.put(
                    (pid_m, pid_bh),
                    {name: array[pid_bh, start : start + self.config.block_m] for name, array in flat.items()},
                )

    def put(self, program: tuple[int, int], values: dict[str, np.ndarray]) -> None:
        """Keep one more tile of a program; S and P are widened to B_c columns."""
        tiles = self.tiles.setdefault(program, {})
        for name, array in values.items():
            missing = self.config.block_n - array.shape[-1] if name in "sp" else 0
            tile = np.pad(array, ((0, 0), (0, missing)), constant_values=np.nan) if missing else array.copy()
            tiles.setdefault(name, []).append(tile)

    def snapshots(self) -> dict[tuple[int, int], Snapshot]:
        """What was kept of each program asked for, stacked over its visited tiles."""
        c = self.config
        found = {}
        for pid_m, pid_bh in self.programs:
            n_rows = min(c.block_m, c.seq_q - pid_m * c.block_m)
            tiles = self.tiles.get((pid_m, pid_bh), {})
            empty = {"s": (n_rows, c.block_n), "p": (n_rows, c.block_n), "acc": (n_rows, c.head_dim)}
            found[pid_m, pid_bh] = Snapshot(**{
                name: np.stack(tiles[name]) if name in tiles else np.zeros((0, *empty.get(name, (n_rows,))), np.float32)
                for name in ("m", "l", "alpha", "s", "p", "acc")
            })  # fmt: skip
        return found
