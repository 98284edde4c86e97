"""The site: every page opens from a sub-path without asking elsewhere, wide and narrow; links lead somewhere; axe finds nothing."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner

from flashviz.cli import main
from tests.conftest import ROOT
from tests.delivered import delivered
from tests.test_embedding import PLAY, served
from tests.test_slides import browser_page, needs_browser

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
)


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
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns("pages", "__pycache__"))
    shutil.copytree(ROOT / "media" / "gallery", root / "media" / "gallery")
    for name in ("README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    delivered(tmp_path_factory.mktemp("films"))
    films = next(tmp_path_factory.getbasetemp().glob("films*"))
    made = root / "served" / "some where"
    builder().make_site(root / "docs", films, made)
    return made


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
            found = axe.Axe().run(page)
            reports += [f"{kind}: {found.generate_report()}"] if found.violations_count else []
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
    assert re.search(r"^SpeedScene +Fast: time against N$", result.stdout, re.MULTILINE)
    assert "KernelScene" not in result.stdout
