"""NVIDIA's device library (libdevice) on a CPU: what ``tl.extra.libdevice.tanh`` and its like compute in the interpreter.

Functions of floats are computed in float64, by NumPy and SciPy, and rounded once, to nearest: for float32 that is the correctly rounded
result but for ties that float64 cannot tell; a GPU may differ by the ulps that NVIDIA's table of libdevice allows, and its ``fast_``
functions by more. Arithmetic with a rounding mode of its own is correctly rounded to nearest only; the other modes are refused,
as is what has no counterpart here: by its name, before anything is computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from flashviz.errors import UsageError

Array = np.ndarray

ARITHMETIC: dict[str, Callable[..., Array]] = {  # named with type and rounding mode: fadd_rn, drcp_rn
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "rcp": lambda x: 1 / x, "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}  # fmt: skip
MODES: dict[str, Callable[[Array], Array]] = {"rn": np.rint, "rd": np.floor, "ru": np.ceil, "rz": np.trunc}

CONVERSION = re.compile(r"(float|double|int|uint|ll|ull)2(float|double|int|uint|ll|ull)_(r[nduz])")
ROUNDED = re.compile(r"[fd](add|sub|mul|div|rcp|sqrt|rsqrt)_(r[nduz])")


def compute(symbol: str, arguments: list[Array], dtype: np.dtype) -> Array:
    """What the function behind a symbol such as ``__nv_tanhf`` makes of arrays of one shape.

    Args:
        symbol: As it is linked.
        arguments: Its arguments, in the types of the symbol.
        dtype: Of its result.

    Raises:
        UsageError: It is not computed here.
    """
    function = _function(symbol.removeprefix("__nv_"))
    if not symbol.startswith("__nv_") or function is None:
        remedy = "compute it with tl, or leave it to a GPU"
        raise UsageError(f"expected a device function that is computed here, got {symbol}, which has no counterpart in NumPy; {remedy}")
    return np.asarray(function(*arguments)).astype(dtype)


def _function(name: str) -> Callable[..., Array] | None:
    """By the name of a symbol without its prefix; None where it is not computed."""
    if (conversion := CONVERSION.fullmatch(name)) is not None:
        return _conversion(*conversion.groups())
    if (rounded := ROUNDED.fullmatch(name)) is not None:
        return ARITHMETIC[rounded[1]] if rounded[2] == "rn" else None  # in the type of the operands: one rounding
    name = name.removeprefix("fast_")
    for base in (name, name.removesuffix("ll"), name[:-1] if name[-1:] in "fd" else name):  # of int64, float32, float64
        if base in EXACT:
            return EXACT[base]
        if base in FLOATS:
            return lambda *given, base=base: FLOATS[base](*(each.astype(np.float64) for each in given))
    return None


def _conversion(given: str, wanted: str, mode: str) -> Callable[..., Array] | None:
    if wanted in ("float", "double"):
        exact = wanted == "double" and given in ("int", "uint", "float")
        return (lambda x: x) if mode == "rn" or exact else None  # NumPy's casts round to nearest
    if given in ("float", "double"):
        bits, signed = {"int": (32, 1), "uint": (32, 0), "ll": (64, 1), "ull": (64, 0)}[wanted]
        low, high = (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0**bits - 1)

        def saturated(x: Array) -> Array:
            whole = MODES[mode](x.astype(np.float64))
            kept = np.where(np.isnan(whole), 0.0, np.clip(whole, low, np.nextafter(2.0 ** (bits - signed), 0)))
            integers = kept.astype(np.int64 if signed else np.uint64)
            most = np.iinfo(np.int64 if signed else np.uint64).max if bits == 64 else int(high)
            return np.where(whole > high, integers.dtype.type(most), integers)

        return saturated
    return None


def _fma(x: Array, y: Array, z: Array) -> Array:
    """x y + z: the product is exact, the sum rounded in longer arithmetic and then to the type."""
    longer = np.float64 if z.dtype == np.float32 else np.longdouble
    return np.asarray((x.astype(longer) * y.astype(longer) + z.astype(longer)).astype(z.dtype))


def _remainder(x: float, y: float) -> float:
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0:
        return math.nan
    return math.remainder(x, y)


def _bits(x: Array) -> Array:
    return x.view(np.dtype(f"u{x.itemsize}"))


def _wide(x: Array) -> Array:
    return _bits(x).astype(np.int64)


def _low24(x: Array, *, signed: bool = False) -> Array:
    low = x.astype(np.int64) & 0xFFFFFF
    return np.where(low >> 23, low - (1 << 24), low) if signed else low


def _high(x: Array, y: Array, *, signed: bool) -> Array:
    """The upper half of a product."""
    bits = 8 * x.itemsize
    x, y = (each if signed else _bits(each) for each in (x, y))
    product = x.astype(object) * y.astype(object)
    wrapped = (product >> bits) & ((1 << bits) - 1)
    return np.asarray(wrapped.astype(np.uint64).astype(np.dtype(f"u{bits // 8}")).view(np.dtype(f"i{bits // 8}")))


def _ones(x: Array) -> Array:
    """How many bits are set."""
    one = np.array(1, _bits(x).dtype)
    return np.asarray(sum((_bits(x) >> np.array(at, one.dtype) & one).astype(np.int32) for at in range(8 * x.itemsize)))


def _reversed(x: Array) -> Array:
    bits, result = _bits(x), np.zeros_like(_bits(x))
    for at in range(8 * x.itemsize):
        result |= ((bits >> np.array(at, bits.dtype)) & np.array(1, bits.dtype)) << np.array(8 * x.itemsize - 1 - at, bits.dtype)
    return result.view(x.dtype)


def _leading_zeros(x: Array) -> Array:
    bits, count = _bits(x), np.full(x.shape, 8 * x.itemsize, np.int32)
    for at in range(8 * x.itemsize):
        count = np.where(bits >> np.array(at, bits.dtype) != 0, 8 * x.itemsize - 1 - at, count)
    return count


def _byte_perm(x: Array, y: Array, selector: Array) -> Array:
    """Four bytes of the eight in x and y, chosen by the lower three bits of the selector's nibbles."""
    both = _wide(x) | (_bits(y).astype(np.uint64) << np.uint64(32)).astype(np.int64)
    result = np.zeros(x.shape, np.int64)
    for at in range(4):
        chosen = (selector.astype(np.int64) >> (4 * at)) & 7
        result |= ((both.view(np.uint64) >> (8 * chosen).astype(np.uint64)).astype(np.int64) & 0xFF) << (8 * at)
    return result.astype(np.uint32).view(np.int32)


