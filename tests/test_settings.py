"""One precedence, one place that reads, and one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flashviz.errors import ConfigError, UsageError
from flashviz.settings import CONFIG_TYPES, FILM_TYPES, Settings, load_settings, use_settings


def load(folder: Path, environ: dict[str, str] | None = None, toml: str | None = None, **flags: Any) -> Settings:
    if toml is not None:
        (folder / "flashviz.toml").write_text(toml, encoding="utf-8")
    return load_settings(environ=environ or {}, folder=folder, **flags)


def test_defaults_are_the_main_film(tmp_path: Path) -> None:
    settings = load(tmp_path)
    config = settings.config
    assert (config.seq_q, config.seq_k, config.head_dim, config.block_m, config.dtype) == (512, 512, 64, 64, "float16")
    assert (settings.source, settings.trace, settings.theme) == (None, None, "dark")
    assert (settings.captions, settings.pauses, settings.aspect) == (True, True, "16:9")


@pytest.mark.parametrize(
    ("toml", "environ", "flag", "expected"),
    [
        (None, {}, None, 64),
        ("head-dim = 16", {}, None, 16),
        ("head-dim = 16", {"FLASHVIZ_HEAD_DIM": "32"}, None, 32),
        ("head-dim = 16", {"FLASHVIZ_HEAD_DIM": "32"}, 128, 128),
        ("head-dim = 16", {}, 128, 128),
    ],
)
def test_flag_over_environment_over_file_over_default(
    tmp_path: Path, toml: str | None, environ: dict[str, str], flag: int | None, expected: int
) -> None:
    assert load(tmp_path, environ, toml, head_dim=flag).config.head_dim == expected


def test_every_config_field_is_a_setting(tmp_path: Path) -> None:
    fields = set(load(tmp_path).config.to_dict())
    assert set(CONFIG_TYPES) - {"seq_len"} == fields
    assert set(FILM_TYPES) | {"config"} == set(Settings.__dataclass_fields__)


def test_text_of_the_environment_is_typed(tmp_path: Path) -> None:
    environ = {"FLASHVIZ_CAUSAL": "true", "FLASHVIZ_SCALE": "0.5", "FLASHVIZ_CAPTIONS": "0", "FLASHVIZ_ASPECT": "9:16"}
    settings = load(tmp_path, environ)
    assert (settings.config.causal, settings.config.scale) == (True, 0.5)
    assert (settings.captions, settings.aspect) == (False, "9:16")


def test_seq_len_sets_both_and_gives_way_to_a_stronger_place(tmp_path: Path) -> None:
    config = load(tmp_path, toml="seq-len = 256", seq_q=128).config
    assert (config.seq_q, config.seq_k) == (128, 256)
    config = load(tmp_path, {"FLASHVIZ_SEQ_K": "64"}, "seq_len = 256", seq_len=32).config
    assert (config.seq_q, config.seq_k) == (32, 32)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (
            {"seq_len": 256, "seq_q": 128},
            "--seq-len=256 sets both lengths and contradicts --seq-q=128; give one",
        ),
        ({"head_dmi": 64}, "--head-dmi is not a setting; did you mean --head-dim?"),
        ({"theme": "drak"}, "--theme='drak': expected one of dark, light; did you mean dark?"),
        ({"toml": 'head-dim = "64"'}, "flashviz.toml: head-dim='64': expected a whole number"),
        ({"toml": "captions = 1"}, "flashviz.toml: captions=1: expected true or false"),
        ({"toml": "block-q = 64"}, "flashviz.toml: block-q is not a setting; did you mean flashviz.toml: block-n?"),
        ({"toml": "seq-q = 64\nseq_q = 64"}, "flashviz.toml: seq_q is given twice, with - and with _; keep one"),
        ({"toml": "seq-q ="}, "flashviz.toml: not valid TOML"),
        ({"toml": "[config]\nseq-q = 64"}, "flashviz.toml: config is not a setting"),
        (
            {"environ": {"FLASHVIZ_SEQ_LENGTH": "64"}},
            "FLASHVIZ_SEQ_LENGTH is not a setting; did you mean FLASHVIZ_SEQ_LEN?",
        ),
        ({"environ": {"FLASHVIZ_SEED": "abc"}}, "FLASHVIZ_SEED='abc': expected a whole number"),
        ({"trace": "none.npz"}, "trace none.npz: no such file; record one with flashviz trace --out none.npz"),
    ],
)
def test_each_mistake_is_one_line(tmp_path: Path, place: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, **place)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_config_is_validated_wherever_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="48"):
        load(tmp_path, toml="block-n = 48")


def test_switches_of_the_test_suite_are_no_settings(tmp_path: Path) -> None:
    assert load(tmp_path, {"FLASHVIZ_REQUIRE_TORCH": "1"}) == load(tmp_path)


def test_settings_in_force_win_over_the_environment(tmp_path: Path) -> None:
    chosen = load(tmp_path, theme="light")
    with use_settings(chosen):
        assert load(tmp_path, {"FLASHVIZ_THEME": "dark"}) is chosen
    assert load(tmp_path).theme == "dark"
