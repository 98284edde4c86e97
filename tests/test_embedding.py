"""The pasted HTML: a browser plays the film, shows its captions and its colours, and asks one place alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.delivery.embedding import PAGE, video_tag, within
from flashviz.delivery.manifest import read_manifest
from tests.delivered import COLOURS, delivered
from tests.test_slides import browser_page, comes, needs_browser

PLAY = """async seconds => {
    const video = document.querySelector('video'), track = video.textTracks[0];
    const until = async (what, holds) => {
        for (let tries = 0; !holds(); tries++) {
            if (tries === 400) throw new Error(`${what}: ready ${video.readyState}, at ${video.currentTime} s`);
            await new Promise(done => setTimeout(done, 50));
        }
    };
    await until('no metadata', () => video.readyState > 0);
    const before = [video.paused, video.controls, video.playsInline, video.preload];
    video.playbackRate = 0.5;  // looked at every 50 ms, it is not far beyond the moment that is asked for
    video.play();
    await until('it does not play', () => video.currentTime > seconds);
    video.pause();
    await until('no caption', () => track.activeCues && track.activeCues.length);
    video.controls = false;
    return {before, mode: track.mode, said: track.activeCues[0].text};
}"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return delivered(tmp_path_factory.mktemp("film"))


class Quiet(SimpleHTTPRequestHandler):
    """A web server's answers, without its log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of this folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["embed", *arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout


class Tags(HTMLParser):
    """Tags with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@needs_browser
@pytest.mark.parametrize("how", ["video", "iframe"])
def test_a_page_shows_the_film_and_its_captions(film: Path, tmp_path: Path, how: str) -> None:
    html = printed(str(film), *(["--iframe"] if how == "iframe" else []))
    (film.parent / "page.html").write_text(f'<!doctype html><link rel="icon" href="data:,">{html}', encoding="utf-8")
    asked: list[str] = []
    with served(film.parent) as address, browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/page.html")
        frame = page.main_frame if how == "video" else page.main_frame.child_frames[0]
        ask = read_manifest(film).beats[1]
        found = frame.evaluate(PLAY, ask.start + 0.7 * ask.seconds)  # a caption fades in before its picture
        assert found == {"before": [True, True, True, "metadata"], "mode": "showing", "said": "Which is next?"}
        assert comes(page, tmp_path / "shot.png", COLOURS["ask"])
        if how == "iframe":
            page.goto(f"{address}/{film.name}/{PAGE}")
            report = Axe().run(page)
            assert not report.violations_count, report.generate_report()
        assert all(url.startswith((address, "data:")) for url in asked), asked
        assert any(url.endswith("ThreeScene-clean.mp4") for url in asked)


def test_the_tag_names_files_that_are_there_and_starts_nothing(film: Path) -> None:
    (video, of_video), (_, source), (_, track), (_, link) = Tags(printed(str(film))).found
    assert video == "video"
    assert "autoplay" not in of_video
    for path in (of_video["poster"], source["src"], track["src"], link["href"]):
        assert path is not None
        assert (film.parent / path).is_file(), path
    assert of_video["aria-label"] == "Three colours & a <question>"


def test_another_place_is_written_before_each_name(film: Path) -> None:
    tags = Tags(printed(str(film), "--at", "https://example.org/a b/")).found
    assert tags[1][1]["src"] == "https://example.org/a%20b/ThreeScene-clean.mp4"
    assert (tags[2][1]["srclang"], "default" in tags[2][1]) == ("en", True)


def test_captions_in_the_picture_are_not_shown_twice(film: Path) -> None:
    manifest = read_manifest(film)
    burned = msgspec.structs.replace(manifest, files=msgspec.structs.replace(manifest.files, clean=None))
    tags = Tags(video_tag(burned, within("x"))).found
    assert tags[1][1]["src"] == "x/ThreeScene.mp4"
    assert "default" not in tags[2][1]


def test_a_folder_that_is_no_film_is_refused(tmp_path: Path) -> None:
    for flags in ([], ["--iframe"]):
        result = CliRunner().invoke(main, ["embed", str(tmp_path), *flags])
        assert result.exit_code == 2
        assert "make it with flashviz deliver" in result.stderr
    assert not (tmp_path / PAGE).exists()
