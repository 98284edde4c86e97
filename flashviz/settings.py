"""What a run was asked for, from four places: flag > ``FLASHVIZ_*`` environment > ``flashviz.toml`` > default.

This is the one module that reads the environment and the file. The names are the flags without their dashes:
``--seq-len 256``, ``FLASHVIZ_SEQ_LEN=256`` and ``seq-len = 256`` say the same.
"""

from __future__ import annotations

import difflib
import os
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec

from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.files import endless

if TYPE_CHECKING:
    from flashviz.catalogue import Catalogue

Source = Literal["triton", "numpy"]
ThemeName = Literal["dark", "light"]
Aspect = Literal["16:9", "4:3", "1:1", "9:16"]
Encode = Literal["same", "fast"]

FILE = "flashviz.toml"
PREFIX = "FLASHVIZ_"
TESTS_PREFIX = "FLASHVIZ_REQUIRE_"  # switches of the test suite, no settings

CONFIG_TYPES: dict[str, Any] = {
    "batch": int,
    "heads": int,
    "kv_heads": int,
    "seq_len": int,
    "seq_q": int,
    "seq_k": int,
    "head_dim": int,
    "block_m": int,
    "block_n": int,
    "dtype": str,
    "causal": bool,
    "scale": float,
    "inputs": str,
    "seed": int,
    "arch": str,
    "stages": int,
}
FILM_TYPES: dict[str, Any] = {
    "source": Source,
    "trace": str,
    "theme": ThemeName,
    "captions": bool,
    "catalogue": str,
    "pauses": bool,
    "aspect": Aspect,
    "encode": Encode,
}
TYPES = CONFIG_TYPES | FILM_TYPES
TYPE_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run's settings, all concrete. ``source`` None means triton where it is installed, else the NumPy twin."""

    config: AttentionConfig
    source: Source | None = None
    trace: Path | None = None
    theme: ThemeName = "dark"
    captions: bool = True
    catalogue: Catalogue | None = None
    pauses: bool = True
    aspect: Aspect = "16:9"
    encode: Encode = "same"

    @property
    def language(self) -> str:
        """BCP 47 tag of the captions."""
        return "en" if self.catalogue is None else self.catalogue.language


@dataclass(frozen=True)
class _Layer:
    """What one place says. ``spell`` writes a name as that place writes it, for the messages."""

    place: str
    values: dict[str, Any]

    def spell(self, name: str) -> str:
        if self.place == "flag":
            return "--" + name.replace("_", "-")
        if self.place == "environment":
            return PREFIX + name.upper()
        return f"{FILE}: {name.replace('_', '-')}"


_in_force: ContextVar[Settings | None] = ContextVar("flashviz_settings", default=None)


@contextmanager
def use_settings(settings: Settings) -> Iterator[None]:
    """Within the block ``load_settings()`` gives ``settings``: how the command line hands its flags to a scene."""
    token = _in_force.set(settings)
    try:
        yield
    finally:
        _in_force.reset(token)


