"""A kernel's own text, so rewritten that Python runs it as Triton compiles it.

Triton's interpreter lets Python evaluate what Python decides by itself: ``and``, ``or``, ``not``, chained comparisons, conditions and
loop variables. Compiled, the first four are element-wise on blocks and take every operand that is no constant, a block is no
condition, and a loop variable is a number of Triton's. The text is read from its file as Python reads it (PEP 263, byte order mark, form
feed), so that each statement keeps its line.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import importlib
import linecache
import sys
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from flashviz.errors import UsageError

HERE = "__meaning__"  # this module's name among a kernel's globals


def rewritten(fn: Any, instead_of: Callable[[Any], Any | None]) -> Any:
    """A kernel's function with Triton's meaning; what it finds outside of itself, defaults and closure are those of ``fn``.

    Args:
        fn: What ``triton.jit`` decorates.
        instead_of: What to use for a global value, such as a builtin of Triton's that was imported by name; None for the value itself.

    Raises:
        UsageError: Its text is in no file.
    """
    scope = fn.__globals__
    own = {*fn.__code__.co_varnames, *fn.__code__.co_cellvars, *fn.__code__.co_freevars}
    outer = [name for name in fn.__code__.co_names if name not in own]
    replaced = {name: instead for name in outer if (instead := instead_of(scope.get(name))) is not None}
    replaced |= {name: BUILTINS[name] for name in outer if name in BUILTINS and name not in scope}
    scope[HERE] = sys.modules[__name__]
    scope.update({_stand_in(name): value for name, value in replaced.items()})
    code = _meant(fn.__code__, frozenset(replaced))
    cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    made = FunctionType(code, scope, fn.__name__, fn.__defaults__, tuple(cells[name] for name in code.co_freevars))
    made.__kwdefaults__, made.__qualname__, made.__module__ = fn.__kwdefaults__, fn.__qualname__, fn.__module__
    constexpr = importlib.import_module("triton.language").constexpr
    made.__annotations__ = {  # under ``from __future__ import annotations`` they are text
        name: constexpr if isinstance(kind, str) and kind.rpartition(".")[2] == "constexpr" else kind
        for name, kind in fn.__annotations__.items()
    }
    return made


def definition(code: CodeType) -> ast.AST | None:
    """The def or lambda that a code object is of; None where its file is not to be read."""
    found = [
        node
        for node in functions(code.co_filename)
        if getattr(node, "name", "<lambda>") == code.co_name and first_line(node) == code.co_firstlineno
    ]
    return found[0] if found else None


@cache
def functions(filename: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, ...]:
    """Every function in a file."""
    try:
        tree = ast.parse(source_bytes(filename), filename)
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def source_bytes(filename: str) -> bytes | str:
    """A file's text before it is decoded, since Python says how; or that of a notebook's cell.

    Raises:
        OSError: There is neither.
    """
    path = Path(filename)
    if path.is_file():
        return path.read_bytes()
    lines = linecache.getlines(filename)
    if not lines:
        raise OSError(f"no text of {filename}")
    return "".join(lines)


def source_lines(filename: str) -> list[str]:
    """The lines of a file as Python counts them: a form feed, for one, ends none."""
    path = Path(filename)
    if not path.is_file():
        return [line.rstrip("\n") for line in linecache.getlines(filename)]
    with tokenize.open(filename) as file:  # BOM and PEP 263; universal newlines
        text = file.read()
    for mark in "\v\f\x1c\x1d\x1e\x85\u2028\u2029":  # str.splitlines would cut there
        text = text.replace(mark, " ")
    return text.split("\n")


def first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    """Where a function begins, its decorators with it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


@cache
def _meant(original: CodeType, replaced: frozenset[str]) -> CodeType:
    """The code of a function with Triton's meaning."""
    node = definition(original)
    if not isinstance(node, ast.FunctionDef):
        what = f"{original.co_qualname} of {original.co_filename}"
        raise UsageError(f"expected a kernel whose text can be read, got {what}; write it with def, in a file")
    alone = copy.deepcopy(node)
    alone.decorator_list = []  # they have run
    return _compiled(Meaning(set(replaced)).visit(alone), original)


