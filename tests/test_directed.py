"""SHOTS.md's checks, of every chapter that is directed in shots: as it is played, and as it is drawn."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from flashviz.catalogue import read_catalogue
from flashviz.director.captions import CENTRED_PX
from flashviz.layout import ASPECTS, Aspect, Rect, frame
from flashviz.lettering import text_width, wrap
from flashviz.storyboard import READ_PACE, reading
from tests.conftest import ROOT
from tests.directed import Directed, changes, come, drawn, overlapping, scene
from tests.drawn import in_roles

FIVE_BY_SEVEN: dict[str, Any] = {"seq_q": 300, "seq_k": 420}
SIDES = ("flash", "standard")
OF_ROW = ("axis", *SIDES, *(f"{side} {part}" for side in SIDES for part in ("how", "most", "note", "level")), "factor", "factor name")
MERGED = "strip", "upper", "line", "upper factor", "acc name", "acc"
TRAINED = tuple(f"{side}{part}" for side in SIDES for part in ("", " name", " bytes", " how"))
STAGED = ("stage", "title", "n", "bytes", "how", "each", "rest", "note")
TILE = "tile", "tile name", "rows", "rows name", "keys", "keys name"
TERMS = tuple(f"{part} {at}" for part in ("weight", "term") for at in range(3))
ALONE, TIMES, BYTES, ROWS = (tuple(f"{side} {part}" for side in SIDES) for part in ("alone", "time", "bytes", "row"))
OWN = ("dv", "dk", "dq")
WALKED = ("grid", "q", "do", "k", "v", *OWN, "columns")
STRIPS = tuple(f"{strip} name" for strip in ("q", "do", "k", "v", *OWN))
FILMS = {
    "loop order": Directed(
        "loop_order", "LoopOrderScene",
        subjects={
            "keys": ("hbm", "chip"), "queries": ("hbm", "chip"), "rest": ("first", "second"), "side": ("first", "second"),
        },
        configs={"ragged": FIVE_BY_SEVEN, "causal": {"causal": True, "block_n": 32}, "many tiles": {"seq_q": 2560, "seq_k": 4096}},
        actors=("first", "second"),
    ),
    "causal": Directed(
        "causal", "CausalScene",
        subjects={
            "row": ("grid",), "mask": ("grid", "rule"), "half": ("grid", "sum", "note", "bytes"),
            "rows": ("grid", "in order", "longest", "in order name", "longest name"),
        },
        configs={
            "ragged": FIVE_BY_SEVEN, "more queries": {"seq_q": 420, "seq_k": 300}, "wide tiles": {"block_m": 128, "block_n": 32},
            "many tiles": {"seq_q": 4096, "seq_k": 4096},
        },
        actors=("row 4",),
    ),
    "merge": Directed(
        "online_softmax", "OnlineSoftmaxScene",
        subjects={
            "row": ("row name", "row", "strip"), "part": ("blocks", "row name", "row", "strip", "left", "factor"),
            "other": ("blocks", "strip", "left", "right"), "values": ("blocks", "left", "right", "factor", *MERGED, "V name", "V"),
            "term": MERGED, "squeeze": MERGED, "join": MERGED, "lower": MERGED, "higher": MERGED, "low": MERGED, "rest": MERGED,
            "all": MERGED, "once": ("end", "end name", *MERGED),
        },
        configs={
            "causal": {"causal": True}, "ragged": FIVE_BY_SEVEN, "gaussian": {"inputs": "gaussian", "seed": 3},
            "one tile": {"seq_q": 64, "seq_k": 40}, "narrow tiles": {"block_n": 16},
            "wide tiles": {"block_n": 128},
        },
        actors=("scores", "block left", "block right"),
        seconds=(20, 62.5),
    ),
    "grouped": Directed(
        "grouped_query", "GroupedQueryScene",
        subjects={
            "shared": ("hbm", "name", "stored"), "block": ("hbm", "chip", "between", "copies"),
            "again": ("hbm", "chip", "between", "copies"),
            "loads": ("grid", "loaded"),
        },
        configs={
            "one pair": {"heads": 6, "kv_heads": 1, "causal": True}, "ragged": {"heads": 4, "kv_heads": 2, **FIVE_BY_SEVEN},
            "many heads": {"heads": 32, "kv_heads": 4, "seq_q": 420, "seq_k": 300},
        },
        actors=("row", "pull", "grid", "bar stored shared", "bar loaded shared"),
    ),
    "scaling": Directed(
        "memory_scaling", "MemoryScalingScene",
        subjects={"stored": ("standard",), "double": ("standard", "flash"), "again": ("standard", "flash")},
        actors=("area S", "area O", "area flash O"),
    ),
    "hierarchy": Directed(
        "memory_hierarchy", "MemoryHierarchyScene",
        subjects={
            "pipes": ("flow",), "flow": ("flow", "L2 times", "SMEM times"), "l2": ("focus", "name", "size"),
            "program": ("focus", "name", "size", "note"), "scores": ("scores", "name", "size"), "tiles": ("focus", "scores"),
        },
        configs={"large tiles": {"head_dim": 128, "block_m": 128, "block_n": 128, "stages": 1}},
        actors=("area GMEM", "area L2", "area program"),
    ),
    "standard": Directed(
        "standard_attention", "StandardAttentionScene",
        subjects={
            "s-out": ("Q", "K", "S", "pipe", "chip", "bar"), "s-back": ("S", "P", "pipe", "chip", "bar"),
            "p-back": ("V", "P", "O", "pipe", "chip", "bar"),
        },
        configs={
            "causal": {"causal": True}, "ragged": FIVE_BY_SEVEN, "one tile": {"seq_q": 64, "seq_k": 40}, "heads": {"heads": 4},
            "many tiles": {"seq_q": 2560, "seq_k": 4096},
        },
        actors=("stored S", "stored P", "bar S out", "bar P back"),
    ),
    "references": Directed(
        "references", "ReferencesScene",
        subjects={"same": ("left grid", "left title", "right title"), "read": ("right grid",)},
        configs={"ragged": FIVE_BY_SEVEN, "causal": {"causal": True}},
        seconds=(10, 12.5),
    ),
    "score": Directed(
        "score", "ScoreScene",
        subjects={
            "pair": ("k first", "k first name"), "products": ("q first", "k first", "q", "k", "products", "product"),
            "stack": ("q", "k", "products", "product", "sum", "number"), "scale": ("sum", "number"),
            "spread": ("q", "k", "products", "sum", "fan"), "weights": ("joins", "weights", "largest"),
            "divided": ("fan", "joins", "weights", "largest"), "match": ("fan", "joins", "weights", "largest"),
        },
        configs={
            "causal": {"causal": True}, "ragged": FIVE_BY_SEVEN, "narrow": {"head_dim": 16}, "wide": {"head_dim": 128},
            "scaled": {"scale": 0.3},
        },
        actors=("q", "k", "products"),
        seconds=(16, 40),
    ),
    "exactness": Directed(
        "exactness", "ExactnessScene",
        subjects={
            "magnify": (*SIDES, "times", "key high"),
            **dict.fromkeys(("stored", "scores", "weights", "times", "sum"), OF_ROW),
        },
        configs={
            "causal": {"causal": True, "inputs": "gaussian"}, "bfloat16": {"dtype": "bfloat16", **FIVE_BY_SEVEN},
            "float32": {"dtype": "float32", "heads": 2},
        },
        actors=("bars flash", "bars standard"),
        seconds=(10, 50),
    ),
    "io": Directed(
        "io_complexity", "IOScene",
        subjects={
            "chip": ("square", "panel"), "visit": ("square", "die", "band"), "sweep": ("square", "die", "band"), "back": ("square", "die"),
            "again": ("square", "chip", "held", "die", "plot", "under"), "more": ("plot", "under"),
            "wider": ("square", "held", "chip", "plot", "under"), "below": ("square", "held", "chip", "plot", "under"),
            "real": ("square", "held", "chip", "plot", "under"), "law": ("square", "law", "rest", "lifted", "bound", "plot"),
            "answer": ("square", "rest", "plot", "under"),
        },
        configs={"float32": {"dtype": "float32"}, "wide": {"head_dim": 128, "block_m": 128, "block_n": 32}, "narrow": {"head_dim": 16}},
        actors=("sweeps", "memory", "block O", "stripes", *(f"bar {index}" for index in range(5))),
        seconds=(20, 57),
    ),
    "roofline": Directed(
        "roofline", "RooflineScene",
        subjects={
            "block": ("hbm", "chip", "count"), "standard": ("hbm", "chip", "count"), "ratio": ("count", "dots", "ticks", "axis"),
            "ridge": ("rates", "dots", "ticks", "badge"),
            "waits": ("lane", "cells", "done", "idle"), "flash": ("who", "hbm", "chip", "count", "dots", "ticks"),
            "climb": ("who", "hbm", "chip", "count", "dots", "ticks"), "limit": ("who", "hbm", "chip", "count", "dots", "ticks"),
            "roof": ("plot",), "answer": ("plot",),
        },
        configs={"float32": {"dtype": "float32"}, "ragged": FIVE_BY_SEVEN, "causal": {"causal": True, "head_dim": 128}},
        actors=("block", "fraction", "roof"),
        seconds=(20, 71),
    ),
    "backward": Directed(
        "backward", "BackwardScene",
        subjects={
            "kept": ("grid", "q", "k", "lse", "p note", "lse note", "lse what"),
            "again": (*TILE, "stats", "stats name", "dv", "dk", "dq", "dq name", "list"),
            "dv": (*TILE, "dv", "dv name", *TERMS, "others", "sum", "sum name", "list"),
            "upstream": (*TILE, "stats", "o", "dq", "beside", "beside name", "above", "under", "list"),
            "row": ("plot", "width", "height", "level"), "raise": ("plot", "height"),
            "share": ("plot", "level", "height", "width", "law", "sum"),
            "dot": ("small", "level", "line 0", "line 1", "line 2", "note 0", "note 1"),
            "softmax": (*TILE, "stats", "stats name", "o", "o name", "beside", "beside name", "dv", "dv name", "list"),
            "dk": (*TILE, "dv", "dk", "dk name", "o", "stats", "list"), "dq": (*TILE, "dv", "dk", "dq", "dq name", "list"),
            "shared": (*WALKED, *STRIPS, "note", "program"),
            "order": ("row", "dq", "first", "first list", "last", "last list", "steps", "note", "dq name", "program", "columns"),
            "recap": ("list", "whose"),
        },
        configs={
            "causal": {"causal": True}, "ragged": FIVE_BY_SEVEN, "grouped": {"heads": 4, "kv_heads": 2, "block_m": 128},
            "one tile": {"seq_q": 64, "seq_k": 40}, "float32": {"dtype": "float32"}, "narrow tiles": {"block_n": 16},
            "no row is full": {"seq_q": 420, "seq_k": 300, "causal": True},
        },
        actors=("walk", "areas", "Q", "K", "dO", "V", "O", "D"),
        seconds=(30, 64),
    ),
    "training": Directed(
        "training_memory", "TrainingMemoryScene",
        subjects={
            "twice": ("stage", "n", "bytes", "how", "rest"), "ask": STAGED, "inputs": STAGED,
            "scores": ("what", "keys", "plot"), "row": ("what", "plot", "band", "LSE name", "sum"),
            "weights": ("plot", "LSE name", "band", "way", "figures"),
            "keep": STAGED, "tile": ("stage", "S name", "price", "P name"), "back": ("stage", "title", "S name", "price", "P name"),
            "idea": (*TRAINED, "n"),
        },
        configs={"causal": {"causal": True}, "ragged": FIVE_BY_SEVEN, "heads": {"heads": 8, "kv_heads": 2}, "long": {"seq_q": 4096}},
        actors=("count", "bytes standard", "bytes flash", "bars", "key", "level", "query", "kept P"),
        apart=("formula", "name", "part"),
        seconds=(20, 54),
    ),
    "speed": Directed(
        "speed", "SpeedScene",
        subjects={
            "time": ALONE, "bytes": (*ALONE, *TIMES, *BYTES), "whole": ROWS, "tile": ROWS, "pace": ROWS, "short": ROWS,
            "rest": ("standard row",),
            "difference": (*ROWS, "both", *(f"{side} {end}" for side in SIDES for end in ("end", "end name"))),
        },
        actors=("time standard", "time flash", "bytes standard", "bytes flash", "scores standard", "moved standard", "moved flash"),
    ),
}  # fmt: skip
films = pytest.mark.parametrize("film", FILMS.values(), ids=FILMS.keys())
CASES = [pytest.param(film, name, id=f"{key}, {name}") for key, film in FILMS.items() for name in ("default", *film.configs)]
cases = pytest.mark.parametrize(("film", "name"), CASES)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"film", "name", "aspect"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("film", "name", "aspect"), list(cells(full=metafunc.config.getoption("--full-grid"))))


def cells(*, full: bool) -> Iterator[Any]:
    """Each film in all aspects, and each of its other configurations in 16:9 and one more aspect, in turn; or all in all."""
    wide, *others = ASPECTS
    more = itertools.cycle(others)
    for key, film in FILMS.items():
        for name in ("default", *film.configs):
            for aspect in ASPECTS if full or name == "default" else (wide, next(more)):
                yield pytest.param(film, name, aspect, id=f"{key}, {name}-{aspect}")


def of(film: Directed, name: str) -> dict[str, Any]:
    return film.configs.get(name, {})


# ---------------------------------------------------------------------------------------------------------- as it is played


@cases
def test_beats_are_played_once_in_order_and_to_the_second(film: Directed, name: str) -> None:
    stage = scene(film, **of(film, name))
    assert [s.beat for s in stage.snapshots] == [b.name for b in stage.board]
    for snapshot, beat in zip(stage.snapshots, stage.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert "{" not in beat.caption
    assert stage.provenance
    assert film.seconds[0] <= stage.now <= film.seconds[1]


def test_captions_are_short_and_stand_until_they_are_read(film: Directed, name: str, aspect: Aspect) -> None:
    stage = scene(film, aspect, **of(film, name))
    for told in stage.told:
        assert len(told.caption) <= 60, told.caption
        assert told.seconds >= len(told.caption) / READ_PACE
        place = stage.shot(next(b.shot for b in stage.board if b.name == told.name))["caption"]
        lines = wrap(told.caption, place.width, CENTRED_PX)
        assert len(lines) <= 2
        assert all(text_width(line, CENTRED_PX) <= place.width for line in lines)
    said = [line.content for line in stage.renderer.file_writer.subcaptions]
    assert said == [told.caption for told in stage.told if told.caption]


@films
def test_captions_are_centred_in_their_band(film: Directed) -> None:
    for snapshot in scene(film).snapshots:
        box = next((item.box for item in snapshot.shown if item.name == "caption"), None)
        if box is not None:
            assert (box[0] + box[2]) / 2 == pytest.approx(0.0, abs=0.06), snapshot.beat  # side bearings


def test_type_can_be_read_and_all_is_in_the_frame(film: Directed, name: str, aspect: Aspect) -> None:
    """At 480 x 270 an x-height of 4.5 px, which Inter has at 33 px of 1080; and nothing that is named leaves the frame."""
    stage, whole = scene(film, aspect, **of(film, name)), frame(aspect)
    for snapshot in stage.snapshots:
        for item in snapshot.shown:
            assert whole.contains(Rect(*item.box), slack=0.011), (snapshot.beat, item)
    assert len(stage.sizes) >= 4
    assert min(stage.sizes.values()) >= 33, sorted(stage.sizes.items(), key=lambda pair: pair[1])[:4]


def test_words_do_not_cover_words(film: Directed, name: str, aspect: Aspect) -> None:
    for snapshot in scene(film, aspect, **of(film, name)).snapshots:
        words = [item for item in snapshot.shown if item.text and item.name not in film.apart]
        assert not list(overlapping(words)), snapshot.beat


@films
def test_actors_keep_their_identity(film: Directed) -> None:
    assert {name: len(found) for name, found in scene(film).seen.items()} == dict.fromkeys(film.actors, 1)


@films
def test_no_part_is_replaced_while_it_moves(film: Directed) -> None:
    assert scene(film).ghosts == []


@films
def test_a_number_is_drawn_before_a_caption_says_it(film: Directed) -> None:
    """By half a second: every figure with a unit or a point. Counts are said where they are counted."""
    stage = scene(film)
    for told in stage.told:
        for text in re.findall(r"\d[\d,]*\.\d+(?: [MG]iB)?|\d[\d,]* KiB", told.caption):
            begun = told.start + (told.seconds if next(b.late for b in stage.board if b.name == told.name) else 0.0)
            assert text in stage.drawn_at, text
            assert begun - stage.drawn_at[text] >= 0.5, text


@films
def test_skins_differ_in_colour_alone(film: Directed) -> None:
    assert in_roles(scene(film)) == in_roles(scene(film, theme="light"))


@films
def test_german_says_every_beat_and_fits(film: Directed) -> None:
    catalogue = read_catalogue("de")
    script = film.scene_class.script
    for english, other in zip(script, catalogue.translated(film.name, script), strict=True):
        assert (other.caption != english.caption or not english.caption) and other.title, english.name  # noqa: PT018
        assert re.findall(r"{\w+}", other.caption) == re.findall(r"{\w+}", english.caption)
        assert len(other.caption) <= 72
    assert scene(film, catalogue=catalogue).now == pytest.approx(scene(film).now, rel=0.2)


@films
def test_without_pauses_and_without_captions(film: Directed) -> None:
    stage = scene(film)
    assert [b.name for b in scene(film, pauses=False).board] == [b.name for b in stage.board if not b.pause]
    clean = scene(film, captions=False)
    assert clean.now == pytest.approx(stage.now)
    assert not any(item.name == "caption" for snapshot in clean.snapshots for item in snapshot.shown)


@films
def test_the_page_of_chapters_has_its_seconds(film: Directed) -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (seconds,) = re.findall(rf"^\| `{film.name}` \| (\d+) \|", page, re.MULTILINE)
    assert int(seconds) == round(scene(film).now)


@films
def test_a_scene_file_holds_no_number_at_all(film: Directed) -> None:
    tree = ast.parse((ROOT / "scenes" / f"{film.file}.py").read_text(encoding="utf-8"))
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex)]


# ----------------------------------------------------------------------------------------------------------- as it is drawn


@films
def test_what_changes_is_the_subject_and_it_is_large(film: Directed) -> None:
    """Once the caption is read: at least 70 % of what changes is in the subject, which spans at least 40 % of a side above the captions."""
    pictures = drawn(film)
    shots = {beat.name: beat.shot for beat in pictures.scene.board}
    read = {beat.name: 0.0 if beat.late else reading(beat.caption) for beat in pictures.scene.board}
    for beat, parts in film.subjects.items():
        frames = [each for each in pictures.of(beat) if each.time >= pictures.of(beat)[0].time + read[beat]]
        mask = np.any([each for *_, each in changes(pictures, frames, shots[beat])], axis=0)
        place, inside = pictures.scene.shot(shots[beat]), np.zeros_like(mask)
        for part in parts:
            inside[pictures.slices(place[part], mask)] = True
        assert mask[inside].sum() / mask.sum() >= 0.7, (beat, mask[inside].sum() / mask.sum())
        rows, columns = np.nonzero(mask)
        above = pictures.slices(place["caption"], mask)[0].start
        assert max(np.ptp(rows) / above, np.ptp(columns) / mask.shape[1]) >= 0.4, beat


@films
def test_nothing_stands_still_for_long_but_to_be_read(film: Directed) -> None:
    """3 s, or what reading the caption takes and one second more, or a pause."""
    pictures = drawn(film)
    for beat in pictures.scene.board:
        longest, still = 0.0, 0.0
        frames = pictures.of(beat.name)
        for first, second, mask in changes(pictures, frames, beat.shot):
            still = 0.0 if mask.any() else still + second.seconds
            longest = max(longest, still + (first.seconds if still == 0 else 0.0))
        assert beat.pause or longest <= max(3.0, reading(beat.caption) + 1.0), (beat.name, longest)


@films
def test_a_caption_is_read_before_anything_moves_or_after_all_has(film: Directed) -> None:
    """Half a second, and a second for 14 characters, during which the picture stands, or what it names goes on.

    What arrives first takes a second at most.
    """
    pictures = drawn(film)
    for beat in pictures.scene.board:
        if not beat.caption:
            continue
        frames = pictures.of(beat.name)
        ended = frames[-1].time + frames[-1].seconds
        if beat.along:  # from when it has come
            assert ended - come(pictures, frames, beat.shot) >= reading(beat.caption) - 0.25, beat.name
            continue
        moments = [frames[0].time, *(b.time for _, b, mask in changes(pictures, frames, beat.shot) if mask.any())]
        moments.append(ended)
        longest, start = max((second - first, first) for first, second in itertools.pairwise(moments))
        assert longest >= reading(beat.caption) - 0.15, (beat.name, longest)
        assert beat.late or start - frames[0].time <= 1.5, beat.name
