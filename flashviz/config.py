"""One attention problem and how it is tiled. Validated once, here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from flashviz.device import SMS
from flashviz.errors import ConfigError

DType = Literal["float16", "bfloat16", "float32"]
Inputs = Literal["structured", "gaussian"]

ITEMSIZE: dict[str, int] = {"float16": 2, "bfloat16": 2, "float32": 4}
RECIPES = ("structured", "gaussian")

SHARED_LIMIT = {arch: sm.shared_per_block for arch, sm in SMS.items()}  # bytes that one program may use
HEAD_DIMS = (16, 256)
BLOCKS = (16, 256)
MAX_STAGES = 8
INT32 = 2**31 - 1
BITS = 64  # of a size or a seed


@dataclass(frozen=True, kw_only=True)
class AttentionConfig:
    """Shape, tiling and inputs of one attention forward pass. All fields are concrete after construction.

    Args:
        batch: B.
        heads: H, query heads.
        kv_heads: H_kv, key/value heads; must divide ``heads``. None means ``heads``.
        seq_q: N_q, queries.
        seq_k: N_k, keys; 0 is allowed and gives O = 0, LSE = -inf. None means ``seq_q``.
        head_dim: d, 16 to 256, not only powers of two.
        block_m: B_r, rows of a query tile; a power of two.
        block_n: B_c, rows of a key or value tile; a power of two.
        dtype: Of Q, K, V and O. Accumulation is in float32.
        causal: Query r sees keys up to r + N_k - N_q (bottom-right aligned).
        scale: Factor on the scores. None means 1 / sqrt(d).
        inputs: Recipe of ``flashviz.inputs``.
        seed: Of the recipe.
        arch: GPU architecture that the tiling is meant for.
        stages: Copies of K and V tiles in flight.

    Raises:
        ConfigError: A field is out of its range, or the tiles do not fit ``arch``.
    """

    batch: int = 1
    heads: int = 1
    kv_heads: int = None  # type: ignore[assignment]  # concrete after __post_init__
    seq_q: int = 512
    seq_k: int = None  # type: ignore[assignment]  # the same
    head_dim: int = 64
    block_m: int = 64
    block_n: int = 64
    dtype: DType = "float16"
    causal: bool = False
    scale: float = None  # type: ignore[assignment]  # the same
    inputs: Inputs = "structured"
    seed: int = 12
    arch: str = "sm_90"
    stages: int = 2

    def __post_init__(self) -> None:
        derived: dict[str, Any] = {}
        if self.kv_heads is None:
            derived["kv_heads"] = self.heads
        if self.seq_k is None:
            derived["seq_k"] = self.seq_q
        _check_integers(self, derived)
        if self.scale is None:
            derived["scale"] = 1 / math.sqrt(self.head_dim)
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        _check(self)

    @property
    def row_blocks(self) -> int:
        """T_r = ceil(N_q / B_r)."""
        return -(-self.seq_q // self.block_m)

    @property
    def col_blocks(self) -> int:
        """T_c = ceil(N_k / B_c)."""
        return -(-self.seq_k // self.block_n)

    @property
    def itemsize(self) -> int:
        """Bytes an element of Q, K, V and O."""
        return ITEMSIZE[self.dtype]

    @property
    def group(self) -> int:
        """Query heads that share one key/value head, H / H_kv."""
        return self.heads // self.kv_heads

    def key_tiles(self, i: int) -> range:
        """Key tiles of which a row of row block ``i`` sees a key: under ``causal`` those with first column <= last row + N_k - N_q."""
        if not self.causal:
            return range(self.col_blocks)
        last_row = min((i + 1) * self.block_m, self.seq_q) - 1
        keys_seen = min(self.seq_k, max(0, last_row + self.seq_k - self.seq_q + 1))
        return range(-(-keys_seen // self.block_n))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> AttentionConfig:
        """The config with these fields; those left out keep their defaults."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"expected fields of AttentionConfig, got {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return cls(**values)


def padded_head_dim(head_dim: int) -> int:
    """BLOCK_D: the power of two, at least 16, that holds ``head_dim``."""
    return max(16, 1 << (head_dim - 1).bit_length())


def tiles_bytes(*, block_m: int, block_n: int, head_dim: int, itemsize: int, stages: int, arch: str) -> int:
    """Shared memory of the tiles: stages x (K + V), and Q from sm_90 on, where tensor cores read it there."""
    row = padded_head_dim(head_dim) * itemsize
    q_tile = block_m * row if int(arch.removeprefix("sm_")) in range(90, 120) else 0
    return q_tile + stages * 2 * block_n * row


def _check_integers(config: AttentionConfig, derived: dict[str, Any]) -> None:
    """Integers are integers (NumPy's too; True is none) and within their ranges."""
    ranges: dict[str, tuple[int, int | None]] = {
        "batch": (1, None), "heads": (1, None), "kv_heads": (1, None), "seq_q": (1, None), "seq_k": (0, None),
        "head_dim": HEAD_DIMS, "block_m": BLOCKS, "block_n": BLOCKS, "seed": (0, None), "stages": (1, MAX_STAGES),
    }  # fmt: skip
    for name, (low, high) in ranges.items():
        value = derived.get(name, getattr(config, name))
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ConfigError(f"{name} must be an integer, got {value!r}; give a whole number")
        value = value.__index__()
        if value.bit_length() > BITS:  # its products would be too long for Python to write
            raise ConfigError(f"{name} must be an integer of at most {BITS} bits, got one of {value.bit_length():,}; give a smaller one")
        if value < low or (high is not None and value > high):
            upper = "" if high is None else f" and at most {high}"
            raise ConfigError(f"{name} must be at least {low}{upper}, got {value}; try {low if value < low else high}")
        derived[name] = value


def _check(config: AttentionConfig) -> None:
    if config.heads % config.kv_heads:
        raise ConfigError(
            f"kv_heads must divide heads, got heads={config.heads} and kv_heads={config.kv_heads}; "
            f"try kv_heads={math.gcd(config.heads, config.kv_heads)}"
        )
    for name in ("block_m", "block_n"):
        check_power_of_two(name, getattr(config, name), ConfigError)
    for name, known in (("dtype", tuple(ITEMSIZE)), ("inputs", RECIPES), ("arch", tuple(SHARED_LIMIT))):
        value = getattr(config, name)
        if value not in known:
            why = "; sm_75 spills" if value == "sm_75" else ""
            raise ConfigError(f"{name} must be one of {', '.join(known)}, got {value!r}{why}; try {known[0]}")
    if not isinstance(config.causal, bool):
        raise ConfigError(f"causal must be true or false, got {config.causal!r}; give one of them")
    for name, head in (("seq_q", "Q"), ("seq_k", "K")):
        elements = getattr(config, name) * config.head_dim
        if elements > INT32:
            fits = INT32 // config.head_dim // 64 * 64
            raise ConfigError(
                f"a head of {head} must have at most {INT32:,} elements, since the kernel's offsets are int32, "
                f"got {elements:,} of {name}={getattr(config, name)}; try {name}={fits}"
            )
    check_scale(config.scale, ConfigError)
    object.__setattr__(config, "scale", float(config.scale))
    check_shared(config.block_m, config.block_n, config.head_dim, config.itemsize, config.stages, config.arch, ConfigError)


def check_power_of_two(name: str, value: int, error: type[ConfigError] | type[Exception]) -> None:
    """Refuse a tile side that Triton cannot have."""
    if value & (value - 1):
        low = 1 << (value.bit_length() - 1)
        raise error(f"{name}={value} must be a power of two; try {low} or {2 * low}")


def check_scale(scale: object, error: type[Exception]) -> None:
    """Refuse a scale that is not a finite number."""
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not math.isfinite(scale):
        raise error(f"scale must be a finite number, got {scale!r}; leave it out for 1/sqrt(head_dim)")


def check_shared(block_m: int, block_n: int, head_dim: int, itemsize: int, stages: int, arch: str, error: type[Exception]) -> None:
    """Refuse tiles that do not fit the shared memory of one program."""
    need = tiles_bytes(
        block_m=block_m, block_n=block_n, head_dim=head_dim, itemsize=itemsize, stages=stages, arch=arch
    )  # fmt: skip
    if need > SHARED_LIMIT[arch]:
        remedy = f"stages={stages - 1}" if stages > 1 else f"block_n={max(16, block_n // 2)}"
        raise error(f"tiles must fit {arch}'s {SHARED_LIMIT[arch]:,} B of shared memory, got {need:,} B; try smaller tiles or {remedy}")
