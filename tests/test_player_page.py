"""Pages with the player: one file from a disk and within a frame, and a gallery; nothing leaves, everybody can use them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner, Result
from playwright.sync_api import Page

from flashviz.cli import main
from flashviz.cli import player as command
from flashviz.config import AttentionConfig
from flashviz.delivery.policy import guarded
from flashviz.forms import closed_form, compulsory
from flashviz.forms.fa2 import NO_RESCALE
from flashviz.storyboard import follow_in
from flashviz.trace import replay
from flashviz_kernels import record
from tests.test_embedding import served
from tests.test_slides import browser_page, needs_browser, until

SMALL = ("--seq-len", "256", "--block-n", "32")
CONFIG = AttentionConfig(seq_q=256, block_n=32)
READY = "document.querySelector('flash-trace-player')?.document"


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["player", *map(str, arguments)])


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("single") / "page.html"
    answer = said(*SMALL, "--out", out)
    assert answer.exit_code == 0, answer.output
    assert [path.name for path in out.parent.iterdir()] == ["page.html"]
    return out


@pytest.fixture
def page(page_file: Path) -> Iterator[Page]:
    """The page from a disk, every request noted."""
    with browser_page(reduced_motion="reduce", color_scheme="light") as tab:
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page_file.as_uri())
        until(tab, READY)
        yield tab
        assert all(url.startswith(("file:", "data:")) for url in asked)


def settled(tab: Page, condition: str) -> None:
    until(tab, f"(({{header}}) => {condition})(document.querySelector('flash-trace-player').document)")


@needs_browser
def test_the_rescale_is_switched_off_and_o_goes_wrong(page: Page) -> None:
    trace = record(CONFIG, source="numpy")
    chosen = follow_in(trace)
    values = replay(trace, chosen.program)
    wrong_by = page.locator("flash-trace-player .error")
    before = float(wrong_by.inner_text().split()[-1].rstrip(".").replace("−", "-"))
    page.get_by_label("Rescale").select_option("off: broken on purpose")
    settled(page, "header.altered")
    assert page.get_by_role("note").inner_text() == NO_RESCALE
    after = float(wrong_by.inner_text().split()[-1].rstrip(".").replace("−", "-"))
    assert after > 20 * before
    assert chosen.rise is not None
    seen = page.evaluate(
        "([bh, row, t]) => ['m', 'l'].map(n => document.querySelector('flash-trace-player').trace.stat(n, bh, t, row, row + 1)[0])",
        [chosen.program[1], chosen.program[0] * CONFIG.block_m + chosen.row, chosen.rise],
    )
    assert seen[0] == values.m_new[chosen.rise, chosen.row]
    assert seen[1] > values.l_new[chosen.rise, chosen.row]  # its past was not shrunk


@needs_browser
def test_shuffled_tiles_rise_elsewhere_and_give_the_same_row(page: Page) -> None:
    rises = page.locator("flash-trace-player .history").get_attribute("aria-label")
    page.get_by_label("Key tiles").select_option("shuffled")
    settled(page, "header.altered")
    assert page.get_by_role("note").inner_text().startswith("key tiles in the order ")
    assert page.locator("flash-trace-player .history").get_attribute("aria-label") != rises
    assert float(page.locator("flash-trace-player .error").inner_text().split()[-1].rstrip(".").replace("−", "-")) < 2e-3


@needs_browser
def test_the_bill_flips_with_the_tiles_height(page: Page) -> None:
    slider, bill = page.get_by_label("Tile height"), page.locator("flash-trace-player .bill")
    heights = [16, 32, 64, 128, 256]
    words = []
    for at, height in enumerate(heights):
        slider.fill(str(at))
        settled(page, f"header.config.block_m === {height}")
        config = replace(CONFIG, block_m=height)
        more = closed_form(config, "fa2").total > compulsory(config, "standard").total
        words.append(more)
        assert ("More bytes than standard attention" in bill.inner_text()) == more
    assert words[0] is True  # as the closed forms say, and it ends otherwise
    assert words[-1] is False


@needs_browser
def test_it_runs_in_a_frame_that_may_do_nothing_but_run(page_file: Path) -> None:
    (page_file.parent / "platform.html").write_text(
        '<!doctype html><html lang="en"><title>x</title>'
        f'<iframe title="player" sandbox="allow-scripts" src="{page_file.name}" width="800" height="400"></iframe>'
    )
    with browser_page() as tab:
        tab.goto((page_file.parent / "platform.html").as_uri())
        frame = tab.frame_locator("iframe")
        frame.get_by_role("button", name="Step forward").press("Home")
        frame.get_by_role("button", name="Step forward").click()
        frame.get_by_text(re.compile(r"^Step 1 of \d+, row block 0: Q tile 0 moves from HBM to the chip")).wait_for()


@needs_browser
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_is_open_to_everybody(width: int, page: Page) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@needs_browser
def test_the_gallery_changes_one_thing_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        command, "GALLERY", {"Algorithm": ("fa2", "standard"), "N": ("32", "64"), "Tile": ("16", "32"), "Mask": ("none", "causal")}
    )
    answer = said("--gallery", "--out", tmp_path / "gallery")
    assert answer.exit_code == 0, answer.output
    assert ": 12 traces, " in answer.stdout
    with served(tmp_path) as address, browser_page() as tab:
        tab.set_viewport_size({"width": 360, "height": 800})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{address}/gallery/index.html")
        until(tab, READY)
        assert tab.get_by_label("Tile", exact=True).locator("option").nth(1).is_disabled()  # 32 keys in one tile: nothing to show
        tab.get_by_label("N", exact=True).select_option("64")
        settled(tab, "header.config.seq_q === 64")
        tab.get_by_label("Tile", exact=True).select_option("32")
        settled(tab, "header.config.block_m === 32")
        tab.get_by_label("Mask", exact=True).select_option("causal")
        settled(tab, "header.config.causal")
        tab.get_by_label("Algorithm", exact=True).focus()
        tab.keyboard.press("ArrowDown")
        settled(tab, "header.algorithm === 'standard'")
        config = AttentionConfig(seq_q=64, block_m=32, block_n=32, causal=True)
        assert tab.evaluate(READY)["bill"]["trace"] == closed_form(config, "standard").total
        found = Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert all(url.startswith((address, "data:")) for url in asked)


@needs_browser
def test_a_gallery_on_a_disk_says_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "GALLERY", {"Algorithm": ("standard",), "N": ("32",), "Tile": ("16",), "Mask": ("none",)})
    said("--gallery", "--out", tmp_path)
    html = (tmp_path / "index.html").read_text()
    module = (tmp_path / "flash-trace-player.js").read_text()
    html = re.sub(r"<meta http-equiv=[^>]*>\n", "", html)
    html = html.replace(' src="flash-trace-player.js">', f">{module}")  # a browser loads no module from a disk
    (tmp_path / "index.html").write_text(guarded(html))
    with browser_page() as tab:
        tab.goto((tmp_path / "index.html").as_uri())
        tab.get_by_role("alert").wait_for()
        assert "got no answer; from a file, use the page that flashviz player --out makes" in tab.get_by_role("alert").inner_text()


def test_a_recording_of_ones_own_in_one_file(tmp_path: Path) -> None:
    trace = record(AttentionConfig(seq_q=64, head_dim=16, block_m=32, block_n=32), source="numpy", algorithm="standard")
    trace.save(tmp_path / "x.npz")
    answer = said(tmp_path / "x.npz", "--out", tmp_path / "page.html")
    assert (answer.exit_code, answer.stderr) == (0, "")
    traces = re.findall(
        r'<script type="application/json"[^>]*>(.*?)</script>', (tmp_path / "page.html").read_text(encoding="utf-8"), re.DOTALL
    )
    assert [json.loads(text)["hash"] for text in traces] == [trace.hash]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "page"), "--out page: expected a .html file, got no ending; try page.html"),
        (("--out", "none/page.html"), "--out none/page.html: there is no folder none; make it first"),
        (("x.npz", "--seq-len", "64", "--out", "page.html"), "x.npz says itself what is computed; leave out --seq-len"),
        (("--gallery", "--causal", "--out", "g"), "--gallery says itself what is computed; leave out --causal"),
        (("x.npz", "--gallery", "--out", "g"), "expected a trace or --gallery, got both; leave out x.npz"),
    ],
)
def test_what_the_command_refuses(arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record(AttentionConfig(seq_q=32, head_dim=16, block_m=16, block_n=16), source="numpy").save("x.npz")
    answer = said(*arguments)
    assert (answer.exit_code, answer.stderr) == (2, f"flashviz: {message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]
