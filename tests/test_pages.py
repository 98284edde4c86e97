"""Hostile names, source lines, catalogue entries and folder names stay text in every page; none runs a script that it did not come with."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from PIL import Image

from flashviz.config import AttentionConfig
from flashviz.delivery.clips import Clip
from flashviz.delivery.embedding import iframe_tag, video_tag, within, write_page
from flashviz.delivery.lecture import Part
from flashviz.delivery.lecture_page import index_page
from flashviz.delivery.manifest import MANIFEST, Files, Manifest
from flashviz.delivery.player_page import Choice, single_page, write_gallery
from flashviz.delivery.policy import guarded, hashed
from flashviz.delivery.slides.deck import Notes, Slide
from flashviz.delivery.slides.html import _page as slides_page
from flashviz.delivery.slides.look import Look
from flashviz.export import player_json
from flashviz.lettering import Face
from flashviz.outlines import outline
from flashviz.storyboard import Told
from flashviz.trace import Trace
from flashviz_kernels import record
from tests.test_slides import browser_page, needs_browser

HOSTILE = (
    "</script><script>window.taken = 1</script>", '"><img src=x onerror="window.taken = 1">', "' onload='window.taken = 1",
    "<svg/onload=window.taken=1>", "]]><b>&lt;", "\u202e{taken}", "javascript:window.taken=1",
)  # fmt: skip
EVERY = " ".join(HOSTILE)
PARTS = {"slideLayout", "notesSlide", "image", "video", "media"}  # of a slide of PowerPoint's; a link would be another


class Parts(HTMLParser):
    """Elements with their attributes; texts between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(page: str, scripts: int) -> Parts:
    """No element or attribute came of what was put in."""
    parts = Parts(page)
    assert sum(tag == "script" for tag, _ in parts.elements) == scripts
    assert not {tag for tag, _ in parts.elements} & {"svg", "b"}
    for tag, attributes in parts.elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert not any(str(attributes.get(name, "")).strip().lower().startswith("javascript") for name in ("href", "src", "poster")), (
            attributes
        )
    return parts


def manifest() -> Manifest:
    """Of a film whose every text is hostile."""
    files = Files(film="a b#1.mp4", clean="c?.mp4", vtt="d%.vtt", srt="e.srt", poster="f'.png", transcript="h.txt")
    told = Told(EVERY, EVERY, EVERY, 0.0, 1.0)
    return Manifest(
        scene=EVERY, subject=EVERY, about=EVERY, seconds=1.0, width=854, height=480, fps=15.0, language=EVERY, settings={EVERY: EVERY},
        traces=[{"source": EVERY, "hash": EVERY}], versions={EVERY: EVERY}, poster_beat=EVERY, beats=(told,), files=files,
        sha256={}, made_of=(),
    )  # fmt: skip


def test_a_policy_names_the_scripts_that_a_page_came_with() -> None:
    page = guarded('<html>\n<meta charset="utf-8">\n<script>let a = 1;</script><script type="application/json">{}</script>')
    assert f"script-src '{hashed('let a = 1;')}';" in page
    assert hashed("{}") not in page
    assert "default-src 'none'" in page
    assert "script-src 'none'" in guarded('<meta charset="utf-8"/><p>')
    assert "script-src 'self'" in guarded('<meta charset="utf-8"><script src="a.js"></script>')
    assert page.index("Content-Security-Policy") < page.index("<script>")
    with pytest.raises(ValueError, match="says its encoding"):
        guarded("<html><head></head></html>")


@needs_browser
def test_a_script_that_slipped_in_does_not_run(tmp_path: Path) -> None:
    whole = guarded('<!doctype html><meta charset="utf-8"><body><script>window.ours = 1</script></body>')
    for name, page in (("clean", whole), ("taken", whole.replace("</body>", f"{EVERY}</body>"))):
        (tmp_path / f"{name}.html").write_text(page, encoding="utf-8")
        refused: list[str] = []
        with browser_page(refused=refused) as shown:
            shown.goto((tmp_path / f"{name}.html").as_uri())
            shown.wait_for_timeout(300)
            assert shown.evaluate("[window.ours, window.taken]") == [1, None]
        assert bool(refused) == (name == "taken"), refused


def test_embedded_names_stay_text(tmp_path: Path) -> None:
    given = manifest()
    for tag in (video_tag, iframe_tag):
        parts = harmless(tag(given, within(EVERY)), 0)
        _, attributes = parts.elements[0]
        assert EVERY in (attributes.get("aria-label"), attributes.get("title"))
    (tmp_path / MANIFEST).write_bytes(msgspec.json.encode(given))
    page = write_page(tmp_path).read_text(encoding="utf-8")
    assert EVERY in harmless(page, 0).text
    assert "script-src 'none'" in page


def test_a_lecture_shows_hostile_names_as_text(tmp_path: Path) -> None:
    given, folder = manifest(), tmp_path / "films" / EVERY.replace("/", "_")
    film = msgspec.structs.replace(given, scene=folder.name)
    clip = Clip(title=EVERY, seconds=1.0, beats=given.beats, film="a#.mp4", clean="b?.mp4", vtt="c%.vtt", poster="d'.png")
    slides = f"slides/{folder.name}.html"
    for place, names in (
        (folder, [name for name in msgspec.structs.astuple(given.files) if name]),
        (tmp_path / "clips" / folder.name, ["a#.mp4", "b?.mp4", "c%.vtt"]), (tmp_path / "slides", [f"{folder.name}.html"]),
    ):  # fmt: skip
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_bytes(b"here")
    page = index_page(tmp_path, EVERY, [Part(film, {EVERY: EVERY}, [clip], [slides])], [EVERY])
    parts = harmless(page, 0)
    assert parts.text.count(EVERY) >= 12
    assert "script-src 'none'" in page
    links = {attributes["href"] for tag, attributes in parts.elements if tag == "a"}
    for name in (slides, f"films/{folder.name}/{given.files.film}", f"clips/{folder.name}/{clip.vtt}"):
        found = [urlsplit(link or "") for link in links if unquote(urlsplit(link or "").path) == name]
        assert [(link.scheme, link.query, link.fragment) for link in found] == [("", "", "")], name