FLOATS: dict[str, Callable[..., Array]] = {  # of float64 arrays
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan, "atan2": np.arctan2,
    "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil, "copysign": np.copysign, "cos": np.cos, "cosh": np.cosh,
    "cospi": lambda x: special.cosdg(180 * np.fmod(x, 2)),
    "cyl_bessel_i0": special.i0, "cyl_bessel_i1": special.i1, "erf": special.erf, "erfc": special.erfc,
    "erfcinv": special.erfcinv, "erfcx": special.erfcx, "erfinv": special.erfinv, "exp": np.exp, "exp10": special.exp10,
    "exp2": np.exp2, "expm1": np.expm1, "fabs": np.abs, "fdim": lambda x, y: np.where(x > y, x - y, np.where(x <= y, 0.0, x + y)),
    "floor": np.floor, "fmod": np.fmod, "hypot": np.hypot, "j0": special.j0, "j1": special.j1, "lgamma": special.gammaln,
    "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2,
    "logb": lambda x: np.where(np.isfinite(x) & (x != 0), np.frexp(x)[1] - 1.0, np.where(x == 0, -np.inf, np.abs(x))),
    "nearbyint": np.rint, "norm3d": lambda *x: np.sqrt(sum(a * a for a in x)), "norm4d": lambda *x: np.sqrt(sum(a * a for a in x)),
    "normcdf": special.ndtr, "normcdfinv": special.ndtri, "pow": np.power, "rcbrt": lambda x: 1 / np.cbrt(x),
    "remainder": np.vectorize(_remainder, otypes=[float]), "rhypot": lambda x, y: 1 / np.hypot(x, y),
    "rint": np.rint, "rnorm3d": lambda *x: 1 / np.sqrt(sum(a * a for a in x)), "rnorm4d": lambda *x: 1 / np.sqrt(sum(a * a for a in x)),
    "round": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x), "rsqrt": lambda x: 1 / np.sqrt(x),
    "saturate": lambda x: np.clip(np.nan_to_num(x, nan=0.0), 0, 1), "sin": np.sin, "sinh": np.sinh,
    "sinpi": lambda x: special.sindg(180 * np.fmod(x, 2)),
    "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh, "tgamma": special.gamma, "trunc": np.trunc, "y0": special.y0, "y1": special.y1,
    "fdividef": np.divide,
}  # fmt: skip

