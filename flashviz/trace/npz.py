"""The file of a trace: a compressed npz without pickle, a JSON header inside. Written beside its place, then renamed.

Files come from anywhere. What a file says of itself (which members, how they are packed, their dtypes and shapes) is read and held
to the little that ``write`` writes before any array is unpacked: a file costs what it holds, never what it claims.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from flashviz.errors import FlashvizError, TraceError
from flashviz.files import beside, endless

SCHEMA = 2
AGAIN = "record again with flashviz trace"
LIMIT = 1 << 30  # bytes of all arrays of a file
HEADER_LIMIT = 16 << 20  # bytes of its JSON
CHUNK = 1 << 20  # bytes that are read at once: Python makes room for what it is asked to read
MEMBER = ".npy"

SIGNATURE = b"PK\x03\x04"  # a zip file with something in it
PREFIX = struct.Struct("<6sHH")  # of an array: NumPy's magic, the version 1.0, how long its header is
MAGIC, VERSION = b"\x93NUMPY", 1
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
ARRAY_HEADER = re.compile(
    r"\{'descr': '(?P<dtype>[<>|][iuf][1248])', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>(?:\d{1,18}, ?)*(?:\d{1,18})?)\), \} *\n"
)
# What zipfile raises of a damaged archive: besides its own error those of fields that it takes at their word.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, EOFError, OverflowError, RuntimeError, OSError)

HeaderType = TypeVar("HeaderType", bound=msgspec.Struct)


def write(path: str | os.PathLike[str], header: msgspec.Struct, arrays: Mapping[str, np.ndarray]) -> None:
    """Save ``header`` and ``arrays``.

    Raises:
        TraceError: There are more bytes than a file may have.
        UsageError: The path cannot be written; ``WriteError`` where the disk is full.
    """
    blob = np.frombuffer(msgspec.json.encode(header), np.uint8)
    _check_size(path, sum(array.nbytes for array in arrays.values()))
    named: dict[str, Any] = dict(arrays)
    with beside(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, header=blob, **named)


def digest(header: msgspec.Struct, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256, 64 hex digits, over a header and the names, dtypes, shapes and bytes of ``arrays``."""
    found = hashlib.sha256(msgspec.json.encode(header))
    for name, array in arrays.items():
        found.update(f"{name}{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


@dataclass(frozen=True)
class Member:
    """What an array in a file says of itself; ``start`` is where its numbers begin in the member."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


class Contents:
    """A file of which the header has been read: what it says, which arrays there are, and, when they are asked for, the arrays.

    Args:
        path: The file.

    Attributes:
        raw: The header, of this schema but not yet typed.
        members: What each array besides says of itself, by name.

    Raises:
        TraceError: The file is missing, is not a trace, has another schema or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._content = self._bytes()
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(self._content))
            members = {info.filename.removesuffix(MEMBER): self._member(info) for info in self._infos()}
        except DAMAGED as error:
            raise self.damaged from error
        header = members.pop("header", None)
        if header is None or header.nbytes > HEADER_LIMIT:
            raise self._headless
        self.members = members
        self.raw = self._header(header)

    @property
    def damaged(self) -> TraceError:
        """That it cannot be read."""
        return TraceError(f"expected a trace file, got {self.path}, which is damaged or of another kind; {AGAIN}")

    @property
    def _headless(self) -> TraceError:
        return TraceError(f"expected a trace with a header, got {self.path} without one; {AGAIN}")

    def array(self, name: str) -> np.ndarray:
        """One of the arrays besides the header.

        Raises:
            TraceError: It is damaged.
        """
        try:
            return self._array(name, self.members[name])
        except DAMAGED as error:
            raise self.damaged from error

    def _bytes(self) -> bytes:
        if endless(self.path):
            raise TraceError(
                f"expected a trace file, got {self.path}, which is a folder, a pipe or a device; copy what it gives into a file"
            )
        try:
            with self.path.open("rb") as file:
                start = file.read(len(SIGNATURE))
                if start != SIGNATURE:
                    raise self.damaged
                pieces, size = [start], len(start)
                while size <= LIMIT and (piece := file.read(CHUNK)):
                    pieces.append(piece)
                    size += len(piece)
        except OSError as error:
            raise TraceError(f"expected a trace file, got {self.path} ({error.strerror}); record one with flashviz trace --out") from error
        _check_size(self.path, size)
        return b"".join(pieces)

    def _infos(self) -> list[zipfile.ZipInfo]:
        """The members of the archive, each as ``write`` writes one."""
        infos = self._archive.infolist()
        names = {info.filename for info in infos}
        if len(names) != len(infos) or not all(name.endswith(MEMBER) for name in names):
            raise self.damaged
        if any(info.compress_type not in PACKED or info.flag_bits & ENCRYPTED for info in infos):
            raise self.damaged
        _check_size(self.path, sum(info.file_size for info in infos))
        return infos

    def _member(self, info: zipfile.ZipInfo) -> Member:
        with self._archive.open(info) as file:
            magic, version, length = PREFIX.unpack(file.read(PREFIX.size))
            said = ARRAY_HEADER.fullmatch(file.read(length).decode("latin-1"))
        if magic != MAGIC or version != VERSION or said is None:
            raise self.damaged
        shape = tuple(int(side) for side in said["shape"].replace(",", " ").split())
        member = Member(np.dtype(said["dtype"]), shape, said["fortran"] == "True", PREFIX.size + length)
        if member.start + member.nbytes != info.file_size:
            raise self.damaged
        return member

    def _array(self, name: str, member: Member) -> np.ndarray:
        size = member.start + member.nbytes
        with self._archive.open(name + MEMBER) as file:
            content = file.read(size)  # never more; at the last byte the checksum is compared
        if len(content) != size:
            raise self.damaged
        flat = np.frombuffer(content, member.dtype, offset=member.start)
        return flat.reshape(member.shape, order="F" if member.fortran else "C")

    def _header(self, member: Member) -> dict[str, Any]:
        if member.dtype != np.uint8:
            raise self._headless
        try:
            raw = msgspec.json.decode(self._array("header", member).tobytes())
        except DAMAGED as error:  # of JSON: msgspec's errors are ValueErrors; nested deeper than Python goes it is a RecursionError
            raise self._headless from error
        if not isinstance(raw, dict) or "schema" not in raw:
            raise self._headless
        if raw["schema"] != SCHEMA:
            said = raw["schema"] if isinstance(raw["schema"], int) else "of another kind"
            raise TraceError(f"trace schema {said}, this flashviz reads {SCHEMA}: {AGAIN}")
        return raw


def _check_size(path: str | os.PathLike[str], size: int) -> None:
    if size > LIMIT:
        raise TraceError(f"expected a trace of at most {LIMIT:,} B of arrays, got {size:,} B in {path}; record fewer tiles or heads")


def typed_header(path: str | os.PathLike[str], raw: dict[str, Any], expected: type[HeaderType]) -> HeaderType:
    """The header as the struct that its kind says.

    Raises:
        TraceError: It does not fit.
    """
    try:
        return msgspec.convert(raw, expected)
    except (msgspec.ValidationError, FlashvizError) as error:
        raise TraceError(f"expected a header of schema {SCHEMA}, got {path} with {error}; {AGAIN}") from error
