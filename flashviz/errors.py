"""The map of what can go wrong. Every message is one line: what was expected, what was got, the remedy.

    FlashvizError            exit code 1
    ├── VerificationError    exit code 1   a check of kernel, twin or closed form failed
    ├── WriteError           exit code 1   a file could not be written: the disk is full, the folder is read-only
    ├── UsageError           exit code 2   the request cannot be met as it was put
    │   ├── ConfigError                    a field of AttentionConfig
    │   ├── InputError                     arrays or options given to flash_attention
    │   └── TraceError                     a trace file, or a question that a trace cannot answer
    └── MissingPartError     exit code 3   something of the system is not installed

They are handled once, at the command line.
"""

from __future__ import annotations


class FlashvizError(Exception):
    """Root of everything that flashviz raises on purpose."""

    exit_code = 1


class VerificationError(FlashvizError):
    """Kernel, twin, reference or closed form disagree."""


class WriteError(FlashvizError, RuntimeError):
    """A segment or film could not be written; nothing half-written is left. A ``RuntimeError`` too, as manim's own is."""


class UsageError(FlashvizError):
    """The request cannot be met as it was put."""

    exit_code = 2


class ConfigError(UsageError):
    """A field of ``AttentionConfig`` is out of its range, or two of them contradict each other."""


class InputError(UsageError):
    """Arrays or options that ``flash_attention`` cannot take."""


class TraceError(UsageError):
    """A trace file that cannot be read, or a question that a trace cannot answer."""


class MissingPartError(FlashvizError):
    """A part of the system is missing: triton, a font, a GPU."""

    exit_code = 3
