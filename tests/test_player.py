"""The player: at every step the numbers of state_at, by keyboard and mouse, wide and narrow, light and dark, open to everybody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from hypothesis import given
from playwright.sync_api import Page

from flashviz import figures
from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import TraceError
from flashviz.export.player import LIMIT, MODULE, player_json, recording
from flashviz.forms import closed_form, compulsory
from flashviz.palette import THEMES
from flashviz.storyboard import follow_in
from flashviz.trace import Kind, State, Trace, replay, state_at
from flashviz_kernels import record
from flashviz_kernels.recorder import run
from tests.player import SOURCE, shipped
from tests.test_embedding import served
from tests.test_slides import browser_page, needs_browser, until
from tests.test_statements import ANY, folded, traces

SMALL = AttentionConfig(seq_q=128, head_dim=16, block_m=32, block_n=32)
RISING = AttentionConfig(seq_q=256, head_dim=32, block_m=64, block_n=32)
CONFIGS = {
    "plain": (SMALL, "fa2"),
    "causal, ragged, grouped": (
        AttentionConfig(causal=True, seq_q=70, seq_k=90, heads=4, kv_heads=2, head_dim=16, block_m=32, block_n=16),
        "fa2",
    ),
    "no keys for some": (AttentionConfig(causal=True, seq_q=96, seq_k=40, head_dim=16, block_m=32, block_n=16), "fa2"),
    "fa1": (AttentionConfig(seq_q=80, seq_k=72, heads=2, head_dim=16, block_m=32, block_n=32), "fa1"),
    "standard": (AttentionConfig(seq_q=80, seq_k=72, heads=2, head_dim=16, block_m=32, block_n=32, causal=True), "standard"),
}
STATES = """async name => {
    const {Recording} = await import('./module.js');
    const trace = await Recording.open(await (await fetch(name)).json());
    const box = held => Object.fromEntries(Object.entries(held).map(([t, h]) => [t, [h.i, h.j, h.r0, h.r1, h.c0, h.c1, h.nbytes]]));
    const list = array => array && [...array];
    const moved = [...new Set(trace.statements.filter(each => each.reads || each.writes).map(each => each.tensor))];
    return Array.from({length: trace.length + 1}, (_, k) => {
        const s = trace.stateAt(k);
        const touched = way => Object.fromEntries(moved.map(tensor => [tensor, trace.touched(tensor, way, k)]));
        const boxes = {reads: touched('reads'), writes: touched('writes')};
        return {...s, ...boxes, smem: box(s.smem), registers: box(s.registers),
                m: list(s.m), l: list(s.l), alpha: list(s.alpha), s: list(s.s)};
    });
}"""
TELL = "() => document.querySelector('flash-trace-player').k"


def recorded(name: str) -> Trace:
    config, algorithm = CONFIGS[name]
    programs = [(i, bh) for bh in range(config.batch * config.heads) for i in range(config.row_blocks)] if algorithm == "fa2" else []
    return record(config, algorithm=algorithm, source="numpy", snapshots=programs)


@pytest.fixture(scope="module")
def rising() -> Trace:
    """A trace whose followed row rises, in the words of the film."""
    trace = record(RISING, source="numpy")
    assert follow_in(trace).rise is not None
    return trace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, rising: Trace) -> Path:
    """A page with the player, its module and its traces."""
    made = tmp_path_factory.mktemp("player")
    shutil.copy(MODULE, made / "module.js")
    (made / "trace.json").write_bytes(player_json(rising))
    (made / "taller.json").write_bytes(player_json(record(replace(RISING, block_m=128), source="numpy")))
    (made / "standard.json").write_bytes(player_json(record(RISING, algorithm="standard", source="numpy")))
    (made / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Player</title><link rel="icon" href="data:,"><style>body { margin: 0; }</style><main><h1>Player</h1>'
        '<flash-trace-player src="trace.json">'
        '<a href="standard.json" data-control="Algorithm" data-value="standard">standard</a>'
        '<a href="trace.json" data-control="Tile height" data-value="64">64</a>'
        '<a href="taller.json" data-control="Tile height" data-value="128">128</a>'
        '</flash-trace-player></main><script type="module" src="module.js"></script></html>',
        encoding="utf-8",
    )
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as url:
        yield url


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """The player at its first step, without motion."""
    with browser_page(reduced_motion="reduce", color_scheme="dark") as tab:
        opened(tab, address)
        yield tab


def opened(tab: Page, address: str, anchor: str = "#step=0") -> None:
    tab.goto(f"{address}/index.html{anchor}")
    until(tab, "document.querySelector('flash-trace-player')?.document")


# ------------------------------------------------------------------------------------------------------------ the file


def test_what_ships_is_the_readable_source_made_short() -> None:
    assert MODULE.read_text(encoding="utf-8") == shipped(), "run python -m tests.player"
    assert MODULE.stat().st_size < 40_000
    assert "import " not in SOURCE.read_text(encoding="utf-8").replace("important", "")


@pytest.mark.parametrize("name", CONFIGS)
def test_the_file_holds_the_recording(name: str) -> None:
    trace = recorded(name)
    document = json.loads(player_json(trace))
    assert (document["hash"], document["events"]) == (trace.hash, len(trace))
    others = {of: form(trace.config, "standard").total for of, form in (("baseline", closed_form), ("baseline_once", compulsory))}
    own = {"trace": closed_form(trace.config, trace.header.algorithm).total}
    assert document["bill"] == (own if trace.header.algorithm == "standard" else own | others)
    if trace.header.algorithm == "fa2":
        chosen = follow_in(trace)
        assert document["follow"] == {"pid_m": chosen.program[0], "pid_bh": chosen.program[1], "row": chosen.row, "rise": chosen.rise}
        assert set(document["programs"]) == {f"{pid_m},{pid_bh}" for pid_m, pid_bh in trace.programs}
    else:
        assert "programs" not in document


def test_scores_go_along_while_they_fit_and_the_followed_row_block_first() -> None:
    trace = record(AttentionConfig(seq_q=1024), source="numpy")
    written = player_json(trace)
    document = json.loads(written)
    chosen = follow_in(trace).program
    assert len(written) <= LIMIT
    assert 1 < len(document["programs"]) < len(trace.programs)
    assert next(iter(document["programs"])) == f"{chosen[0]},{chosen[1]}"
    assert list(json.loads(player_json(trace, programs=[(3, 0)]))["programs"]) == ["3,0"]


def test_a_trace_that_is_too_large_is_refused_in_one_line() -> None:
    with pytest.raises(TraceError, match=r"^expected a player's file of at most 4 MiB, got 16.\d MiB of 147,968 ev") as said:
        player_json(run(AttentionConfig(seq_q=8192), source="numpy", computed=range(0)).trace)
    assert "\n" not in str(said.value)


def test_the_command_writes_it(tmp_path: Path) -> None:
    recorded("plain").save(tmp_path / "x.npz")
    out = tmp_path / "x.json"
    said = CliRunner().invoke(main, ["export", str(tmp_path / "x.npz"), "--player", "--out", str(out)])
    assert (said.exit_code, said.stderr) == (0, "")
    assert out.read_bytes() == player_json(recorded("plain"))
    both = CliRunner().invoke(main, ["export", str(tmp_path / "x.npz"), "--player", "--perfetto", "--out", str(out)])
    assert (both.exit_code, both.stderr) == (2, "flashviz: expected one format to export to, got two; add --perfetto or --player\n")


# ------------------------------------------------------------------------------------------------------------ the numbers


@needs_browser
@pytest.mark.parametrize("name", CONFIGS)
def test_the_page_knows_every_state_as_state_at_does(name: str, folder: Path, address: str) -> None:
    trace = recorded(name)
    (folder / "checked.json").write_bytes(player_json(trace))
    with browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "checked.json")
    assert len(states) == len(trace) + 1
    for k, seen in enumerate(states):
        same(seen, state_at(trace, k), trace)


def same(seen: dict[str, Any], state: State, trace: Trace) -> None:
    """One step, in the browser and in Python."""
    assert seen["program"] == (None if state.program is None else list(state.program))
    for zone, held in (("smem", state.smem), ("registers", state.registers)):
        assert seen[zone] == {t: [h.i, h.j, h.r0, h.r1, h.c0, h.c1, h.nbytes] for t, h in held.items()}
    assert {t: n for t, n in seen["read"].items() if n} == state.hbm_read
    assert {t: n for t, n in seen["written"].items() if n} == state.hbm_written
    assert sum(map(len, seen["writes"].values())) or not state.hbm_written
    for way, boxes in (("reads", state.reads), ("writes", state.writes)):
        for tensor, counts in seen[way].items():
            assert counts == {",".join(map(str, box)): count for box, count in boxes(tensor).items()}
    for name in ("m", "l", "alpha"):
        expected = getattr(state, name)
        assert (seen[name] is None) == (expected is None), (state.k, name)
        if expected is not None:
            assert np.array_equal(np.array(seen[name], np.float32), expected), (state.k, name)
    assert (seen["s"] is None) == (state.s is None), state.k
    if state.s is not None:
        scores = np.array(seen["s"], np.float32).reshape(len(state.s), trace.config.block_n)
        assert np.array_equal(scores[:, : state.s.shape[1]], state.s)
        assert np.isnan(scores[:, state.s.shape[1] :]).all()


def page_of(trace: Trace) -> bytes:
    """What a page is given of any kernel's trace, with the stage of another."""
    document = json.loads(player_json(ANY))
    return json.dumps(document | recording(trace)).encode()


