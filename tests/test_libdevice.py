"""NVIDIA's device library on a CPU: held to Python's own mathematics, number by number; what is not computed is refused by its name."""

from __future__ import annotations

import importlib
import importlib.util
import math
import re
import statistics
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from flashviz.errors import UsageError
from flashviz_kernels.any_kernel import load_function, trace_kernel
from flashviz_kernels.libdevice import compute
from flashviz_kernels.modes import load_triton

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")

POSITIVE = np.array([0.03125, 0.3, 0.5, 0.9, 1.0, 1.7, 2.5, 7.0], np.float32)
SIGNED = np.concatenate([-POSITIVE, POSITIVE])
UNIT = np.array([-0.9, -0.5, -0.1, 0.0, 0.2, 0.7, 0.95], np.float32)
NORMAL = statistics.NormalDist()


def symbols() -> list[tuple[str, tuple[str, ...], str]]:
    """Every symbol of NVIDIA's library that this triton knows, with the types of its arguments and of its result."""
    load_triton(interpreted=True)
    path = Path(importlib.import_module("triton.language.extra.cuda.libdevice").__file__ or "")
    entries = re.findall(r"\(((?:core\.dtype\(\"\w+\"\),?\s*)+)\)\s*:\s*\(\"(__nv_\w+)\", core\.dtype\(\"(\w+)\"\)\)", path.read_text())
    return [(symbol, tuple(re.findall(r'"(\w+)"', types)), result) for types, symbol, result in entries]


DTYPES: dict[str, type] = {
    "fp32": np.float32, "fp64": np.float64, "int32": np.int32, "int64": np.int64, "uint32": np.uint32, "uint64": np.uint64,
    "int1": np.bool_,
}  # fmt: skip


def test_every_function_is_computed_or_refused_by_its_name() -> None:
    found = symbols()
    assert len(found) > 300
    refused: list[str] = []
    said: list[str] = []
    with np.errstate(all="ignore"):
        for symbol, types, result in found:
            arguments: list[np.ndarray] = [np.array([1, 2, 3, 5], DTYPES[kind]) for kind in types]
            try:
                values = compute(symbol, arguments, np.dtype(DTYPES[result]))
            except UsageError as error:
                refused.append(symbol)
                said.append(str(error))
            else:
                assert (values.shape, values.dtype) == ((4,), np.dtype(DTYPES[result])), symbol
    assert all(symbol in told for symbol, told in zip(refused, said, strict=True))
    modes = [symbol for symbol in refused if re.search(r"_r[duz]$", symbol)]
    assert set(refused) - set(modes) <= {"__nv_rcp64h"}
    assert len(found) - len(refused) > 240


