"""What stands on screen is what the trace says: beat by beat, number by number, for many configurations.

Films are played without a frame being drawn (tests/films.py); what each beat left on screen is compared with the state of
the trace at the beat's event, folded here anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as replace_struct

from flashviz import theme
from flashviz.config import AttentionConfig
from flashviz.director import Snapshot
from flashviz.director.sweep import crossed
from flashviz.errors import ConfigError
from flashviz.figures import kib, number, total
from flashviz.memory import closed_form
from flashviz.palette import THEMES
from flashviz.settings import Settings
from flashviz.storyboard import DIGEST_SECONDS
from flashviz.trace import Kind, ProgramValues, Trace, replay, state_at
from flashviz_kernels.recorder import record, run
from tests.drawn import check_drawn
from tests.films import FLASH_BEATS, Film, altered, columns_with, film, play

WHOLE, DIGEST = "FlashAttentionScene", "DigestScene"
SMALL: dict[str, Any] = {"seq_q": 256, "block_m": 32, "block_n": 32, "head_dim": 32}
SECONDS_OFF = 0.35  # a beat may end this much from its time
FLASH_TENSORS = ("Q", "K", "V", "O", "LSE")


def value_of(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("∞", "inf"))


def kib_of(moved: dict[str, int], tensor: str) -> str:
    return kib(moved.get(tensor, 0))


# ------------------------------------------------------------------------------------------- what holds of every film


def check(shown: Film) -> None:
    """Everything that must hold of a film of any configuration."""
    check_time(shown)
    check_ledgers(shown)
    check_numbers(shown)
    check_code(shown)
    check_cursor(shown)
    check_empty_grid(shown)
    check_drawn(shown.scene)
    check_places(shown)


def check_time(shown: Film) -> None:
    board = {beat.name: beat for beat in shown.scene.board}
    assert [s.beat for s in shown.snapshots] == list(board), "each beat is played once, in the board's order"
    for snapshot in shown.snapshots:
        assert snapshot.seconds == pytest.approx(board[snapshot.beat].seconds, abs=SECONDS_OFF), snapshot.beat
        assert snapshot.caption == board[snapshot.beat].caption
    assert shown.scene.now == pytest.approx(sum(snapshot.seconds for snapshot in shown.snapshots)), "nothing moves outside beats"


def check_ledgers(shown: Film) -> None:
    """Bytes per tensor are the trace's at the beat's event; the whole films end at the closed forms."""
    config, seen = shown.trace.config, 0
    for snapshot in shown.snapshots:
        texts = snapshot.texts()
        if "bytes Q" not in texts:
            continue
        seen += 1
        if snapshot.beat in FLASH_BEATS:
            assert snapshot.event is not None
            moved = crossed(state_at(shown.trace, snapshot.event))
            tensors: tuple[str, ...] = FLASH_TENSORS
        else:
            form = closed_form(config, "standard")
            moved = {t: form.read.get(t, 0) + form.written.get(t, 0) for t in {**form.read, **form.written}}
            tensors = ("Q", "K", "V", "S", "P", "O")
        assert {t: texts[f"bytes {t}"] for t in tensors} == {t: kib_of(moved, t) for t in tensors}, snapshot.beat
        assert texts["bytes total"] == kib(sum(moved.values())), snapshot.beat
    assert seen >= 5
    if shown.scene.on_board("11"):
        form = closed_form(config, "fa2")
        texts = shown.at("11").texts()
        for tensor in FLASH_TENSORS:
            assert texts[f"bytes {tensor}"] == kib(form.read.get(tensor, 0) + form.written.get(tensor, 0))


def check_numbers(shown: Film) -> None:
    """m, l, alpha and the arithmetic of l are those of the followed row at the beat's event."""
    trace, chosen = shown.trace, shown.scene.material.chosen
    values = replay(trace, chosen.program)
    seen: set[str] = set()
    for snapshot in shown.snapshots:
        texts = snapshot.texts()
        if snapshot.beat not in FLASH_BEATS or snapshot.event is None:
            continue
        program = trace.program(*chosen.program)
        done = trace.columns["kind"][program.start : min(snapshot.event, program.stop)].tolist()
        expected = numbers_after(done, values, chosen.row)
        for name in ("m", "l", "alpha"):
            if name in texts:
                assert texts[name] == expected[name], f"{name} at the end of {snapshot.beat}"
                seen.add(name)
        if "alpha" in texts and done.count(Kind.SOFTMAX_M) > 1:
            check_alpha_by_hand(texts, values, done.count(Kind.SOFTMAX_M) - 1, chosen.row)
        if "sum" in texts:
            check_sum(texts, values, chosen.rise, chosen.row)
            seen.add("sum")
    assert {"m", "l"} <= seen
    if chosen.rise is not None:
        assert {"m", "l", "alpha", "sum"} <= seen


