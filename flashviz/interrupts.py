"""Ctrl-C and SIGTERM: when they may end what is being done.

Python raises ``KeyboardInterrupt`` between any two instructions of the main thread: also just after a lock is taken and before the block
that would give it back begins. A thread that needs the lock then waits for ever. What shares a lock with a thread is therefore done whole.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # exit code: 128 + SIGINT, as shells count

_asked = threading.Event()  # to end, within ``ends_orderly``


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals with a handler in Python, such as Ctrl-C, are raised at the end of it. Only the main thread gets any."""
    met: list[int] = []
    handled = [number for number in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(number))]
    handled = handled if threading.current_thread() is threading.main_thread() else []
    before = {number: signal.signal(number, lambda which, _frame: met.append(which)) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for which in met:
            signal.raise_signal(which)


@contextmanager
def ends_orderly() -> Iterator[None]:
    """Within it SIGTERM, as from ``timeout`` or a scheduler of jobs, ends this process as Ctrl-C does; ``heed`` finds what is dropped.

    A command that renders is within it from its first line on: what it imports takes a second and more, and drops interrupts too.
    """
    _asked.clear()
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked.clear()


def heed() -> None:
    """Raise the interrupt that came and was lost: Python drops one that it meets while it collects an object, and imports drop some."""
    if _asked.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    _asked.set()
    signal.default_int_handler(number, frame)
