"""The command line: the one room above both the library and the kernels, and the one place where errors are shown.

Standard output carries the answer (with ``--json``, one JSON object and nothing else); progress and complaints go to
standard error. Exit codes: 0, 1 failed verification, 2 wrong usage, 3 a part of the system is missing.
"""

from flashviz.cli.commands import main

__all__ = ["main"]
