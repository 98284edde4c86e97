"""What a command is to compute: the algorithm, its problem, and whether kernel or twin does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashviz.cli import options
from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.settings import load_settings

if TYPE_CHECKING:
    from flashviz_kernels.algorithm import Algorithm


@dataclass(frozen=True)
class Asked:
    """An algorithm by what it is called, itself, its problem, the source, and the architecture of the settings."""

    name: str
    algorithm: Algorithm
    config: Any
    source: str | None
    arch: str


def problem_of(name: str | None, flags: dict[str, Any]) -> Asked:
    """What ``--algorithm``, ``--deterministic`` and the flags of a config ask for.

    A problem that is not attention's is its algorithm's own default.

    Raises:
        UsageError: There is no such algorithm, or flags contradict it.
    """
    from flashviz_kernels.algorithms import DEFAULT, find, in_one_order

    name = name or DEFAULT
    found = find(name)
    if flags.get("deterministic"):
        name = in_one_order(found)
        found = find(name)
    flags = {flag: value for flag, value in flags.items() if flag != "deterministic"}
    if found.config is AttentionConfig:
        settings = load_settings(**flags)
        return Asked(name, found, settings.config, settings.source, settings.config.arch)
    general = {flag: flags[flag] for flag in ("source", "arch") if flag in flags}
    given = options.spell({flag: value for flag, value in flags.items() if flag not in general})
    if given:
        raise UsageError(f"{name} says itself what is computed; leave out {given}")
    settings = load_settings(**general)
    return Asked(name, found, found.config(), settings.source, settings.config.arch)
