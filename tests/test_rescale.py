"""The rescale, as it is played and as it is drawn: SHOTS.md's checks, and every picture held to the trace.

Thresholds were calibrated on this film (November 2026), 480 x 270 at ten frames a second; beside each stands what was measured.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from scipy import special  # type: ignore[import-untyped]

from flashviz.catalogue import read_catalogue
from flashviz.chapters import rescale
from flashviz.chapters.rescale import BEATS, SCRIPT
from flashviz.config import AttentionConfig
from flashviz.director.captions import CENTRED_PX
from flashviz.errors import ConfigError
from flashviz.figures import number, total
from flashviz.layout import ASPECTS, Aspect, Rect, frame, shot
from flashviz.layout.shots import SHOTS
from flashviz.lettering import FONTS_DIR, PX_PER_UNIT, Face, text_width, wrap
from flashviz.storyboard import READ_PACE, reading
from flashviz.trace import Kind, Trace, state_at
from flashviz_kernels.recorder import run
from tests import directed
from tests.conftest import ROOT
from tests.directed import Directed, at, settings, written
from tests.films import altered, played
from tests.pictures import Drawn, changed
from tests.strategies import configs

# What a beat is about: the parts of its shot in which things move.
SUBJECTS = {
    "past": ("measured",), "sum": ("measured", "names", "sum"), "terms": ("measured", "names"), "ruler": ("measured",),
    "squeeze": ("measured", "acc", "acc name", "sum"), "alone": ("acc", "acc name", "room", "answer words", "note"),
    "join": ("measured", "names", "sum"), "moves": ("answer",),
    "rows": ("factors", "sums", "tile", "factors name", "sums name", "tile name", "quotients", "quotients name",
    "code"),
    "whole": ("whole", "whole name", "whole words", "answer"),
}  # fmt: skip
CONFIGS: dict[str, dict[str, Any]] = {
    "default": {},
    "causal, alpha 0.010": {"causal": True},
    "grouped": {"heads": 4, "kv_heads": 2},
    "unequal lengths": {"seq_q": 256, "seq_k": 512},
    "fp32": {"dtype": "float32"},
    "d 16": {"head_dim": 16},
    "d 256": {"head_dim": 256, "block_m": 32, "block_n": 32},
    "wide key tiles": {"block_n": 128},
    "16 x 16, gaussian": {"inputs": "gaussian", "seq_q": 128, "block_m": 16, "block_n": 16, "head_dim": 16},
    "one tile": {"seq_q": 64, "seq_k": 64},
}
ACTORS = ("acc", "measured", "ceiling")
aspects = pytest.mark.parametrize("aspect", ASPECTS)
every = pytest.mark.parametrize("name", CONFIGS)


FILM = Directed("rescale", "RescaleScene", SUBJECTS, CONFIGS, ACTORS)
scene, drawn = partial(directed.scene, FILM), partial(directed.drawn, FILM)


def scene_class(record: Any) -> Any:
    """The scene, with another recorder."""
    given = FILM.scene_class

    class Other(given):  # type: ignore[misc, valid-type]
        def open(self, _run: Any) -> Any:
            return super().open(record)

    return type(FILM.name, (Other,), {"__module__": given.__module__})


def values_of(snapshot: Any, name: str) -> str:
    """Of the first picture of this name; of none nothing."""
    return next(iter(directed.values_of(snapshot, name)), "")


# --------------------------------------------------------------------------------------------- what is shown is the trace's


@every
def test_beats_are_played_once_in_order_and_to_the_second(name: str) -> None:
    film = scene(**CONFIGS[name])
    assert [s.beat for s in film.snapshots] == [b.name for b in film.board]
    for snapshot, beat in zip(film.snapshots, film.board, strict=True):
        assert snapshot.seconds == pytest.approx(beat.seconds, abs=0.35), beat.name
        assert "{" not in beat.caption


@every
def test_pictures_are_what_the_trace_holds_at_the_beats_event(name: str) -> None:
    """acc, l, m and alpha at the end of each beat, from ``state_at`` of the same trace; l_scaled and acc_scaled between."""
    film = scene(**CONFIGS[name])
    found = rescale.gather(film.settings.config, "numpy", run)
    row, t = found.row, found.t
    if not found.rises:
        pytest.skip("nothing rises in this row: a test of its own")
    texts = {beat: at(film, beat).texts() for beat in (b.name for b in film.board)}
    before = state_at(found.trace, found.event(Kind.PV_DOT, t - 1))
    scaled = state_at(found.trace, found.event(Kind.RESCALE_ACC))
    after = state_at(found.trace, found.event(Kind.PV_DOT))
    assert before.acc is not None and scaled.acc is not None and after.acc is not None  # noqa: PT018  # for the types
    assert before.l is not None and after.l is not None and after.alpha is not None  # noqa: PT018
    old, wide = before.acc[row].astype(np.float64), after.acc[row].astype(np.float64)
    first = state_at(found.trace, found.event(Kind.PV_DOT, 0))
    assert first.acc is not None and first.l is not None  # noqa: PT018  # for the types
    assert values_of(at(film, "answer"), "acc") == written(first.acc[row])
    assert values_of(at(film, "divide"), "acc / l") == written(first.acc[row].astype(np.float64) / float(first.l[row]))
    for beat in ("terms", "question", "ruler", "measure", "exact", "rows", "all", "join"):
        assert not values_of(at(film, beat), "acc"), f"{beat} is of other parts"
    assert values_of(at(film, "stale"), "acc") == written(old), "it comes back, as it was"
    for beat in ("squeeze", "same", "both"):
        assert values_of(at(film, beat), "acc") == written(scaled.acc[row]), beat
    for beat in ("stale", "squeeze", "same", "both", "values"):
        assert values_of(at(film, beat), "acc / l") == written(old / float(before.l[row])), beat
    assert values_of(at(film, "alone"), "acc") == written(old), "what would be, if l alone were scaled"
    assert values_of(at(film, "alone"), "acc / l") == written(old / float(found.of("l_scaled")))
    for beat in ("values", "moves"):
        assert values_of(at(film, beat), "acc") == written(wide), beat
    assert values_of(at(film, "moves"), "acc / l") == written(wide / float(after.l[row]))
    assert texts["sum"]["l"] == total(first.l[row])
    assert texts["terms"]["l"] == total(before.l[row])
    assert texts["moves"]["l"] == total(after.l[row])
    assert texts["past"]["m"] == number(found.m_old)
    assert texts["ruler"]["m"] == number(float(found.values.m_new[t, row]))
    assert texts["measure"]["alpha"] == number(float(after.alpha[row])) == texts["squeeze"]["alpha acc"]
    assert [at(film, beat).event for beat in ("past", "sum", "answer", "measure", "join", "values")] == [
        found.event(Kind.QK_DOT, 0), found.event(Kind.SOFTMAX_L, 0), found.event(Kind.PV_DOT, 0),
        found.event(Kind.ALPHA), found.event(Kind.SOFTMAX_L), found.event(Kind.PV_DOT),
    ]  # fmt: skip


def test_the_kernel_adds_to_l_before_it_scales_acc_and_each_picture_is_its_statements() -> None:
    found = rescale.gather(AttentionConfig(), "numpy", run)
    assert found.event(Kind.ALPHA) < found.event(Kind.SOFTMAX_L) < found.event(Kind.RESCALE_ACC) < found.event(Kind.PV_DOT)
    film = scene()
    alpha = float(found.of("alpha"))
    assert float(found.of("l_scaled")) == pytest.approx(float(found.of("l_old")) * alpha)
    measured = values_of(at(film, "squeeze"), "measured")
    assert measured == written(np.array([float(found.of("l_old")), alpha, 1.0, *found.measured]))
    assert "acc * alpha" in at(film, "rows").texts()["code"]


def test_digits_on_screen_check_by_hand() -> None:
    film = scene()
    words = [item.text for item in at(film, "squeeze").shown if item.name in ("l", "sum")]
    old, factor, scaled = (float(word) for word in words if word[0].isdigit())
    assert round(old * factor, 2) == scaled
    old, added, new = (float(item.text) for item in at(film, "join").shown if item.name in ("l", "sum") and item.text[0].isdigit())
    assert round(old + added, 2) == new
    height, alpha = (next(i.text for i in at(film, "measure").shown if i.name == n and i.text[0] not in "α1/=") for n in ("ratio", "alpha"))
    assert 1 / float(height) == pytest.approx(float(alpha), abs=1e-3)


@pytest.mark.parametrize("array", ["acc", "alpha", "l", "p"])
def test_another_trace_gives_other_pictures(array: str) -> None:
    def change(trace: Trace) -> Trace:
        (program, kept), *_ = trace.snapshots.items()
        wrong = getattr(kept, array) * np.float32(1.03)
        return Trace(trace.header, trace.columns, stats=trace.stats, snapshots={program: replace(kept, **{array: wrong})})

    film = played(scene_class(altered(run, change)), settings())
    assert [s.shown for s in film.snapshots] != [s.shown for s in scene().snapshots]


@every
def test_in_the_end_it_is_softmax_over_all_keys(name: str) -> None:
    """The outlines: SciPy's softmax of the row's scores, in float64. The answer: within its dtype's rounding of them."""
    film = scene(**CONFIGS[name])
    if name == "one tile":
        pytest.skip("a film of its own")
    found = rescale.gather(film.settings.config, "numpy", run)
    visited = range(len(found.values.j))
    s = np.concatenate([np.asarray(found.values.s[t, found.row, : len(found.values.k[t])], dtype=np.float64) for t in visited])
    v = np.concatenate([np.asarray(found.values.v[t], dtype=np.float64) for t in visited])
    reference = special.softmax(s) @ v[: len(s)]
    assert np.allclose(found.whole, reference, atol=1e-12)
    assert values_of(at(film, "whole"), "whole") == written(found.whole)
    shown = found.of("acc_new", found.last) / float(found.of("l_new", found.last))
    assert values_of(at(film, "whole"), "acc / l") == written(shown)
    unit = {"float16": 2.0**-11, "float32": 2.0**-24}[film.settings.config.dtype]
    assert np.abs(shown - reference).max() <= 8 * unit * np.abs(v).max()


