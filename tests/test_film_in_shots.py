"""The main film in shots, in the making: numbers are the traces', the grid stays empty, four aspects, many configurations."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from flashviz.chapters.film import SCRIPT
from flashviz.config import AttentionConfig
from flashviz.director.captions import CENTRED_PX
from flashviz.director.sweep import crossed
from flashviz.figures import kib, number, quarters, total
from flashviz.layout import ASPECTS, Aspect, Rect, frame, shot
from flashviz.lettering import wrap
from flashviz.memory import closed_form
from flashviz.settings import Settings
from flashviz.storyboard import READ_PACE
from flashviz.trace import state_at
from tests.films import played, scenes
from tests.pictures import Drawn, draw

# manim's images ask Pillow for what Pillow will drop
pytestmark = pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")

CONFIGS: dict[str, dict[str, Any]] = {
    "default": {},
    "causal": {"causal": True},
    "grouped": {"heads": 4, "kv_heads": 2},
    "unequal, ragged": {"seq_q": 300, "seq_k": 200},
    "one tile": {"seq_q": 64, "seq_k": 64},
    "16 x 16, gaussian": {"inputs": "gaussian", "seq_q": 128, "block_m": 16, "block_n": 16, "head_dim": 16},
}
every = pytest.mark.parametrize("name", CONFIGS)
aspects = pytest.mark.parametrize("aspect", ASPECTS)
LONGEST = 255  # seconds


def settings(aspect: Aspect = "16:9", **config: Any) -> Settings:
    return Settings(config=AttentionConfig(**config), source="numpy", aspect=aspect)


@cache
def film(aspect: Aspect = "16:9", **config: Any) -> Any:
    watched = type("FilmScene", (scenes("film").FilmScene,), {"open": _open})
    return played(watched, settings(aspect, **config))


def _open(stage: Any, *given: Any) -> Any:
    stage.film = super(type(stage), stage).open(*given)
    return stage.film


@cache
def drawn(**config: Any) -> Drawn:
    return draw(scenes("film").FilmScene, settings(**config), rate=4)


def at(stage: Any, beat: str) -> Any:
    return next(snapshot for snapshot in stage.snapshots if snapshot.beat == beat)


@every
def test_beats_are_played_once_in_order_and_to_the_second(name: str) -> None:
    stage = film(**CONFIGS[name])
    assert [s.beat for s in stage.snapshots] == [b.name for b in stage.board]
    for snapshot, beat in zip(stage.snapshots, stage.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert "{" not in beat.caption
    assert stage.now <= LONGEST


@every
def test_numbers_are_the_traces(name: str) -> None:
    stage = film(**CONFIGS[name])
    material, config = stage.film.material, stage.settings.config
    values, row = material.values, material.chosen.row
    assert at(stage, "ceiling").texts()["m"] == number(values.m_new[0, row])
    assert at(stage, "sum").texts()["l"] == total(values.l_new[0, row])
    rest, bill = at(stage, "rest").texts(), [i.text for i in at(stage, "bill").shown if i.name == "tiles"]
    assert (rest["stored"], rest["crossed"]) == ("0", kib(closed_form(config, "fa2").total))
    assert set(bill) == {quarters(closed_form(config, algorithm).total / stage.film.unit) for algorithm in ("standard", "fa2")}
    twice = AttentionConfig(**{**config.to_dict(), "block_m": 2 * config.block_m})
    assert at(stage, "taller").texts()["tiles"] == quarters(closed_form(twice, "fa2").total / stage.film.unit)
    for beat in ("score", "blend"):
        snapshot = at(stage, beat)
        assert snapshot.event is not None
        assert snapshot.texts()["crossed"] == kib(sum(crossed(state_at(material.fa2, snapshot.event)).values())), beat


def test_no_score_is_ever_painted_in_flashattentions_grid() -> None:
    """While the rest of the row blocks pass, only the hollow cursor crosses the grid: what is filled is ground."""
    picture = drawn()
    place = picture.scene.shot("rest")["hbm"]
    ground = np.array([int(picture.scene.skin.ground[k : k + 2], 16) for k in (1, 3, 5)])
    stage = film()
    cross = stage.film.hbm.place(place).cross
    for shown in picture.of("rest")[8:]:
        for row in range(cross.n_rows):
            for col in range(cross.n_cols):
                inner = picture.cut(shown, cross.cell(row, col).inset(0.3 * cross.cell_width))
                assert np.abs(inner.astype(int) - ground).max() < 12, (shown.time, row, col)


def test_both_outputs_are_pictures_of_their_own_values() -> None:
    stage = film()
    first, second = (output.values for output in stage.film.outputs)
    assert first.shape == second.shape == (512, 64)
    assert 0 < np.abs(first - second).max() < 0.02


@aspects
def test_captions_are_short_and_all_is_in_the_frame(aspect: Aspect) -> None:
    stage = film(aspect)
    whole = frame(aspect)
    for told, beat in zip(stage.told, stage.board, strict=True):
        assert len(told.caption) <= 60
        assert told.seconds >= len(told.caption) / READ_PACE
        assert len(wrap(told.caption, stage.shot(beat.shot)["caption"].width, CENTRED_PX)) <= 2
    for snapshot in stage.snapshots:
        for item in snapshot.shown:
            assert whole.contains(Rect(*item.box), slack=0.011), (snapshot.beat, item)


@aspects
def test_every_beat_names_a_shot_that_there_is(aspect: Aspect) -> None:
    for beat in SCRIPT:
        assert "caption" in shot(AttentionConfig(), aspect, beat.shot)
