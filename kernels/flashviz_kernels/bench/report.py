"""The json of a benchmark: a typed report."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from flashviz.errors import UsageError
from flashviz.files import beside

PACKAGES = ("flashviz", "numpy", "torch", "triton", "ml_dtypes", "manim", "av", "pycairo")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured. ``load`` is the one-minute load average when it began: the machine's other work."""

    processor: str
    cores: int
    memory: int  # bytes
    system: str
    gpu: str | None = None
    driver: str | None = None
    load: float | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one problem. ``unavailable`` says why there are no figures; ``max_error`` is held to ``tolerance`` in the same run."""

    method: str
    n: int
    d: int
    batch: int
    heads: int
    causal: bool
    dtype: str
    flops: int
    seconds: tuple[float, ...] = ()
    peak_memory: int | None = None  # bytes beyond the inputs
    max_error: float | None = None
    tolerance: float | None = None
    peak_fraction: float | None = None
    settings: dict[str, int] = {}
    unavailable: str | None = None

    @property
    def median(self) -> float | None:
        """Seconds."""
        return float(np.median(self.seconds)) if self.seconds else None

    @property
    def tflops(self) -> float | None:
        """TFLOP/s at the median."""
        return self.flops / self.median / 1e12 if self.median else None

    @property
    def right(self) -> bool | None:
        """Whether the result was within its tolerance; None where there is none."""
        return None if self.max_error is None or self.tolerance is None else self.max_error <= self.tolerance


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the recording of one trace by the twin cost."""

    n: int
    heads: int
    events: int
    seconds: tuple[float, ...]
    peak_memory: int  # bytes of the whole process
    file_bytes: int
    save_seconds: float
    load_seconds: float

    @property
    def events_per_second(self) -> float:
        """At the median."""
        return self.events / float(np.median(self.seconds))


class Overhead(msgspec.Struct, frozen=True, kw_only=True):
    """The interpreted kernel on one config, untraced and traced, in turn."""

    events: int
    untraced: tuple[float, ...]
    traced: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return float(np.median(self.traced) / np.median(self.untraced))


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel whose pointers were recorded in Triton's interpreter, as any kernel's are."""

    kernel: str
    events: int
    seconds: tuple[float, ...]

    @property
    def events_per_second(self) -> float:
        """At the median."""
        return self.events / float(np.median(self.seconds))


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """One way to render a film. ``stock`` is manim's own renderer, ``floor`` x264 alone, which draws nothing."""

    method: str
    encode: str
    workers: int
    frames: int
    film_seconds: float
    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    peak_memory: int | None = None  # bytes of the largest process
    file_bytes: int | None = None
    psnr: float | None = None  # dB of luma, against a lossless render

    @property
    def median(self) -> float:
        """Seconds of wall clock."""
        return float(np.median(self.wall))


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, on what, and how."""

    benchmark: Literal["kernel", "trace", "render"]
    date: str
    commit: str | None
    machine: Machine
    versions: dict[str, str]
    how: str
    attention: tuple[Measured, ...] = ()
    training: tuple[Measured, ...] = ()  # forward and backward
    twin: tuple[Cost, ...] = ()
    overhead: Overhead | None = None
    recorded: tuple[Recorded, ...] = ()
    renders: tuple[Rendering, ...] = ()


def begin(benchmark: Literal["kernel", "trace", "render"], how: str, *, gpu: str | None = None, driver: str | None = None) -> Report:
    """A report without figures."""
    machine = Machine(
        processor=_processor(), cores=os.cpu_count() or 1, memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        gpu=gpu, driver=driver, load=round(os.getloadavg()[0], 2),
    )  # fmt: skip
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Report(benchmark=benchmark, date=now, commit=_commit(), machine=machine, versions=_versions(), how=how)


def write(report: Report, path: Path) -> None:
    """Write beside the place, then rename."""
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}; make it first")
    with beside(path) as partial:
        partial.write_bytes(encoded(report) + b"\n")


def encoded(report: Report) -> bytes:
    """As JSON, with every repetition."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def read(path: Path) -> Report:
    """Read a report.

    Raises:
        UsageError: There is none, or it is another kind of file.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise UsageError(f"expected a benchmark's json, got {path} ({error.strerror}); make one with flashviz bench") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"expected a benchmark's json, got {path} with {error}; make one with flashviz bench") from error


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text(encoding="utf-8").splitlines() if info.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The checkout's, where there is one and git to ask."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
