"""The name of a segment in the cache: a digest of all that decides its frames, the same in another directory and on another machine.

manim's own key serialises scene, camera and animations as JSON, most of the cost of a quick render, and leaves out code. This one
walks the same objects and feeds a hash: what is drawn, as the camera compares it; the animations with all that they hold, and the
code of classes that are neither manim's nor a library's; the camera's view; the encoder; the versions. Ids, paths and the order of
sets do not enter.
"""

from __future__ import annotations

import enum
import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cache, partial
from importlib.metadata import version
from operator import itemgetter
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import cairo
import numpy as np
from manim import Mobject, Scene

from flashviz.trace import Trace

if TYPE_CHECKING:
    from manim import Animation

    from flashviz.render.damage import DamageCamera

LIBRARIES = ("manim", "numpy", "builtins", "PIL", "cairo", "collections", "functools", "enum", "abc", "typing", "dataclasses", "msgspec")
PLAIN = frozenset({type(None), bool, int, str, type(Ellipsis)})
pack = struct.Struct("<d").pack
LEFT_OUT = frozenset({"original_id", "_traced", "renderer"})  # of objects: what differs from run to run


def cache_key(camera: DamageCamera, drawn: Iterable[Mobject], animations: Sequence[Animation], encoder: str) -> str:
    """64 hex digits for the segment of one play.

    Args:
        camera: Its view and background.
        drawn: What is on screen when the play begins, in drawing order, without families.
        animations: Of the play, compiled; with the mobjects that they change.
        encoder: manim's fingerprint of codec and options.
    """
    walk = Walk()
    walk.feed((version("manim"), version("numpy"), cairo.cairo_version_string(), encoder))
    walk.feed((camera.pixel_width, camera.pixel_height, camera.frame_width, camera.frame_height, camera.frame_rate, camera.frame_center))
    walk.feed(_ground(camera.background))
    for mobject in drawn:
        walk.feed(camera.signature(mobject))
        walk.feed(mobject.z_index)
        if mobject.updaters:
            walk.feed(mobject)
    for animation in animations:
        walk.feed(animation)
    return walk.digest()


def _ground(background: np.ndarray | None) -> Any:
    """A background; one of a single colour, as most are, by its shape and that: there are millions of bytes to hash at every play."""
    if background is None:
        return None
    flat, channels = background.ravel(), background.shape[-1]
    plain = np.array_equal(flat[channels:], flat[:-channels])
    return (background.shape, flat[:channels]) if plain else background