EXACT: dict[str, Callable[..., Array]] = {  # of the arguments as they are: integers, bits, and what one rounding would spoil
    "abs": np.abs, "llabs": np.abs, "brev": _reversed, "clz": _leading_zeros, "popc": _ones,
    "ffs": lambda x: np.where(x == 0, 0, _ones(x ^ (x - x.dtype.type(1)))),  # the lowest bit that is set, from 1 on
    "mulhi": lambda x, y: _high(x, y, signed=True), "umulhi": lambda x, y: _high(x, y, signed=False),
    "mul64hi": lambda x, y: _high(x, y, signed=True), "umul64hi": lambda x, y: _high(x, y, signed=False),
    "mul24": lambda x, y: (_low24(x, signed=True) * _low24(y, signed=True)), "umul24": lambda x, y: _low24(x) * _low24(y),
    "sad": lambda x, y, z: np.abs(x.astype(np.int64) - y) + z, "usad": lambda x, y, z: np.abs(_wide(x) - _wide(y)) + _wide(z),
    "hadd": lambda x, y: (x.astype(np.int64) + y) >> 1, "rhadd": lambda x, y: (x.astype(np.int64) + y + 1) >> 1,
    "uhadd": lambda x, y: (_wide(x) + _wide(y)) >> 1, "urhadd": lambda x, y: (_wide(x) + _wide(y) + 1) >> 1,
    "byte_perm": _byte_perm,
    "finite": np.isfinite, "isfinite": np.isfinite, "isinf": np.isinf, "isnan": np.isnan, "signbit": np.signbit, "nextafter": np.nextafter,
    "ilogb": lambda x: np.frexp(x)[1] - 1, "ldexp": np.ldexp, "scalbn": np.ldexp,
    "llrint": np.rint, "llround": lambda x: np.copysign(np.floor(np.abs(x.astype(np.float64)) + 0.5), x),
    "jn": lambda n, x: special.jn(n, x.astype(np.float64)), "yn": lambda n, x: special.yn(n, x.astype(np.float64)),
    "powi": lambda x, n: np.power(x.astype(np.float64), n), "fma": _fma, "fma_rn": _fma, "fmaf_rn": _fma,
    "float_as_int": lambda x: x.view(np.int32), "float_as_uint": lambda x: x.view(np.uint32), "int_as_float": lambda x: x.view(np.float32),
    "uint_as_float": lambda x: x.view(np.float32), "double_as_longlong": lambda x: x.view(np.int64),
    "longlong_as_double": lambda x: x.view(np.float64), "double2loint": lambda x: (x.view(np.int64) & 0xFFFFFFFF),
    "double2hiint": lambda x: x.view(np.int64) >> 32,
    "hiloint2double": lambda high, low: ((high.astype(np.int64) << 32) | _wide(low)).view(np.float64),
}  # fmt: skip
