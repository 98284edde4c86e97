"""Slides: cut to the frame, read back with libraries that others wrote, and shown by a browser that asks no network."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest
import webvtt
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pypdf import PdfReader

from flashviz.cli import films, main
from flashviz.cli.deliver import assemble
from flashviz.cli.drawing import render_film
from flashviz.cli.films import known_scenes, load_scene
from flashviz.delivery.manifest import MANIFEST, read_manifest, write_manifest
from flashviz.delivery.slides import make_slides
from flashviz.delivery.slides.deck import NOTES, notes_of, slides_of
from flashviz.delivery.slides.sections import begins, cut
from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz.settings import load_settings
from flashviz.storyboard import Told
from tests.conftest import REQUIRE_BROWSER, of_file
from tests.delivered import COLOURS, delivered, scene_file
from tests.test_browser import BROWSERS, browser_path

needs_browser = pytest.mark.skipif(
    browser_path() is None and not os.environ.get(REQUIRE_BROWSER), reason=f"none of {', '.join(BROWSERS)} is installed"
)


POLICY = "Content Security Policy"  # as Chromium's console names what it refuses


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return delivered(tmp_path_factory.mktemp("film"))


@cache
def chromium() -> Browser:
    """Started once for the tests of a file: a start takes more CPU time than most of their pages."""
    executable = browser_path()
    assert executable is not None, f"{REQUIRE_BROWSER} is set and none of {', '.join(BROWSERS)} is installed"
    of_file.callback(chromium.cache_clear)
    playwright = of_file.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
    of_file.callback(browser.close)
    return browser


@contextmanager
def browser_page(*, refused: list[str] | None = None, **options: Any) -> Iterator[Page]:
    """A page in Chromium. What a Content-Security-Policy refuses in any page that is opened fails the test, or goes to ``refused``."""
    context = chromium().new_context(viewport={"width": 854, "height": 480}, **options)
    said: list[str] = [] if refused is None else refused
    context.on("console", lambda message: said.append(message.text) if POLICY in message.text else None)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert refused is not None or not said, said


def until(page: Page, condition: str, seconds: float = 30) -> None:
    """Wait till a JavaScript expression holds in a page.

    Page.wait_for_function evaluates its text inside the page whenever the first look fails, which a page's Content-Security-Policy forbids;
    each look of this one is the browser's own, from outside.
    """
    assert within(page, lambda: bool(page.evaluate(f"Boolean({condition})")), seconds), f"{condition} did not hold within {seconds} s"


def within(page: Page, holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it holds at one of many looks."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(20)  # ms; the page goes on meanwhile
    return True


def test_sections_are_the_films_frames_and_no_others(film: Path, tmp_path: Path) -> None:
    manifest = read_manifest(film)
    sections = cut(film, manifest, tmp_path)
    pictures = [frame for section in sections for frame in frames(section.clip)]
    whole = frames(film / manifest.files.film)
    assert len(pictures) == len(whole) == round(sum(beat.seconds for beat in manifest.beats) * manifest.fps)
    assert all(np.array_equal(a, b) for a, b in zip(pictures, whole, strict=True))


def frames(path: Path) -> list[np.ndarray]:
    """All pictures of a film."""
    with av.open(str(path)) as video:
        return [frame.to_ndarray() for frame in video.decode(video=0)]


@given(lengths=st.lists(st.integers(1, 300), min_size=1, max_size=40), lost=st.floats(0, 0.001), plays=st.integers(1, 20))
def test_a_beat_begins_where_it_was_told_though_joined_segments_lose_time(lengths: list[int], lost: float, plays: int) -> None:
    fps = 15
    beats, keys, right, at = [], [], [], 0.0
    for number, frames in enumerate(lengths):
        beats.append(Told(str(number), "", "", sum(lengths[:number]) / fps, frames / fps))
        right.append(at)
        keys += [at + play / fps for play in range(0, frames, plays)]  # a play begins every few frames
        at += frames / fps - lost
    assert begins(keys, beats, fps, Path("film.mp4")) == right


def test_a_film_that_was_encoded_again_is_refused() -> None:
    beats = [Told("a", "", "", 0.0, 2.0), Told("b", "", "", 2.0, 2.0)]
    with pytest.raises(FlashvizError, match=r"2\.00 s into film\.mp4, got the next at 1\.50 s; deliver again"):
        begins([0.0, 1.5], beats, 30, Path("film.mp4"))


def test_a_pause_asks_its_caption_and_the_next_slide_answers(film: Path) -> None:
    first, ask, last = slides_of(read_manifest(film))
    assert (first.title, ask.title, last.title) == ("First", "Which is next?", "Last")
    assert (ask.notes.say, ask.notes.ask, ask.notes.answer, ask.reveal) == ("", "Which is next?", "The next is orange.", "")
    assert first.notes.say == "The first is green."
    assert dict(last.lines())["Seconds"] == "1 (0:02 to 0:03 of the film)"  # 1.93 to 2.87


def test_where_the_film_goes_on_the_answer_is_a_slide_of_its_own(film: Path, tmp_path: Path) -> None:
    told = tuple(msgspec.structs.replace(beat, name="question" if beat.pause else beat.name) for beat in read_manifest(film).beats)
    copied = shutil.copytree(film, tmp_path / "film")
    write_manifest(copied, msgspec.structs.replace(read_manifest(film), scene="FlashAttentionScene", beats=told))
    answer = notes_of("FlashAttentionScene")["question"].answer
    deck = Presentation(str(make_slides(copied, "pptx", tmp_path / "deck.pptx")))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles[titles.index("Which is next?") + 1] == answer
    page = make_slides(copied, "html", tmp_path / "deck").read_text(encoding="utf-8")
    assert re.findall(r'data-name="([^"]+)"', page) == ["opening", "first", "question", "question-answer", "last", "closing"]
    assert answer in page


# ------------------------------------------------------------------------------------------------------------------ HTML

CLIP = """async name => {
    const clip = document.querySelector(`section[data-name=${name}] video`);
    for (let tries = 0; !clip.ended; tries++) {
        if (tries === 100) throw new Error(`${name} stands at ${clip.currentTime} s, ready ${clip.readyState}`);
        await new Promise(done => setTimeout(done, 50));
    }
    return clip.duration;
}"""


@needs_browser
def test_a_browser_plays_each_section_on_entering_and_asks_no_network(film: Path, tmp_path: Path) -> None:
    page_file = make_slides(film, "html", tmp_path / "deck")
    asked: list[str] = []
    with browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(page_file.as_uri())
        assert present(page) == "opening"
        assert near(colour(page, tmp_path / "shot.png", (5, 5)), ground(film))
        for beat, advance in zip(read_manifest(film).beats, (click, key, click), strict=True):
            advance(page)
            assert present(page) == beat.name
            assert page.evaluate(CLIP, beat.name) == pytest.approx(beat.seconds, abs=0.01)
            assert comes(page, tmp_path / "shot.png", COLOURS[beat.name])
            assert near(pixel(page, tmp_path / "shot.png"), COLOURS[beat.name])  # its last picture stays
        key(page)
        assert present(page) == "closing"
        page.keyboard.press("ArrowLeft")
        assert present(page) == "last"
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
    assert all(url.startswith((tmp_path.as_uri(), "data:", "blob:")) for url in asked), asked


def present(page: Page) -> Any:
    """The slide that is shown."""
    return page.evaluate("deck.getCurrentSlide().dataset.name")


def click(page: Page) -> None:
    page.mouse.click(427, 240)


def key(page: Page) -> None:
    page.keyboard.press("ArrowRight")


def pixel(page: Page, shot: Path) -> tuple[int, ...]:
    """The colour in the middle of the screen."""
    return colour(page, shot, (427, 240))


def colour(page: Page, shot: Path, at: tuple[int, int]) -> tuple[int, ...]:
    """The colour at a place of the screen."""
    page.screenshot(path=shot)
    with Image.open(shot) as picture:
        return tuple(picture.convert("RGB").getpixel(at))  # type: ignore[arg-type]


def ground(film: Path) -> tuple[int, ...]:
    """The colour of the film's own ground."""
    with Image.open(film / read_manifest(film).files.poster) as poster:
        return tuple(poster.convert("RGB").getpixel((0, 0)))  # type: ignore[arg-type]