def test_where_nothing_rises_the_film_says_so() -> None:
    film = scene(**CONFIGS["one tile"])
    assert [beat.name for beat in film.board] == ["calm"]
    assert film.told[-1].caption == "No later term rose above the ceiling: no correction needed."
    found = rescale.gather(film.settings.config, "numpy", run)
    assert at(film, "calm").texts()["l"] == total(float(found.of("l_new")))
    with pytest.raises(ConfigError, match="there is nothing to attend to"):
        rescale.gather(AttentionConfig(seq_k=0), "numpy", run)


# ------------------------------------------------------------------------------------------------------- as it is drawn


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_quotient_does_not_move_by_one_pixel_while_all_are_squeezed(theme: Any) -> None:
    film = drawn(theme=theme)
    place = film.scene.shot("squeeze")["answer"]
    frames = film.of("squeeze")
    assert len(frames) > 20
    for picture in frames[1:]:
        assert np.array_equal(film.cut(picture, place), film.cut(frames[0], place))
    assert not np.array_equal(film.cut(film.last("alone"), place), film.cut(frames[0], place)), "one alone moves it"
    assert np.array_equal(film.cut(film.last("both"), place), film.cut(frames[0], place)), "both, and it is what it was"
    assert not np.array_equal(film.cut(film.last("moves"), place), film.cut(film.last("both"), place)), "it moves when values join"