def numbers_after(done: list[int], values: ProgramValues, row: int) -> dict[str, str]:
    """Texts of m, l and alpha after these kinds of events of the followed program, from its values."""
    count = {kind: done.count(kind) for kind in (Kind.SOFTMAX_M, Kind.ALPHA, Kind.SOFTMAX_L)}
    shown = {}
    if count[Kind.SOFTMAX_M]:
        shown["m"] = number(values.m_new[count[Kind.SOFTMAX_M] - 1, row])
    if count[Kind.ALPHA]:
        shown["alpha"] = number(values.alpha[count[Kind.ALPHA] - 1, row])
    if count[Kind.SOFTMAX_L]:
        shown["l"] = total(values.l_new[count[Kind.SOFTMAX_L] - 1, row])
    return shown


def check_alpha_by_hand(texts: dict[str, str], values: ProgramValues, t: int, row: int) -> None:
    """alpha = exp(m_old - m_new) of the m values as they are shown, to the rounding of their digits."""
    old, new = value_of(number(values.m_old[t, row])), value_of(texts["m"])
    alpha = math.exp(old - new)
    assert value_of(texts["alpha"]) == pytest.approx(alpha, abs=0.5e-3 + 1.1e-3 * alpha)


def check_sum(texts: dict[str, str], values: ProgramValues, rise: int | None, row: int) -> None:
    assert rise is not None
    scaled, added = values.l_scaled[rise, row], np.nansum(values.p[rise, row])
    assert texts["sum"] == f"{total(scaled)} + {total(added)} = {total(values.l_new[rise, row])}"
    first, second, result = (value_of(part) for part in texts["sum"].replace("=", "+").split(" + "))
    assert first + second == pytest.approx(result, abs=0.02)
    assert texts["l"] == total(values.l_new[rise, row])


def check_code(shown: Film) -> None:
    """The lit kernel line is the source line of the beat's event, word for word but for its comment."""
    trace, seen = shown.trace, 0
    source = trace.header.kernel_source.splitlines()
    for snapshot in shown.snapshots:
        texts = snapshot.texts()
        if "code" not in texts:
            continue
        assert snapshot.event
        line = trace[snapshot.event - 1].line - trace.header.kernel_first_line
        assert texts["code"].strip() == source[line].split("  #")[0].strip(), snapshot.beat
        check_lit(snapshot, THEMES[shown.scene.settings.theme].ink)
        seen += 1
    assert (seen > 5) == (shown.scene.set.code is not None)


def check_lit(snapshot: Snapshot, ink: str) -> None:
    """One line is in ink, and lies in the lit band: the line that runs, as much of it as there is room for."""
    lines = [item for item in snapshot.shown if item.name == "code line"]
    (band,) = [item.box for item in snapshot.shown if item.name == "lit"]
    (lit,) = [item for item in lines if {paint.colour for paint in item.paint} == {ink}]
    assert snapshot.texts()["code"].startswith(lit.text.removesuffix("…")), snapshot.beat
    assert [item for item in lines if band[1] <= item.box[1] < item.box[3] <= band[3]] == [lit], snapshot.beat


def check_cursor(shown: Film) -> None:
    """While a tile of the followed program is worked on, the hollow cursor stands on that tile's cell, and the arrowhead at its row."""
    cross, cursor, seen = shown.scene.set.cross, ("stroke", THEMES[shown.scene.settings.theme].ink, theme.HEAVY), 0
    followed = shown.trace.program(*shown.scene.material.chosen.program)
    for snapshot in shown.snapshots:
        index = (snapshot.event or 0) - 1
        if snapshot.beat not in FLASH_BEATS or index not in followed or shown.trace[index].j < 0:
            continue
        boxes = [item.box for item in snapshot.shown if [(p.how, p.colour, p.width) for p in item.paint] == [cursor]]
        cell = cross.cell(cross.row_of(shown.trace[index].i), cross.col_of(shown.trace[index].j))
        assert [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes] == [pytest.approx(cell.center[:2], abs=0.011)], snapshot.beat
        seen += 1
    assert seen
    tile, chosen = shown.scene.set.tiles.s, shown.scene.material.chosen
    middle = tile.y1 - (chosen.row + 0.5) / shown.scene.material.values.s.shape[1] * tile.height
    marks = [(item.box[1] + item.box[3]) / 2 for snapshot in shown.snapshots for item in snapshot.shown if item.name == "row mark"]
    assert marks == [pytest.approx(middle, abs=0.011)] * len(marks) != []


