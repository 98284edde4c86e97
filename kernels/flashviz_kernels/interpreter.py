"""Triton's interpreter on a CPU, without torch: the kernel runs on NumPy arrays.

Where the interpreter and the compiler part, it is mended while a kernel runs: Python's ``and``, ``or``, ``not``, conditions and loop
variables (``rewriting.py``), narrow floats (``narrow_floats.py``), reductions with an own combine function (``reductions.py``), the device
library (``libdevice.py``), block pointers (``block_pointers.py``). What it does in vain is left out: it looks for overflows that nobody
then hears of, and patches the language at every call of a function.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np

from flashviz.errors import UsageError
from flashviz_kernels.block_pointers import advance, loading, make_block_ptr, storing
from flashviz_kernels.libdevice import compute
from flashviz_kernels.narrow_floats import correct_narrow_floats, replaced
from flashviz_kernels.reductions import generic_reduce, generic_scan
from flashviz_kernels.rewriting import counted_range, rewritten, static_range
from flashviz_kernels.shortcuts import builtin_call, shortcuts

ROW_OFFSETS, EVERY_LANE = np.arange(0, 32, 4, dtype=np.uint64), np.ones(8, bool)  # of the eight numbers of an event


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """The interpreter with the meaning that the compiler gives a kernel, correct narrow floats, and without what it does in vain."""
    from triton.runtime import interpreter

    builder, options = interpreter.interpreter_builder, interpreter.interpreter_builder.options
    with contextlib.ExitStack() as stack:
        instead = stack.enter_context(language())
        rewritten_once: dict[Any, Any] = {}

        def rewrite(function: Any) -> Any:
            if function.fn not in rewritten_once:
                rewritten_once[function.fn] = rewritten(function.fn, lambda value: instead.get(id(value)))
            return rewritten_once[function.fn]

        stack.callback(replaced(interpreter.InterpretedFunction, "rewrite", lambda _upstream: rewrite))
        stack.callback(replaced(interpreter, "_patch_lang", lambda _upstream: lambda _fn: _Standing()))
        stack.callback(replaced(interpreter, "_implicit_cvt", _with_floats))
        stack.callback(replaced(interpreter.ReduceOps, "generic_reduce", lambda _upstream: generic_reduce))
        stack.callback(replaced(interpreter.ScanOps, "generic_scan", lambda _upstream: generic_scan))
        stack.callback(replaced(builder, "create_extern_elementwise", lambda _upstream: _extern))
        stack.callback(setattr, builder, "options", options)
        builder.options = dataclasses.replace(options, sanitize_overflow=False)  # without debug, which is off, it asserts nothing
        stack.enter_context(shortcuts())
        stack.enter_context(correct_narrow_floats())
        stack.enter_context(np.errstate(all="ignore"))  # as on a GPU: infinities and NaN propagate silently
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        warnings.filterwarnings("ignore", "Conversion of an array with ndim > 0 to a scalar", DeprecationWarning)  # of triton 3.6
        yield


@contextlib.contextmanager
def language() -> Iterator[dict[int, Any]]:
    """Triton's language as interpreted kernels call it; yields what stands in for each of its own functions, by id.

    Upstream patches it again at every launch and call, and only where a kernel reaches it as ``tl``.
    """
    import triton.language as tl
    from triton.language.extra import libdevice
    from triton.language.extra.cuda import libdevice as on_cuda
    from triton.runtime import interpreter

    modules = (tl, tl.core, tl.math, tl.tensor, libdevice, on_cuda)
    before = {module: dict(vars(module)) for module in modules}
    with contextlib.ExitStack() as stack:
        scope = interpreter._patch_lang(SimpleNamespace(__globals__={"tl": tl, "core": tl.core}))
        if scope is not None:  # early versions patch for good
            stack.callback(scope.restore)
        for owner, name, own in _builtins(tl, before):
            stack.callback(replaced(owner, name, functools.partial(_called, own)))
        instead: dict[str, Any] = {"range": counted_range, "static_range": static_range}
        if _without_block_pointers(before[tl]["make_block_ptr"]):
            instead |= {"make_block_ptr": make_block_ptr, "advance": advance, "load": loading(tl.load), "store": storing(tl.store)}
        device = {name: _device_function(name, own) for name, own in before[on_cuda].items() if tl.core.is_builtin(own)}
        for owners, functions in (((tl, tl.core), instead), ((libdevice, on_cuda), device)):
            for owner, (name, function) in product(owners, functions.items()):
                stack.callback(replaced(owner, name, functools.partial(_instead, function)))
        yield {
            id(own): standing
            for module, members in before.items()
            for name, own in members.items()
            if callable(own) and (standing := vars(module).get(name)) is not own
        }


def _instead(function: Any, _own: Any) -> Any:
    return function


def _called(own: Any, _patched: Any) -> Any:
    from triton.runtime import interpreter

    return builtin_call(own, interpreter.interpreter_semantic)


def _builtins(tl: Any, before: dict[Any, dict[str, Any]]) -> Iterator[tuple[Any, str, Any]]:
    """What upstream calls with its semantic, and does not replace by other means: owner, name, and what stood there."""
    for module in (tl, tl.core, tl.math, tl.tensor):
        for name, own in before[module].items():
            defaults = getattr(vars(module).get(name), "__kwdefaults__", None) or {}
            if tl.core.is_builtin(own) and defaults.get("member") is own:
                yield module, name, own


def _without_block_pointers(make_block_ptr: Any) -> bool:
    return "removed" in (make_block_ptr.__doc__ or "")


def _with_floats(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What a launch passes to a kernel: numbers with a fraction are Triton's float32 too."""

    def implicit_cvt(arg: Any) -> Any:
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        if type(arg) is float:
            return tl.tensor(TensorHandle(np.array([arg], np.float32), tl.float32), tl.float32)
        return convert(arg)

    return implicit_cvt