@every
def test_heights_after_are_alpha_of_heights_before_to_a_pixel(name: str) -> None:
    """acc's bars and l's block, measured on frames of 1080 lines' worth of units: the drawn outlines themselves."""
    if name == "one tile":
        pytest.skip("nothing is scaled")
    film = scene(**CONFIGS[name])
    found = rescale.gather(film.settings.config, "numpy", run)
    alpha = float(found.of("alpha"))
    for part in ("acc bars", "block"):
        before, after = (next(i.box for i in at(film, beat).shown if i.name == part) for beat in ("stale", "squeeze"))
        tall = [(box[3] - box[1]) * PX_PER_UNIT for box in (before, after)]
        assert tall[1] == pytest.approx(alpha * tall[0], abs=2 * 0.005 * PX_PER_UNIT + 1), part  # boxes are rounded to 0.01 units


def settled(film: Drawn, beat: str) -> list[Any]:
    """A beat's frames from when its shot has been reached: till then all moves. And before the words that came with it."""
    frames = film.of(beat)
    shots = {each.name: each.shot for each in BEATS}
    names = list(shots)
    before = shots[names[names.index(beat) - 1]] if beat != names[0] else shots[beat]
    start = frames[0].time + (1.6 if shots[beat] != before else 0.0)
    return [frame for frame in frames if frame.time >= start]