def load_settings(*, environ: Mapping[str, str] | None = None, folder: Path | None = None, **flags: object) -> Settings:
    """Merge flags, environment and file; a flag that is None was not given.

    Args:
        environ: stands in for ``os.environ``.
        folder: where ``flashviz.toml`` is looked for; the working directory by default.
        flags: any setting by its name, with ``_`` for ``-``.

    Raises:
        UsageError: an unknown name, a value of the wrong type, or two settings that contradict each other.
        ConfigError: a configuration that no kernel runs.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    settings = _in_force.get()
    if settings is not None and not given:
        return settings
    layers = [
        _file_layer(folder if folder is not None else Path()),
        _environment_layer(os.environ if environ is None else environ),
        _layer("flag", given, strict=False),
    ]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer.values)
    film = {name: merged[name] for name in FILM_TYPES if name in merged}
    if "catalogue" in film:
        from flashviz.catalogue import read_catalogue

        film["catalogue"] = read_catalogue(film["catalogue"])
    if "trace" not in film:
        config = {name: value for name, value in merged.items() if name in CONFIG_TYPES}
        return Settings(config=AttentionConfig(**config), **film)
    film["trace"] = Path(film["trace"])
    return Settings(config=_config_of_trace(film["trace"], layers), **film)


def check_epoch(environ: Mapping[str, str]) -> None:
    """Refuse a ``SOURCE_DATE_EPOCH`` with which NumPy's f2py, and with it SciPy and manim, cannot be imported.

    Raises:
        UsageError: It is no time.
    """
    epoch = environ.get("SOURCE_DATE_EPOCH", "0")
    try:
        time.gmtime(int(epoch))
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH={epoch!r}: expected seconds since 1970, as NumPy reads it, got: {error}; unset it") from error


def _file_layer(folder: Path) -> _Layer:
    path = folder / FILE
    if not path.exists():
        return _Layer("file", {})
    if endless(path):
        raise UsageError(f"{FILE}: expected a file that can be read, got a folder, a pipe or a device; move it away")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # not TOML, not UTF-8, an integer of more digits than Python reads, brackets without an end
        raise UsageError(f"{FILE}: not valid TOML ({error}); write lines such as seq-len = 256") from error
    except OSError as error:
        raise UsageError(f"{FILE}: expected a file that can be read, got {error.strerror}; move it away") from error
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in values:
            raise UsageError(f"{FILE}: {key} is given twice, with - and with _; keep one")
        values[name] = value
    return _layer("file", values, strict=True)


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and not name.startswith(TESTS_PREFIX)
    }
    return _layer("environment", values, strict=False)


def _layer(place: str, raw: Mapping[str, object], *, strict: bool) -> _Layer:
    """Check names and types, and spread ``seq_len`` over ``seq_q`` and ``seq_k``, so that layers merge name by name."""
    layer = _Layer(place, {})
    for name, value in raw.items():
        if name not in TYPES:
            raise UsageError(_unknown(layer, name))
        layer.values[name] = _typed(layer.spell(name), value, TYPES[name], strict=strict)
    if "seq_len" in layer.values:
        length = layer.values.pop("seq_len")
        for name in ("seq_q", "seq_k"):
            if layer.values.setdefault(name, length) != length:
                raise UsageError(
                    f"{layer.spell('seq_len')}={length} sets both lengths and contradicts "
                    f"{layer.spell(name)}={layer.values[name]}; give one of them"
                )
    return layer


def _unknown(layer: _Layer, name: str) -> str:
    near = difflib.get_close_matches(name, TYPES, n=1)
    remedy = f"did you mean {layer.spell(near[0])}?" if near else "known are " + ", ".join(map(layer.spell, TYPES))
    return f"{layer.spell(name)} is not a setting; {remedy}"


def _typed(spelt: str, value: object, kind: Any, *, strict: bool) -> Any:
    """``value`` as ``kind``; text becomes a number or a truth value only where ``strict`` is off."""
    try:
        return msgspec.convert(value, kind, strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError):  # a variable that is no UTF-8
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        near = difflib.get_close_matches(str(value), choices, n=1)
        wanted = "one of " + ", ".join(choices) if choices else TYPE_NAMES[kind]
        remedy = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{spelt}={value!r}: expected {wanted}{remedy}") from None


def _config_of_trace(path: Path, layers: list[_Layer]) -> AttentionConfig:
    """The config that a trace was recorded with; neither the place that names it nor a stronger one may differ."""
    if not path.exists():
        raise UsageError(f"trace {path}: no such file; record one with flashviz trace --out {path}")
    from flashviz.trace import load_header

    header = load_header(path)
    namer = max(index for index, layer in enumerate(layers) if "trace" in layer.values)
    if (config := header.config) is None:
        for layer in layers[namer:]:
            for name in layer.values:
                if name in CONFIG_TYPES or name == "source":
                    both = {"seq_q", "seq_k"} <= set(layer.values) and name.startswith("seq")
                    spelt = layer.spell("seq_len" if both else name)
                    raise UsageError(f"{path} is a recording of the kernel {header.kernel}, not of a configuration; leave out {spelt}")
        return AttentionConfig()
    if header.altered is not None:
        raise UsageError(f"expected what an algorithm did, got {path}, which was altered ({header.altered}); show it with flashviz player")
    stated = {field.name: getattr(config, field.name) for field in fields(config)}
    stated["source"] = header.source.partition("-")[0]  # triton-interpreter and triton-gpu are both triton
    for layer in layers[namer:]:
        for name, value in layer.values.items():
            if name in stated and stated[name] != value:
                raise UsageError(f"{layer.spell(name)}={value} contradicts {path}, recorded with {stated[name]}; leave one out")
    return config
