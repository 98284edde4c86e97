"""Event -> source line, found in the kernel's own syntax tree: the statement that stands before each report of an event."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flashviz.trace import SourceText
from flashviz.trace.header import hash_of

GUARDS = ("TRACE", "CLOCK")
REPORTS = {"log": 0, "trace": 1}  # the calls by which a twin and a kernel report an event, and which argument names the statement


@dataclass(frozen=True)
class KernelSource:
    """The text of the traced functions, of each file that they stand in from the first of them to the last; and file and line of each
    statement that they report, by its name."""

    files: tuple[SourceText, ...]
    lines: dict[str, tuple[int, int]]

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hash_of(self.files)


@functools.cache
def source_of(*functions: Callable[..., Any]) -> KernelSource:
    """Text and lines of functions, as they were when they were first asked for."""
    spans: dict[Path, list[int]] = {}
    for function in functions:
        lines, first = inspect.getsourcelines(function)
        spans.setdefault(Path(inspect.getsourcefile(function) or ""), []).extend((first, first + len(lines) - 1))
    files: list[SourceText] = []
    found: dict[str, tuple[int, int]] = {}
    for at, (path, ends) in enumerate(spans.items()):
        text = "\n".join(path.read_text(encoding="utf-8").splitlines()[min(ends) - 1 : max(ends)]) + "\n"
        files.append(SourceText(path.name, min(ends), text))
        found |= {name: (at, line) for name, line in event_lines(text, min(ends)).items()}
    return KernelSource(tuple(files), found)


def event_lines(text: str, first_line: int) -> dict[str, int]:
    """Name -> line of the statement whose execution it reports; of a report that begins a branch or a loop, the line that led there."""
    lines: dict[str, int] = {}

    def within(block: list[ast.stmt], before: ast.stmt | None) -> None:
        for statement in block:
            if is_guard(statement) or reported(statement) is not None:
                name = reported(statement)
                if name is not None and before is not None:
                    lines[name] = first_line - 1 + before.lineno
                continue
            before = statement
            opens = (
                None if isinstance(statement, ast.FunctionDef | ast.ClassDef) else statement
            )  # what stands in a function did not lead there
            for name in ("body", "orelse"):
                within(getattr(statement, name, []), opens)

    within(ast.parse(text).body, None)
    return lines


def is_guard(statement: ast.stmt) -> bool:
    """Whether it is there for the trace alone: ``if TRACE: ...``, or for its clock."""
    return isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id in GUARDS


def reported(statement: ast.stmt) -> str | None:
    """The name that a statement reports: ``log(Code.X, ...)``, ``if TRACE: ... trace(events, X, ...)``; None for the algorithm's own."""
    if isinstance(statement, ast.If):
        return reported(statement.body[0]) if is_guard(statement) else None
    call = getattr(statement, "value", None)
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in REPORTS):
        return None
    if call.func.id == "log" and not isinstance(statement, ast.Expr):  # a logarithm
        return None
    named = call.args[REPORTS[call.func.id] :][:1]
    return next((arg.attr if isinstance(arg, ast.Attribute) else ast.unparse(arg) for arg in named), None)