def test_what_changes_is_the_subject_and_it_is_large() -> None:
    """At least 70 % of what changes (0.77 in alone, 0.87 to 1.00 elsewhere), and 55 % of a side (0.68 in terms, 0.85 to 0.94)."""
    film = drawn()
    for beat, parts in SUBJECTS.items():
        place = film.scene.shot(next(each.shot for each in BEATS if each.name == beat))
        frames = settled(film, beat)
        mask = np.any([changed(a.pixels, b.pixels) for a, b in itertools.pairwise(frames)], axis=0)
        mask[film.slices(place["caption"], mask)] = False
        inside = np.zeros_like(mask)
        for part in parts:
            above = place.frame.y1 if part == "measured" else place[part].y1  # what rides on the ceiling
            rect = place[part]
            inside[film.slices(Rect(rect.x0 - 0.3, rect.y0, rect.x1 + 0.3, above), mask)] = True
        assert mask[inside].sum() / mask.sum() >= 0.7, beat
        rows, columns = np.nonzero(mask)
        above = film.slices(place["caption"], mask)[0].start
        assert max(np.ptp(rows) / above, np.ptp(columns) / mask.shape[1]) >= 0.55, beat


def test_at_most_two_groups_move_at_once() -> None:
    """Of the row's three pictures, once a shot has been reached. Where whole tiles just join, all three do."""
    film = drawn()
    for beat in (beat for beat in BEATS if beat.shot in ("rescale", "squeeze") and beat.name not in ("add", "rest")):
        place = film.scene.shot(beat.shot)
        for first, second in itertools.pairwise(settled(film, beat.name)):
            mask = changed(first.pixels, second.pixels)
            moving = [part for part in ("measured", "acc", "answer") if mask[film.slices(place[part], mask)].sum() > 20]
            assert len(moving) <= 2, (beat.name, second.time)


def test_nothing_stands_still_for_long_but_to_be_read() -> None:
    """3 s, or what reading the caption takes and one second more, or a pause."""
    film = drawn()
    for beat in film.scene.board:
        longest, still = 0.0, 0.0
        frames = film.of(beat.name)
        for first, second in itertools.pairwise(frames):
            still = 0.0 if changed(first.pixels, second.pixels).any() else still + second.seconds
            longest = max(longest, still + (first.seconds if still == 0 else 0.0))
        assert beat.pause or longest <= max(3.0, reading(beat.caption) + 1.0), (beat.name, longest)


def test_a_caption_is_read_before_anything_moves_or_after_all_has() -> None:
    """Half a second, and a second for 14 characters, from when it has come, during which the picture stands, or what it names goes on."""
    film = drawn()
    for beat in film.scene.board:
        if not beat.caption:
            continue
        frames = film.of(beat.name)
        place = film.scene.shot(beat.shot)["caption"]
        come, moved = frames[0].time, []
        for first, second in itertools.pairwise(frames):
            mask = changed(first.pixels, second.pixels)
            said = mask[film.slices(place, mask)].any()
            mask[film.slices(place, mask)] = False
            come = second.time if said and second.time < frames[-1].time else come
            if mask.any():
                moved.append(second.time)
        ended = frames[-1].time + frames[-1].seconds
        until = ended if beat.along else next((time for time in moved if time > come + 0.15), ended)
        stood = until - come
        assert stood >= reading(beat.caption) - 0.25, (beat.name, stood)  # a frame or two more or less


def test_actors_keep_their_identity() -> None:
    assert {name: len(found) for name, found in scene().seen.items()} == dict.fromkeys(ACTORS, 1)


def test_no_part_is_replaced_while_it_moves() -> None:
    assert scene().ghosts == []


def test_a_number_is_drawn_before_a_caption_says_it() -> None:
    """By half a second."""
    film = scene()
    said = [(told.start, text) for told in film.told for text in re.findall(r"\d+\.\d+", told.caption)]
    assert said
    for start, text in said:
        assert start - film.drawn_at[text] >= 0.5


# ---------------------------------------------------------------------------------------------------- words and type


@aspects
@pytest.mark.parametrize("language", [None, "de"])
def test_captions_are_short_and_stand_until_they_are_read(aspect: Aspect, language: str | None) -> None:
    catalogue = read_catalogue(language) if language else None
    film = scene(aspect, catalogue=catalogue)
    for told in film.told:
        assert len(told.caption) <= (60 if language is None else 72), told.caption
        assert told.seconds >= len(told.caption) / READ_PACE
        if language is None:
            place = film.shot(next(b.shot for b in film.board if b.name == told.name))["caption"]
            lines = wrap(told.caption, place.width, CENTRED_PX)
            assert len(lines) <= 2
            for line in lines:
                assert text_width(line, CENTRED_PX) <= place.width
    assert [line.content for line in film.renderer.file_writer.subcaptions] == [told.caption for told in film.told if told.caption]


