"""Gluon's operations in NumPy, so that ``pipeline`` runs on a CPU: a thread a partition, and barriers as Hopper's.

What a wait promises is what happens, and no more: copies land as early as they may, or as late; a product reads its operands when it is
waited for, as late as it may, and a tile that leaves is read when the store is waited for. So a wait that is missing, or a place that is
freed too soon, is a wrong result in one of the two; partitions that wait for each other for ever are ``StuckError``. Registers, layouts and
fences are not here: those are the compiler's and the GPU's.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class StuckError(AssertionError):
    """Every partition waits for another."""


class Values(np.ndarray):
    """A tensor in registers."""

    type = SimpleNamespace(layout=None)  # where values lie is the compiler's

    def to(self, dtype: Any) -> Values:
        return self.astype(dtype).view(Values)


class Shared:
    """A buffer in shared memory."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def index(self, at: int) -> Shared:
        return Shared(self.array[at])

    def permute(self, order: tuple[int, ...]) -> Shared:
        return Shared(self.array.transpose(order))

    def store(self, values: np.ndarray) -> None:
        self.array[...] = values


class Pointer:
    """Into an array, at one place or several."""

    def __init__(self, array: np.ndarray, at: Any = 0) -> None:
        self.array, self.at = array.reshape(-1), at

    def __add__(self, step: Any) -> Pointer:
        return Pointer(self.array, self.at + step)


class Described:
    """What a launch describes: a matrix, in tiles."""

    def __init__(self, given: Any) -> None:
        self.matrix, self.block, self.layout = given.base.array.reshape(given.shape), tuple(given.block_shape), given.layout
        self.dtype = self.matrix.dtype
        self.block_type = SimpleNamespace(nbytes=int(np.prod(self.block)) * self.dtype.itemsize)

    def tile(self, at: Sequence[int]) -> np.ndarray:
        found: np.ndarray = self.matrix[at[0] : at[0] + self.block[0], at[1] : at[1] + self.block[1]]
        assert found.shape == self.block, "whole tiles"
        return found


class Barrier:
    """An mbarrier: its phase ends when as many arrived as it counts, and all bytes did that were expected."""

    def __init__(self) -> None:
        self.count = self.pending = self.expected = self.phase = 0

    def done(self) -> None:
        if self.pending == self.expected == 0:
            self.pending, self.phase = self.count, self.phase + 1


class Barriers(list[Barrier]):
    """Several."""

    def index(self, at: int) -> Barrier:  # type: ignore[override]  # as a buffer in shared memory
        return self[at]