def comes(page: Page, shot: Path, drawn: tuple[int, ...], seconds: float = 30) -> bool:
    """Whether the middle of the screen gets a colour: a clip may have ended before its picture has been put on the screen."""
    return within(page, lambda: near(pixel(page, shot), drawn), seconds)


def near(shown: tuple[int, ...], drawn: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(shown, drawn, strict=True)) <= 6


@needs_browser
def test_the_speakers_window_shows_the_notes(film: Path, tmp_path: Path) -> None:
    page_file = make_slides(film, "html", tmp_path / "deck")
    with browser_page() as page:
        page.goto(page_file.as_uri() + "#/2")
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        notes = popup.value.locator(".speaker-controls-notes .value")
        notes.get_by_text("The next is orange.").wait_for(timeout=10_000)
        assert "Which is next?" in notes.inner_text()


@needs_browser
def test_who_asks_for_less_motion_starts_the_clips(film: Path, tmp_path: Path) -> None:
    page_file = make_slides(film, "html", tmp_path / "deck")
    with browser_page(reduced_motion="reduce") as page:
        page.goto(page_file.as_uri() + "#/1")
        page.wait_for_timeout(300)
        assert page.evaluate("[deck.getCurrentSlide().querySelector('video')].map(clip => [clip.paused, clip.controls])") == [[True, True]]