def check_empty_grid(shown: Film) -> None:
    """In FlashAttention nothing is ever painted in HBM's score grid; S and P are only on chip."""
    assert shown.in_grid == []
    hbm = shown.scene.set.hbm
    for snapshot in shown.snapshots:
        if snapshot.beat in FLASH_BEATS:
            for item in snapshot.shown:
                assert not item.name.startswith("sheet"), snapshot.beat
                assert item.name not in ("S", "P", "label S", "label P") or item.box[0] > hbm.x1 or item.box[3] < hbm.y0


def check_places(shown: Film) -> None:
    """Panels stand where the layout puts them, to the rounding of boxes."""
    places = shown.scene.set
    rects = {"hbm": places.hbm, "slot": places.slot, "chip": places.chip, "lens": places.lens.rect, "code": places.code}
    seen = set()
    for snapshot in shown.snapshots:
        for item in snapshot.shown:
            rect = rects.get(item.name)
            if rect is not None and snapshot.beat in FLASH_BEATS:
                seen.add(item.name)
                assert item.box == pytest.approx((rect.x0, rect.y0, rect.x1, rect.y1), abs=0.011), (snapshot.beat, item)
    assert seen == {name for name, rect in rects.items() if rect is not None}
    skin = THEMES[shown.scene.settings.theme]
    for name, drawn in shown.scene.chip.places.items():
        rect = places.tiles.of(name)
        assert tuple(drawn.get_center()[:2]) == pytest.approx(rect.center[:2], abs=0.02), name
        assert (drawn.width, drawn.height) == pytest.approx((rect.width, rect.height), abs=0.04), name
        assert {dash.stroke_color.to_hex().upper() for dash in drawn} == {skin.hue(name)}, name


# ------------------------------------------------------------------------------------------------------- the films


@pytest.fixture(scope="module")
def default() -> Film:
    return film(WHOLE)


@pytest.mark.slow
def test_default_film(default: Film) -> None:
    check(default)
    assert 180 <= sum(snapshot.seconds for snapshot in default.snapshots) <= 240


@pytest.mark.slow
def test_default_film_rises_slowly_then_again(default: Film) -> None:
    """The heart: a first rise that corrects the past, shown slowly, and a second one."""
    chosen = default.scene.material.chosen
    assert chosen.rule == "rise"
    before, rise, why, after = (default.at(beat).texts() for beat in ("pause-b", "9a", "9b", "9c"))
    assert value_of(rise["m"]) > value_of(before["m"])
    assert rise["l"] == before["l"], "l is not touched before alpha is there"
    assert "alpha" not in rise, "the alpha of the tile before does not stand beside the new m"
    assert 0.25 <= value_of(why["alpha"]) <= 0.5
    assert after["alpha"] == why["alpha"]
    assert value_of(default.at("10").texts()["m"]) > value_of(after["m"])


@pytest.mark.slow
def test_calm_tiles_change_l_alone(default: Film) -> None:
    """alpha stands on screen only once it has been explained."""
    before, after = default.at("7e").texts(), default.at("8").texts()
    assert after["m"] == before["m"]
    assert value_of(after["l"]) > value_of(before["l"])
    assert all("alpha" not in default.at(beat).texts() for beat in ("7c", "7d", "7e", "8", "pause-b", "9a"))


@pytest.mark.slow
def test_hook_ends_with_both_outputs_equal(default: Film) -> None:
    """Two final HBMs: one with both sheets, one with neither, O full in both."""
    shown = default.at("hook").shown
    assert [item.text for item in shown if item.name == "final HBM"] == ["standard attention", "FlashAttention"]
    empty = next(item.box for item in shown if item.text == "FlashAttention")
    for item in shown:
        if item.name.startswith("sheet"):
            assert item.box[2] < empty[0] or item.box[1] > empty[3]
    assert {item.name for item in shown if item.name.startswith("sheet")} == {"sheet S", "sheet P"}


