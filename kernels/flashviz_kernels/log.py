"""What a twin writes its events into, and the values that it was asked to keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import FlashvizError, UsageError
from flashviz.trace import Kind, Snapshot, Stats
from flashviz.trace.recording import narrowed

Numbers = np.ndarray | list[int] | int

STATS_LIMIT = 256 << 20  # bytes
SNAPSHOT_LIMIT = 1 << 30
FLOAT32 = 4
LAUNCHES = 3  # standard attention has three


def stats_bytes(config: AttentionConfig) -> int:
    """Bytes of m, l and alpha of every row after every key tile."""
    return 3 * FLOAT32 * config.batch * config.heads * config.col_blocks * config.seq_q


def fits_stats(config: AttentionConfig) -> bool:
    """Whether a recording of this config may keep statistics of all programs."""
    return stats_bytes(config) <= STATS_LIMIT


class EventLog:
    """Events of programs that run in lockstep: one entry a statement, for all row blocks that execute it, of all heads.

    ``blocks`` are the row blocks; what differs between them is an array of that length. Each row block counts its own steps.
    """

    def __init__(self, config: AttentionConfig, *, one_program: bool = False) -> None:
        self.copies = config.batch * config.heads
        self.one_program = one_program  # fa1: one program a head walks all row blocks
        self.steps = np.zeros((LAUNCHES, config.row_blocks), np.int32)
        self.entries: list[tuple[Numbers, ...]] = []
        self.sizes: list[int] = []

    def __call__(
        self, kind: Kind, blocks: np.ndarray, j: int, r0: Numbers, r1: Numbers, c0: Numbers, c1: Numbers,
        *, nbytes: Numbers = 0, flops: Numbers = 0, launch: int = 0, i: int | None = None,
    ) -> None:  # fmt: skip
        """Note one statement: it worked on rows r0..r1 and columns c0..c1 of the tensor of ``kind``, in key tile ``j``."""
        step = self.steps[launch, blocks]
        self.steps[launch, blocks] += 1
        pid_m = 0 if self.one_program else blocks
        values = (launch, pid_m, step, int(kind), blocks if i is None else i, j, r0, r1, c0, c1, nbytes, flops)
        self.entries.append(values)
        self.sizes.append(len(blocks))

    def in_turn(self, blocks: np.ndarray, statements: np.ndarray, start: int) -> int:
        """From step ``start`` on, ``blocks`` execute so many statements each, one block after the other. Returns the step after."""
        ends = start + np.cumsum(statements)
        self.steps[0, blocks] = ends - statements
        return int(ends[-1])

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of a trace: sorted by (launch, program, step), repeated for each head.

        Empties the log, one column after the other, so that a large recording is not held twice.
        """
        names = ("launch", "pid_m", "step", "kind", "i", "j", "r0", "r1", "c0", "c1", "nbytes", "flops")
        found = {name: self._column(at, wide=name in ("nbytes", "flops")) for at, name in enumerate(names)}
        self.entries.clear()
        where, per_launch = self._places(found["launch"], found["pid_m"], found["step"])
        ends = np.cumsum(per_launch).tolist()
        parts = [slice(end - size, end) for size, end in zip(per_launch, ends, strict=True)]
        columns = {}
        for name in names:
            ordered = np.empty_like(found[name])
            ordered[where] = found.pop(name)
            columns[name] = np.concatenate([np.tile(ordered[part], self.copies) for part in parts])
        columns["pid_bh"] = np.concatenate([np.repeat(np.arange(self.copies, dtype=np.int32), size) for size in per_launch])
        return columns

    def _column(self, at: int, *, wide: bool) -> np.ndarray:
        """Number ``at`` of every entry, once a row block, in the order of the log."""
        column = np.empty(sum(self.sizes), np.int64 if wide else np.int32)
        end = 0
        for size, entry in zip(self.sizes, self.entries, strict=True):
            column[end : end + size] = entry[at]
            end += size
        return narrowed(column)

    def _places(self, launch: np.ndarray, pid_m: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, list[int]]:
        """Where each event stands once they are sorted, and how many events a launch has.

        Steps count 0, 1, 2, ... within a program, so that an event stands ``step`` after its program's first: nothing is sorted.

        Raises:
            FlashvizError: They do not.
        """
        programs = int(pid_m.max(initial=0)) + 1
        program = launch.astype(np.int32) * programs + pid_m
        sizes = np.bincount(program, minlength=LAUNCHES * programs)
        where = (np.cumsum(sizes) - sizes).astype(np.int32)[program]
        where += step
        taken = np.zeros(len(where), bool)
        taken[where.clip(0, len(where) - 1)] = True
        if not taken.all():
            raise FlashvizError("expected each program to number its steps 0, 1, 2, ..., got others; the twin miscounted its statements")
        return where, sizes.reshape(LAUNCHES, programs).sum(axis=1).tolist()


@dataclass
class Kept:
    """Values that a recording keeps: statistics of all programs, everything of some; and which row blocks a twin computes, None for all."""

    config: AttentionConfig
    stats: Stats | None
    programs: tuple[tuple[int, int], ...]
    computed: range | None = None
    tiles: dict[tuple[int, int], dict[str, list[np.ndarray]]] = field(default_factory=dict)

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

    def tile(self, t: int, first_row: int, values: dict[str, np.ndarray]) -> None:
        """After visited tile ``t`` of the rows from ``first_row`` on: [B, H_kv, G, rows, ...] of each value."""
        if not values["m"].size:
            return
        flat = {name: array.reshape(-1, *array.shape[3:]) for name, array in values.items()}
        if self.stats is not None:
            self.stats.put(slice(None), t, first_row, flat["m"], flat["l"], flat["alpha"])
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