@pytest.mark.parametrize("folder", ["FA #2?", "it's 100 %", "a/b c", "ünï", "x:y", "50%25", "[1]"])
def test_a_browser_finds_a_folder_of_any_name(folder: str) -> None:
    """A URL ends its path at ? and #; what is encoded already stays so."""
    found = urlsplit(unquote_html(within(folder)("film.mp4")))
    assert (found.scheme, found.query, found.fragment) == ("", "", "")
    assert unquote(found.path) == f"{unquote(folder) if '%25' in folder else folder}/film.mp4"
    assert within("https://x.org:8080/a%20b")("c d.mp4") == "https://x.org:8080/a%20b/c%20d.mp4"


def unquote_html(text: str) -> str:
    return text.replace("&amp;", "&").replace("&#x27;", "'")


def test_slides_and_their_notes_stay_text() -> None:
    slide = Slide(manifest().beats[0], EVERY, Notes(say=EVERY, ask=EVERY, answer=EVERY, mistake=EVERY), EVERY)
    section = type("Section", (), {"last": Path("z.png"), "first": Path("a.png"), "clip": Path("c.mp4")})()
    page = slides_page(manifest(), [slide], [section], "p.png", Look("#000000", "#ffffff", (EVERY,)))
    parts = harmless(page, 3)
    assert parts.text.count(EVERY) >= 8
    rules = re.search("script-src[^;]*", page)
    assert rules is not None
    assert "'unsafe-inline'" not in rules[0]


@pytest.mark.parametrize("name", [EVERY, "long " * 200 + EVERY, "bell\x07 and nul\x00 and \ud800"], ids=["hostile", "long", "controls"])
def test_powerpoint_and_its_notes_stay_text(name: str, tmp_path: Path) -> None:
    pytest.importorskip("pptx")
    from pptx import Presentation

    from flashviz.delivery.slides.powerpoint import write_pptx

    Image.new("RGB", (32, 18)).save(tmp_path / "a.png")
    (tmp_path / "c.mp4").write_bytes(b"a film")
    section = type("Section", (), {"last": tmp_path / "a.png", "first": tmp_path / "a.png", "clip": tmp_path / "c.mp4"})()
    film = msgspec.structs.replace(manifest(), subject=name, about=name)
    slide = Slide(film.beats[0], name, Notes(say=name, ask=name, answer=name, mistake=name), name)
    write_pptx(film, [slide], [section], tmp_path / "a.png", Look("#000000", "#ffffff", (name,)), tmp_path / "deck.pptx")
    deck = Presentation(str(tmp_path / "deck.pptx"))
    shown = re.sub("[\x00\x07\ud800]", "\ufffd", name)
    assert [each.shapes.title.text_frame.text for each in deck.slides] == [shown] * 4
    spoken = deck.slides[1].notes_slide.notes_text_frame.text
    assert spoken.count(shown) == slide.spoken().count(name) > 2
    assert deck.core_properties.title == shown or (len(shown) > 255 and deck.core_properties.title.startswith("long long"))
    for each in deck.slides:
        assert {relation.reltype.rpartition("/")[2] for relation in each.part.rels.values()} <= PARTS
        assert not [shape for shape in each.shapes if shape.click_action.hyperlink.address]


def test_a_line_of_a_film_is_drawn_as_it_stands() -> None:
    """No markup of Pango's: each letter that is drawn has its outline, in hostile names too."""
    for name in HOSTILE:
        letters = [letter for letter in name.replace("\u202e", "") if not letter.isspace()]
        assert len(outline(name, Face.TEXT)) == sum(len(outline(letter, Face.TEXT)) for letter in letters), name


def hostile_trace() -> Trace:
    trace = record(AttentionConfig(seq_q=32, block_m=16, block_n=16, head_dim=16), source="numpy")
    (source,) = trace.header.sources
    hostile = msgspec.structs.replace(source, file=EVERY, text=EVERY + "\n" + source.text)
    return Trace(msgspec.structs.replace(trace.header, sources=[hostile], versions={EVERY: EVERY}), trace.columns)


@needs_browser
def test_the_player_shows_hostile_names_as_text(tmp_path: Path) -> None:
    page = single_page([Choice(EVERY, EVERY, player_json(hostile_trace())), Choice("Rescale", EVERY, player_json(hostile_trace()))])
    harmless(page, 3)
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    write_gallery(tmp_path / "gallery", {EVERY: ("1", "2")}, {("1",): player_json(hostile_trace())})
    harmless((tmp_path / "gallery" / "index.html").read_text(encoding="utf-8"), 3)
    with browser_page() as shown:
        said: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.goto((tmp_path / "page.html").as_uri())
        shown.get_by_text("FlashAttention-2").first.wait_for(timeout=10_000)
        shown.wait_for_timeout(300)
        assert shown.evaluate("window.taken") is None
        assert not [line for line in said if "Content Security Policy" in line], said
        assert shown.get_by_text(HOSTILE[0]).count()