@needs_browser
def test_a_page_knows_any_kernels_state(folder: Path, address: str) -> None:
    with browser_page() as tab:
        tab.goto(f"{address}/index.html")
        seen = 0

        @given(traces())
        def agrees(trace: Trace) -> None:
            nonlocal seen
            seen += 1
            (folder / f"any-{seen}.json").write_bytes(page_of(trace))  # a browser keeps what it has read by its name
            for state, (held, read, written) in zip(tab.evaluate(STATES, f"any-{seen}.json")[1:], folded(trace), strict=True):
                assert {name: tuple(tile) for name, tile in (state["smem"] | state["registers"]).items()} == held
                assert set(state["smem"]) == set(held) & {"A"}
                assert (state["read"], state["written"]) == (read, written)

        agrees()
        assert seen > 50


@needs_browser
def test_a_page_refuses_what_no_statement_explains(folder: Path, address: str) -> None:
    document = json.loads(player_json(ANY))
    document["statements"] = [each for each in document["statements"] if each["name"] != "MASK" and each["name"] != "ALPHA"]
    (folder / "any.json").write_text(json.dumps(document), encoding="utf-8")
    at = int(np.flatnonzero(ANY.columns["kind"] == Kind.ALPHA)[0])
    with browser_page() as tab:
        tab.goto(f"{address}/index.html")
        with pytest.raises(Exception, match=rf"expected the file's statements, got kind {int(Kind.ALPHA)} in event {at}; export it again"):
            tab.evaluate(STATES, "any.json")


