from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given

from flashviz.config import AttentionConfig, padded_head_dim, tiles_bytes
from flashviz.errors import ConfigError, FlashvizError, MissingPartError, UsageError, VerificationError
from tests.strategies import configs


def test_every_field_is_concrete() -> None:
    config = AttentionConfig(heads=4)
    assert (config.kv_heads, config.seq_k, config.scale, config.group) == (4, 512, 1 / 8, 1)
    assert (config.row_blocks, config.col_blocks, config.itemsize) == (8, 8, 2)


@given(configs())
def test_key_tiles_are_those_that_hold_a_key_some_row_sees(config: AttentionConfig) -> None:
    rows, keys = np.arange(config.seq_q), np.arange(config.seq_k)
    seen = rows[:, None] + config.seq_k - config.seq_q >= keys[None, :] if config.causal else np.ones((config.seq_q, config.seq_k), bool)
    for i in range(config.row_blocks):
        block = seen[i * config.block_m : (i + 1) * config.block_m]
        tiles = [block[:, j * config.block_n : (j + 1) * config.block_n].any() for j in range(config.col_blocks)]
        assert list(config.key_tiles(i)) == np.flatnonzero(tiles).tolist()


@given(configs())
def test_a_config_survives_its_dict_and_json(config: AttentionConfig) -> None:
    assert AttentionConfig.from_dict(config.to_dict()) == config
    assert msgspec.json.decode(msgspec.json.encode(config), type=AttentionConfig) == config


def test_numpy_integers_become_plain() -> None:
    config = AttentionConfig(seq_q=np.int64(64))  # type: ignore[arg-type]
    assert type(config.seq_q) is int


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"block_n": 48}, "block_n=48 must be a power of two; try 32 or 64"),
        ({"block_m": 8}, "block_m must be at least 16 and at most 256, got 8; try 16"),
        ({"block_m": 512}, "block_m must be at least 16 and at most 256, got 512; try 256"),
        ({"heads": 3, "kv_heads": 2}, "kv_heads must divide heads, got heads=3 and kv_heads=2; try kv_heads=1"),
        ({"heads": 0}, "heads must be at least 1, got 0; try 1"),
        ({"batch": -1}, "batch must be at least 1, got -1; try 1"),
        ({"seq_q": 0}, "seq_q must be at least 1, got 0; try 1"),
        ({"seq_k": -1}, "seq_k must be at least 0, got -1; try 0"),
        ({"head_dim": 512}, "head_dim must be at least 16 and at most 256, got 512; try 256"),
        ({"seq_q": 1.5}, "seq_q must be an integer, got 1.5; give a whole number"),
        ({"seed": True}, "seed must be an integer, got True; give a whole number"),
        ({"dtype": "float64"}, "dtype must be one of float16, bfloat16, float32, got 'float64'; try float16"),
        ({"inputs": "random"}, "inputs must be one of structured, gaussian, got 'random'; try structured"),
        ({"arch": "sm_75"}, "arch must be one of sm_80, sm_86, sm_89, sm_90, sm_100, sm_120, got 'sm_75'; sm_75 spills; try sm_80"),
        ({"causal": 1}, "causal must be true or false, got 1; give one of them"),
        ({"scale": float("inf")}, "scale must be a finite number, got inf; leave it out for 1/sqrt(head_dim)"),
        ({"scale": float("nan")}, "scale must be a finite number, got nan; leave it out for 1/sqrt(head_dim)"),
        ({"seq_q": 1 << 20_000}, "seq_q must be an integer of at most 64 bits, got one of 20,001; give a smaller one"),
        ({"stages": 9}, "stages must be at least 1 and at most 8, got 9; try 8"),
        (
            {"head_dim": 256, "block_m": 128, "block_n": 256},
            "tiles must fit sm_90's 232,448 B of shared memory, got 589,824 B; try smaller tiles or stages=1",
        ),
    ],
)
def test_what_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AttentionConfig(**fields)
    assert str(caught.value) == message


def test_unknown_fields_are_named() -> None:
    with pytest.raises(ConfigError, match="got sequence"):
        AttentionConfig.from_dict({"sequence": 4})


def test_tiles_in_shared_memory() -> None:
    assert [padded_head_dim(d) for d in (16, 17, 64, 72, 256)] == [16, 32, 64, 128, 256]
    tiles = {"block_m": 64, "block_n": 64, "head_dim": 64, "itemsize": 2, "stages": 2}
    assert tiles_bytes(**tiles, arch="sm_90") == 5 * 8192
    assert tiles_bytes(**tiles, arch="sm_80") == 4 * 8192


def test_exit_codes() -> None:
    codes = {error.__name__: error.exit_code for error in (FlashvizError, VerificationError, UsageError, ConfigError, MissingPartError)}
    assert codes == {"FlashvizError": 1, "VerificationError": 1, "UsageError": 2, "ConfigError": 2, "MissingPartError": 3}
