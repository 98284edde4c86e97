"""Nothing half-written is ever left under a final name: write beside, then rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flashviz.errors import FlashvizError, UsageError


@contextmanager
def beside(path: str | os.PathLike[str], refusal: type[FlashvizError] = UsageError) -> Iterator[Path]:
    """A hidden name beside ``path``: renamed to it when the block ends well, removed when it does not.

    Raises:
        FlashvizError: As ``refusal``: the path cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise refusal(f"expected a path that can be written, got {path} ({error.strerror}); choose another --out") from error
    finally:
        partial.unlink(missing_ok=True)
