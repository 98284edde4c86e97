"""The site: every page opens from a sub-path without asking elsewhere, wide and narrow; links lead somewhere; axe finds nothing.

A film's page has its question, its maths as MathML, its sources, and a player on the trace that the film shows.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import av
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flashviz.citations import SOURCES
from flashviz.cli import main
from flashviz.cli.films import SceneSource, every_scene
from flashviz.config import AttentionConfig
from flashviz.delivery.manifest import read_manifest, write_manifest
from flashviz.director.material import provenance
from flashviz.errors import FlashvizError
from flashviz.settings import load_settings
from flashviz.storyboard import Told
from flashviz_kernels import record
from tests.conftest import ROOT
from tests.delivered import SECONDS, delivered
from tests.test_embedding import PLAY, served
from tests.test_slides import browser_page, needs_browser, until

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the test group")
pytest.importorskip("furo", reason="needs the docs group")

KINDS = (
    "index",
    "pages/films",
    "pages/ThreeScene",
    "pages/SpeedScene",
    "pages/commands",
    "pages/modules",
    "pages/readme",
    "settings",
    "chapters",
    "truth",
    "_traces/gallery/index",
)
PLAYERS_READY = "[...document.querySelectorAll('flash-trace-player')].every(player => player.document !== undefined)"
TINY = AttentionConfig(seq_q=64, block_m=32, block_n=32, head_dim=16)
TRACED = (replace(TINY, causal=True), TINY)
WITHOUT_MATHS = {"CourseScene"}  # its chapters have theirs
WITHOUT_QUESTION = {"CourseScene", "DigestScene"}  # they tell what others do


def builder() -> Any:
    """docs/build.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of these pages with one small film, two folders below its server's root."""
    root = tmp_path_factory.mktemp("clone")
    for folder in ("docs", "media/gallery", "media/posters", "scenes"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("pages", "__pycache__"))
    for name in ("README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    films = tmp_path_factory.mktemp("films")
    film = delivered(films)
    moving(film)
    traces = [provenance(record(config, source="numpy")) for config in TRACED]
    write_manifest(film, msgspec.structs.replace(read_manifest(film), traces=traces))
    made = root / "served" / "some where"
    builder().make_site(root / "docs", films, made)
    return made


def moving(film: Path) -> None:
    """The same film once more, beside it, by the name of the one that the loop is cut from and with its beats."""
    copy = shutil.copytree(film, film.with_name(door().MOVES))
    manifest = read_manifest(copy)
    names = ("before", door().FIRST, door().LAST)
    beats = tuple(msgspec.structs.replace(beat, name=name) for beat, name in zip(manifest.beats, names, strict=True))
    write_manifest(copy, msgspec.structs.replace(manifest, scene=copy.name, beats=beats))


def door() -> Any:
    """docs/_ext/door.py."""
    builder()
    import door  # type: ignore[import-not-found]

    return door


class Page(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if "href" in found:
            (self.loads if tag == "link" else self.links).append(found["href"])
        self.loads += [found[name] for name in ("src", "poster", "data") if name in found]


def pages(site: Path) -> Iterator[Path]:
    return site.rglob("*.html")


def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    parsed = {path: Page(path) for path in pages(site)}
    assert len(parsed) > len(KINDS)
    for path, page in parsed.items():
        assert not [load for load in page.loads if urlsplit(load).netloc], path
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            assert not parts.path.startswith("/"), f"{path.name}: {link} works from one root alone"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name} links to {link}"
            if parts.fragment and target in parsed:
                assert unquote(parts.fragment) in parsed[target].ids, f"{path.name} links to {link}"


def test_every_page_has_one_policy_and_it_is_strict(site: Path) -> None:
    """Also a page that writes of policies."""
    assert "Content-Security-Policy" in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    for path in pages(site):
        found = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', path.read_text(encoding="utf-8"))
        assert len(found) == 1, path
        rules = dict(rule.split(" ", 1) for rule in found[0].split("; "))
        assert (rules["default-src"], rules["base-uri"]) == ("'none'", "'none'"), path
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"} & set(rules["script-src"].split()), path


def test_each_film_has_a_page_that_says_whether_it_is_there(site: Path) -> None:
    with_film = (site / "pages" / "ThreeScene.html").read_text(encoding="utf-8")
    without = (site / "pages" / "SpeedScene.html").read_text(encoding="utf-8")
    assert "<video" in with_film
    assert "The next is orange." in with_film
    assert "built without the film" not in with_film
    assert "<video" not in without
    assert "built without the film" in without
    assert "Dao et al. 2022" in without
    assert "autoplay" not in with_film


def scenes() -> dict[str, SceneSource]:
    return {scene.name: scene for scene in every_scene(load_settings(environ={}, folder=ROOT / "tests"))}


def page(site: Path, name: str) -> str:
    return (site / "pages" / f"{name}.html").read_text(encoding="utf-8")


def test_each_film_has_its_question_its_maths_and_its_sources(site: Path) -> None:
    for name in scenes():
        text = unescape(page(site, name))
        assert ("The question that it answers" in text) == (name not in WITHOUT_QUESTION), name
        assert ("<math" in text) == (name not in WITHOUT_MATHS), name
        for source in SOURCES:
            assert (source.short in text) == (f"arxiv.org/abs/{source.arxiv}" in text), f"{name}: {source.short}"
        assert "$" not in re.sub(r"<pre>.*?</pre>|\$ flashviz", "", text, flags=re.DOTALL), f"{name}: a formula was not read"


def test_a_film_of_films_names_them_with_their_times() -> None:
    builder()
    import chapter  # type: ignore[import-not-found]  # of docs/_ext

    told = [
        Told("a", "", "", 0.0, 3.0, chapter="One"),
        Told("b", "", "", 3.0, 70.0, chapter="One"),
        Told("c", "", "", 73.0, 1.0, chapter="Two"),
    ]
    found = chapter.parts_of(told, {"One": "OneScene", "Two": "TwoScene"})
    assert re.findall(r"^- (.+)$", found, re.MULTILINE) == ["0:00 [One](OneScene.md)", "1:13 [Two](TwoScene.md)"]
    assert chapter.parts_of([Told("a", "", "", 0.0, 3.0)], {}) == ""


def test_maths_is_of_films_that_there_are() -> None:
    written = {path.stem for path in (ROOT / "docs" / "maths").glob("*.md")}
    assert written == set(scenes()) - WITHOUT_MATHS


def test_formulas_are_mathml_and_can_be_linked_to(site: Path) -> None:
    text = page(site, "IOScene")
    assert 'id="equation-io-flash"' in text
    assert "<mfrac>" in text
    assert "<script" not in re.sub(r"<script[^>]*src=\"\.\./_static/[^>]*>|<script>[^<]*</script>", "", text.partition("<article")[2])


def test_the_readme_shows_a_poster_of_every_film_with_its_scene_and_its_maths() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, source in scenes().items():
        assert f"](media/posters/{name}.webp)" in readme
        assert f"](scenes/{source.file.name})" in readme
        assert (f"](docs/maths/{name}.md)" in readme) == (name not in WITHOUT_MATHS)
    posters = sorted((ROOT / "media" / "posters").glob("*"))
    assert {path.stem for path in posters} == set(scenes())
    for path in posters:
        assert path.stat().st_size <= 40_000
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("WEBP", (640, 360))


def test_posters_are_made_of_what_was_delivered(tmp_path: Path) -> None:
    film = delivered(tmp_path)
    builder().write_posters(tmp_path, tmp_path / "posters")
    with Image.open(tmp_path / "posters" / "ThreeScene.webp") as small, Image.open(film / "ThreeScene.png") as poster:
        assert small.size == (640, 360)
        middle = [picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2)) for picture in (small, poster)]
        assert all(abs(a - b) < 8 for a, b in zip(*middle, strict=True))
    with pytest.raises(FlashvizError, match="expected delivered films"):
        builder().write_posters(tmp_path / "none", tmp_path / "posters")