@needs_browser
def test_figures_are_written_as_in_the_films(address: str) -> None:
    values = [0.0, -0.0, 1.0, 0.4882, 5.1749, -12.3456, 0.00049, 0.0005001, 3.2e-7, 1.5e-12, 1e6, float("inf"), float("-inf")]
    sizes = [0, 256, 8192, 1024 * 1154, 99 * 1024**2, 101 * 1024**2]
    with browser_page() as tab:
        tab.goto(f"{address}/index.html")
        seen = tab.evaluate(
            "async ([values, sizes]) => { const {number, kib} = await import('./module.js');"
            "return [values.map(v => number(v)), values.map(v => number(v, 2)), sizes.map(kib)]; }",
            [values, sizes],
        )
    assert seen == [[figures.number(v) for v in values], [figures.total(v) for v in values], [figures.kib(n) for n in sizes]]


# ------------------------------------------------------------------------------------------------------------ at work


@needs_browser
def test_it_is_driven_by_keys(page: Page, rising: Trace) -> None:
    player = page.locator("flash-trace-player")
    player.get_by_role("button", name="Play").focus()
    for key, expected in ((".", 1), ("ArrowRight", 2), (",", 1), ("ArrowLeft", 0), ("End", len(rising)), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(TELL) == expected
    page.keyboard.press("s")
    stores = np.flatnonzero(np.isin(rising.columns["kind"], [Kind.STORE_O, Kind.STORE_LSE]))
    assert page.evaluate(TELL) == stores[0] + 1
    page.keyboard.press("Home")
    page.keyboard.press("r")
    first = replay(rising, rising.programs[0])
    t = next(t for t in range(1, len(first.j)) if (first.alpha[t] < 1).any())
    rescales = np.flatnonzero(rising.columns["kind"] == Kind.RESCALE_ACC)
    assert page.evaluate(TELL) == rescales[t] + 1
    page.keyboard.press("k")
    until(page, f"document.querySelector('flash-trace-player').k > {rescales[t] + 2}")
    page.keyboard.press("k")
    assert player.get_by_role("button", name="Play").inner_text() == "Play"


@needs_browser
def test_tiles_tell_their_numbers_to_keys_and_pointer(page: Page) -> None:
    page.evaluate("() => document.querySelector('flash-trace-player').go(1)")
    player, detail = page.locator("flash-trace-player"), page.locator("flash-trace-player .detail")
    stops = page.locator("flash-trace-player .stage button[tabindex='0']")
    assert stops.count() == 1  # of all tiles, the tab key stops at one
    stops.focus()
    assert detail.inner_text() == "HBM: Q row block 0: rows 0 to 63"
    page.keyboard.press("ArrowDown")
    assert detail.inner_text() == "HBM: Q row block 1: rows 64 to 127"
    assert page.evaluate(TELL) == 1  # an arrow within the stage moves the focus, not the trace
    player.get_by_role("button", name="On chip: Q of row block 0").hover()
    assert detail.inner_text() == "On chip: Q of row block 0: rows 0 to 63, columns 0 to 31; 4,096 bytes, since step 1"
    bill = player.get_by_role("button", name="Q: 4,096 bytes read, 0 bytes written")
    bill.click()
    assert bill.get_attribute("aria-pressed") == "true"


@needs_browser
def test_the_described_step_is_the_line_and_the_slider(page: Page, rising: Trace) -> None:
    page.evaluate("() => document.querySelector('flash-trace-player').go(2)")
    event = rising[1]
    assert page.locator("flash-trace-player .say").inner_text() == (
        f"Step 2 of {len(rising)}, row block 0, key tile 0: K tile 0 moves from HBM to the chip: {event.nbytes:,} bytes."
    )
    assert page.locator("flash-trace-player [aria-current]").inner_text().strip() == rising.line_text(event)
    slider = page.get_by_role("slider", name="Step")
    assert (slider.input_value(), slider.get_attribute("max")) == ("2", str(len(rising)))
    slider.fill("7")
    assert page.evaluate(TELL) == 7
    assert page.locator("flash-trace-player .here").get_attribute("href") == "#step=7"


@needs_browser
def test_it_opens_at_the_films_rise(address: str, rising: Trace) -> None:
    chosen = follow_in(rising)
    assert chosen.rise is not None
    with browser_page() as tab:
        opened(tab, address, "")
        k = tab.evaluate(TELL)
        maxima = [at for at in rising.program(*chosen.program) if rising[at].kind == Kind.SOFTMAX_M]
        assert k == maxima[chosen.rise] + 1
        m_new = figures.number(replay(rising, chosen.program).m_new[chosen.rise, chosen.row])
        assert tab.locator("flash-trace-player .say").inner_text().endswith(f"Row {chosen.program[0] * 64 + chosen.row} rises to {m_new}.")
        tab.evaluate("() => { document.querySelector('flash-trace-player').src = 'standard.json'; }")
        until(tab, "document.querySelector('flash-trace-player').document.header.algorithm === 'standard'")
        assert tab.evaluate(TELL) > 0  # another trace is shown where this one was


@needs_browser
@pytest.mark.parametrize(("width", "beside"), [(1280, True), (360, False)])
def test_what_the_step_means_stands_beside_the_stage(width: int, beside: bool, address: str) -> None:
    with browser_page() as tab:
        tab.set_viewport_size({"width": width, "height": 900})
        opened(tab, address, "")
        stage, follow, source = (
            tab.locator(f"flash-trace-player {part}").bounding_box() for part in (".stage", ".follow", "pre [aria-current]")
        )
        assert stage
        assert follow
        assert source
        for part in (follow, source):
            assert (part["x"] >= stage["x"] + stage["width"]) == beside
            assert (part["y"] + part["height"] <= 900) == beside


@needs_browser
def test_a_link_leads_to_its_step(address: str) -> None:
    with browser_page() as tab:
        opened(tab, address, "#step=33")
        assert tab.evaluate(TELL) == 33
        tab.evaluate("() => location.hash = '#step=5'")
        until(tab, "document.querySelector('flash-trace-player').k === 5")


@needs_browser
def test_a_student_predicts_before_a_rise_is_shown(page: Page, rising: Trace) -> None:
    chosen = follow_in(rising)
    values, row, t = replay(rising, chosen.program), chosen.row, chosen.rise
    assert t is not None
    page.get_by_label("Ask before each rise").check()
    page.get_by_role("button", name="Next rise of this row").click()
    asked = page.locator("flash-trace-player .ask")
    at = page.evaluate(TELL)
    assert rising[at].kind == Kind.SOFTMAX_M  # put before the max is taken
    m_old, m_new = figures.number(values.m_old[t, row]), figures.number(values.m_new[t, row])
    assert f"has a score of {m_new}, above the max so far, {m_old}." in asked.inner_text()
    page.keyboard.press(".")
    asked.wait_for()
    assert page.evaluate(TELL) == at  # it does not go on without an answer
    asked.get_by_role("button", name="It stays").click()
    verdict = page.locator("flash-trace-player .verdict").inner_text()
    assert verdict.startswith("No: old terms would stay measured from the old max")
    shown = f"{figures.total(values.l_old[t, row])} × {figures.number(values.alpha[t, row])}"
    assert shown in verdict
    assert f"= {figures.total(values.l_new[t, row])}:" in verdict
    assert rising[page.evaluate(TELL) - 1].kind == Kind.SOFTMAX_L
    asked.get_by_role("button", name="Go on").click()
    assert not asked.is_visible()
    page.keyboard.press(".")
    assert rising[page.evaluate(TELL) - 1].kind == Kind.RESCALE_ACC


@needs_browser
def test_no_way_on_passes_a_question(page: Page, rising: Trace) -> None:
    # Keys work once something in the player was chosen.
    page.locator("flash-trace-player").get_by_role("heading", name="Followed row").click()
    page.keyboard.press(".")
    assert page.evaluate(TELL) == 1
    page.get_by_label("Ask before each rise").check()
    start = rising.program(*follow_in(rising).program).start
    page.evaluate("k => document.querySelector('flash-trace-player').go(k)", start)
    page.keyboard.press("s")
    asked = page.locator("flash-trace-player .ask")
    asked.wait_for()
    assert rising[page.evaluate(TELL)].kind == Kind.SOFTMAX_M
    deck = page.locator("flash-trace-player .deck").bounding_box()
    answer = asked.get_by_role("button").last.bounding_box()
    assert deck is not None
    assert answer is not None
    assert answer["y"] + answer["height"] <= deck["y"] or deck["y"] + deck["height"] <= answer["y"]  # it is in sight


@needs_browser
def test_any_row_can_be_followed(page: Page, rising: Trace) -> None:
    page.get_by_role("spinbutton", name="Row").fill("130")
    page.get_by_role("spinbutton", name="Row").press("Tab")
    values = replay(rising, (2, 0))
    rises = [t for t in range(1, len(values.j)) if values.alpha[t, 2] < 1]
    words = page.locator("flash-trace-player .history").get_attribute("aria-label") or ""
    assert words.startswith("Row 130: its max rises")
    assert words.count("at key tile") == max(len(rises), 0)
    for t in rises:
        assert f"at key tile {values.j[t]} to {figures.number(values.m_new[t, 2])}, alpha {figures.number(values.alpha[t, 2])}" in words


@needs_browser
def test_other_traces_are_a_list_or_a_slider(page: Page) -> None:
    page.evaluate("() => document.querySelector('flash-trace-player').go(1000)")
    page.get_by_label("Tile height").fill("1")
    until(page, "document.querySelector('flash-trace-player').document.header.config.block_m === 128")
    assert page.evaluate(TELL) == page.evaluate("() => document.querySelector('flash-trace-player').document.events")  # still at its end
    page.get_by_label("Algorithm").select_option("standard")
    until(page, "document.querySelector('flash-trace-player').document.header.algorithm === 'standard'")
    assert page.locator("flash-trace-player h2").inner_text().startswith("Standard attention: N = 256, d = 32")
    assert page.get_by_label("Ask before each rise").is_disabled()


@needs_browser
def test_a_tile_travels_unless_motion_is_unwelcome(address: str) -> None:
    with browser_page(reduced_motion="no-preference") as tab:
        opened(tab, address)
        tab.get_by_role("button", name="Step forward").click()
        assert tab.evaluate(TELL) == 0  # on its way
        until(tab, "document.querySelector('flash-trace-player').k === 1")
    with browser_page(reduced_motion="reduce") as tab:
        opened(tab, address)
        tab.get_by_role("button", name="Step forward").click()
        assert tab.evaluate(TELL) == 1


@needs_browser
@pytest.mark.parametrize("skin", THEMES)
def test_the_canvas_shows_what_is_where(skin: str, address: str, rising: Trace) -> None:
    """O's cell takes O's hue when the tile is stored, in both skins; the chip's place of Q is filled by its load."""
    stored = int(np.flatnonzero(rising.columns["kind"] == Kind.STORE_O)[0]) + 1
    probe = """([k, tensor]) => {
        const player = document.querySelector('flash-trace-player'), canvas = player.shadowRoot.querySelector('canvas');
        player.go(k);
        const {cross, frame: [left, , right, top]} = player.document.layout.wide, [x0, y0, x1, y1] = cross.strips[tensor][0];
        const unit = canvas.width / (right - left), [x, y] = [(x0 + x1) / 2 - left, top - (y0 + y1) / 2];
        return [...canvas.getContext('2d').getImageData(x * unit, y * unit, 1, 1).data].slice(0, 3);
    }"""
    with browser_page(color_scheme=skin) as tab:
        tab.set_viewport_size({"width": 760, "height": 900})
        opened(tab, address)
        empty, full = (np.array(tab.evaluate(probe, [k, "O"])) for k in (stored - 1, stored))
    theme = THEMES[skin]  # type: ignore[index]
    hue, ground = (np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) for color in (theme.o, theme.panel))
    assert np.abs(empty - ground).max() <= 2
    assert np.abs(full - (0.92 * hue + 0.08 * ground)).max() <= 3


@needs_browser
@pytest.mark.parametrize("skin", THEMES)
@pytest.mark.parametrize("width", [1280, 700, 360])
def test_it_is_open_to_everybody_and_asks_one_place_alone(width: int, skin: str, address: str) -> None:
    with browser_page(color_scheme=skin) as tab:
        tab.set_viewport_size({"width": width, "height": 900})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        opened(tab, address, "#step=40")
        tab.get_by_label("Ask before each rise").check()
        tab.get_by_role("button", name="Next rise of this row").click()
        found = Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)


@needs_browser
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "expected a flashviz-player file of schema 3, got another file"),
        (
            '{"format": "flashviz-player", "schema": 1}',
            "of schema 3, got flashviz-player 1; export it again",
        ),
        (None, "expected a trace at none.json, got 404; name a file that flashviz export --player wrote"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(text: str | None, message: str, folder: Path, address: str) -> None:
    if text is not None:
        (folder / "other.json").write_text(text)
    with browser_page() as tab:
        opened(tab, address)
        tab.evaluate("name => { document.querySelector('flash-trace-player').src = name; }", "none.json" if text is None else "other.json")
        said = tab.get_by_role("alert")
        said.wait_for()
        assert message in said.inner_text()