def _compiled(node: ast.FunctionDef, original: CodeType) -> CodeType:
    """The code object of a function that stands within another one whose locals are its free variables."""
    names = [ast.arg(arg=name) for name in original.co_freevars]
    around = ast.FunctionDef(
        name="around", args=ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=[node], decorator_list=[],
    )  # fmt: skip
    ast.copy_location(around, node)
    if sys.version_info >= (3, 12):
        around.type_params = []
    module = ast.fix_missing_locations(ast.Module(body=[around], type_ignores=[]))
    outer = next(const for const in compile(module, original.co_filename, "exec").co_consts if isinstance(const, CodeType))
    inner = next(const for const in outer.co_consts if isinstance(const, CodeType) and const.co_name == node.name)
    return inner.replace(co_qualname=original.co_qualname)  # its first line is that of its def: lines count from there


def _stand_in(name: str) -> str:
    return f"__meaning_{name}__"


class Meaning(ast.NodeTransformer):
    """Puts calls of this module where Python would decide by itself.

    Args:
        replaced: Globals that have a stand-in.
    """

    def __init__(self, replaced: set[str]) -> None:
        self.replaced = replaced
        self.kept = 0

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.replaced and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(_stand_in(node.id), ast.Load()), node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        node.value = self._call("value", node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None and "constexpr" not in ast.unparse(node.annotation):
            node.value = self._call("value", node.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        values = [self.visit(value) for value in node.values]
        return self._all(values, "and_" if isinstance(node.op, ast.And) else "or_", node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        parts: list[ast.expr] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            last = right is node.comparators[-1]
            name = None if last else self._name()
            kept = right if name is None else self._keep(name, right)
            parts.append(ast.copy_location(ast.Compare(left, [op], [kept]), node))
            left = right if name is None else ast.copy_location(ast.Name(name, ast.Load()), node)
        return self._all(parts, "and_", node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self._call("not_", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._condition(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._condition(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self._condition(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.iter, ast.Call):
            node.iter.args.insert(0, node.iter.func)
            node.iter.func = self._function("each", node.iter)
        return node

    def _condition(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        node.test = self._call("truth", node.test)
        return node  # type: ignore[no-any-return]

    def _all(self, values: list[ast.expr], how: str, node: ast.expr) -> ast.expr:
        """``a`` if that decides, else ``a`` and what follows: from left to right, each evaluated once."""
        whole = values[0]
        for value in values[1:]:
            name = self._name()
            decided = self._call(f"{how}decided", self._keep(name, whole))
            so_far = ast.copy_location(ast.Name(name, ast.Load()), node)
            whole = ast.copy_location(ast.IfExp(decided, so_far, self._call(f"{how}both", so_far, value)), node)
        return whole

    def _name(self) -> str:
        self.kept += 1
        return f"__kept_{self.kept}__"

    def _keep(self, name: str, value: ast.expr) -> ast.expr:
        return ast.copy_location(ast.NamedExpr(ast.copy_location(ast.Name(name, ast.Store()), value), value), value)

    def _call(self, name: str, *values: ast.expr) -> ast.Call:
        return ast.copy_location(ast.Call(self._function(name, values[0]), list(values), []), values[0])

    def _function(self, name: str, near: ast.AST) -> ast.expr:
        here = ast.copy_location(ast.Name(HERE, ast.Load()), near)
        return ast.copy_location(ast.Attribute(here, name, ast.Load()), near)


# ------------------------------------------------------------------------------------------- what a rewritten kernel calls


def value(given: Any) -> Any:
    """What is assigned: a number becomes one of Triton's."""
    return _interpreter().interpreter_semantic.to_tensor(given, check_type=False)


def and_decided(left: Any) -> bool:
    """Whether the rest of a conjunction is not evaluated: only a constant that is false decides."""
    return not _is_tensor(left) and not left


def or_decided(left: Any) -> bool:
    """Whether the rest of a disjunction is not evaluated."""
    return not _is_tensor(left) and bool(left)


def and_both(left: Any, right: Any) -> Any:
    """``left and right``, element by element where both are Triton's; a constant that is true has no effect."""
    if not _is_tensor(left):
        return right
    if not _is_tensor(right):
        return left if right else right
    return _bit(left).logical_and(_bit(right))


def or_both(left: Any, right: Any) -> Any:
    """``left or right``, likewise."""
    if not _is_tensor(left):
        return right
    if not _is_tensor(right):
        return right or left
    return _bit(left).logical_or(_bit(right))


def not_(operand: Any) -> Any:
    """``not operand``, element by element."""
    return _bit(operand).__not__() if _is_tensor(operand) else not operand


def truth(condition: Any) -> bool:
    """A condition.

    Raises:
        BlockCondition: It is a block of several values, which the compiler refuses too.
    """
    if _is_tensor(condition) and condition.handle.data.size != 1:
        shape = " x ".join(map(str, condition.handle.data.shape))
        raise BlockCondition(f"expected one value as a condition, got a block of {shape}; reduce it, or use a mask or tl.where")
    return bool(condition)


class BlockCondition(ValueError):  # noqa: N818  # it is told by its name
    """A block stands where one value must."""


def each(kind: Any, *bounds: Any, **options: Any) -> Any:
    """What a loop goes through: Triton's numbers in the type of the bounds, and plain ones where the compiler unrolls."""
    if kind is not builtins.range and kind is not counted_range:
        return kind(*bounds, **options)
    semantic, tl = _interpreter().interpreter_semantic, importlib.import_module("triton.language")
    given = [*bounds, *(options[name] for name in ("arg2", "step") if options.get(name) is not None)]
    types = [semantic.to_tensor(bound).dtype for bound in given]
    dtype = types[0]
    for other in types[1:]:
        dtype = semantic.integer_promote_impl(dtype, other)
    return _numbers(range(*(int(bound) for bound in given)), dtype, tl)


def _numbers(counted: range, dtype: Any, tl: Any) -> Iterator[Any]:
    handle, numpy_dtype = _interpreter().TensorHandle, _interpreter()._get_np_dtype(dtype)
    for number in counted:
        yield tl.tensor(handle(np.array([number], numpy_dtype), dtype), dtype)


def counted_range(*bounds: Any, **options: Any) -> Any:
    """``tl.range``; its options are the compiler's."""
    return each(counted_range, *bounds, **options)


def static_range(*bounds: Any, **options: Any) -> range:
    """``tl.static_range``: the compiler unrolls it, so its variable is a constant."""
    return range(*(int(bound) for bound in (*bounds, *options.values())))


def least(*operands: Any) -> Any:
    """``min``, element by element where an operand is Triton's."""
    return _chosen(builtins.min, "minimum", operands)


def most(*operands: Any) -> Any:
    """``max``, likewise."""
    return _chosen(builtins.max, "maximum", operands)


def _chosen(plain: Callable[..., Any], name: str, operands: tuple[Any, ...]) -> Any:
    if not any(map(_is_tensor, operands)):
        return plain(*operands)
    choose = getattr(importlib.import_module("triton.language"), name)
    return functools.reduce(choose, operands)


BUILTINS = {"min": least, "max": most}  # of Python's, those that mean something else compiled


def _bit(operand: Any) -> Any:
    return operand if operand.dtype.is_int1() else operand != 0


def _is_tensor(operand: Any) -> bool:
    return isinstance(operand, _tensor())


@cache
def _tensor() -> Any:
    return importlib.import_module("triton.language.core").tensor


@cache
def _interpreter() -> Any:
    return importlib.import_module("triton.runtime.interpreter")