def test_a_film_whose_trace_is_another_now_makes_no_site() -> None:
    builder()
    import traces  # type: ignore[import-not-found]  # of docs/_ext

    shown = traces.Shown("fa2", "numpy", TINY, record(TINY, source="numpy").hash)
    assert shown.record().config == TINY
    with pytest.raises(FlashvizError, match=r"expected trace 0{12} of a delivered film, recorded"):
        replace(shown, hash="0" * 12).record()


@needs_browser
def test_the_player_shows_the_films_trace_and_another_that_is_chosen(site: Path) -> None:
    hashes = [record(config, source="numpy").hash for config in TRACED]
    with served(site.parent) as address, browser_page() as page:
        page.goto(f"{address}/some%20where/pages/ThreeScene.html")
        until(page, PLAYERS_READY)
        assert page.evaluate("document.querySelector('flash-trace-player').document.hash") == hashes[0]
        page.get_by_label("Trace FlashAttention").select_option(index=1)
        until(page, f"document.querySelector('flash-trace-player').document.hash === '{hashes[1]}'")
        page.evaluate("document.body.dataset.theme = 'dark'")
        until(page, "document.querySelector('flash-trace-player').getAttribute('theme') === 'dark'")
        page.goto(f"{address}/some%20where/pages/ThreeScene.html#step=5")
        until(page, "document.querySelector('flash-trace-player').k === 5")