@pytest.mark.slow
def test_o_fills_while_the_grid_stays_empty(default: Film) -> None:
    """The image to keep, at the end of the sweep."""
    cross = default.scene.cross
    assert all(tile.get_fill_opacity() > 0.9 for tile in cross.strips["O"])


@pytest.mark.slow
def test_card_names_every_trace(default: Film) -> None:
    words = " ".join(default.at("card").texts()["card"].split())
    for trace in (default.trace, default.scene.material.standard):
        assert trace.hash in words
        assert trace.header.source in words
        assert f"{len(trace):,} events" in words
    for source in ("2205.14135", "2307.08691", "1805.02867", "CC BY 4.0", "N = 512 × 512", "seed"):
        assert source in words


def test_digest() -> None:
    shown = film(DIGEST, **SMALL)
    check(shown)
    assert sum(snapshot.seconds for snapshot in shown.snapshots) == pytest.approx(sum(DIGEST_SECONDS.values()), abs=3)


@pytest.mark.slow
def test_digest_of_the_kernel_itself() -> None:
    """From the interpreted Triton kernel: its own lines are read on screen, uncut."""
    shown = film(DIGEST, film=(("source", "triton"),), **SMALL)
    check(shown)
    assert shown.trace.header.source == "triton-interpreter"
    assert "tl.dot" in shown.at("7b").texts()["code"]
    lines = {item.text for snapshot in shown.snapshots for item in snapshot.shown if item.name == "code line"}
    assert len(lines) > 5
    assert not [line for line in lines if line.endswith("…")]


DIGESTS: dict[str, dict[str, Any]] = {
    "4 x 4 tiles": {"seq_q": 128, "block_m": 32, "block_n": 32, "head_dim": 32},
    "causal": SMALL | {"causal": True},
    "grouped heads": SMALL | {"heads": 8, "kv_heads": 2, "seq_q": 64, "batch": 2},
    "more keys": SMALL | {"seq_q": 96, "seq_k": 288},
    "fp32": SMALL | {"dtype": "float32"},
    "ragged": SMALL | {"seq_q": 150, "seq_k": 213},
    "two shapes of tile": SMALL | {"block_m": 64, "block_n": 16},
    "gaussian": SMALL | {"inputs": "gaussian", "seed": 5},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DIGESTS)
def test_digest_of(name: str) -> None:
    check(film(DIGEST, **DIGESTS[name]))


WHOLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one tile, light": ({"seq_q": 32, "block_m": 32, "block_n": 32, "head_dim": 32}, {"theme": "light"}),
    "masked rows, grouped, fp32, 9:16": (
        {"seq_q": 160, "seq_k": 64, "block_m": 32, "block_n": 32, "head_dim": 32, "causal": True, "heads": 2, "kv_heads": 1,
         "dtype": "float32"}, {"aspect": "9:16"}),
    "16 x 16 tiles, causal, 4:3, no pauses": (
        {"seq_q": 256, "block_m": 16, "block_n": 16, "head_dim": 16, "causal": True}, {"aspect": "4:3", "pauses": False}),
    "ragged, bf16, 1:1, clean": (
        {"seq_q": 150, "seq_k": 213, "block_m": 32, "block_n": 32, "head_dim": 40, "dtype": "bfloat16"},
        {"aspect": "1:1", "captions": False}),
    "bands": ({"seq_q": 1200, "block_m": 32, "block_n": 16, "head_dim": 16}, {}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLES)
def test_film_of(name: str) -> None:
    config, settings = WHOLES[name]
    check(film(WHOLE, film=tuple(settings.items()), **config))


@pytest.mark.slow
def test_clean_film_has_no_captions_and_says_the_same() -> None:
    config, settings = WHOLES["ragged, bf16, 1:1, clean"]
    shown = film(WHOLE, film=tuple(settings.items()), **config)
    assert all("caption" not in snapshot.texts() for snapshot in shown.snapshots)
    assert all(snapshot.caption for snapshot in shown.snapshots if snapshot.beat != "card")


@pytest.mark.slow
def test_without_pauses_no_question_is_put() -> None:
    config, settings = WHOLES["16 x 16 tiles, causal, 4:3, no pauses"]
    shown = film(WHOLE, film=tuple(settings.items()), **config)
    assert not {snapshot.beat for snapshot in shown.snapshots} & {"pause-a", "pause-b", "pause-c"}