class Walk:
    """Collects what objects hold, each once: a second meeting is noted as the number of the first."""

    def __init__(self) -> None:
        self.parts: list[bytes | memoryview] = []
        self.met: dict[int, int] = {}
        self.kept: list[Any] = []  # so that no id is used twice

    def digest(self) -> str:
        """64 hex digits of all that was fed."""
        return hashlib.sha256(b"".join(self.parts)).hexdigest()

    def feed(self, value: Any) -> None:
        """Feed a value of any type."""
        kind = type(value)
        if kind is float:
            self.parts.append(b"f" + pack(value))
        elif kind in PLAIN:
            self.parts.append(f"{kind.__name__}={value!s};".encode())
        elif isinstance(value, np.generic):
            self.feed(value.item())  # a drawn play may leave NumPy's number where a skipped one leaves Python's
        elif isinstance(value, (int, float, complex, str)):
            self.parts.append(f"{kind.__name__}={value!s};".encode())
        elif kind is bytes:
            self._mark("bytes", len(value))
            self.parts.append(value)
        elif id(value) in self.met:
            self._mark("again", self.met[id(value)])
        else:
            self.met[id(value)] = len(self.met)
            self.kept.append(value)
            _way(kind)(self, value)  # type: ignore[arg-type]  # a class is hashable

    def _mapping(self, mapping: Mapping[Any, Any]) -> None:
        self._mark("mapping", len(mapping))
        for key, item in mapping.items():
            self.feed(key)
            self.feed(item)

    def _sequence(self, items: Sequence[Any]) -> None:
        self._mark(type(items).__name__, len(items))
        for item in items:
            self.feed(item)

    def _set(self, items: Set[Any]) -> None:
        self._mark("set", len(items))
        for item in sorted(map(_alone, items)):
            self.feed(item)

    def _mark(self, kind: str, number: int = 0) -> None:
        self.parts.append(f"{kind}:{number};".encode())

    def _array(self, array: np.ndarray) -> None:
        self.parts.append(f"array{array.dtype.str}{array.shape};".encode())
        if array.dtype.hasobject:
            for item in array.flat:
                self.feed(item)
        else:
            self.parts.append(array.tobytes())

    def _object(self, value: Any) -> None:
        self.parts.append(_class(type(value)))  # type: ignore[arg-type]  # a class is hashable
        for name, item in sorted(_attributes(value).items(), key=itemgetter(0)):
            if name not in LEFT_OUT:
                self.parts.append(name.encode())
                self.feed(item)

    def _name(self, value: Any) -> None:
        self._mark(type(value).__name__)

    def _kind(self, value: type) -> None:
        self.parts.append(_class(value))

    def _trace(self, trace: Trace) -> None:
        self.parts.append(trace.digest.encode())  # of which a sweep holds all events

    def _member(self, member: enum.Enum) -> None:
        self._mark(f"{type(member).__qualname__}.{member.name}")

    def _function(self, value: Any) -> None:
        if isinstance(value, CodeType):
            self._mark(value.co_name, len(value.co_code))
            self.parts.append(value.co_code)
            self.feed(value.co_names)
            self.feed(value.co_consts)
        elif isinstance(value, MethodType):
            self.feed(value.__self__)
            self.feed(value.__func__)
        elif isinstance(value, partial):
            self.feed((value.func, value.args, value.keywords))
        elif isinstance(value, FunctionType):
            self._mark(f"{value.__module__}.{value.__qualname__}")
            if not _is_library(value.__module__):
                self.feed(value.__code__)
            self.feed(value.__defaults__)
            self.feed(tuple(cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)))
        else:
            self._mark(str(getattr(value, "__qualname__", type(value).__qualname__)))


WAYS: tuple[tuple[Any, Callable[[Walk, Any], None]], ...] = (
    (np.ndarray, Walk._array),
    (Mapping, Walk._mapping),
    ((list, tuple), Walk._sequence),
    (Set, Walk._set),
    ((FunctionType, MethodType, BuiltinFunctionType, partial, CodeType), Walk._function),
    ((ModuleType, Scene, PurePath), Walk._name),
    (type, Walk._kind),
    (Trace, Walk._trace),
    (enum.Enum, Walk._member),
)


@cache
def _way(kind: type) -> Callable[[Walk, Any], None]:
    """How values of a type are fed; asked of each type once."""
    return next((way for kinds, way in WAYS if issubclass(kind, kinds)), Walk._object)


@cache
def _class(kind: type) -> bytes:
    """A class by its name, and by its code where an edit of it would change frames."""
    walk = Walk()
    walk._mark(f"{kind.__module__}.{kind.__qualname__}")
    for base in kind.__mro__:
        if not _is_library(base.__module__):
            for name, member in vars(base).items():
                code = getattr(getattr(member, "fget", member), "__code__", None)
                if isinstance(code, CodeType):
                    walk._mark(name)
                    walk.feed(code)
    return walk.digest().encode()


def _attributes(value: Any) -> dict[str, Any]:
    slots = _slots(type(value))  # type: ignore[arg-type]  # a class is hashable
    attributes: dict[str, Any] = getattr(value, "__dict__", {})
    return {name: getattr(value, name) for name in slots if hasattr(value, name)} | attributes if slots else attributes


@cache
def _slots(kind: type) -> tuple[str, ...]:
    return tuple(name for base in kind.__mro__ for name in getattr(base, "__slots__", ()) if isinstance(name, str))


def _alone(value: Any) -> str:
    walk = Walk()
    walk.feed(value)
    return walk.digest()


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # asks whether the name has been bound
    except ValueError:
        return False
    return True


def _is_library(module: str | None) -> bool:
    return (module or "builtins").partition(".")[0] in LIBRARIES