def test_captions_are_centred_in_their_band() -> None:
    film = scene()
    for snapshot in film.snapshots:
        box = next((item.box for item in snapshot.shown if item.name == "caption"), None)
        if box is not None:
            assert (box[0] + box[2]) / 2 == pytest.approx(0.0, abs=0.06), snapshot.beat  # side bearings


@pytest.mark.parametrize("name", ["default", "causal, alpha 0.010", "16 x 16, gaussian", "d 256"])
@aspects
def test_type_can_be_read_and_all_is_in_the_frame(aspect: Aspect, name: str) -> None:
    """At 480 x 270 an x-height of 4.5 px, which Inter has at 33 px of 1080; and nothing that is named leaves the frame."""
    film = scene(aspect, **CONFIGS[name])
    whole = frame(aspect)
    for snapshot in film.snapshots:
        for item in snapshot.shown:
            assert whole.contains(Rect(*item.box), slack=0.011), (snapshot.beat, item)
    assert len(film.sizes) > 12
    assert min(film.sizes.values()) >= 33, sorted(film.sizes.items(), key=lambda pair: pair[1])[:4]


def test_inters_x_height() -> None:
    from PIL import ImageFont

    font = ImageFont.truetype(str(FONTS_DIR / Face.TEXT), 1000)
    top, bottom = font.getbbox("x", anchor="ls")[1::2]
    assert (bottom - top) / 1000 * 33 * 270 / 1080 >= 4.5


@aspects
def test_words_do_not_cover_words(aspect: Aspect) -> None:
    film = scene(aspect)
    for snapshot in film.snapshots:
        words = [i for i in snapshot.shown if i.text and i.name not in ("formula", "answer name", "l name", "note", "alphas", "name")]
        words += [i for i in snapshot.shown if i.name == "name" and i.text]
        for index, first in enumerate(words):
            for second in words[index + 1 :]:
                a, b = Rect(*first.box), Rect(*second.box)
                assert not a.overlaps(b, slack=0.011), (snapshot.beat, first, second)


# ------------------------------------------------------------------------------------------------------------ the shots


@given(configs())
@tries(max_examples=30, deadline=None)
def test_every_part_of_every_shot_is_in_the_frame(config: AttentionConfig) -> None:
    for aspect in ASPECTS:
        for name in SHOTS:
            place = shot(config, aspect, name)
            assert place.frame == frame(aspect)
            for part, rect in place.parts.items():
                assert frame(aspect).contains(rect), (aspect, name, part)
                assert rect.width > 0 < rect.height
                assert part == "caption" or not rect.overlaps(place["caption"]), (aspect, name, part)


@aspects
@pytest.mark.parametrize("name", ["rescale", "squeeze"])
def test_parts_that_are_seen_together_have_places_of_their_own(name: str, aspect: Aspect) -> None:
    place = shot(AttentionConfig(), aspect, name)
    together: tuple[str, ...] = ("measured", "names", "sum", "acc", "entry", "room", "note", "answer name", "caption")
    if name == "squeeze" and aspect in ("16:9", "4:3"):
        together = tuple(part for part in together if part != "answer name")  # the note comes in its place
    together = tuple(part for part in together if part in place)
    for index, first in enumerate(together):
        for second in together[index + 1 :]:
            assert not place[first].overlaps(place[second]), (first, second)


def test_a_shot_that_there_is_not_is_named() -> None:
    with pytest.raises(ConfigError, match=r"expected a shot, one of sum, values, .*, got nowhere"):
        shot(AttentionConfig(), "16:9", "nowhere")


# --------------------------------------------------------------------------------------------------- a film among films


def test_german_says_every_beat() -> None:
    german = read_catalogue("de").translated("RescaleScene", SCRIPT)
    for english, other in zip(SCRIPT, german, strict=True):
        assert (other.caption != english.caption or not english.caption) and other.title, english.name  # noqa: PT018
        assert re.findall(r"{\w+}", other.caption) == re.findall(r"{\w+}", english.caption)


def test_the_page_of_chapters_has_its_seconds() -> None:
    page = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^\| `RescaleScene` \| (\d+) \|", page, re.MULTILINE)
    assert scene().now == pytest.approx(int(seconds), abs=1)


def test_without_pauses_and_without_captions() -> None:
    assert [b.name for b in scene(pauses=False).board] == [b.name for b in BEATS if not b.pause]
    clean = scene(captions=False)
    assert clean.now == pytest.approx(scene().now)
    assert not any(item.name == "caption" for snapshot in clean.snapshots for item in snapshot.shown)
