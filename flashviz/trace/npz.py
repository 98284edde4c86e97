"""The file of a trace: a compressed npz without pickle, a JSON header inside. Written beside its place, then renamed."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from flashviz.errors import FlashvizError, TraceError
from flashviz.files import beside

SCHEMA = 1
AGAIN = "record again with flashviz trace"

HeaderType = TypeVar("HeaderType", bound=msgspec.Struct)


def write(path: str | os.PathLike[str], header: msgspec.Struct, arrays: Mapping[str, np.ndarray]) -> None:
    """Save ``header`` and ``arrays``.

    Raises:
        TraceError: The path cannot be written.
    """
    blob = np.frombuffer(msgspec.json.encode(header), np.uint8)
    named: dict[str, Any] = dict(arrays)
    with beside(path, TraceError) as partial, partial.open("wb") as file:
        np.savez_compressed(file, header=blob, **named)


def digest(header: msgspec.Struct, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256, 64 hex digits, over a header and the names, dtypes, shapes and bytes of ``arrays``."""
    found = hashlib.sha256(msgspec.json.encode(header))
    for name, array in arrays.items():
        found.update(f"{name}{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header, of this schema but not yet typed, and the arrays of a file.

    Raises:
        TraceError: The file is missing, is not a trace, has another schema or is damaged.
    """
    return _read(Path(path), None)


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The header alone, however long the trace.

    Raises:
        TraceError: As ``read``.
    """
    return _read(Path(path), ("header",))[0]


def _read(path: Path, names: tuple[str, ...] | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        arrays = _arrays(path, names)
    except OSError as error:
        raise TraceError(f"expected a trace file, got {path} ({error.strerror}); record one with flashviz trace --out") from error
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise TraceError(f"expected a trace file, got {path}, which is damaged or of another kind; {AGAIN}") from error
    try:
        raw = msgspec.json.decode(arrays.pop("header").tobytes())
        schema = raw["schema"]
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        raise TraceError(f"expected a trace with a header, got {path} without one; {AGAIN}") from error
    if schema != SCHEMA:
        raise TraceError(f"trace schema {schema}, this flashviz reads {SCHEMA}: {AGAIN}")
    return raw, arrays


def typed_header(path: str | os.PathLike[str], raw: dict[str, Any], expected: type[HeaderType]) -> HeaderType:
    """The header as the struct that its kind says.

    Raises:
        TraceError: It does not fit.
    """
    try:
        return msgspec.convert(raw, expected)
    except (msgspec.ValidationError, FlashvizError) as error:
        raise TraceError(f"expected a header of schema {SCHEMA}, got {path} with {error}; {AGAIN}") from error


def _arrays(path: Path, names: tuple[str, ...] | None) -> dict[str, np.ndarray]:
    with path.open("rb") as file:
        blob = io.BytesIO(file.read())
    loaded = np.load(blob, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("a bare array")  # noqa: TRY004  # read() says what was wrong with the file
    return {name: loaded[name] for name in loaded.files if names is None or name in names}
