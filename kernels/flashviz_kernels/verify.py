"""verify: kernel = twin = its pointers, event by event; errors within tolerance; bytes, FLOPs = closed forms; a file = its recording."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from flashviz.errors import FlashvizError, UsageError, VerificationError
from flashviz.memory import Traffic, sram_peak, traffic
from flashviz.trace import Snapshot, Stats, Trace
from flashviz.trace.recording import first_difference
from flashviz_kernels import untiled
from flashviz_kernels.algorithm import Algorithm, Named
from flashviz_kernels.algorithms import DEFAULT, find, recorded_by
from flashviz_kernels.log import fits_stats
from flashviz_kernels.recorder import run
from flashviz_kernels.reference import max_error
from flashviz_kernels.witness import first_disagreement, pointers_of

# Values that two implementations keep of one float32 quantity may differ by the order of their sums.
RELATIVE, ABSOLUTE = 1e-4, 1e-4


@dataclass(frozen=True)
class Compared:
    """One output against float64: max |difference|, what is allowed, and that of a reference in the same precision.

    ``error`` and ``allowed`` are None where the reference has an output that the algorithm does not compute.
    """

    error: float | None
    allowed: float | None
    reference_error: float | None

    @property
    def holds(self) -> bool:
        """It is within its tolerance. One without bound (scores beyond the dtype's range spoil the reference too) vouches for nothing."""
        return self.error is None or (self.allowed is not None and self.error <= self.allowed < np.inf)


@dataclass(frozen=True)
class Verification:
    """What was checked and how it came out. ``ok`` is the sum of it.

    ``checked`` says what ran: the ``twin``, the ``kernel``, which reported, or its ``pointers``, where it does not report.
    ``twin_equals_kernel`` is None where no kernel ran, ``kernel_equals_pointers`` where none that reports was interpreted;
    ``disagreement`` is the first event of which the kernel said something else than its pointers, or else than the twin.
    ``file_equals_recording`` is None where no file was given. ``outputs`` are by name, the main one first. Bytes are totals;
    ``sram_peak`` is None where nothing is known of the chip.
    """

    checked: str
    algorithm: str
    source: str
    events: int
    twin_equals_kernel: bool | None
    kernel_equals_pointers: bool | None
    disagreement: str | None
    file_equals_recording: bool | None
    outputs: dict[str, Compared]
    hbm_read: int
    hbm_written: int
    closed_form_read: int
    closed_form_written: int
    bytes_equal_by_tensor: bool
    flops: int
    closed_form_flops: int
    sram_peak: int | None

    @property
    def ok(self) -> bool:
        """Every check that applies has passed."""
        moved = (self.hbm_read, self.hbm_written) == (self.closed_form_read, self.closed_form_written)
        counted = moved and self.flops == self.closed_form_flops
        same = False not in (self.twin_equals_kernel, self.kernel_equals_pointers, self.file_equals_recording)
        return all(each.holds for each in self.outputs.values()) and counted and self.bytes_equal_by_tensor and same

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the main output as ``max_abs_error``, ``reference_error`` and ``tolerance``, each other by its name; and ``ok``."""
        found: dict[str, Any] = {}
        for field in fields(self):
            if field.name != "outputs":
                found[field.name] = getattr(self, field.name)
                continue
            (_, main), *others = self.outputs.items()
            found |= {"max_abs_error": main.error, "reference_error": main.reference_error, "tolerance": main.allowed}
            for name, each in others:
                found |= {f"{name.lower()}_error": each.error, f"{name.lower()}_tolerance": each.allowed}
        return found | {"ok": self.ok}


@dataclass(frozen=True)
class Evidence:
    """What ran, and what its witnesses said of it; as ``Verification``."""

    checked: str
    source: str
    events: int
    arrays: Named
    outputs: Named
    moved: Traffic
    flops: int
    twin_equals_kernel: bool | None = None
    kernel_equals_pointers: bool | None = None
    disagreement: str | None = None
    file_equals_recording: bool | None = None
    sram_peak: int | None = None


def verify(subject: Any, *, source: str | None = None, algorithm: str | Algorithm | None = None) -> Verification:
    """Record ``subject`` (again, where it is a trace) and hold the recording to twin, float64 and closed forms.

    Args:
        subject: A config of the algorithm; or a trace, whose header then says algorithm and source.
        source: As for ``record``.
        algorithm: As for ``record``; None means the default one, or, of a trace, the one of that name.

    Raises:
        UsageError: The request contradicts itself.
        MissingPartError: The kernel is to be run and triton is missing.
    """
    given = subject if isinstance(subject, Trace) else None
    config = given.config if given is not None else subject
    chosen = find(algorithm or DEFAULT) if given is None else recorded_by(given.header.algorithm, algorithm)
    if not isinstance(config, chosen.config):
        expected = chosen.config.__name__
        raise UsageError(f"verify takes an {expected} or a Trace, got {type(config).__name__}; load a file with Trace.load")
    if given is not None and given.header.altered is not None:
        raise UsageError(f"verify takes what an algorithm did, got a trace that was altered ({given.header.altered}); record without it")
    if given is not None:
        source = "numpy" if given.header.source == "numpy" else "triton"
    found = _of_tiles(chosen, config, source, given) if chosen.tiled else _untiled(chosen, config, source)
    return _judged(chosen, config, found)


def _of_tiles(algorithm: Algorithm, config: Any, source: str | None, given: Trace | None) -> Evidence:
    """A recording with tiles: the kernel's own report, held to the twin's and to its pointers; or the twin's."""
    programs = tuple(given.snapshots) if given is not None else ()
    stats = algorithm.keeps and fits_stats(config)
    ran = run(config, source=source, algorithm=algorithm, snapshots=programs, stats=stats)
    header = ran.trace.header
    is_kernel = header.source != "numpy"

    def of_twin(trace: Trace) -> str | None:
        """What the twin, which takes a recording's branches where values decide, says otherwise; None where it says the same."""
        try:
            twin = run(config, source="numpy", algorithm=algorithm, snapshots=programs, stats=stats, margins=trace.margins).trace
        except VerificationError as refused:
            return str(refused)
        return None if agree(trace, twin) else first_difference(trace, twin) or "values that were kept"

    differs = of_twin(ran.trace) if is_kernel else None
    seen = pointers_of(config, algorithm) if header.source == "triton-interpreter" else None
    disagreement = None if seen is None else first_disagreement(ran.trace, seen, algorithm)
    shown, is_recording = ran.trace, None
    if given is not None:  # statistics need not be in the file; where values decide, its own margins say how
        same = agree(given, ran.trace) if algorithm.by_value is None else of_twin(given) is None
        shown, is_recording = given, same and given.header.inputs_hash == ran.trace.header.inputs_hash
    return Evidence(
        checked="kernel" if is_kernel else "twin", source=header.source, events=len(shown), arrays=algorithm.inputs(config),
        outputs=ran.outputs, moved=traffic(shown), flops=flops_of(shown), twin_equals_kernel=differs is None if is_kernel else None,
        kernel_equals_pointers=None if seen is None else disagreement is None, disagreement=disagreement or differs,
        file_equals_recording=is_recording, sram_peak=sram_peak(shown),
    )  # fmt: skip


def _untiled(algorithm: Algorithm, config: Any, source: str | None) -> Evidence:
    """A recording without tiles: what a kernel's pointers say, held to the twin, which takes the kernel's branches; or the twin's."""
    arrays = algorithm.inputs(config)
    if not untiled.takes_kernel(algorithm, source):
        told, outputs = untiled.of_twin(algorithm, config)
        return Evidence(
            checked="twin", source=told.header.source, events=len(told), arrays=arrays, outputs=outputs, moved=traffic(told),
            flops=flops_of(told),
        )  # fmt: skip
    seen, written = untiled.of_kernels(algorithm, config)
    try:
        disagreement = untiled.first_difference(untiled.of_twin(algorithm, config, written)[0], seen)
    except VerificationError as refused:
        disagreement = str(refused)
    return Evidence(
        checked="pointers", source=seen.header.source, events=len(seen), arrays=arrays,
        outputs={name: written[name] for name in algorithm.outputs}, moved=traffic(seen), flops=flops_of(seen),
        twin_equals_kernel=disagreement is None,
        disagreement=disagreement,
    )  # fmt: skip


def flops_of(trace: Trace) -> int:
    """Of all its products."""
    return int(trace.columns["flops"].sum(dtype=np.int64))


def _judged(algorithm: Algorithm, config: Any, found: Evidence) -> Verification:
    """Outputs against float64, bytes and FLOPs against the closed forms.

    Raises:
        FlashvizError: The algorithm computed other outputs than it says.
    """
    if set(found.outputs) != set(algorithm.outputs):
        got = ", ".join(found.outputs) or "none"
        raise FlashvizError(f"expected outputs {', '.join(algorithm.outputs)} of {algorithm.name}, got {got}; return them by name")
    truth, bounds = algorithm.reference(found.arrays, config), algorithm.tolerance(found.arrays, config)
    outputs = {}
    for name, exact in truth.items():
        own, bound = found.outputs.get(name), bounds[name]
        error = None if own is None else max_error(own, exact)
        outputs[name] = Compared(error, None if own is None else bound.allowed, bound.reference_error)
    expected = algorithm.closed_form(config)
    return Verification(
        checked=found.checked, algorithm=algorithm.name, source=found.source, events=found.events,
        twin_equals_kernel=found.twin_equals_kernel, kernel_equals_pointers=found.kernel_equals_pointers,
        disagreement=found.disagreement, file_equals_recording=found.file_equals_recording, outputs=outputs,
        hbm_read=found.moved.total_read, hbm_written=found.moved.total_written,
        closed_form_read=expected.total_read, closed_form_written=expected.total_written,
        bytes_equal_by_tensor=found.moved == expected, flops=found.flops, closed_form_flops=algorithm.flops(config),
        sram_peak=found.sram_peak,
    )  # fmt: skip


def agree(a: Trace, b: Trace) -> bool:
    """Statements mean the same, all compared columns are equal, and kept values agree up to the order of float32 sums."""
    if first_difference(a, b) is not None:
        return False
    if set(a.snapshots) != set(b.snapshots):
        return False
    eps = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24}[a.config.dtype]
    pairs: list[tuple[Stats | Snapshot, Stats | Snapshot]] = [(a.snapshots[p], b.snapshots[p]) for p in a.snapshots]
    if a.stats is not None and b.stats is not None:
        pairs.append((a.stats, b.stats))
    return all(_close(x, y, eps) for x, y in pairs)


def _close(a: Stats | Snapshot, b: Stats | Snapshot, eps: float) -> bool:
    """Kept values of one thing; acc also differs by how a weight on the border between two numbers of the dtype is rounded."""
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if x.shape != y.shape:
            return False
        spread = float(np.max(np.abs(y), initial=0.0)) if field.name == "acc" else 0.0
        with np.errstate(invalid="ignore"):
            near = np.abs(x - y) <= ABSOLUTE + RELATIVE * np.abs(y) + 4 * eps * spread
        if not (near | (x == y) | (np.isnan(x) & np.isnan(y))).all():
            return False
    return True