def test_what_was_not_made_here_is_not_replaced(film: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="expected a new folder or slides made before"):
        make_slides(film, "html", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").exists()
    make_slides(film, "html", tmp_path / "deck")
    make_slides(film, "html", tmp_path / "deck")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deck", "mine"]


# ------------------------------------------------------------------------------------------------------ PowerPoint and paper


@pytest.mark.parametrize(("aspect", "ratio"), [("16:9", 16 / 9), ("4:3", 4 / 3)])
def test_powerpoint_has_titles_videos_posters_and_notes(tmp_path: Path, aspect: str, ratio: float) -> None:
    film = delivered(tmp_path, aspect=aspect)
    deck = Presentation(str(make_slides(film, "pptx", tmp_path / "deck.pptx")))
    assert deck.slide_width / deck.slide_height == pytest.approx(ratio)
    assert deck.core_properties.title == "Three colours & a <question>"
    opening, *sections, closing = deck.slides
    titles = [slide.shapes.title.text_frame.text for slide in sections]
    assert titles == ["First", "Which is next?", "Last"]
    cuts = cut(film, read_manifest(film), folder_at(tmp_path / "again"))
    for slide, section in zip(sections, cuts, strict=True):
        video = next(shape for shape in slide.shapes if shape.shape_type == MSO_SHAPE_TYPE.MEDIA)
        assert video._element.nvPicPr.cNvPr.get("descr")
        assert video.poster_frame.blob == section.first.read_bytes()
        assert media_of(slide, video) == section.clip.read_bytes()
        assert [condition.get("delay") for condition in slide.element.iterfind(".//{*}video//{*}cond")] == ["0"]
        assert video.width / video.height == pytest.approx(ratio, rel=0.01)
        assert 0 < video.top <= deck.slide_height - video.height
    assert "Ask: Which is next?\nExpected answer: The next is orange." in sections[1].notes_slide.notes_text_frame.text
    assert "CC-BY-4.0" in closing.notes_slide.notes_text_frame.text
    assert [shape.shape_type for shape in opening.shapes][1:] == [MSO_SHAPE_TYPE.PICTURE]


def folder_at(path: Path) -> Path:
    path.mkdir()
    return path


def media_of(slide: Any, video: Any) -> Any:
    """The file that a video shape plays."""
    (link,) = video._element.iterfind(".//{*}videoFile")
    (name,) = [value for key, value in link.attrib.items() if key.endswith("}link")]
    return slide.part.related_part(name).blob


def test_paper_is_tagged_and_has_the_notes(film: Path, tmp_path: Path) -> None:
    pages = PdfReader(make_slides(film, "pdf", tmp_path / "deck.pdf"))
    assert pages.metadata is not None
    assert pages.metadata.title == "Three colours & a <question>"
    root: Any = pages.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    text = " ".join(" ".join(page.extract_text() for page in pages.pages).split())
    for said in ("Which is next?", "Expected answer. The next is orange.", "CC-BY-4.0", "trace 0123456789ab"):
        assert said in text
    assert sum(len(page.images) for page in pages.pages) == 1 + 2 * 3


def test_without_python_pptx_the_extra_is_named(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    monkeypatch.delitem(sys.modules, "flashviz.delivery.slides.powerpoint", raising=False)
    with pytest.raises(MissingPartError, match=r"pip install 'flashviz\[slides\]'"):
        make_slides(film, "pptx", tmp_path / "deck.pptx")
    assert not list(tmp_path.iterdir())


def test_a_file_is_called_what_it_is(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"try .*deck\.pptx"):
        make_slides(film, "pptx", tmp_path / "deck.odp")
    with pytest.raises(UsageError, match="make it first"):
        make_slides(film, "pdf", tmp_path / "no" / "deck.pdf")


# ----------------------------------------------------------------------------------------------------------------- the notes


def test_notes_are_written_for_beats_that_are_there_without_a_figure() -> None:
    written = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    scripts = {name: load_scene(source).script for name, source in known_scenes().items()}
    for scene, table in written.items():
        assert scene in scripts
        if "as" in table:
            assert {beat.name for beat in scripts[scene]} <= {beat.name for beat in scripts[table["as"]]}
            continue
        assert set(table) <= {beat.name for beat in scripts[scene]}, scene
        for beat, notes in notes_of(scene).items():
            text = " ".join(msgspec.structs.astuple(notes))
            assert not re.search(r"\d", text), f"{scene} {beat}: a figure is typed"
            assert set(re.findall(r"{(\w*)}", text)) <= {"caption", "next"}
            assert bool(notes.ask) == bool(notes.answer) or next(b for b in scripts[scene] if b.name == beat).pause, f"{scene} {beat}"


def test_every_question_of_a_film_has_a_common_mistake() -> None:
    for name, source in known_scenes().items():
        for beat in load_scene(source).script:
            if beat.pause:
                assert notes_of(name)[beat.name].mistake, f"{name} {beat.name}"


# --------------------------------------------------------------------------------------------------------- the command line


def test_slides_of_a_scene_are_rendered_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenes").mkdir()
    scene_file(tmp_path / "scenes")
    monkeypatch.setattr(films, "CHECKOUT", tmp_path / "scenes")
    monkeypatch.chdir(tmp_path)
    order = ["slides", "ThreeScene", "--to", "pptx", "-q", "l", "--aspect", "4:3", "--workers", "1", "--encode", "fast"]
    result = CliRunner().invoke(main, order)
    assert (result.exit_code, result.stdout) == (0, "ThreeScene.pptx\n"), result.stderr
    deck = Presentation("ThreeScene.pptx")
    assert deck.slide_width / deck.slide_height == pytest.approx(4 / 3)
    assert len(deck.slides) == 1 + 3 + 1


def test_a_delivered_film_takes_no_settings(film: Path) -> None:
    result = CliRunner().invoke(main, ["slides", str(film), "--to", "html", "--causal", "-q", "h"])
    assert result.exit_code == 2
    assert result.stderr == f"flashviz: {film} has a film as it was delivered; leave out --quality, --causal\n"


def test_a_scene_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["slides", "DigestScen", "--to", "pdf"])
    assert (result.exit_code, "did you mean DigestScene?" in result.stderr) == (2, True)


def test_a_folder_without_extras_is_a_film_as_its_manifest_says(tmp_path: Path) -> None:
    source = scene_file(tmp_path)
    job = films.Job(source, load_settings(environ={}, folder=tmp_path, captions=False), "low_quality", tmp_path / "media")
    folder = folder_at(tmp_path / "draft")
    assemble(job, render_film(job, workers=1), folder, extras=False)
    manifest = read_manifest(folder)
    assert (manifest.about, manifest.fps, manifest.files.clean, manifest.poster_beat) == ("Three colours.", 15, "ThreeScene.mp4", "last")
    assert manifest.sha256 == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != MANIFEST
    }
    with Image.open(folder / manifest.files.poster) as poster:
        assert near(tuple(poster.convert("RGB").getpixel((427, 240))), COLOURS["last"])  # type: ignore[arg-type]
    for read in (webvtt.read(str(folder / manifest.files.vtt)), webvtt.from_srt(str(folder / manifest.files.srt))):
        assert [cue.text for cue in read.captions] == [beat.caption for beat in manifest.beats]
        assert [cue.start_in_seconds for cue in read.captions] == [int(beat.start) for beat in manifest.beats]
