"""What a kernel really touched: an unedited kernel runs in Triton's interpreter, and every pointer of every memory operation is read.

Nothing is taken from what the kernel says of itself. Tensor, box and bytes are derived from addresses alone: each array of a launch lies
between guards of its own, so that an address outside every array is an error and not somebody else's element.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import difflib
import importlib
import inspect
import linecache
import math
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from flashviz.errors import FlashvizError, UsageError, VerificationError
from flashviz.trace import Header, Launch, Op, Parts, SourceText, TensorInfo, Trace
from flashviz.trace.header import FunctionText, hash_of
from flashviz.trace.reading import WIDE
from flashviz.trace.statements import WRITES
from flashviz.version import __version__
from flashviz_kernels.fitting import limit_here
from flashviz_kernels.modes import load_triton
from flashviz_kernels.narrow_floats import replaced
from flashviz_kernels.placement import Lanes, Resident, Zone, as_array, pointee, span, zones_of
from flashviz_kernels.rewriting import first_line, functions, source_lines
from flashviz_kernels.standin import CompiledKernel
from flashviz_kernels.statements import DID, statements_seen
from flashviz_kernels.tensors import HostTensor

OURS = Path(__file__).parent
GRID = (2**31 - 1, 65_535, 65_535)  # programs along each axis that CUDA takes: CUDA C++ Programming Guide, compute capabilities, table
WARPS = (1, 2, 4, 8, 16, 32)  # of a program: triton takes powers of 2, CUDA 1,024 threads a block (the same table)
AN_EVENT = 600  # bytes at the peak of a recording: 513 were measured, of 40,000 events
SEEN = ("launch", "pid_x", "pid_y", "pid_z", "step", "op", "tensor", "file", "line", *WIDE)  # of an event
LIBRARY = {  # frames of these files, and of triton, are not the kernel's
    "auditor.py", "block_pointers.py", "interpreter.py", "libdevice.py", "narrow_floats.py", "reductions.py", "rewriting.py",
    "shortcuts.py",
}  # fmt: skip


@dataclass
class Auditor:
    """Watches every launch of every interpreted kernel while ``watching``; ``trace`` then says what was seen.

    Args:
        quiet: Whether a parameter's tensor is held to its bounds but left out of the trace: a kernel's own trace buffers are.
    """

    quiet: Callable[[str], bool] = lambda _name: False
    rows: list[tuple[int, ...]] = field(default_factory=list)
    boxes: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    part_of: list[int] = field(default_factory=list)
    parts: dict[bytes, int] = field(default_factory=dict)  # runs of elements, as bytes, of accesses that are no whole box
    tensors: list[TensorInfo] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    codes: dict[CodeType, int] = field(default_factory=dict)  # of kernels -> file; -1 where it is not a kernel's
    files: dict[str, set[int]] = field(default_factory=dict)  # path -> first lines of the functions that ran
    zones: list[Zone] = field(default_factory=list)
    known: dict[tuple[Any, ...], int] = field(default_factory=dict)  # place, shape and strides of an array -> its tensor
    alive: list[Any] = field(default_factory=list)  # arrays of earlier launches, so that no other takes their place in memory
    muted: set[int] = field(default_factory=set)
    program: tuple[int, int, int] | None = None
    step: int = 0
    most: int = field(default_factory=lambda: limit_here() // AN_EVENT)  # events

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record what is launched inside.

        Raises:
            VerificationError: A kernel touched what is no element of any array that it was given.
            UsageError: A kernel cannot be interpreted.
            MissingPartError: triton is missing, or too old.
        """
        load_triton(interpreted=True)
        from flashviz_kernels.interpreter import mended  # which a GPU does without, whose recordings are verified too

        interpreter = importlib.import_module("triton.runtime.interpreter")
        with ExitStack() as stack:
            stack.enter_context(mended())
            builder = interpreter.interpreter_builder

            def instead(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
                stack.callback(replaced(owner, name, make))

            instead(builder, "create_masked_load", self._load)
            instead(builder, "create_masked_store", self._store)
            instead(builder, "create_atomic_rmw", self._atomic_rmw)
            instead(builder, "create_atomic_cas", self._atomic_cas)
            instead(builder, "create_dot", self._dot)
            if hasattr(builder, "create_dot_scaled"):  # not in triton 3.6
                instead(builder, "create_dot_scaled", self._dot_scaled)
            instead(interpreter.ReduceOps, "apply_impl", lambda run: self._reduction(Op.REDUCE, run))
            instead(interpreter.ScanOps, "apply_impl", lambda run: self._reduction(Op.SCAN, run))
            instead(interpreter.InterpretedFunction, "run", self._launch)
            instead(interpreter.InterpretedFunction, "__call__", self._call)
            self.builder, builder.grid_idx = builder, None
            yield

    # ------------------------------------------------------------------------------------------------- operations

    def _load(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def load(pointers: Any, mask: Any, *rest: Any, **options: Any) -> Any:
            self._access(Op.LOAD, pointers, mask)
            return run(pointers, mask, *rest, **options)

        return load

    def _store(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def store(pointers: Any, value: Any, mask: Any, *rest: Any, **options: Any) -> Any:
            self._access(Op.STORE, pointers, mask)
            return run(pointers, value, mask, *rest, **options)

        return store

    def _atomic_rmw(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def atomic_rmw(operation: Any, pointers: Any, value: Any, mask: Any, *rest: Any) -> Any:
            self._access(Op.ATOMIC, pointers, mask)
            return run(operation, pointers, value, mask, *rest)

        return atomic_rmw

    def _atomic_cas(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Lanes that find another value than they expect write nothing: their part is an event of its own."""

        def atomic_cas(pointers: Any, expected: Any, *rest: Any) -> Any:
            before = len(self.rows)
            self._access(Op.ATOMIC, pointers, None)
            found = run(pointers, expected, *rest)
            succeeded = found.data.view(f"u{found.data.itemsize}") == expected.data.view(f"u{found.data.itemsize}")
            if not succeeded.all():
                self._forget(before)
                if succeeded.any():
                    self._access(Op.ATOMIC, pointers, succeeded)
                self._access(Op.ATOMIC_LOAD, pointers, ~succeeded)
            return found

        return atomic_cas

    def _dot(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def dot(a: Any, b: Any, *rest: Any) -> Any:
            self._note_dot((*a.data.shape[:-1], b.data.shape[-1], a.data.shape[-1]))
            return run(a, b, *rest)

        return dot

    def _dot_scaled(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Of microscaled operands; two numbers of four bits lie in one byte, along k or along m."""

        def dot_scaled(a: Any, a_scale: Any, a_format: Any, *rest: Any) -> Any:
            *_, packed_along_k, _, acc = rest
            per_byte = 2 if a_format.name == "E2M1" and packed_along_k else 1
            self._note_dot((*acc.data.shape, a.data.shape[-1] * per_byte))
            return run(a, a_scale, a_format, *rest)

        return dot_scaled

    def _note_dot(self, shape: tuple[int, ...]) -> None:
        self._note(Op.DOT, shape, flops=2 * math.prod(shape))

    def _reduction(self, op: Op, run: Callable[..., Any]) -> Callable[..., Any]:
        def apply_impl(reduction: Any, operands: Any) -> Any:
            self._note(op, tuple(operands[0].handle.data.shape))
            return run(reduction, operands)

        return apply_impl

    # ---------------------------------------------------------------------------------------------------- memory

    def _access(self, op: Op, pointers: Any, mask: Any) -> None:
        """Derive what an operation touches before it does: an event for each array that it touches."""
        addresses = pointers.data
        width = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        held = mask if mask is None or isinstance(mask, np.ndarray) else mask.data  # bare for block pointers and descriptors until 3.8
        if held is not None:
            held = np.broadcast_to(held if held.dtype == np.bool_ else held.astype(bool), addresses.shape)
        lanes = Lanes.of(addresses, held, width)
        if lanes is None:  # all lanes are masked: nothing is touched
            zone = self._zone(int(addresses.reshape(-1)[0])) if addresses.size else None
            tensor = zone.members[0][0] if zone is not None else -1
            if tensor not in self.muted:
                axes = len(self.tensors[tensor].shape) if tensor >= 0 else 0
                self._note(op, addresses.shape, tensor=tensor, box=((0, 0),) * axes)
            return
        for zone, part in self._parts(op, lanes, addresses, held):
            if zone.is_solid and zone.members[0][0] in self.muted and zone.holds(part):
                zone.written |= op in WRITES
                continue
            found = zone.accesses(part)
            if found is None:
                raise self._outside(op, part.addresses, width, zone)
            zone.written |= op in WRITES
            for access in found:
                if access.tensor not in self.muted:
                    asked = part.count if len(found) == 1 else access.nbytes // width
                    self._note(
                        op,
                        addresses.shape,
                        tensor=access.tensor,
                        box=access.box,
                        nbytes=access.nbytes,
                        touched=asked * width,
                        runs=access.runs,
                    )

    def _parts(self, op: Op, lanes: Lanes, addresses: np.ndarray, mask: np.ndarray | None) -> list[tuple[Zone, Lanes]]:
        """The lanes by the memory that they lie in, that of the first lane first."""
        zone = self._zone(lanes.first) or self._pointee(lanes.first)
        if zone is not None and zone.reaches(lanes.low) and zone.reaches(lanes.high):
            return [(zone, lanes)]
        parts: list[tuple[Zone, Lanes]] = []
        left = (addresses.reshape(-1) if mask is None else addresses[mask]).view(np.int64)
        while len(left):
            zone = self._zone(int(left[0])) or self._pointee(int(left[0]))
            if zone is None:  # beyond the end of an array that was found by its address
                raise self._outside(op, left, lanes.width, parts[-1][0] if parts else None)
            inside = (left >= zone.low + zone.shift - zone.guard) & (left < zone.high + zone.shift + zone.guard)
            part = Lanes.of(left[inside], None, lanes.width)
            assert part is not None, "the first is inside"
            parts.append((zone, part))
            left = left[~inside]
        return parts

    def _zone(self, address: int) -> Zone | None:
        return next((zone for zone in self.zones if zone.reaches(address)), None)

    def _pointee(self, address: int) -> Zone | None:
        """A tensor whose address the kernel has from memory."""
        array = pointee(address, self.zones)
        if array is None:
            return None
        (low, high), tensor = span(array), self._tensor("pointee", array)
        zone = Zone(low, high, [(tensor, self.tensors[tensor].name, array)])
        zone.stay()
        self.zones.append(zone)
        return zone

    def _outside(self, op: Op, lanes: np.ndarray, width: int, zone: Zone | None) -> VerificationError:
        """The error that names tensor, offset, program and line."""
        what, where = {Op.LOAD: "a load", Op.STORE: "a store"}.get(op, "an atomic operation"), self._place()
        if zone is None:
            return VerificationError(
                f"{where}: expected {what} from an array that the kernel was given, got address {int(lanes[0]):#x}, near none of them; "
                "pass the array itself, or correct the pointer"
            )
        bad = next(lane for lane in lanes if zone.owner(np.array([lane]), width) is None)
        nearest = min(zone.residents, key=lambda resident: resident.itemsize != width)
        offset = int(bad) - nearest.address
        of = f"{nearest.name} of shape {list(nearest.shape)} and strides {list(_elements(nearest))}"
        if nearest.low < nearest.address:  # a view that goes backwards lies before its first element, too
            ends = [(size - 1) * step for size, step in zip(nearest.shape, _elements(nearest), strict=True)]
            of += f", which are its offsets {sum(end for end in ends if end < 0)} to {sum(end for end in ends if end > 0)}"
        return VerificationError(
            f"{where}: expected {what} within {of}, got element offset {offset / nearest.itemsize:g} (byte {offset}); mask it"
        )

    def _place(self) -> str:
        """Kernel's file, line and program, for a message."""
        file, line = self._line()
        name = Path(list(self.files)[file]).name if file >= 0 else "kernel"
        return f"{name}:{line}, program {self.builder.grid_idx}"

    # ------------------------------------------------------------------------------------------------------ rows

    def _note(
        self, op: Op, shape: tuple[int, ...], *, tensor: int = -1, box: tuple[tuple[int, int], ...] = (),
        nbytes: int = 0, touched: int = 0, flops: int = 0, runs: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        if len(self.rows) >= self.most:
            raise UsageError(
                f"expected at most {self.most:,} events in a recording here, got more; end the loop, or launch a smaller problem"
            )
        program = self.builder.grid_idx
        if program != self.program:
            self.program, self.step = program, 0
        part = -1 if runs is None else self.parts.setdefault(runs.tobytes(), len(self.parts))
        self.rows.append((len(self.launches) - 1, *program, self.step, op, tensor, *self._line(), nbytes, touched, flops))
        self.part_of.append(part)
        self.boxes.append(box)
        self.shapes.append(shape)
        self.step += 1

    def _forget(self, count: int) -> None:
        """Leave out all but the first ``count`` events."""
        self.step -= len(self.rows) - count
        del self.rows[count:], self.boxes[count:], self.shapes[count:], self.part_of[count:]

    def _line(self) -> tuple[int, int]:
        """File and line of the kernel's statement that is running: the innermost frame that is neither triton's nor ours."""
        frame = sys._getframe(1)
        while frame is not None:
            file = self.codes.get(frame.f_code)
            if file is None:
                file = self.codes[frame.f_code] = self._file(frame.f_code)
            if file >= 0:
                return file, frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]  # the outermost has none
        return -1, 0

    def _file(self, code: CodeType) -> int:
        if not _is_kernels(code):
            return -1
        self.files.setdefault(code.co_filename, set()).add(code.co_firstlineno)
        return list(self.files).index(code.co_filename)

    # -------------------------------------------------------------------------------------------------- launches

    def _launch(self, _run: Callable[..., Any]) -> Callable[..., Any]:
        """In place of InterpretedFunction.run: the same, on arrays that were moved apart."""
        executor = importlib.import_module("triton.runtime.interpreter").GridExecutor

        def run(kernel: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> CompiledKernel | None:
            if warmup:
                return CompiledKernel(kernel)
            named = _named(kernel, args, kwargs)
            arrays = {name: as_array(value) for name, value in _arrays(named)}
            _check_warps(kernel, kwargs)
            indices = {name: self._tensor(_called(named.get(name), name), array) for name, array in arrays.items()}
            self.zones = zones_of((indices[name], name, array) for name, array in arrays.items())
            self.muted = {indices[name] for name in arrays if self.quiet(name)}
            moved = {name: _elsewhere(name, value, self.zones, arrays) for name, value in named.items()}
            size = self._programs(kernel, grid({**named, **kwargs}) if callable(grid) else grid)
            self.launches.append(
                Launch(
                    kernel=kernel.fn.__name__,
                    grid=size,
                    tensors={name: index for name, index in indices.items() if index not in self.muted},
                    arguments={n: _plain(v) for n, v in named.items() if n not in {name.split("[")[0] for name in arrays}},
                )
            )
            self.program = None
            try:
                function = kernel.rewrite()
                self.codes[function.__code__] = self._file(function.__code__)  # the kernel's own text, though only helpers touch memory
                executor(function, kernel.arg_names, size, kernel.pre_run_hooks)(**moved)
            except Exception as error:
                raise self._failure(kernel, error) from error
            finally:
                self.builder.grid_idx = None
            for zone in self.zones:
                zone.move_out()
            self.zones = []
            return None

        return run

    def _programs(self, kernel: Any, grid: Any) -> tuple[int, int, int]:
        """How many programs there are along each axis, where a GPU takes so many and this machine as many events."""
        name, sides = kernel.fn.__name__, grid if isinstance(grid, (tuple, list)) else (grid,)
        size = tuple(n.__index__() if hasattr(n, "__index__") else -1 for n in sides)
        if not 1 <= len(size) <= len(GRID) or any(not 0 <= n <= most for n, most in zip(size, GRID, strict=False)):
            most = ", ".join(f"{n:,}" for n in GRID)
            raise UsageError(f"expected {name}[grid] of one to three whole numbers from 0 to at most {most}, got {grid}; correct the grid")
        if math.prod(size) > self.most:
            raise UsageError(
                f"expected at most {self.most:,} events in a recording here, got a grid of {math.prod(size):,} programs of {name}; "
                "launch a smaller problem"
            )
        x, y, z, *_ = (*size, 1, 1)
        return x, y, z

    def _call(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """A kernel calls a function; nobody else does."""

        def call(function: Any, *args: Any, **kwargs: Any) -> Any:
            if self.builder.grid_idx is None:
                name = function.fn.__name__
                raise UsageError(f"expected {name}[grid](...), got {name}(...) without a grid; say how many programs there are")
            return run(function, *args, **kwargs)

        return call

    def _tensor(self, name: str, array: np.ndarray) -> int:
        """The tensor of an array: the same as in an earlier launch where it is the same memory, seen alike."""
        key = (array.ctypes.data, array.shape, array.strides, array.dtype)
        if key not in self.known:
            taken = sum(1 for info in self.tensors if info.name.split("#")[0] == name)
            label = f"{name}#{taken + 1}" if taken else name
            self.tensors.append(TensorInfo(label, array.shape, _elements(array), array.dtype.name, array.itemsize))
            self.known[key] = len(self.tensors) - 1
            self.alive.append(array)
        return self.known[key]

    def _failure(self, kernel: Any, error: BaseException) -> BaseException:
        """What went wrong inside a kernel, in one line: ours as it is, another's with its place."""
        chain = [error]
        while chain[-1].__cause__ is not None:
            chain.append(chain[-1].__cause__)
        ours = next((cause for cause in chain if isinstance(cause, FlashvizError)), None)
        frames = [(at.tb_frame.f_code, at.tb_lineno) for cause in chain for at in _tracebacks(cause)]  # those of a cause are further within
        lines = [f"{Path(code.co_filename).name}:{line}" for code, line in frames if _is_kernels(code)]
        program = self.builder.grid_idx
        where = f"{lines[-1] if lines else kernel.fn.__name__}, {f'program {program}' if program else 'before its first program'}"
        if ours is not None:
            return UsageError(f"{where}: {ours}") if program and isinstance(ours, UsageError) else ours
        what, got = "kernel" if program else "launch", f"{type(chain[-1]).__name__}: {chain[-1]}"
        return UsageError(f"{where}: expected a {what} that Triton's interpreter runs, got {got}")

    # ------------------------------------------------------------------------------------------------------ trace

    def trace(self, launcher: str) -> Trace:
        """What was seen so far."""
        events = len(self.rows)
        axes = max([1, *map(len, self.boxes), *map(len, self.shapes)])
        table = np.array(self.rows, np.int64).reshape(events, len(SEEN))
        columns: dict[str, np.ndarray] = {name: table[:, at] for at, name in enumerate(SEEN)}
        statements, columns["kind"] = statements_seen(np.stack([columns[name] for name in DID], axis=1), self.tensors)
        boxes = np.array([(*box, *((0, 1),) * (axes - len(box))) for box in self.boxes], np.int64).reshape(events, axes, 2)
        blocks = np.array([(*(1,) * (axes - len(shape)), *shape) for shape in self.shapes], np.int64).reshape(events, axes)
        for axis in range(axes):
            columns |= {f"start{axis}": boxes[:, axis, 0], f"stop{axis}": boxes[:, axis, 1], f"block{axis}": blocks[:, axis]}
        sources = [_source(path, lines) for path, lines in self.files.items()]
        versions = {"flashviz": __version__, "python": platform.python_version(), "numpy": np.__version__}
        header = Header(
            source="triton-interpreter",
            algorithm=launcher,
            sources=sources,
            kernel_hash=hash_of(sources),
            statements=statements,
            tensors=self.tensors,
            launches=self.launches,
            versions=versions | {"triton": sys.modules["triton"].__version__},
        )
        order = np.lexsort([columns[name] for name in ("step", "pid_z", "pid_y", "pid_x", "launch")])
        parts = Parts.of(np.array(self.part_of, np.int32)[order], [np.frombuffer(runs, np.int64).reshape(-1, 2) for runs in self.parts])
        return Trace(header, {name: column[order] for name, column in columns.items()}, parts=parts)


# ------------------------------------------------------------------------------------------------------------- arguments


def _named(kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Every parameter that has a value, in the order of the parameters; what is left of kwargs are the compiler's options."""
    parameters = inspect.signature(kernel.fn).parameters
    if len(args) > len(parameters):
        raise UsageError(f"expected at most {len(parameters)} arguments of {kernel.fn.__name__}, got {len(args)}; leave out the others")
    for name in kwargs:
        if name not in parameters and name not in compiler_options():
            near = difflib.get_close_matches(name, parameters, n=1)
            remedy = f"did you mean {near[0]}?" if near else "leave it out"
            said = f"expected parameters of {kernel.fn.__name__} ({', '.join(parameters)}) or options of triton's compilers"
            raise UsageError(f"{said}, got {name}; {remedy}")
    twice = next((name for name in list(parameters)[: len(args)] if name in kwargs), None)
    if twice is not None:
        raise UsageError(f"expected each parameter of {kernel.fn.__name__} once, got {twice} by its place and by its name; leave out one")
    given = {name: parameter.default for name, parameter in parameters.items() if parameter.default is not parameter.empty}
    given |= dict(zip(parameters, args, strict=False)) | kwargs
    return {name: given[name] for name in parameters if name in given}


def _check_warps(kernel: Any, options: dict[str, Any]) -> None:
    """Refuse warps that triton's compiler or a GPU does not take."""
    warps = options.get("num_warps")
    if warps is not None and warps not in WARPS:
        said = f"expected num_warps of {kernel.fn.__name__} to be one of {', '.join(map(str, WARPS))}"
        raise UsageError(f"{said}, got {warps!r}; correct the launch")


@cache
def compiler_options() -> frozenset[str]:
    """What a launch may say besides the parameters, such as ``num_warps``: the options of every compiler that came with triton."""
    backends = importlib.import_module("triton.backends").backends.values()
    members = [member for backend in backends for member in vars(sys.modules[backend.compiler.__module__]).values()]
    options = [member for member in members if dataclasses.is_dataclass(member) and getattr(member, "__name__", "").endswith("Options")]
    return frozenset(option.name for each in options for option in dataclasses.fields(each))


def _arrays(named: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arrays among a launch's arguments, those in tuples and descriptors too, by a name each."""
    for name, value in named.items():
        if isinstance(value, tuple):
            yield from _arrays({f"{name}[{at}]": item for at, item in enumerate(value)})
        elif _is_descriptor(value):
            yield name, value.base
        elif _is_array(value):
            yield name, value


def _elsewhere(name: str, value: Any, zones: list[Zone], arrays: dict[str, np.ndarray]) -> Any:
    """An argument with its arrays where their bytes were moved to."""
    if isinstance(value, tuple):
        items = [_elsewhere(f"{name}[{at}]", item, zones, arrays) for at, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, np.generic):
        return value.item()
    if not (_is_descriptor(value) or _is_array(value)):
        return value
    zone = next(zone for zone in zones if any(member == name for _, member, _ in zone.members))
    tensor = HostTensor(zone.moved(arrays[name]))
    if _is_descriptor(value):
        moved = copy.copy(value)
        moved.base = tensor
        return moved
    if hasattr(value, "base") and not isinstance(value, np.ndarray):  # triton.reinterpret: the same bytes as another dtype
        tensor.dtype = value.dtype
    return tensor


def _called(value: Any, parameter: str) -> str:
    """What a tensor is called: by its own name, where it has one."""
    return (value.name if isinstance(value, HostTensor) else None) or parameter


def _is_descriptor(value: Any) -> bool:
    return type(value).__name__ == "TensorDescriptor"


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "data_ptr")


def _plain(value: Any) -> int | float | str | bool | None:
    """A scalar argument as JSON has it; anything else by its name."""
    value = value.item() if isinstance(value, np.generic) else getattr(value, "value", value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf, -inf, nan: JSON has no such numbers
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(getattr(value, "__name__", value))


def _elements(array: np.ndarray | Resident) -> tuple[int, ...]:
    return tuple(step // array.itemsize for step in array.strides)


# --------------------------------------------------------------------------------------------------------------- sources


@cache
def _folder(module: str) -> Path:
    return Path(sys.modules[module].__file__ or "").parent


def _source(filename: str, first_lines: set[int]) -> SourceText:
    """The text of the functions that begin at these lines, and of what stands between them."""
    lines = source_lines(filename)
    ran = sorted((node for node in functions(filename) if {node.lineno, first_line(node)} & first_lines), key=lambda node: node.lineno)
    if not ran:  # at the top of a module, or in text that was made
        return SourceText(Path(filename).name, 1, "\n".join(lines) + "\n")
    first, last = min(map(first_line, ran)), max(node.end_lineno or node.lineno for node in ran)
    text = "\n".join(lines[first - 1 : last]) + "\n"
    return SourceText(Path(filename).name, first, text, [_function(node) for node in ran])


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> FunctionText:
    """A function's statements, without its decorators and its docstring."""
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.Lambda):
        return FunctionText("lambda", node.lineno, last, [(node.lineno, last)])
    begins = [statement for statement in ast.walk(node) if isinstance(statement, ast.stmt) and statement is not node]
    spans = {(node.lineno, _before(node))}
    for statement in begins:
        if statement is node.body[0] and ast.get_docstring(node, clean=False) is not None:
            continue
        spans.add((first_line(statement) if isinstance(statement, ast.FunctionDef) else statement.lineno, _before(statement)))
    return FunctionText(node.name, node.lineno, last, sorted(spans))


def _before(statement: ast.stmt) -> int:
    """The last line of a statement; of one with a body, that of its head."""
    body = getattr(statement, "body", None)
    last = statement.end_lineno or statement.lineno
    return (
        last
        if not body
        else max(statement.lineno, min(last, body[0].lineno - 1) if body[0].lineno > statement.lineno else statement.lineno)
    )


def _is_kernels(code: CodeType) -> bool:
    """Whether code is neither triton's nor NumPy's nor ours nor Python's own."""
    path = Path(code.co_filename)
    if path.parent == OURS and path.name in LIBRARY:
        return False
    if any(path.is_relative_to(_folder(module)) for module in ("triton", "numpy")):
        return False
    if path.is_relative_to(_folder("inspect")) and "site-packages" not in path.parts:
        return False
    return path.is_file() or bool(linecache.getlines(code.co_filename))


def _tracebacks(error: BaseException) -> Iterator[TracebackType]:
    here = error.__traceback__
    while here is not None:
        yield here
        here = here.tb_next