@needs_browser
def test_the_player_as_one_file_works_without_a_server(site: Path) -> None:
    alone = next(path for path in (site / "_traces").glob("*.html"))
    with browser_page() as page:
        page.goto((site / "pages" / "ThreeScene.html").as_uri())
        assert page.get_by_text("Here the player needs").is_visible()
        until(page, "document.querySelector('video').readyState > 0")
        page.get_by_role("link", name="The player as one file").click()
        page.wait_for_url(alone.as_uri())
        until(page, "document.querySelector('flash-trace-player').document !== undefined")
        assert alone.stem.split("-")[2] == page.evaluate("document.querySelector('flash-trace-player').document.hash")


def test_the_loop_is_cut_from_its_beats(site: Path, tmp_path: Path) -> None:
    film = read_manifest(site / "_films" / "ThreeScene")
    frames = []
    for path in (site / "_films" / door().LOOP, site / "_films" / "ThreeScene" / film.files.film):
        with av.open(str(path)) as opened:
            frames.append([frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)])
    loop, whole = frames
    assert len(loop) == round(2 * SECONDS * film.fps) < len(whole)
    assert np.array_equal(loop, whole[-len(loop) :])
    with pytest.raises(FlashvizError, match=r"expected beats squeeze to same in .*, got first, ask, last; deliver ThreeScene again"):
        door().write_loop(film, site / "_films" / "ThreeScene", tmp_path / "loop.mp4")
    assert "<video" not in door().loop(None, "_films")


def test_the_sidebar_has_every_page_in_a_group(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8").partition('class="sidebar-tree"')[2].partition("</aside>")[0]
    groups = {}
    for caption, pages in re.findall(
        r'<span class="caption-text">([^<]+)</span></p>\s*<ul[^>]*>(.*?)</ul>\s*(?=<p class="caption"|</div>)', text, re.DOTALL
    ):
        groups[caption] = set(re.findall(r'<li class="toctree-l1[^"]*"><a class="reference internal" href="([^"]+)\.html"', pages))
    assert [*groups] == ["Watch", "Teach", "Your kernel", "Trust", "Change", "Look up"]
    grouped = [page for pages in groups.values() for page in pages]
    typed = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert sorted(grouped) == sorted(typed | {f"pages/{name}" for name in ("films", "readme", "commands", "modules")})
    assert all(len(pages) <= 7 for pages in groups.values())


@needs_browser
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_front_door_says_what_this_is_and_moves(width: int, height: int, site: Path) -> None:
    with served(site.parent) as address, browser_page(reduced_motion="no-preference") as page:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}/some%20where/index.html")
        until(page, "document.querySelector('video.moves').currentTime > 0.2")
        loop = "document.querySelector('video.moves')"
        assert page.evaluate(f"[{loop}.muted, {loop}.loop, {loop}.controls, {loop}.paused]") == [True, True, True, False]
        ways = page.locator("#four-ways-in li")
        assert ways.count() == 4
        if width > height:  # all of it is seen at once
            boxes = [
                page.locator(part).bounding_box()
                for part in ("#flashviz > p >> nth=0", "#flashviz > .highlight-console", ".loop", "#four-ways-in li >> nth=3")
            ]
            assert all(box and box["y"] + box["height"] <= height for box in boxes)
        until(page, PLAYERS_READY)
        step = page.locator("flash-trace-player .say").inner_text()
        assert re.search(r"^Step \d+ of \d+, .* rises to \d", step)
        ways.nth(0).click(position={"x": 8, "y": 8})  # the whole card leads there
        page.wait_for_url(f"{address}/some%20where/pages/films.html")


