"""verify: kernel = twin = its own pointers, event by event; errors within tolerance; bytes = closed forms; a file = its recording."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from flashviz.config import AttentionConfig
from flashviz.errors import UsageError
from flashviz.memory import Traffic, closed_form, sram_peak, traffic
from flashviz.trace import GenericTrace, Snapshot, Stats, Trace
from flashviz.trace.recording import first_difference
from flashviz_kernels.log import fits_stats
from flashviz_kernels.recorder import Run, run
from flashviz_kernels.reference import max_error, naive, tolerance
from flashviz_kernels.witness import first_disagreement, pointers_of

# Values that two implementations keep of one float32 quantity may differ by the order of their sums.
RELATIVE, ABSOLUTE = 1e-4, 1e-4


@dataclass(frozen=True)
class Verification:
    """What was checked and how it came out. ``ok`` is the sum of it.

    ``twin_equals_kernel`` is None where no kernel ran, ``kernel_equals_pointers`` where none was interpreted; ``disagreement`` is the
    first event of which a kernel said something else than its pointers. LSE fields are None where the algorithm has none (standard);
    ``file_equals_recording`` is None where no file was given. Errors are max |O - O64| against float64; bytes are totals.
    """

    checked: str
    algorithm: str
    source: str
    events: int
    twin_equals_kernel: bool | None
    kernel_equals_pointers: bool | None
    disagreement: str | None
    file_equals_recording: bool | None
    max_abs_error: float
    reference_error: float
    tolerance: float
    lse_error: float | None
    lse_tolerance: float | None
    hbm_read: int
    hbm_written: int
    closed_form_read: int
    closed_form_written: int
    bytes_equal_by_tensor: bool
    sram_peak: int

    @property
    def output_holds(self) -> bool:
        """O is within its tolerance. One without bound (scores beyond the dtype's range spoil the reference too) vouches for nothing."""
        return self.max_abs_error <= self.tolerance < np.inf

    @property
    def lse_holds(self) -> bool:
        """Likewise for LSE, where the algorithm has one."""
        return self.lse_error is None or (self.lse_tolerance is not None and self.lse_error <= self.lse_tolerance < np.inf)

    @property
    def ok(self) -> bool:
        """Every check that applies has passed."""
        counted = (self.hbm_read, self.hbm_written) == (self.closed_form_read, self.closed_form_written)
        same = False not in (self.twin_equals_kernel, self.kernel_equals_pointers, self.file_equals_recording)
        return self.output_holds and self.lse_holds and counted and self.bytes_equal_by_tensor and same


def verify(subject: AttentionConfig | Trace, *, source: str | None = None, algorithm: str | None = None) -> Verification:
    """Record ``subject`` (again, where it is a trace) and hold the recording to twin, float64 and closed forms.

    Args:
        subject: A config; or a trace, whose header then says algorithm and source.
        source: As for ``record``.
        algorithm: As for ``record``; None means fa2.

    Raises:
        UsageError: The request contradicts itself.
        MissingPartError: The kernel is to be run and triton is missing.
    """
    given = subject if isinstance(subject, Trace) else None
    config = given.config if given is not None else subject
    if not isinstance(config, AttentionConfig):
        raise UsageError(f"verify takes an AttentionConfig or a Trace, got {type(config).__name__}; load a file with Trace.load")
    if given is not None and given.header.altered is not None:
        raise UsageError(f"verify takes what an algorithm did, got a trace that was altered ({given.header.altered}); record without it")
    if given is not None:
        algorithm = given.header.algorithm
        source = "numpy" if given.header.source == "numpy" else "triton"
    algorithm = algorithm or "fa2"
    programs = tuple(given.snapshots) if given is not None else ()
    stats = algorithm == "fa2" and fits_stats(config)
    ran = run(config, source=source, algorithm=algorithm, snapshots=programs, stats=stats)
    is_kernel = ran.trace.header.source != "numpy"
    twin = run(config, source="numpy", algorithm=algorithm, snapshots=programs, stats=stats) if is_kernel else None
    seen = pointers_of(config) if ran.trace.header.source == "triton-interpreter" else None
    return _judged(config, ran, twin, seen, given)


def _judged(config: AttentionConfig, ran: Run, twin: Run | None, seen: GenericTrace | None, given: Trace | None) -> Verification:
    header = ran.trace.header
    counted = traffic(given if given is not None else ran.trace)
    expected: Traffic = closed_form(config, header.algorithm)
    q, k, v = ran.trace.inputs
    o64, lse64 = naive(q, k, v, scale=config.scale, causal=config.causal)
    disagreement = None if seen is None else first_disagreement(ran.trace, seen)
    allowed = tolerance((q, k, v), config, header.algorithm)
    return Verification(
        checked="twin" if twin is None else "kernel",
        algorithm=header.algorithm,
        source=header.source,
        events=len(given if given is not None else ran.trace),
        twin_equals_kernel=None if twin is None else agree(twin.trace, ran.trace),
        kernel_equals_pointers=None if seen is None else disagreement is None,
        disagreement=disagreement,
        file_equals_recording=None if given is None else _is_recording(given, ran.trace),
        max_abs_error=max_error(ran.o, o64),
        reference_error=allowed.reference_error,
        tolerance=allowed.output,
        lse_error=None if ran.lse is None else max_error(ran.lse, lse64),
        lse_tolerance=None if ran.lse is None else allowed.lse,
        hbm_read=counted.total_read,
        hbm_written=counted.total_written,
        closed_form_read=expected.total_read,
        closed_form_written=expected.total_written,
        bytes_equal_by_tensor=counted == expected,
        sram_peak=sram_peak(given if given is not None else ran.trace),
    )


def _is_recording(given: Trace, again: Trace) -> bool:
    """Whether a file is what its header records again. Statistics need not be in the file."""
    if given.header.inputs_hash != again.header.inputs_hash:
        return False
    return agree(given, again)


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
