"""The algorithms: each file of this folder is one, ``ALGORITHM`` in it. Others are named by their file."""

from __future__ import annotations

import importlib
from pathlib import Path

from flashviz.errors import UsageError
from flashviz_kernels.algorithm import Algorithm

DEFAULT = "fa2"
NAMES = tuple(sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py")))


def find(name: str | Algorithm) -> Algorithm:
    """The algorithm of that name, or of ``FILE.py:NAME``.

    Raises:
        UsageError: There is none.
        MissingPartError: It stands in a file of its own, which may hold kernels, and triton is missing.
    """
    if isinstance(name, Algorithm):
        return name
    if ".py:" not in name:
        return named(name)
    from flashviz_kernels.loading import load_function  # it imports triton's interpreter

    found = load_function(name, "algorithm")
    if not isinstance(found, Algorithm):
        raise UsageError(f"expected an Algorithm, got {type(found).__name__} of {name}; name an instance of flashviz_kernels.algorithm's")
    return found


def named(name: str) -> Algorithm:
    """The one of this folder; a name that a file says of itself runs nothing.

    Raises:
        UsageError: There is none.
    """
    if name not in NAMES:
        raise UsageError(f"algorithm must be one of {', '.join(NAMES)}, or FILE.py:NAME, got {name[:80]!r}; try {DEFAULT}")
    found: Algorithm = importlib.import_module(f"{__name__}.{name}").ALGORITHM
    return found


def recorded_by(name: str, algorithm: str | Algorithm | None) -> Algorithm:
    """What a trace's header names: the one of this folder, or ``algorithm``, which stands elsewhere and has that name.

    Raises:
        UsageError: There is none of that name, or the given one has another.
    """
    chosen = named(name) if algorithm is None else find(algorithm)
    if chosen.name != name:
        raise UsageError(f"expected the algorithm of a trace of {name[:80]}, got {chosen.name}; name its own, or none")
    return chosen


def in_one_order(algorithm: Algorithm) -> str:
    """The name of its variant whose sums have one order.

    Raises:
        UsageError: There is none.
    """
    if algorithm.deterministic is None:
        known = ", ".join(each.name for each in every() if each.deterministic is not None)
        raise UsageError(f"--deterministic takes the variant in a fixed order of {known}, got algorithm {algorithm.name}; leave it out")
    return algorithm.deterministic


def every() -> list[Algorithm]:
    """All that are here."""
    return [named(name) for name in NAMES]


def computing(output: str) -> tuple[str, ...]:
    """Names of those that compute it, the default one first."""
    return tuple(sorted((each.name for each in every() if output in each.outputs), key=lambda name: (name != DEFAULT, name)))