@needs_browser
def test_the_loop_stands_still_where_motion_is_unwelcome(site: Path) -> None:
    with served(site.parent) as address, browser_page(reduced_motion="reduce") as page:
        page.goto(f"{address}/some%20where/index.html")
        until(page, PLAYERS_READY)
        page.wait_for_timeout(500)
        assert page.evaluate("[document.querySelector('video.moves').paused, document.querySelector('video.moves').currentTime]") == [
            True,
            0,
        ]
        page.emulate_media(reduced_motion="no-preference")
        until(page, "!document.querySelector('video.moves').paused")
        page.emulate_media(reduced_motion="reduce")
        until(page, "document.querySelector('video.moves').paused")


def test_commands_are_those_that_there_are(site: Path) -> None:
    shown = (site / "pages" / "commands.html").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"flashviz {name}" in shown
        for option in command.params:
            assert all(flag in shown for flag in option.opts if flag.startswith("--")), option.name


@needs_browser
def test_every_page_opens_wide_and_narrow_and_asks_no_one_else(site: Path) -> None:
    asked: list[str] = []
    with served(site.parent) as address, browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        failed: list[str] = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        for path in pages(site):
            page.goto(f"{address}/some%20where/{path.relative_to(site).as_posix()}")
            for width in (1280, 360):
                page.set_viewport_size({"width": width, "height": 800})
                page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")  # players fit in a frame
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert overflow <= 0, f"{path.name} is {overflow} pixels wider than {width}"
        assert not failed
        assert asked
        assert all(url.startswith((address, "data:")) for url in asked), [url for url in asked if not url.startswith(address)]


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site: Path, scheme: str) -> None:
    reports: list[str] = []
    with served(site.parent) as address, browser_page(color_scheme=scheme) as page:
        for kind in KINDS:
            page.goto(f"{address}/some%20where/{kind}.html")
            until(page, PLAYERS_READY)
            found = axe.Axe().run(page)
            reports += [f"{kind}: {each['help']}: {[node['target'] for node in each['nodes']]}" for each in found.response["violations"]]
    assert not reports, "\n".join(reports)


@needs_browser
def test_the_film_on_its_page_plays_with_captions(site: Path) -> None:
    with served(site.parent) as address, browser_page() as page:
        page.goto(f"{address}/some%20where/pages/ThreeScene.html")
        found = page.evaluate(PLAY, 1.4)
    assert found == {"before": [True, True, True, "metadata"], "mode": "showing", "said": "Which is next?"}


def test_films_and_no_films_is_refused() -> None:
    result = CliRunner().invoke(builder().build, ["--no-films", "SpeedScene"])
    assert result.exit_code == 2
    assert "leave one out" in result.stderr


def test_scenes_are_listed_with_their_names() -> None:
    result = CliRunner().invoke(main, ["scenes"])
    assert result.exit_code == 0
    assert re.search(r"^SpeedScene +Fast: fewer bytes, less time$", result.stdout, re.MULTILINE)
    assert "KernelScene" not in result.stdout