class Sm:
    """One SM that runs program after program. One partition runs at a time, until it waits, or tells another something."""

    def __init__(self, *, copies_early: bool) -> None:
        self.early = copies_early
        self.copies: list[tuple[Barrier, Callable[[], None]]] = []  # that were issued and have not landed
        self.changed = threading.Condition()
        self.program = self.programs = 0
        self.turn = 0
        self.awaited: dict[int, tuple[Barrier, int] | None] = {}  # what each partition waits for that has not ended
        self.mine = threading.local()  # number, products and stores of a partition
        self.failed: list[BaseException] = []

    # -------------------------------------------------------------------------------------------------------- barriers

    def wait(self, barrier: Barrier, parity: int, pred: bool = True) -> None:  # Gluon's
        """Until the phase of that parity has ended."""
        if pred and barrier.phase % 2 == parity:
            self.awaited[self.mine.number] = (barrier, parity)
            self._pass_on()
            self.awaited[self.mine.number] = None

    def arrive(self, barrier: Barrier, count: int = 1) -> None:
        assert barrier.pending >= count, "no more arrive than are counted"
        barrier.pending -= count
        barrier.done()
        self._pass_on()

    def expect(self, barrier: Barrier, nbytes: int) -> None:
        barrier.expected += nbytes
        barrier.pending -= 1

    def copy_in(self, described: Described, at: Sequence[int], barrier: Barrier, place: Shared) -> None:
        def land() -> None:
            place.array[...] = described.tile(at)
            barrier.expected -= described.block_type.nbytes
            barrier.done()

        self.copies.append((barrier, land))
        if self.early:
            self._land(0)
        self._pass_on()

    def _land(self, which: int) -> None:
        _, land = self.copies.pop(which)
        land()

    def _pass_on(self) -> None:
        """Let the partition run whose turn it is; here it goes on when it is this one's."""
        with self.changed:
            self._next()
            self.changed.wait_for(lambda: self.failed or self.turn == self.mine.number)
        if self.failed:
            raise StuckError("another partition failed")

    def _next(self) -> None:
        """Whoever copies goes first, the others in turn; where all wait, a copy lands that one of them waits for."""

        def ready() -> list[int]:
            return [each for each, what in self.awaited.items() if what is None or what[0].phase % 2 != what[1]]

        while self.awaited and not ready() and self.copies:
            wanted = [what[0] for what in self.awaited.values() if what is not None]
            self._land(next((at for at, (barrier, _) in enumerate(self.copies) if barrier in wanted), 0))
        copier, last = max(self.awaited, default=0), self.turn
        if ready():
            self.turn = min(ready(), key=lambda each: (each != copier, (each - last - 1) % 3))
        elif self.awaited:
            self.failed.append(StuckError("every partition waits for another"))
        self.changed.notify_all()

    # -------------------------------------------------------------------------------------------------------- what is asynchronous

    def multiply(self, a: Any, b: Shared, acc: Any, *, use_acc: bool = True, is_async: bool = False) -> list[Any]:
        """A product that was issued: a list that will hold it."""
        assert is_async
        soon: list[Any] = []

        def product() -> None:
            left = a.array if isinstance(a, Shared) else a
            soon.append((left.astype(np.float32) @ b.array.astype(np.float32) + (acc if use_acc else 0)).view(Values))

        self.mine.products.append(product)
        return soon

    def wait_products(self, left: int, deps: Sequence[Any]) -> Any:
        products = self.mine.products
        while len(products) > left:
            products.pop(0)()
        found = [each[0] if isinstance(each, list) else each for each in deps]
        return found[0] if len(found) == 1 else tuple(found)

    def copy_out(self, described: Described, at: Sequence[int], place: Shared) -> None:
        self.mine.stores.append(lambda: described.tile(at).__setitem__(..., place.array))

    def wait_stores(self, left: int) -> None:
        stores = self.mine.stores
        while len(stores) > left:
            stores.pop(0)()

    # -------------------------------------------------------------------------------------------------------- partitions

    def specialize(self, partitions: Sequence[tuple[Any, tuple[Any, ...]]], _warps: object, _registers: object) -> None:
        """Whoever computes, and last whoever copies."""

        def work(number: int, function: Any, arguments: tuple[Any, ...]) -> None:
            self.mine.number, self.mine.products, self.mine.stores = number, [], []
            try:
                with self.changed:
                    self.changed.wait_for(lambda: self.failed or self.turn == number)
                with np.errstate(all="ignore"):
                    function(*arguments)
                assert not self.mine.products, "every product was waited for"
                assert not self.mine.stores, "every store was waited for"
            except BaseException as error:  # noqa: BLE001  # handed to whoever launched
                self.failed.append(error)
            with self.changed:
                del self.awaited[number]
                self._next()

        self.awaited, self.turn = dict.fromkeys(range(len(partitions))), 0
        threads = [threading.Thread(target=work, args=(number, *each)) for number, each in enumerate(partitions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failed:
            raise self.failed[0]


def _init(barrier: Barrier, count: int) -> None:
    barrier.count = barrier.pending = count


def _store(pointer: Pointer, values: np.ndarray) -> None:
    pointer.array[pointer.at] = values


def _where(seen: np.ndarray, a: Any, b: Any) -> Values:
    found: np.ndarray = np.where(seen, a, b).astype(np.float32)
    return found.view(Values)


def _allocate(dtype: Any, shape: Sequence[int], layout: Any) -> Any:
    if layout == "barriers":
        return Barriers(Barrier() for _ in range(shape[0]))
    return Shared(np.full(shape, np.nan, dtype))  # what nobody wrote


def _language(sm: Sm) -> dict[str, Any]:
    """What a module of Gluon's imports, by the names that ``pipeline`` gives it."""
    nothing = lambda *_args: None  # noqa: E731  # layouts: where values lie is the compiler's
    gl = SimpleNamespace(
        constexpr=lambda value: value, NVMMADistributedLayout=nothing, DotOperandLayout=nothing, SliceLayout=nothing,
        float32=np.float32, int64=np.int64, program_id=lambda _axis: sm.program, num_programs=lambda _axis: sm.programs,
        cdiv=lambda a, b: -(-a // b), minimum=np.minimum, maximum=np.maximum, where=_where,
        max=lambda x, axis: x.max(axis), sum=lambda x, axis: x.sum(axis), exp2=np.exp2, log2=np.log2,
        full=lambda shape, value, dtype, _layout: np.full(shape, value, dtype).view(Values),
        arange=lambda start, end, _layout: np.arange(start, end), convert_layout=lambda x, _layout, **_: x, static_range=range,
        store=_store, allocate_shared_memory=_allocate, warp_specialize=sm.specialize,
    )  # fmt: skip
    mbarrier = SimpleNamespace(MBarrierLayout=lambda: "barriers", init=_init, wait=sm.wait, arrive=sm.arrive, expect=sm.expect)
    tma = SimpleNamespace(store_wait=sm.wait_stores)
    return {
        "gluon": SimpleNamespace(jit=lambda function: function), "gl": gl, "mbarrier": mbarrier, "tma": tma,
        "fence_async_shared": nothing, "barrier": nothing, "copy_in": sm.copy_in, "copy_out": sm.copy_out,
        "warpgroup_mma": sm.multiply, "warpgroup_mma_wait": sm.wait_products,
    }  # fmt: skip


class Kernel:
    """The kernel of a file, to be launched as Triton's are: every program in turn."""

    def __init__(self, file: Path, *changes: tuple[str, str], copies_early: bool) -> None:
        """With some text replaced: every text must be there, exactly once."""
        source = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {file.name}"
            source = source.replace(old, new)
        self.sm = Sm(copies_early=copies_early)
        self.scope = _language(self.sm)
        tree = ast.parse(source)
        tree.body = [each for each in tree.body if not self._given(each)]
        exec(compile(tree, str(file), "exec"), self.scope)  # a kernel of ours
        self.function = self.scope[file.stem]

    def _given(self, statement: ast.stmt) -> bool:
        """An import of Triton's, or a name that is here already."""
        imported = isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("triton")
        named = isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in self.scope
        return imported or named

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        def launch(*arguments: Any, num_warps: int, **constants: Any) -> None:
            assert num_warps == 4
            *described, lse = arguments[:5]
            self.sm.programs = grid[0]
            for self.sm.program in range(grid[0]):
                self.function(*map(Described, described), Pointer(lse.array), *arguments[5:], **constants)

        return launch
