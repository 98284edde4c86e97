"""Captions in other languages: what a catalogue must hold, how it is set, and what of a film follows it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from flashviz import palette
from flashviz.catalogue import SHIPPED, Catalogue, Entry, braces, check_scenes, read_catalogue, source_catalogue
from flashviz.chapters.film import DIGEST as DIGEST_SCRIPT
from flashviz.chapters.film import SCRIPT
from flashviz.cli import main
from flashviz.cli.films import Job, known_scenes, load_scene
from flashviz.cli.made import Made
from flashviz.config import AttentionConfig
from flashviz.director import Shown, Snapshot
from flashviz.director.captions import CENTRED_PX, caption, check_fit, lines_of, width
from flashviz.director.shots import LINES
from flashviz.errors import MissingPartError, UsageError
from flashviz.layout import ASPECTS, CAPTION_LINES, Rect, shot, stage
from flashviz.lettering import CAPTION_PX, Face, em, text_width
from flashviz.outlines import outline, outline_in
from flashviz.settings import Settings, load_settings
from flashviz.storyboard import Beat
from tests.conftest import ROOT
from tests.films import Film, film, play
from tests.test_layout import LONGEST

GERMAN = read_catalogue("de")
ARABIC = ROOT / "tests" / "catalogues" / "ar.toml"
SMALL: dict[str, Any] = {"seq_q": 256, "block_m": 32, "block_n": 32, "head_dim": 32}
SCRIPTS = {"FlashAttentionScene": SCRIPT, "DigestScene": DIGEST_SCRIPT}
WITHOUT = {"KernelScene", "CourseScene"}  # one composes its captions, the other plays scenes that have some


def written(path: Path, text: str) -> Catalogue:
    path.write_text(text, encoding="utf-8")
    return read_catalogue(str(path))


# ------------------------------------------------------------------------------------------------------ what it must hold


def test_the_english_catalogue_is_the_script(tmp_path: Path) -> None:
    """What is written to be translated, read back, says what the beats say."""
    again = written(tmp_path / "en.toml", source_catalogue(SCRIPTS))
    for scene, script in SCRIPTS.items():
        assert again.translated(scene, script) == tuple(script)


beats = st.lists(st.text("abc-xyz019", min_size=1, max_size=8), unique=True, min_size=1, max_size=5)


@given(beats, st.data())
def test_any_words_come_back(names: list[str], data: st.DataObject) -> None:
    words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}"), min_size=1, max_size=30)
    script = [Beat(name, data.draw(words), 1.0, data.draw(words)) for name in names]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "read_text", lambda *_a, **_k: source_catalogue({"AnyScene": script}))
        assert read_catalogue("any.toml").translated("AnyScene", script) == tuple(script)


@pytest.mark.parametrize("shipped", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_changed_english_text_makes_its_translation_out_of_date(shipped: Path) -> None:
    """Each caption and each title, one by one: a comma in the English text, and the translation is refused."""
    found = read_catalogue(shipped.stem)
    for scene, script in SCRIPTS.items():
        for at, beat in enumerate(script):
            for name in ("caption", "title"):
                if getattr(beat, name):
                    changed = (*script[:at], replace(beat, **{name: getattr(beat, name) + ","}), *script[at + 1 :])
                    with pytest.raises(UsageError, match=rf"out of date: {beat.name}\)"):
                        found.translated(scene, changed)


def test_an_earlier_catalogue_is_brought_up_to_date(tmp_path: Path) -> None:
    """A changed text and a new beat are in English, a beat that is no more has gone, and the rest is kept, language and font too."""
    earlier = replace(GERMAN, font="DejaVu Sans")
    first, second, *others = DIGEST_SCRIPT
    script = [replace(first, caption="Other words."), Beat("new", "New", 1.0, "A new beat."), *others]
    found = written(tmp_path / "de.toml", source_catalogue({"DigestScene": script}, earlier))
    assert (found.language, found.font) == ("de", "DejaVu Sans")
    changed, new, *kept = found.translated("DigestScene", script)
    assert (changed.caption, changed.title) == ("Other words.", GERMAN.titles["DigestScene"][first.name].text)
    assert (new.caption, new.title) == ("A new beat.", "New")
    assert second.name not in found.captions["DigestScene"]
    assert [beat.caption for beat in kept] == [GERMAN.captions["DigestScene"][beat.name].text if beat.caption else "" for beat in others]


def test_every_film_but_the_kernels_and_the_course_has_a_script() -> None:
    """What ``flashviz captions`` writes: the captions of all that a catalogue could translate."""
    for name, source in known_scenes().items():
        script = load_scene(source).script
        assert bool(script) == (name not in WITHOUT), name
        assert len({beat.name for beat in script}) == len(script), name


@pytest.mark.parametrize("shipped", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_catalogues_are_whole(shipped: Path) -> None:
    """Every beat, every brace, and no line of English left."""
    found = read_catalogue(shipped.stem)
    assert found.language == shipped.stem
    check_scenes(found, known_scenes())
    assert set(SCRIPTS) <= set(found.captions) == set(found.titles)
    for scene, script in SCRIPTS.items():
        for english, other in zip(script, found.translated(scene, script), strict=True):
            assert braces(other.caption) == braces(english.caption), english.name
            assert other.caption != english.caption or not english.caption, english.name


def test_both_german_films_say_the_same() -> None:
    """Where their English is the same."""
    whole, digest = ({beat.name: beat.caption for beat in GERMAN.translated(*each)} for each in SCRIPTS.items())
    same = [beat.name for beat in DIGEST_SCRIPT if beat.caption == next(each.caption for each in SCRIPT if each.name == beat.name)]
    assert len(same) > 5
    assert {name: whole[name] for name in same} == {name: digest[name] for name in same}


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("beat", [beat for beat in SCRIPT if beat.caption], ids=lambda beat: beat.name)
def test_german_fits_however_long_its_numbers(beat: Beat, aspect: Any) -> None:
    band = shot(AttentionConfig(), aspect, beat.shot)["caption"]
    german = GERMAN.captions["FlashAttentionScene"][beat.name].text
    check_fit([replace(beat, caption=german.format(**LONGEST))], band, aspect, GERMAN, CENTRED_PX, LINES)


WRONG = [
    (
        '[FlashAttentionScen]\nhook = ["x", "x"]',
        r"expected tables of scenes, got \[FlashAttentionScen\]; did you mean FlashAttentionScene\?",
    ),
    ('[Zzz]\nhook = ["x", "x"]', r"expected tables of scenes, got \[Zzz\]; known are .*DigestScene"),
    (
        '[SpeedScene]\nhook = ["x", "x"]',
        r"expected a table \[DigestScene\] in de.toml, got none; flashviz captions DigestScene writes the English one",
    ),
    ("DIGEST, hock", r"\[DigestScene\] expected beats of this scene, got hock; did you mean hook\?"),
    ("DIGEST without sum", r"\[DigestScene\] expected every beat, got none for sum; put the English text there at least"),
    ("DIGEST bill {m1}", r"\[DigestScene\] bill expected braces of the English text \(\{flash_tiles\}, \{standard_tiles\}\), got \{m1\}"),
    ("DIGEST bill {flash_tiles!r}", r"\[DigestScene\] bill expected braces of the English text .*, got \{flash_tiles!r\}"),
    ("DIGEST row {q}", r"\[DigestScene\] row expected braces of the English text \(none\), got \{q\}"),
    (
        "DIGEST other sum ruler",
        r'English text, "The area is their sum: ℓ." in sum, got one of "What it said." \(out of date: sum, ruler\); flashviz captions',
    ),
    ("DIGEST bill {m0", r"\[DigestScene\] bill expected braces in pairs, got '\{m0'"),
]


def held(found: Catalogue) -> None:
    """As a render of the digest holds a catalogue to the films."""
    check_scenes(found, known_scenes())
    found.translated("DigestScene", DIGEST_SCRIPT)


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[content[:24] for content, _ in WRONG])
def test_what_does_not_fit_the_scene_is_refused(content: str, message: str, tmp_path: Path) -> None:
    lines = {beat.name: [beat.caption, beat.caption] for beat in DIGEST_SCRIPT if beat.caption}
    match content.split():
        case ["DIGEST,", added]:
            lines |= {added: ["x", "x"]}
        case ["DIGEST", "without", left_out]:
            del lines[left_out]
        case ["DIGEST", "other", *names]:
            lines |= {name: ["What it said.", "x"] for name in names}
        case ["DIGEST", name, text]:
            lines[name][1] = text
    if content.startswith("DIGEST"):
        content = "[DigestScene]\n" + "".join(f"{name} = {json.dumps(pair)}\n" for name, pair in lines.items())
    found = written(tmp_path / "de.toml", f'language = "de"\n{content}')
    with pytest.raises(UsageError, match=message):
        held(found)


PAIRS = r'expected lines of beat = \["English", "translation"\] in \[{}\]'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected language as a tag such as de or pt-BR, got None"),
        ("language = 3", "expected language as a tag such as de or pt-BR, got 3"),
        ('language = "German, of course"', "expected language as a tag"),
        ('language = "de"\nfont = 3', "expected font as the name of a family, got 3"),
        ('language = "de"\nhook = "x"', "expected a table for each scene, .* got hook = 'x'"),
        ('language = "de"\n[DigestScene]\nhook = 3', PAIRS.format("DigestScene")),
        ('language = "de"\n[DigestScene]\nhook = "x"', PAIRS.format("DigestScene")),
        ('language = "de"\n[DigestScene]\nhook = ["x"]', PAIRS.format("DigestScene")),
        ('language = "de"\n[DigestScene]\nhook = ["x", 3]', PAIRS.format("DigestScene")),
        ('language = "de"\n[DigestScene]\ntitles = "x"', PAIRS.format("DigestScene.titles")),
        ("language = ", "to be TOML"),
    ],
)
def test_files_that_are_no_catalogue(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        written(tmp_path / "x.toml", text)


@pytest.mark.parametrize("given_name", ["none.toml", "xx"])
def test_a_catalogue_that_is_not_there(given_name: str) -> None:
    with pytest.raises(UsageError, match=f"expected a catalogue, a .toml file or one of de, got {given_name}"):
        load_settings(catalogue=given_name)


def test_a_film_that_makes_its_captions_itself_cannot_be_translated() -> None:
    with pytest.raises(UsageError, match="got KernelScene, which makes them itself"):
        GERMAN.translated("KernelScene", ())
    with pytest.raises(UsageError, match="got KernelScene, which makes them itself"):
        source_catalogue({"KernelScene": ()})


# ---------------------------------------------------------------------------------------------------------- what follows it


@pytest.fixture(scope="module")
def german() -> Film:
    return film("DigestScene", film=(("catalogue", GERMAN),), **SMALL)


def pictures(snapshot: Snapshot) -> list[Shown]:
    """All that a beat showed but its caption, whose outline stands where it does."""
    bands = [Rect(*item.box).inset(-0.011) for item in snapshot.shown if item.name == "caption"]
    return [item for item in snapshot.shown if not any(band.contains(Rect(*item.box)) for band in bands)]


def test_a_german_film_is_the_english_one_in_other_words(german: Film) -> None:
    english = film("DigestScene", **SMALL)
    for theirs, ours in zip(english.snapshots, german.snapshots, strict=True):
        assert (theirs.beat, theirs.seconds, theirs.event) == (ours.beat, ours.seconds, ours.event)
        assert ours.texts().get("caption", "") == ours.caption
        assert ours.caption != theirs.caption or not theirs.caption
        assert pictures(ours) == pictures(theirs)
    assert [beat.title for beat in german.scene.told] == [entry.text for entry in GERMAN.titles["DigestScene"].values()]
    assert [beat.caption for beat in german.scene.told] == [snapshot.caption for snapshot in german.snapshots]
    for first, second in zip(english.scene.told, german.scene.told, strict=True):
        for number in [word for word in first.caption.split() if word.strip(".,").replace(".", "").isdecimal()]:
            assert number.strip(".,") in second.caption


def test_a_caption_that_is_too_long_is_refused_before_anything_is_drawn() -> None:
    english = GERMAN.captions["DigestScene"]["row"].english
    long = dict(GERMAN.captions["DigestScene"]) | {"row": Entry(english, "Ein Programm nimmt einen Zeilenblock. " * 6)}
    with pytest.raises(UsageError, match="expected captions of at most 2 lines at 16:9, got 3 in row"):
        film("DigestScene", film=(("catalogue", replace(GERMAN, captions={"DigestScene": long})),), **SMALL)
    wide = dict(GERMAN.captions["DigestScene"]) | {"row": Entry(english, "Zeilenblock" * 12)}
    with pytest.raises(UsageError, match="expected captions of at most 2 lines at 16:9, got 1 in row"):
        film("DigestScene", film=(("catalogue", replace(GERMAN, captions={"DigestScene": wide})),), **SMALL)


def test_settings_name_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "nl.toml").write_text('language = "nl"\n', encoding="utf-8")
    assert load_settings(environ={"FLASHVIZ_CATALOGUE": "de"}, folder=tmp_path).catalogue == GERMAN
    assert load_settings(catalogue=str(tmp_path / "nl.toml"), environ={"FLASHVIZ_CATALOGUE": "de"}).catalogue == Catalogue(
        "nl.toml", "nl", None, {}, {}
    )
    assert Settings(config=AttentionConfig()).language == "en"
    assert Settings(config=AttentionConfig(), catalogue=GERMAN).language == "de"


def test_a_film_in_another_language_is_another_film(tmp_path: Path) -> None:
    """What is made already is found again by its captions too, wherever their file lies."""
    source = known_scenes()["DigestScene"]

    def place(catalogue: Catalogue | None) -> Path:
        return Made.of(Job(source, Settings(config=AttentionConfig(), catalogue=catalogue), "low_quality", tmp_path)).place

    changed = replace(GERMAN, captions=dict(GERMAN.captions) | {"DigestScene": {}})
    assert len({place(None), place(GERMAN), place(changed)}) == 3
    assert place(read_catalogue(str(SHIPPED / "de.toml"))) == place(GERMAN)


def run_cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def test_the_command_line_writes_what_is_to_be_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run_cli("captions", "DigestScene", "--out", "nl.toml")
    assert (answer.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["nl.toml"])
    assert read_catalogue("nl.toml").translated("DigestScene", DIGEST_SCRIPT) == DIGEST_SCRIPT
    assert run_cli("captions", "--from", "de", "--out", "de.toml").exit_code == 0
    again = read_catalogue("de.toml")
    assert (again.captions, again.titles) == (GERMAN.captions, GERMAN.titles)
    assert run_cli("captions", "--out", "all.toml").exit_code == 0
    assert set(read_catalogue("all.toml").captions) == set(known_scenes()) - WITHOUT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("captions", "--out", "taken.toml"), "expected a new file, got one that is there and may be translated"),
        (("captions", "--out", "nl.po"), "a catalogue is a .toml file; try nl.toml"),
        (("captions", "--out", "none/nl.toml"), "there is no folder none; make it first"),
        (("captions", "KernelScene", "--out", "nl.toml"), "got KernelScene, which makes them itself"),
        (("captions", "DigestScen", "--out", "nl.toml"), "no scene is called DigestScen; did you mean DigestScene"),
        (("render", "DigestScene", "--catalogue", "xx"), "expected a catalogue, a .toml file or one of de, got xx"),
        (("render", "DigestScene", "--catalogue", "taken.toml"), r"expected tables of scenes, got [Nobody]"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_the_command_line_refuses(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.toml").write_text('language = "nl"\n[Nobody]\n', encoding="utf-8")
    answer = run_cli(*arguments)
    assert answer.exit_code == 2
    assert message in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken.toml"]


# ----------------------------------------------------------------------------------------------------- scripts and directions


def has(letters: str) -> bool:
    try:
        return len(outline_in(letters, None)) > 0
    except MissingPartError:
        return False


def test_inter_is_drawn_as_by_the_films_own_lines() -> None:
    """What the bundled font has, is drawn with it: the same curves, and about as wide as layout measures them."""
    for text in ("Größe ℓ × α → ²", "Какой ряд? Ответ: α", "acc bekommt dasselbe α"):
        assert np.array_equal(outline_in(text, None), outline(text, Face.TEXT))
        assert width(GERMAN, text) == pytest.approx(text_width(text, CAPTION_PX), abs=0.2 * em(CAPTION_PX))


def test_letters_that_no_font_has_are_an_error() -> None:
    with pytest.raises(MissingPartError, match="expected a font with the letters \U000f0000, got none in 'a"):
        outline_in("a \U000f0000", None)
    with pytest.raises(MissingPartError, match="expected the font Nobody Sans, got"):
        outline_in("a", "Nobody Sans")


@pytest.mark.skipif(not has("درجات"), reason="no font of this machine has Arabic letters")
def test_arabic_stands_in_the_middle_and_pictures_as_ever() -> None:
    arabic = read_catalogue(str(ARABIC))
    english, shown = (
        film("DigestScene", **SMALL),
        play("DigestScene", Settings(config=AttentionConfig(**SMALL), source="numpy", catalogue=arabic)),
    )
    band = shown.scene.caption_rect
    for theirs, ours in zip(english.snapshots, shown.snapshots, strict=True):
        for box in (item.box for item in ours.shown if item.name == "caption" and ours.caption):
            assert (box[0] + box[2]) / 2 == pytest.approx(band.center[0], abs=0.02)
        assert pictures(ours) == pictures(theirs)


@pytest.mark.skipif(not has("אבג"), reason="no font of this machine has Hebrew letters")
def test_lines_run_from_the_right_and_values_do_not() -> None:
    """A line that begins with a number runs from the right too; within a value the order is the value's own."""
    hebrew = Catalogue("he.toml", "he", None, {}, {})
    assert hebrew.right_to_left
    band = stage(AttentionConfig(), "16:9").caption
    line = f"{hebrew.values({'n': '128'})['n']} אבג"
    points = caption(line, band, palette.DARK, hebrew)[0].points
    assert points[:, 0].max() == pytest.approx(band.x1, abs=1e-6)
    number = outline("128", Face.TEXT) * em(CAPTION_PX)
    at_the_right = points[points[:, 0] > band.x1 - np.ptp(number[:, 0]) - 1e-3]
    assert len(at_the_right) == len(number), "the number stands where its line begins"
    np.testing.assert_allclose(at_the_right - at_the_right.min(0), number - number.min(0), atol=2e-3)


@given(st.lists(st.sampled_from(["Zeile", "Score", "ℓ", "2.719", "α"]), min_size=1, max_size=30))
def test_lines_are_no_wider_than_their_band(words: list[str]) -> None:
    band = stage(AttentionConfig(), "9:16").caption
    lines = lines_of(" ".join(words), band, GERMAN)
    assert " ".join(lines).split() == words
    assert all(width(GERMAN, line) <= band.width for line in lines)
    assert len(lines) <= CAPTION_LINES["9:16"] or len(words) > 20
