"""Files that hold kernels and launchers, run as they stand on a machine without a GPU.

A file may ask for a GPU, launch kernels and start benchmarks when it is imported, as Triton's tutorials do. A GPU is stood in for
(``standin.py``). A statement at the top of a module that launches a kernel or starts a benchmark is left out, and so is a later one that
fails for want of it: what is recorded is what the launcher launches. What was left out is said on standard error.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from flashviz.errors import MissingPartError, UsageError
from flashviz_kernels.modes import load_triton
from flashviz_kernels.narrow_floats import replaced
from flashviz_kernels.standin import has_torch, standing_in, torch_on_cpu

LEFT_OUT = "__left_out__"  # a function among the globals of a module that is loaded here
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class LaunchedOnImport(BaseException):
    """A module launches a kernel, or starts a benchmark, while it is imported. No Exception, so that no module takes it for its own."""


def load_function(spec: str, what: str) -> Any:
    """The object that ``FILE.py:NAME`` or ``FILE.py:CLASS.NAME`` names. Its file is run once, with its folder first on the path, as Python
    runs a script.

    Raises:
        UsageError: No such file or name, or the file fails.
        MissingPartError: It imports a package that is not installed.
    """
    file, _, name = spec.rpartition(":")
    path = Path(file)
    if not file or not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"expected --{what} FILE.py:NAME, got {spec}; name the file and the function in it")
    if not path.is_file():
        raise UsageError(f"expected --{what} FILE.py:NAME, got {path}, which is no file; check the path")
    load_triton(interpreted=True)
    module = _module(path)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            own = (key for key, value in vars(found).items() if hasattr(value, "fn") or getattr(value, "__module__", "") == module.__name__)
            defined = ", ".join(key for key in own if not key.startswith("__"))
            raise UsageError(f"expected {name} in {path}, got only {defined or 'no functions'}; check the name")
        found = getattr(found, part)
    return found


def _module(path: Path) -> ModuleType:
    """A file as a module, once: kernel and launcher may stand together."""
    key = f"flashviz_traced_{path.stem}_{abs(hash(path.resolve())):x}"
    if key in sys.modules:
        return sys.modules[key]
    loader = Loader(key, str(path.resolve()))
    spec = importlib.util.spec_from_file_location(key, path.resolve(), loader=loader)
    if spec is None:
        raise UsageError(f"expected a Python file, got {path}; name a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    try:
        with as_script(path), importing():
            loader.exec_module(module)
    except SystemExit as error:
        if error.code:
            del sys.modules[key]
            raise UsageError(f"expected {path} to be importable, got {told(error)}; let it define kernel and launcher only") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # pytest.skip raises no Exception
        del sys.modules[key]
        raise_missing(error)
        remedy = "move kernel and launcher to a file that only defines them"
        raise UsageError(f"expected {path} to be importable without a GPU, got {told(error)}; {remedy}") from error
    return module


@contextlib.contextmanager
def as_script(path: Path | None) -> Iterator[None]:
    """The folder of a file first on the path, no arguments of ours for it to parse, its prints no part of an answer; and it can neither
    close our streams, nor leave us in another folder, nor end this process unheard, nor go on in a second one."""
    argv, folder = sys.argv, str(path.resolve().parent) if path is not None else None
    sys.argv = [str(path) if path is not None else argv[0]]
    if folder is not None:
        sys.path.insert(0, folder)
    try:
        with lent_streams(), contextlib.chdir(os.curdir), one_process():
            yield
    finally:
        sys.argv = argv
        if folder is not None and folder in sys.path:
            sys.path.remove(folder)


class Lent:
    """A stream that whoever it was lent to cannot close."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """What was written is shown; the stream stays."""
        self._stream.flush()


@contextlib.contextmanager
def lent_streams() -> Iterator[None]:
    """What is printed goes to standard error, by whatever name or descriptor; a descriptor that was closed is there again afterwards."""
    lent: dict[str, Any] = {name: Lent(sys.stderr) for name in ("stdout", "stderr", "__stdout__", "__stderr__")}
    before = {name: getattr(sys, name) for name in lent}
    kept = {}
    with contextlib.suppress(OSError):  # whoever began us may have closed them
        if before["stdout"] is not None:
            before["stdout"].flush()
        kept = {number: os.dup(number) for number in (1, 2)}
        os.dup2(2, 1)
    vars(sys).update(lent)
    try:
        yield
    finally:
        vars(sys).update(before)
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)


@contextlib.contextmanager
def one_process() -> Iterator[None]:
    """``os._exit`` is ``sys.exit``, no other program takes this process over, and a child that was forked ends where the code that forked
    it does: what a child launched is in its own memory, and is said to be left out."""
    here = os.getpid()

    def heard(leave: Callable[..., Any]) -> Callable[..., Any]:
        def end(status: int) -> None:
            if os.getpid() != here:
                leave(status)
            raise SystemExit(status)

        return end

    def refused(execute: Callable[..., Any]) -> Callable[..., Any]:
        def take_over(file: Any, *rest: Any) -> None:
            if os.getpid() != here:
                execute(file, *rest)
            raise UsageError(f"expected a launcher that returns, got one that becomes {os.fsdecode(file)}; start it with subprocess")

        return take_over

    with contextlib.ExitStack() as stack:
        stack.callback(replaced(os, "_exit", heard))
        for name in ("execv", "execve"):  # all others of os call these
            stack.callback(replaced(os, name, refused))
        try:
            yield
        finally:
            if os.getpid() != here:
                os.write(2, b"flashviz: expected launches in one process, got a child that was forked; what it did is left out\n")
                os._exit(int(sys.exc_info()[0] is not None))


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """A GPU is stood in for, and a launch ends the statement that makes it."""
    interpreter, testing = importlib.import_module("triton.runtime.interpreter"), importlib.import_module("triton.testing")

    def launched(*_args: Any, **_kwargs: Any) -> Any:
        raise LaunchedOnImport

    finder = Finder()
    with standing_in(), contextlib.ExitStack() as stack:
        stack.callback(replaced(interpreter.InterpretedFunction, "run", lambda _run: launched))
        stack.callback(replaced(testing.Mark, "run", lambda _run: launched))
        for name in ("do_bench", "do_bench_cudagraph"):
            stack.callback(replaced(testing, name, lambda _run: measured))
        _importing.append(True)
        stack.callback(_importing.pop)
        sys.meta_path.insert(0, finder)
        stack.callback(sys.meta_path.remove, finder)
        yield


_importing: list[bool] = []


def measured(function: Callable[[], Any], *_args: Any, quantiles: Any = None, **_options: Any) -> Any:
    """``triton.testing.do_bench``: nothing can be timed here, so the function runs once and takes no time; when a module is imported,
    it is left out. Modules keep it by name."""
    if _importing:
        raise LaunchedOnImport
    function()
    return [0.0] * len(quantiles) if quantiles else 0.0


class Loader(importlib.machinery.SourceFileLoader):
    """Runs a module such that a statement at its top that launches a kernel is left out."""

    def get_code(self, fullname: str) -> CodeType:
        """From its text: no cache of ours is left beside it."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def source_to_code(self, data: Any, path: Any = "<string>", *, _optimize: int = -1) -> CodeType:  # type: ignore[override]  # as its own
        """Every statement at the top that defines nothing is guarded."""
        tree = ast.parse(data, path)
        tree.body = [statement if _is_kept(statement) else _guarded(statement) for statement in tree.body]
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, then say what was left out."""
        path = Path(self.get_filename(module.__name__))
        lines: list[int] = []

        def left_out(error: BaseException, line: int) -> bool:
            if not (isinstance(error, LaunchedOnImport) or (lines and isinstance(error, Exception))):
                return False
            lines.append(line)
            return True

        vars(module)[LEFT_OUT] = left_out
        if has_torch() and b"torch" in self.get_data(str(path)):
            with torch_on_cpu():
                super().exec_module(module)
        else:
            super().exec_module(module)
        if lines:
            said = f"{path.name}:{', '.join(map(str, lines))}"
            sys.stderr.write(f"flashviz: left out at {said}: launches and benchmarks while a module is imported\n")


class Finder(importlib.abc.MetaPathFinder):
    """Modules beside a kernel's file, which may launch kernels too; what is installed is imported as ever."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """As Python finds it, with our loader."""
        if fullname.split(".", maxsplit=1)[0] in ("flashviz", "flashviz_kernels"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or spec.origin is None:
            return None
        if is_installed(spec.origin):
            return None
        spec.loader = Loader(fullname, spec.origin)
        return spec


def _is_kept(statement: ast.stmt) -> bool:
    """Definitions, imports and the docstring stay as they are."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(statement, DEFINES)


def _guarded(statement: ast.stmt) -> ast.stmt:
    """``try: statement`` ``except BaseException as e: if not left_out(e, line): raise``."""
    guard = ast.parse(f"try: pass\nexcept BaseException as _error_:\n    if not {LEFT_OUT}(_error_, {statement.lineno}): raise").body[0]
    assert isinstance(guard, ast.Try)
    for node in ast.walk(guard):
        ast.copy_location(node, statement)
    guard.body = [statement]
    return guard


def raise_missing(error: BaseException) -> None:
    """A package that is not there is a part that is missing.

    Raises:
        MissingPartError: The error is about such a package.
    """
    if isinstance(error, ModuleNotFoundError) and error.name:
        raise MissingPartError(f"expected the package {error.name}, got none (imported at {place(error)}); install it") from error


def told(error: BaseException) -> str:
    """An error of somebody else's code, with the last line of theirs that it passed through: an assertion often says nothing more."""
    said = type(error).__name__
    if isinstance(error, SystemExit):
        said = f"sys.exit({error.code!r})"
    elif str(error):
        said = f"{said}: {error}"
    where = place(error)
    return f"{said} (at {where})" if where else said


def place(error: BaseException) -> str:
    """File and line of the innermost statement that is neither installed nor Python's nor ours."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_file() and not is_installed(frame.filename) and not path.is_relative_to(Path(__file__).parent):
            return f"{path.name}:{frame.lineno}"
    return ""


def is_installed(file: str) -> bool:
    """Whether it is Python's own or a package's: of this environment, of the user or of the system."""
    path = Path(file)
    return path.is_relative_to(sysconfig.get_path("stdlib")) or not {"site-packages", "dist-packages"}.isdisjoint(path.parts)


Launcher = Callable[[Any], object]