ONE: dict[str, tuple[Callable[[float], float], np.ndarray]] = {
    "acosf": (math.acos, UNIT), "asinf": (math.asin, UNIT), "atanf": (math.atan, SIGNED), "acoshf": (math.acosh, POSITIVE[4:]),
    "asinhf": (math.asinh, SIGNED), "atanhf": (math.atanh, UNIT), "cbrtf": (lambda x: math.copysign(abs(x) ** (1 / 3), x), SIGNED),
    "ceilf": (math.ceil, SIGNED), "floorf": (math.floor, SIGNED), "truncf": (math.trunc, SIGNED), "cosf": (math.cos, SIGNED),
    "sinf": (math.sin, SIGNED), "tanf": (math.tan, SIGNED), "coshf": (math.cosh, SIGNED), "sinhf": (math.sinh, SIGNED),
    "tanhf": (math.tanh, SIGNED), "erff": (math.erf, SIGNED), "erfcf": (math.erfc, SIGNED), "expf": (math.exp, SIGNED),
    "exp2f": (lambda x: 2.0**x, SIGNED), "exp10f": (lambda x: 10.0**x, SIGNED), "expm1f": (math.expm1, SIGNED),
    "logf": (math.log, POSITIVE),
    "log2f": (math.log2, POSITIVE), "log10f": (math.log10, POSITIVE), "log1pf": (math.log1p, POSITIVE), "lgammaf": (math.lgamma, POSITIVE),
    "tgammaf": (math.gamma, POSITIVE), "sqrtf": (math.sqrt, POSITIVE), "rsqrtf": (lambda x: 1 / math.sqrt(x), POSITIVE),
    "fabsf": (abs, SIGNED), "rintf": (round, SIGNED), "nearbyintf": (round, SIGNED), "normcdff": (NORMAL.cdf, SIGNED),
    "normcdfinvf": (NORMAL.inv_cdf, UNIT[4:]), "sinpif": (lambda x: math.sin(math.pi * x), UNIT),
    "cospif": (lambda x: math.cos(math.pi * x), UNIT), "erfinvf": (lambda x: NORMAL.inv_cdf((x + 1) / 2) / math.sqrt(2), UNIT),
    "rcbrtf": (lambda x: x ** (-1 / 3), POSITIVE), "saturatef": (lambda x: min(max(x, 0.0), 1.0), SIGNED),
    "roundf": (lambda x: math.copysign(math.floor(abs(x) + 0.5), x), SIGNED), "logbf": (lambda x: math.frexp(x)[1] - 1, POSITIVE),
    "fast_expf": (math.exp, SIGNED), "fast_sinf": (math.sin, SIGNED), "fast_logf": (math.log, POSITIVE),
    "frcp_rn": (lambda x: 1 / x, SIGNED),
    "cyl_bessel_i0f": (lambda x: sum((x / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(40)), POSITIVE),
    "j0f": (lambda x: sum((-1) ** k * (x / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(40)), POSITIVE),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(name: str) -> None:
    function, given = ONE[name]
    found = compute(f"__nv_{name}", [given], np.dtype(np.float32))
    want = np.array([function(float(x)) for x in given]).astype(np.float32)
    assert np.allclose(found, want, rtol=2e-7, atol=1e-7), (found, want)


TWO: dict[str, Callable[[float, float], float]] = {
    "atan2f": math.atan2, "copysignf": math.copysign, "fmodf": math.fmod, "hypotf": math.hypot, "remainderf": math.remainder,
    "fdimf": lambda x, y: max(x - y, 0.0), "fast_fdividef": lambda x, y: x / y, "fadd_rn": lambda x, y: x + y,
    "fdiv_rn": lambda x, y: x / y,
    "rhypotf": lambda x, y: 1 / math.hypot(x, y), "nextafterf": lambda x, y: float(np.nextafter(np.float32(x), np.float32(y))),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_numbers(name: str) -> None:
    x, y = (each.reshape(-1) for each in np.meshgrid(SIGNED, POSITIVE))
    found = compute(f"__nv_{name}", [x, y], np.dtype(np.float32))
    want = np.array([TWO[name](float(a), float(b)) for a, b in zip(x, y, strict=True)]).astype(np.float32)
    assert np.allclose(found, want, rtol=1e-7, atol=0)


def test_powers() -> None:
    base, exponent = (each.reshape(-1) for each in np.meshgrid(POSITIVE, SIGNED))
    found = compute("__nv_powf", [base, exponent], np.dtype(np.float32))
    assert np.allclose(found, [float(b) ** float(e) for b, e in zip(base, exponent, strict=True)], rtol=1e-7)
    assert compute("__nv_powif", [np.array([2, -3], np.float32), np.array([3, -2], np.int32)], np.dtype(np.float32)).tolist() == [
        8,
        np.float32(1 / 9),
    ]
    assert compute("__nv_ldexpf", [np.array([1.5], np.float32), np.array([4], np.int32)], np.dtype(np.float32)).tolist() == [24]


WORDS = np.array([0, 1, 2, 3, 0x1234_5678, -1, -2, 2**31 - 1, -(2**31)], np.int32)


def test_bits() -> None:
    as_int = np.dtype(np.int32)
    unsigned = [int(word) & 0xFFFFFFFF for word in WORDS]
    assert compute("__nv_popc", [WORDS], as_int).tolist() == [word.bit_count() for word in unsigned]
    assert compute("__nv_clz", [WORDS], as_int).tolist() == [32 - word.bit_length() for word in unsigned]
    assert compute("__nv_ffs", [WORDS], as_int).tolist() == [(word & -word).bit_length() for word in unsigned]
    reversed_ = [int(f"{word:032b}"[::-1], 2) for word in unsigned]
    assert [int(word) & 0xFFFFFFFF for word in compute("__nv_brev", [WORDS], as_int)] == reversed_
    x, y = (each.reshape(-1) for each in np.meshgrid(WORDS, WORDS))
    assert compute("__nv_mulhi", [x, y], as_int).tolist() == [(int(a) * int(b)) >> 32 for a, b in zip(x, y, strict=True)]
    high = [(int(a) & 0xFFFFFFFF) * (int(b) & 0xFFFFFFFF) >> 32 for a, b in zip(x, y, strict=True)]
    assert [int(word) & 0xFFFFFFFF for word in compute("__nv_umulhi", [x, y], as_int)] == high
    assert compute("__nv_hadd", [x, y], as_int).tolist() == [(int(a) + int(b)) >> 1 for a, b in zip(x, y, strict=True)]
    picked = compute(
        "__nv_byte_perm", [np.array([0x44332211], np.int32), np.array([0x66778855], np.int32), np.array([0x7160], np.int32)], as_int
    )
    assert picked.tolist() == [0x66227711]  # from the left: byte 7, byte 1, byte 6, byte 0


def test_conversions_round_as_they_say_and_saturate() -> None:
    x = np.array([2.5, 3.5, -2.5, 1e10, -1e10, np.nan], np.float32)
    modes = {"rn": [2, 4, -2], "rd": [2, 3, -3], "ru": [3, 4, -2], "rz": [2, 3, -2]}
    for mode, want in modes.items():
        assert compute(f"__nv_float2int_{mode}", [x], np.dtype(np.int32)).tolist() == [*want, 2**31 - 1, -(2**31), 0]
    assert compute("__nv_float_as_int", [np.array([1.0], np.float32)], np.dtype(np.int32)).tolist() == [0x3F800000]


KERNELS = """
import numpy as np
import triton
import triton.language as tl
from triton.language.extra import libdevice
from triton.language.extra.cuda import libdevice as on_cuda
from triton.language.extra.libdevice import tanh


@triton.jit
def helper(v):
    return on_cuda.erf(v) + tl.extra.cuda.libdevice.rsqrt(v)


@triton.jit
def many(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    tl.store(out + i, 0.5 * v * (1 + libdevice.tanh(0.79788456 * v)))
    tl.store(out + N + i, tanh(v) + 1)
    tl.store(out + 2 * N + i, helper(v))
    tl.store(out + 3 * N + i, libdevice.pow(v, 2.0) + libdevice.exp(1.0))


def launch(kernel):
    x, out = np.linspace(0.1, 2, 8, dtype=np.float32), np.empty((4, 8), np.float32)
    kernel[(1,)](x, out, N=8)
    from math import erf
    want = [0.5 * x * (1 + np.tanh(0.79788456 * x)), np.tanh(x) + 1, [erf(v) + v**-0.5 for v in x], x**2 + np.e]
    assert np.allclose(out, want, rtol=1e-6)


@triton.jit
def half(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, libdevice.tanh(tl.load(x + i).to(tl.float16)))


@triton.jit
def upwards(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, libdevice.add_ru(tl.load(x + i), 1.0))


@triton.jit
def round_trip(x, out5, out4, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    tl.store(out5 + i, v.to(tl.float8e5).to(tl.float32))
    tl.store(out4 + i, v.to(tl.float16).to(tl.float8e4nv).to(tl.float32))


NUMBERS = np.concatenate([np.random.default_rng(0).standard_normal(1000), np.geomspace(1e-9, 3e4, 1000), [448, 460, 1e6, -1e6, 0.0, -0.0]])


def launch_round_trip(kernel):
    x = np.zeros(2048, np.float32)
    x[: len(NUMBERS)] = NUMBERS
    out5, out4 = np.empty_like(x), np.empty_like(x)
    kernel[(1,)](x, out5, out4, N=2048)
    return x, out5, out4
"""


@pytest.fixture
def kernels(tmp_path: Path) -> str:
    path = tmp_path / "lib.py"
    path.write_text(KERNELS, encoding="utf-8")
    return str(path)


def test_device_functions_in_kernels_however_they_are_reached(kernels: str) -> None:
    trace_kernel(load_function(f"{kernels}:many", "kernel"), load_function(f"{kernels}:launch", "launch"))


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        ("half", "lib.py:36, program (0, 0, 0): expected libdevice.tanh of types that it is defined for, got fp16; cast with .to"),
        ("upwards", "lib.py:42, program (0, 0, 0): expected a device function that is computed here, got __nv_fadd_ru,"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(kernels: str, kernel: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        trace_kernel(load_function(f"{kernels}:{kernel}", "kernel"), load_function(f"{kernels}:launch", "launch"))
    assert str(caught.value).startswith(said)


def test_float8_rounds_as_ml_dtypes_and_ends_at_its_largest(kernels: str) -> None:
    launcher = load_function(f"{kernels}:launch_round_trip", "launch")
    kept: list[np.ndarray] = []
    trace_kernel(load_function(f"{kernels}:round_trip", "kernel"), lambda kernel: kept.extend(launcher(kernel)))
    x, out5, out4 = kept
    assert np.array_equal(out5, np.clip(x, -57344, 57344).astype(ml_dtypes.float8_e5m2).astype(np.float32))
    half = np.clip(x, -65504, 65504).astype(np.float16)
    assert np.array_equal(out4, np.clip(half, -448, 448).astype(ml_dtypes.float8_e4m3fn).astype(np.float32))