def test_film_without_keys_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"seq_k must be at least 1 for a film, got 0"):
        play(DIGEST, Settings(config=AttentionConfig(seq_q=32, seq_k=0), source="numpy"))


@pytest.mark.slow
def test_million_events_make_a_film_of_the_same_length() -> None:
    shown = film(WHOLE, seq_q=5360, block_m=16, block_n=16, head_dim=16)
    assert len(shown.trace) > 1_000_000
    check(shown)
    assert 180 <= sum(snapshot.seconds for snapshot in shown.snapshots) <= 240


# -------------------------------------------------------------------------------- a trace that lies is seen on screen


def first_of(trace: Trace, kind: Kind) -> int:
    """The first event of a kind in the followed program, the one of which values are kept."""
    program = trace.program(*next(iter(trace.snapshots)))
    return next(index for index in program if trace.columns["kind"][index] == kind)


def other_key_tile(trace: Trace) -> Trace:
    """The first K tile of the followed program comes from another place."""
    index = first_of(trace, Kind.LOAD_K)
    size = trace.config.block_n
    for name, value in (("j", 3), ("r0", 3 * size), ("r1", 4 * size)):
        trace = columns_with(trace, name, index, value)
    return trace


def more_bytes(trace: Trace) -> Trace:
    index = first_of(trace, Kind.LOAD_V)
    return columns_with(trace, "nbytes", index, int(trace.columns["nbytes"][index]) + 1024)


def another_line(trace: Trace) -> Trace:
    """P is said to be computed where V is loaded."""
    line = trace.statements[Kind.LOAD_V].line
    statements = tuple(replace_struct(each, line=line) if each.code == Kind.SOFTMAX_P else each for each in trace.header.statements)
    return Trace(replace_struct(trace.header, statements=statements), trace.columns, stats=trace.stats, snapshots=trace.snapshots)


def another_alpha(trace: Trace) -> Trace:
    return with_values(trace, "alpha", lambda alpha: alpha * np.float32(0.9))


def another_score(trace: Trace) -> Trace:
    return with_values(trace, "s", lambda s: s + np.float32(0.01))


def another_max(trace: Trace) -> Trace:
    return with_values(trace, "m", lambda m: m + np.float32(0.01))


def with_values(trace: Trace, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Trace:
    kept = {p: replace(snapshot, **{name: change(getattr(snapshot, name))}) for p, snapshot in trace.snapshots.items()}
    return Trace(trace.header, trace.columns, stats=trace.stats, snapshots=kept)


def differing(first: Film, second: Film) -> set[str]:
    """Beats whose snapshots differ."""

    def plain(snapshot: Snapshot) -> tuple[Any, ...]:
        return snapshot.caption, snapshot.event, snapshot.shown

    pairs = zip(first.snapshots, second.snapshots, strict=True)
    return {a.beat for a, b in pairs if plain(a) != plain(b)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "beats"),
    [
        (other_key_tile, {"7b"}),
        (more_bytes, {"7e", "9a", "bill"}),
        (another_line, {"7c"}),
        (another_alpha, {"9c"}),
        (another_score, {"7b"}),
        (another_max, {"7c", "9a"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_altered_trace_is_seen(change: Callable[[Trace], Trace], beats: set[str]) -> None:
    """One number of the trace changed, and the screen of the beats that stand for it is another."""
    true = film(DIGEST, **SMALL)
    false = play(DIGEST, true.scene.settings, altered(run, change))
    assert beats <= differing(true, false)


@pytest.mark.slow
def test_same_trace_makes_the_same_film() -> None:
    true = film(DIGEST, **SMALL)
    assert differing(true, play(DIGEST, true.scene.settings)) == set()


@pytest.mark.slow
def test_film_of_a_saved_trace_is_the_film_of_the_run(tmp_path: Path) -> None:
    """The file keeps no values: what it names is recomputed, and the same stands on screen to three decimals."""
    true = film(DIGEST, **SMALL)
    path = tmp_path / "trace.npz"
    record(AttentionConfig(**SMALL), source="numpy").save(path)
    again = play(DIGEST, replace(true.scene.settings, trace=path))
    assert again.trace.hash == true.trace.hash
    check(again)
    for first, second in zip(true.snapshots, again.snapshots, strict=True):
        assert first.texts() == second.texts()
