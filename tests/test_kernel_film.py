"""The film of any kernel: what stands on screen is what the trace says, for any trace; and which film a recording gets."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.cli.films import default_scene
from flashviz.config import AttentionConfig
from flashviz.director import KernelFilm
from flashviz.director.kernel import beginning_of
from flashviz.director.kernel_stage import excerpt
from flashviz.errors import UsageError
from flashviz.figures import counter, times
from flashviz.generic.layout import SHEETS, KernelStage, block, kernel_stage, room_for
from flashviz.generic.story import kernel_board, largest_block, parts_of
from flashviz.generic.touches import Replay, flat
from flashviz.layout import ASPECTS, CAPTION_LINES, MARGIN, Aspect, Rect, frame
from flashviz.lettering import CAPTION_PX, wrap
from flashviz.memory import traffic
from flashviz.settings import Settings, load_settings
from flashviz.trace import Launch, Op, Trace
from flashviz_kernels import record
from tests.drawn import check_drawn
from tests.films import played, scenes
from tests.generic_traces import DOT, Did, product, tensor, trace_of, traces

aspects = pytest.mark.parametrize("aspect", ASPECTS)
TEXTS = ("read", "written", "name", "shape", "block", "code", "now", "source", "bill")
PANELS = ("block", "code", "source text")
NO_CONFIG = "other.npz is a recording of the kernel product, not of a configuration"
shapes = st.lists(st.lists(st.sampled_from((1, 3, 32, 1000, 70_000)), min_size=1, max_size=5).map(tuple), min_size=1, max_size=SHEETS)


def shown(trace: Trace, folder: Path, **film: Any) -> KernelFilm:
    path = folder / "x.npz"
    trace.save(path)
    scene: KernelFilm = played(scenes("kernel").KernelScene, Settings(config=AttentionConfig(), trace=path, **film))
    return scene


# ---------------------------------------------------------------------------------------------------------------- layout


@given(shapes, st.integers(1, 40), st.sampled_from(list(ASPECTS)), st.booleans())
def test_nothing_overlaps_and_all_is_inside(sides: list[tuple[int, ...]], statements: int, aspect: Aspect, both: bool) -> None:
    sides = sides[: room_for(aspect, both=both)]
    stage = kernel_stage(sides, statements, aspect, both=both)
    whole = frame(aspect).inset(MARGIN)
    for first, second in itertools.combinations(stage.panels.values(), 2):
        assert not first.overlaps(second)
    assert all(whole.contains(panel) for panel in stage.panels.values())
    check_sheets(stage, len(sides), both=both)
    for place in stage.places:
        assert all(stage.chip.contains(part) for part in (place.name, place.shape, place.body))
        assert not place.body.overlaps(stage.now)
        assert min(place.body.width, place.body.height) > 0.4
    for first_place, second_place in itertools.combinations(stage.places, 2):
        assert not first_place.body.overlaps(second_place.body)
        assert not first_place.name.overlaps(second_place.body)


def check_sheets(stage: KernelStage, count: int, *, both: bool) -> None:
    assert len(stage.sheets) == count
    for sheet in stage.sheets:
        parts = [sheet.name, sheet.shape, sheet.picture, sheet.read]
        parts += [sheet.written] if both else []  # else the one counter stands where that of the reads would
        assert all(stage.hbm.contains(part) for part in parts)
        assert not any(first.overlaps(second) for first, second in itertools.combinations(parts, 2))
        assert min(sheet.picture.width, sheet.picture.height) >= 0.15
    for first_sheet, second_sheet in itertools.combinations(stage.sheets, 2):
        assert not first_sheet.cell.overlaps(second_sheet.cell)


@given(shapes, st.data())
def test_a_part_lies_where_its_elements_do(sides: list[tuple[int, ...]], data: st.DataObject) -> None:
    for sheet in kernel_stage(sides, 4).sheets:
        row, col = data.draw(st.integers(0, sheet.rows - 1)), data.draw(st.integers(0, sheet.cols - 1))
        part = sheet.part(row, row + 1, col, col + 1)
        assert sheet.picture.contains(part, slack=1e-6)
        assert part.x0 - sheet.picture.x0 == pytest.approx(col / sheet.cols * sheet.picture.width)
        assert sheet.picture.y1 - part.y1 == pytest.approx(row / sheet.rows * sheet.picture.height)


def test_a_block_stays_in_its_place() -> None:
    place = kernel_stage([(64, 64)], 3).places[0]
    for shape in ((1,), (128,), (64, 128), (4, 32, 32)):
        assert place.body.contains(block(shape, 128, place.body))
    wide, tall = block((32, 128), 128, place.body), block((128, 32), 128, place.body)
    assert (wide.width, wide.height) == pytest.approx((tall.height, tall.width))


# ----------------------------------------------------------------------------------------------------------------- story


@given(traces())
def test_every_event_of_the_followed_programs_is_shown_once(trace: Trace) -> None:
    parts = parts_of(trace)
    assert 1 <= len(parts) <= 3
    for part in parts:
        assert [*part.head, *part.middle, *part.tail] == list(part.program)
        spans = {pid: span for (launch, *pid_), span in trace.spans.items() if launch == part.launch for pid in [tuple(pid_)]}
        most = max(map(len, spans.values()))
        assert 2 * len(part.program) >= most
        earlier = [span for pid, span in spans.items() if pid < part.pid]
        assert all(2 * len(span) < most for span in earlier)
        assert list(part.before) == [index for span in earlier for index in span]
        assert {trace[index].pid for index in part.program} == {part.pid}


def test_seconds_do_not_grow_with_the_trace() -> None:
    seconds = [sum(beat.seconds for beat in kernel_board(trace, parts_of(trace))) for trace in (product(), product(256, 256, 4096))]
    assert seconds[0] <= seconds[1] < 90


def test_there_is_room_for_the_arrays_of_attention() -> None:
    """Q, K, V, O and LSE, in every frame."""
    assert {aspect: room_for(aspect, both=False) >= 5 for aspect in ASPECTS} == dict.fromkeys(ASPECTS, True)
    assert room_for("16:9", both=False) == SHEETS
    assert min(room_for(aspect, both=True) for aspect in ASPECTS) >= 3


@aspects
def test_captions_fit(aspect: Aspect) -> None:
    long = trace_of(
        [tensor("a_parameter_with_a_long_name", 1_000_000)],
        [Did(Op.LOAD, 0, ((0, 1_000_000),), 4_000_000, pid=(pid, pid, 0), launch=launch) for launch in range(5) for pid in range(40)],
        [Launch("product", (1000, 1000, 10), {}, {})] * 5,
    )
    width = kernel_stage([(4,)], 1, aspect).caption.width
    for trace in (product(), product(64, 64, 1024), long):
        for beat in kernel_board(trace, parts_of(trace)):
            assert len(wrap(beat.caption, width, CAPTION_PX)) <= CAPTION_LINES[aspect], beat.caption


def test_the_longest_side_of_a_dot_is_its_results() -> None:
    trace = trace_of([tensor("x", 8)], [Did(Op.DOT, shape=(16, 32, 512), line=DOT), Did(Op.REDUCE, shape=(64,), line=DOT)])
    assert largest_block(trace, range(2)) == 64
    assert largest_block(trace, range(1)) == 32


# ------------------------------------------------------------------------------------------------------------------ film


def check(film: KernelFilm) -> None:
    """Everything that must hold of a film of any trace."""
    trace, replay = film.trace, Replay(film.trace)
    assert [snapshot.beat for snapshot in film.snapshots] == [beat.name for beat in film.board]
    check_drawn(film)
    for snapshot in film.snapshots:
        lines = [item for item in snapshot.shown if item.name.split()[0] in TEXTS and item.name not in PANELS]
        for first, second in itertools.combinations(lines, 2):
            assert not Rect(*first.box).inset(0.02).overlaps(Rect(*second.box).inset(0.02)), (snapshot.beat, first, second)
        if snapshot.beat in ("title", "bill", "card"):
            continue
        assert snapshot.event is not None
        moved, texts = replay.traffic(snapshot.event), snapshot.texts()
        final = traffic(trace)
        for at in film.shown:
            name = trace.header.tensors[at].name
            for verb, now, last in (("read", moved.read, final.read), ("written", moved.written, final.written)):
                word = "read" if verb == "read" else "wrote"
                expected = f"{word} {counter(now[name], last[name])}" if name in now else None
                assert texts.get(f"{verb} {name}") == expected, snapshot.beat
            share = replay.pictures[at][1].share(snapshot.event)
            assert film.sheets[at].written.share(snapshot.event).sum() == share.sum()
        if snapshot.event and snapshot.beat != "tensors":
            assert texts["code"].strip() == trace.line_text(trace[snapshot.event - 1]).split("  #")[0].strip()
    check_bill(film)


def check_bill(film: KernelFilm) -> None:
    texts, moved = next(snapshot for snapshot in film.snapshots if snapshot.beat == "bill").texts(), traffic(film.trace)
    for at in film.shown:
        info = film.trace.header.tensors[at]
        for word, crossed in (("read", moved.read), ("wrote", moved.written)):
            nbytes = crossed.get(info.name)
            said = None if nbytes is None else f"{word} {counter(nbytes, nbytes)} = {times(nbytes / info.nbytes)} ×"
            assert texts.get(f"bill {word} {info.name}") == said


@aspects
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_tiled_product(tmp_path: Path, aspect: Aspect, theme: str) -> None:
    film = shown(product(), tmp_path, aspect=aspect, theme=theme)
    check(film)
    blocks = next(snapshot for snapshot in film.snapshots if snapshot.beat == "slow-0").shown
    assert [item.text for item in blocks if item.name == "block"] == ["a 32 × 32", "b 32 × 32", "dot 32 × 32 × 32", "store c 32 × 32"]
    bill = next(snapshot for snapshot in film.snapshots if snapshot.beat == "bill")
    assert bill.caption == "144 KiB read, 24 KiB written. a is read 3 times over."
    assert bill.texts()["bill wrote c"] == "wrote 24,576 B = 1 ×"


@settings(max_examples=6, deadline=None)
@given(trace=traces(tensors=10, events=30))
def test_any_trace(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    check(shown(trace, tmp_path_factory.mktemp("film")))


def test_many_statements_take_each_others_places(tmp_path: Path) -> None:
    """The place that was not used for longest; and nothing of what stood there is left."""
    done = [Did(Op.LOAD, 0, ((at, at + 1),), 4, (1,), line=1 + at % 8) for at in range(8)] * 3
    trace = trace_of(
        [tensor(f"x{at}", 8) for at in range(4)], [Did(d.op, at % 4, d.box, 4, (1,), line=d.line) for at, d in enumerate(done)]
    )
    film = shown(trace, tmp_path, aspect="1:1")
    check(film)
    for snapshot in film.snapshots:
        places = [item.box[:2] for item in snapshot.shown if item.name == "block name"]
        assert len(places) <= len(film.set.places)
        assert len(set(places)) == len(places)


@aspects
def test_long_names_are_cut(tmp_path: Path, aspect: Aspect) -> None:
    """Several kernels with names as a compiler makes them, one longer than any line."""
    names = ["triton_poi_fused__native_batch_norm_legit_no_training_convolution_relu_3", "_layer_norm_bwd_dx_fused", "k" * 200]
    done = [Did(Op.LOAD, 0, ((0, 16),), 64, (16,), launch=at) for at in range(3)]
    launches = [Launch(name, (1, 1, 1), {"x": 0}, {"an_argument": "b" * 200}) for name in names]
    check(shown(trace_of([tensor("x", 16)], done, launches), tmp_path, aspect=aspect))


def test_more_tensors_than_room(tmp_path: Path) -> None:
    """Those that cross most; the others' bytes are in the totals of the caption."""
    done = [Did(Op.LOAD, at, ((0, at + 1),), 4 * (at + 1), (16,), line=1 + at % 8) for at in range(SHEETS + 3)]
    film = shown(trace_of([tensor(f"x{at}", 16) for at in range(SHEETS + 3)], done), tmp_path)
    check(film)
    assert film.shown == list(range(3, SHEETS + 3))
    assert film.snapshots[1].texts()["hbm"] == f"HBM: {SHEETS} of {SHEETS + 3} arrays"
    assert film.board[-2].caption.startswith("264 B read")
    bill = next(snapshot for snapshot in film.snapshots if snapshot.beat == "bill")
    assert any("and 3 further arrays: 24 B read, 0 B written" in (item.text or "") for item in bill.shown)


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")
def test_a_real_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced unedited through the command, shown as it is."""
    from tests.test_trace_kernel import KERNELS

    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(KERNELS, encoding="utf-8")
    assert CliRunner().invoke(main, ["trace", "--kernel", "k.py:add", "--launch", "k.py:launch", "--out", "a.npz"]).exit_code == 0
    film = shown(Trace.load("a.npz"), tmp_path)
    check(film)
    assert "def add(x, y, out, n, BLOCK: tl.constexpr):" in KERNELS
    assert "on chip: program (0, 0, 0)" in film.snapshots[2].texts()["chip"]


FUSED = """
@triton.jit
def unused(x):
    tl.store(x, 0)


