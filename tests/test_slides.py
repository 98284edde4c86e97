"""Slides: cut to the frame, read back with libraries that others wrote, and shown by a browser that asks no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from flashviz.delivery.manifest import read_manifest
from flashviz.delivery.slides import make_slides
from flashviz.delivery.slides.deck import slides_of
from flashviz.delivery.slides.sections import cut
from flashviz.errors import UsageError
from tests.conftest import REQUIRE_BROWSER
from tests.delivered import COLOURS, delivered
from tests.test_browser import BROWSERS, browser_path

needs_browser = pytest.mark.skipif(
    browser_path() is None and not os.environ.get(REQUIRE_BROWSER), reason=f"none of {', '.join(BROWSERS)} is installed"
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return delivered(tmp_path_factory.mktemp("film"))


@contextmanager
def browser_page(**options: Any) -> Iterator[Page]:
    executable = browser_path()
    assert executable is not None, f"{REQUIRE_BROWSER} is set and none of {', '.join(BROWSERS)} is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser.new_context(viewport={"width": 854, "height": 480}, **options).new_page()
        browser.close()


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


def test_a_pause_asks_its_caption_and_the_next_slide_answers(film: Path) -> None:
    first, ask, last = slides_of(read_manifest(film))
    assert (ask.title, ask.notes.ask, ask.notes.answer) == ("Which is next?", "Which is next?", "The next is orange.")
    assert (first.follows, ask.follows, last.follows) == (False, False, True)
    assert dict(last.lines())["Seconds"] == "1 (0:02 to 0:03 of the film)"  # 1.93 to 2.87


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
        for beat, advance in zip(read_manifest(film).beats, (click, key, click), strict=True):
            advance(page)
            assert present(page) == beat.name
            assert page.evaluate(CLIP, beat.name) == pytest.approx(beat.seconds, abs=0.01)
            assert near(pixel(page, tmp_path / "shot.png"), COLOURS[beat.name])  # its last picture stays
        key(page)
        assert present(page) == "closing"
        page.keyboard.press("ArrowLeft")
        assert present(page) == "last"
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
    from PIL import Image

    page.screenshot(path=shot)
    with Image.open(shot) as picture:
        return tuple(picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2)))  # type: ignore[arg-type]


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