def _device_function(name: str, function: Any) -> Any:
    """A function of libdevice, refused by its name where it has no version of the arguments' types."""

    def call(*args: Any, **kwargs: Any) -> Any:
        from triton.runtime.interpreter import interpreter_semantic

        kwargs.pop("_semantic", None)
        try:
            return function(*args, **kwargs, _semantic=interpreter_semantic)
        except KeyError as error:
            types = ", ".join(str(interpreter_semantic.to_tensor(arg).dtype) for arg in (*args, *kwargs.values()))
            raise UsageError(f"expected libdevice.{name} of types that it is defined for, got {types}; cast with .to(...)") from error

    return call


def _extern(_library: str, _path: str, symbol: str, arguments: Any, result: Any, _is_pure: bool) -> Any:
    from triton.runtime import interpreter

    dtype = interpreter._get_np_dtype(result)
    return interpreter.TensorHandle(compute(symbol, [argument.data for argument in arguments], dtype), result.scalar)


class _Standing:
    """What a launch would undo at its end: here the language stays patched for the launches and calls to come."""

    def restore(self) -> None:
        """Nothing: ``mended`` does it."""


@contextlib.contextmanager
def reports_at_once(kernel: Any) -> Iterator[None]:
    """Within ``mended``, each report of an event in one operation: by the device function ``trace`` of the kernel's file, as ``forward``
    has it, they would take longer than the kernel's own."""
    scope = kernel.fn.__globals__
    device_function, scope["trace"] = scope["trace"], _reporter()
    try:
        yield
    finally:
        scope["trace"] = device_function


def _reporter() -> Callable[..., int]:
    """``forward.trace`` without a clock: the same eight numbers, stored by Triton at the same place."""
    import triton.language as tl
    from triton.runtime.interpreter import TensorHandle, interpreter_builder

    mask, policies = TensorHandle(EVERY_LANE, tl.int1), _no_policies()

    def report(events: Any, *values: Any) -> int:
        *fields, clock = [value.handle.data.item() if type(value) is tl.tensor else getattr(value, "value", value) for value in values]
        assert not clock, "no clock is interpreted"
        step = int(fields[1])
        row = np.array(fields, np.int32)
        addresses = events.handle.data + np.uint64(row.nbytes * step) + ROW_OFFSETS
        interpreter_builder.create_masked_store(TensorHandle(addresses, events.dtype), TensorHandle(row, tl.int32), mask, *policies)
        return step + 1

    return report


@functools.cache
def _no_policies() -> tuple[None, ...]:
    """What a store says of caches: one argument, two until 3.8."""
    from triton.runtime.interpreter import InterpreterBuilder

    return (None,) * (len(inspect.signature(InterpreterBuilder.create_masked_store).parameters) - len(("self", "ptrs", "value", "mask")))