@triton.heuristics(
    {"EVEN": lambda a: True}
)
@triton.jit
def fused(x, bias, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    '''A docstring
    of two lines.'''
    # a comment
    i = tl.arange(0, BLOCK)
    value = tl.load(
        x + i,  # the first
        mask=i < n,
    )
    if EVEN:
        value += tl.load(bias + i, mask=i < n)
    tl.store(out + i, value, mask=i < n)


def launch(kernel):
    bias = np.lib.stride_tricks.as_strided(np.ones(40, np.float32), (3, 40), (0, 4))
    kernel[(1,)](np.ones(40, np.float32), bias, np.empty(40, np.float32), 40, BLOCK=64)
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")
def test_only_the_kernels_own_statements_are_shown_and_each_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text("import numpy as np\nimport triton\nimport triton.language as tl\n" + FUSED, encoding="utf-8")
    assert CliRunner().invoke(main, ["trace", "--kernel", "k.py:fused", "--launch", "k.py:launch", "--out", "a.npz"]).exit_code == 0
    trace = Trace.load("a.npz")
    whole = ["def fused(x, bias, out, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):", "    i = tl.arange(0, BLOCK)"]
    load = ["    value = tl.load(", "        x + i,", "        mask=i < n,", "    )"]
    assert beginning_of(trace, 20) == [
        *whole, *load, "    if EVEN:", "        value += tl.load(bias + i, mask=i < n)", "    tl.store(out + i, value, mask=i < n)",
    ]  # fmt: skip
    assert beginning_of(trace, 6) == [*whole, "…"], "a statement that has no room is left out whole"
    assert [[text for _, text in excerpt(trace, event, 3, 80)] for event in trace] == [
        ["i = tl.arange(0, BLOCK)", "value = tl.load(x + i, mask=i < n)", "if EVEN:"],
        ["if EVEN:", "    value += tl.load(bias + i, mask=i < n)", "tl.store(out + i, value, mask=i < n)"],
        ["if EVEN:", "    value += tl.load(bias + i, mask=i < n)", "tl.store(out + i, value, mask=i < n)"],
    ]
    narrow = [text.strip() for number, text in excerpt(trace, trace[0], 3, 30) if number == trace[0].line]
    assert " ".join(narrow) == "value = tl.load(x + i, mask=i < n)"
    film = shown(trace, tmp_path)
    check(film)
    bill = next(snapshot for snapshot in film.snapshots if snapshot.beat == "bill").texts()
    assert bill["bill read bias"] == "read 160 B = 1 ×", "the row that is seen three times is stored once"


def test_an_array_that_only_atomics_touch_held_values(tmp_path: Path) -> None:
    done = [Did(Op.ATOMIC, 0, ((0, 1),), 4, (1,)), Did(Op.ATOMIC_LOAD, 1, ((0, 1),), 4, (1,)), Did(Op.STORE, 2, ((0, 1),), 4, (1,))]
    film = shown(trace_of([tensor(name, 1) for name in "xyz"], done), tmp_path)
    check(film)
    assert [film.sheets[at].given for at in range(3)] == [True, True, False]
    blocks = next(snapshot for snapshot in film.snapshots if snapshot.beat == "slow-0").shown
    assert [item.text for item in blocks if item.name == "block"] == ["atomic x 1", "atomic load y 1", "store z 1"]
    assert film.sheets[1].written.share(3).sum() == 0, "a compare-and-swap that failed wrote nothing"


def test_a_masked_load_points_nowhere(tmp_path: Path) -> None:
    done = [Did(Op.LOAD, 0, ((0, 0),), 0, (16,)), Did(Op.STORE, 0, ((3, 5),), 8, (16,))]
    film = shown(trace_of([tensor("x", 16)], done), tmp_path)
    check(film)
    assert film.replay.latest(0, 1) is None
    assert film.tensor_of(film.trace[0]) is None


def test_figures_have_no_powers_of_ten() -> None:
    assert [times(value) for value in (0, 0.0001, 0.5, 1, 12.345, 99.96, 123.4, 9999.5, 1234567)] == [
        "0", "< 0.001", "0.5", "1", "12.3", "100", "123", "10,000", "1,234,567",
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- routing


def test_a_recording_gets_its_film(tmp_path: Path) -> None:
    product().save(tmp_path / "other.npz")
    record(AttentionConfig(seq_q=64, block_m=32, block_n=32), source="numpy").save(tmp_path / "flash.npz")
    assert default_scene(load_settings(trace=str(tmp_path / "other.npz"))) == "KernelScene"
    assert default_scene(load_settings(trace=str(tmp_path / "flash.npz"))) == "FlashAttentionScene"
    assert default_scene(load_settings()) == "FlashAttentionScene"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("KernelScene",), "expected --trace with a recording of a kernel, got none; record one with flashviz trace --kernel"),
        (("KernelScene", "--trace", "flash.npz"), "expected a recording of any kernel, got flash.npz of FlashAttention; render Flash"),
        (("DigestScene", "--trace", "other.npz"), "expected a recording of FlashAttention, got other.npz of the kernel product; render K"),
        (("--trace", "other.npz", "--seq-len", "64"), f"{NO_CONFIG}; leave out --seq-len"),
        (("--trace", "other.npz", "--source", "numpy"), f"{NO_CONFIG}; leave out --source"),
        (("--trace", "empty.npz"), "expected a recording with events, got empty.npz without any; record one"),
    ],
)  # fmt: skip
def test_the_wrong_recording_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    product().save("other.npz")
    trace_of([tensor("x", 4)], []).save("empty.npz")
    record(AttentionConfig(seq_q=64, block_m=32, block_n=32), source="numpy").save("flash.npz")
    answer = CliRunner().invoke(main, ["render", *arguments, "-q", "l", "--workers", "1", "--media-dir", "media"])
    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1].startswith(f"flashviz: {message}")


def test_the_environment_may_name_the_recording(tmp_path: Path) -> None:
    product().save(tmp_path / "x.npz")
    found = load_settings(environ={"FLASHVIZ_TRACE": str(tmp_path / "x.npz")}, folder=tmp_path)
    assert found.trace == tmp_path / "x.npz"
    with pytest.raises(UsageError, match="leave out FLASHVIZ_CAUSAL"):
        load_settings(environ={"FLASHVIZ_TRACE": str(tmp_path / "x.npz"), "FLASHVIZ_CAUSAL": "1"}, folder=tmp_path)


def test_the_shape_that_is_drawn() -> None:
    assert [flat(shape) for shape in ((7,), (3, 5), (2, 3, 5), (2, 1, 3, 5))] == [(1, 7), (3, 5), (6, 5), (6, 5)]
    assert np.prod(flat((4, 6, 2))) == 48
