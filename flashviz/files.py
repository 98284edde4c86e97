"""Nothing half-written is ever left under a final name: write beside, then rename."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flashviz.errors import FlashvizError, UsageError, WriteError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
THE_SYSTEMS = (errno.EROFS, errno.EIO, None)  # None: of a library that says no number


@contextmanager
def beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A hidden name beside ``path``: renamed to it when the block ends well, removed when it does not.

    Raises:
        WriteError: The disk is full, or read-only.
        UsageError: The path cannot be written for another reason.
    """
    path = Path(path)
    partial = partial_name(path)
    try:
        with writing(path):
            yield partial
            partial.replace(path)
    finally:
        with suppress(OSError):  # where nothing could be written, nothing is to be removed
            partial.unlink(missing_ok=True)


def partial_name(path: Path) -> Path:
    """A name beside ``path`` that manim's cache leaves alone and that two processes at once do not share; the suffix stays."""
    return path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system refuses within is said of ``path``; raises as ``beside``."""
    try:
        yield
    except OSError as error:
        got = error.strerror or error
        if error.errno in FULL:
            raise WriteError(f"expected room for {path}, got {got}; free some, then try again") from error
        kind: type[FlashvizError] = WriteError if error.errno in THE_SYSTEMS else UsageError
        raise kind(f"expected a path that can be written, got {path} ({got}); choose another") from error


def endless(path: Path) -> bool:
    """Whether reading it may wait for ever, or never come to an end: a pipe, a device; a folder cannot be read at all."""
    return path.exists() and not path.is_file()


def make_folder(folder: Path) -> None:
    """A folder and those above it, where they are not there; raises as ``beside``."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
