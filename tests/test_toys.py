"""Two kernels that no file of this project knows, each from a folder of its own: traced, told, timed, filmed and shown in a page."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import VerificationError
from flashviz.export.player import MODULE
from flashviz.settings import Settings
from flashviz.trace import Op, Trace, load, state_at
from flashviz_kernels.branches import Branches
from tests import test_perfetto
from tests.films import played, scenes
from tests.kernels import package
from tests.test_embedding import served
from tests.test_player import STATES, page_of
from tests.test_slides import browser_page, needs_browser

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="any kernel is traced where triton is installed")

HEAD = """import numpy as np
import triton
import triton.language as tl


"""

# What each is as an algorithm: its statements, twin, truth and closed form, in the same file. All lanes of a load may be masked.
WHOLE = """
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from flashviz.memory import Traffic
from flashviz.trace import Op, Statement
from flashviz_kernels.algorithm import Algorithm, Bound, Call, Kernel
from flashviz_kernels.described import Described
from flashviz_kernels.log import EventLog


def kernel(name):
    return Kernel(Path(__file__), name)


def does(code, op, tensor=None, launch=0):
    return Statement(code=int(code), name=code.name, op=op, launch=launch, line=0, tensor=tensor, says=code.name)
"""

# Two launches with different grids, an atomic sum, two outputs.
TALLY = (
    HEAD
    + """@triton.jit
def tally(x, total, most, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + at, mask=at < n, other=0.0)
    tl.atomic_add(total, tl.sum(v, 0))
    tl.store(most + tl.program_id(0), tl.max(v, 0))


@triton.jit
def finish(total, most, mean, peak, n, PARTS: tl.constexpr):
    tl.store(mean, tl.load(total) / n)
    tl.store(peak, tl.max(tl.load(most + tl.arange(0, PARTS)), 0))


def launch(kernel):
    x = np.arange(300, dtype=np.float32)
    total, most, mean, peak = (np.zeros(size, np.float32) for size in (1, 4, 1, 1))
    kernel[(4,)](x, total, most, 300, BLOCK=128)
    finish[(1,)](total, most, mean, peak, 300, PARTS=4)
    assert (mean[0], peak[0]) == (x.mean(), x.max())
"""
)

TALLY_ALGORITHM = """

@dataclass(frozen=True)
class Numbers:
    n: int = 300
    block: int = 128

    @property
    def parts(self):
        return 4  # the last of which has nothing to do


class Code(IntEnum):
    LOAD_X = 0
    SUM = 1
    ADD_TOTAL = 2
    MOST = 3
    STORE_MOST = 4
    LOAD_TOTAL = 5
    STORE_MEAN = 6
    LOAD_MOST = 7
    PEAK = 8
    STORE_PEAK = 9


def statements(c):
    return (
        does(Code.LOAD_X, Op.LOAD, "x"), does(Code.SUM, Op.REDUCE), does(Code.ADD_TOTAL, Op.ATOMIC, "total"), does(Code.MOST, Op.REDUCE),
        does(Code.STORE_MOST, Op.STORE, "most"), does(Code.LOAD_TOTAL, Op.LOAD, "total", 1), does(Code.STORE_MEAN, Op.STORE, "mean", 1),
        does(Code.LOAD_MOST, Op.LOAD, "most", 1), does(Code.PEAK, Op.REDUCE, launch=1), does(Code.STORE_PEAK, Op.STORE, "peak", 1),
    )


def twin(arrays, c, log, kept):
    x, parts = arrays["x"], np.arange(c.parts)
    start, stop = parts * c.block, np.minimum((parts + 1) * c.block, c.n)
    start, stop = np.where(start < stop, start, 0), np.where(start < stop, stop, 0)
    v = [x[a:b] for a, b in zip(start, stop)]
    log(Code.LOAD_X, parts, ((start, stop),), nbytes=np.array([each.nbytes for each in v]))
    sums = [each.sum(dtype=np.float32) for each in v]
    log(Code.SUM, parts, ((0, 1),))
    total = np.float32(sum(sums))
    log(Code.ADD_TOTAL, parts, ((0, 1),), nbytes=total.nbytes)
    most = np.array([each.max(initial=0) for each in v], np.float32)
    log(Code.MOST, parts, ((0, 1),))
    log(Code.STORE_MOST, parts, ((parts, parts + 1),), nbytes=most[:1].nbytes)
    one = np.arange(1)
    log(Code.LOAD_TOTAL, one, ((0, 1),), nbytes=total.nbytes)
    mean = np.array([total / c.n], np.float32)
    log(Code.STORE_MEAN, one, ((0, 1),), nbytes=mean.nbytes)
    log(Code.LOAD_MOST, one, ((0, c.parts),), nbytes=most.nbytes)
    peak = np.array([most.max()], np.float32)
    log(Code.PEAK, one, ((0, 1),))
    log(Code.STORE_PEAK, one, ((0, 1),), nbytes=peak.nbytes)
    return {"mean": mean, "peak": peak}


def calls(c, t, buffers):
    return (
        Call(kernel("tally"), (c.parts,), (t["x"], t["total"], t["most"], c.n), {"BLOCK": c.block}),
        Call(kernel("finish"), (1,), (t["total"], t["most"], t["mean"], t["peak"], c.n), {"PARTS": c.parts}),
    )


ALGORITHM = Algorithm(
    name="tally", config=Numbers, statements=statements, inputs=lambda c: {"x": np.arange(c.n, dtype=np.float32)},
    outputs=("mean", "peak"), twin=twin, text=(twin,), log=lambda c: EventLog(statements(c), (c.parts, 1)),
    reference=lambda a, c: {"mean": a["x"].astype(np.float64).mean(keepdims=True), "peak": a["x"].astype(np.float64).max(keepdims=True)},
    tolerance=lambda a, c: {"mean": Bound(1e-3, 0.0), "peak": Bound(0.0, 0.0)},
    closed_form=lambda c: Traffic(
        {"x": 4 * c.n, "total": 4 * c.parts + 4, "most": 4 * c.parts}, {"total": 4 * c.parts, "most": 4 * c.parts, "mean": 4, "peak": 4}
    ),
    events=lambda c: 5 * c.parts + 5, calls=calls,
    arrays=lambda c: {
        name: Described("float32", (size,)) for name, size in (("x", c.n), ("total", 1), ("most", c.parts), ("mean", 1), ("peak", 1))
    },
)
"""

# A table says which rows are read; a negative one, that none is: which statements run depends on values.
PAGES = (
    HEAD
    + """@triton.jit
def pages(table, x, out, WIDTH: tl.constexpr):
    row = tl.program_id(0)
    page = tl.load(table + row)
    at = tl.arange(0, WIDTH)
    if page >= 0:
        tl.store(out + row * WIDTH + at, tl.load(x + page * WIDTH + at))
    else:
        tl.store(out + row * WIDTH + at, tl.zeros([WIDTH], tl.float16))


def launch(kernel):
    table, x = np.array([2, -1, 0, 2, -1], np.int32), np.arange(48, dtype=np.float16).reshape(3, 16)
    out = np.full((5, 16), 7, np.float16)
    kernel[(5,)](table, x, out, WIDTH=16)
    assert (out == np.where(table[:, None] < 0, 0, x[table])).all()
"""
)

PAGES_ALGORITHM = """

@dataclass(frozen=True)
class Table:
    pages: tuple = (2, -1, 0, 2, -1)
    width: int = 16


class Code(IntEnum):
    LOAD_PAGE = 0
    LOAD_ROW = 1
    STORE_OUT = 2
    STORE_ZEROS = 3


def statements(c):
    return (
        does(Code.LOAD_PAGE, Op.LOAD, "table"), does(Code.LOAD_ROW, Op.LOAD, "x"), does(Code.STORE_OUT, Op.STORE, "out"),
        does(Code.STORE_ZEROS, Op.STORE, "out"),
    )


def inputs(c):
    return {"table": np.array(c.pages, np.int32), "x": np.arange(3 * c.width, dtype=np.float16).reshape(3, c.width)}


def twin(arrays, c, log, kept):
    rows, table, x = np.arange(len(c.pages)), arrays["table"], arrays["x"]
    page = table[rows]
    log(Code.LOAD_PAGE, rows, ((rows, rows + 1),), nbytes=table[:1].nbytes)
    out = np.full((len(rows), c.width), np.nan, np.float16)
    read, left = rows[page >= 0], rows[page < 0]
    v = x[page[read]]
    log(Code.LOAD_ROW, read, ((page[read], page[read] + 1), (0, c.width)), nbytes=x[0].nbytes)
    out[read] = v
    log(Code.STORE_OUT, read, ((read, read + 1), (0, c.width)), nbytes=out[0].nbytes)
    out[left] = 0
    log(Code.STORE_ZEROS, left, ((left, left + 1), (0, c.width)), nbytes=out[0].nbytes)
    return {"out": out}


def reference(a, c):
    return {"out": np.where(a["table"][:, None] < 0, 0, a["x"][a["table"]]).astype(np.float64)}


def closed_form(c):
    row = 2 * c.width
    read = {"table": 4 * len(c.pages), "x": row * sum(page >= 0 for page in c.pages)}
    return Traffic(read, {"out": row * len(c.pages)})


ALGORITHM = Algorithm(
    name="pages", config=Table, statements=statements, inputs=inputs, outputs=("out",), twin=twin, text=(twin,),
    log=lambda c: EventLog(statements(c), (len(c.pages),)), reference=reference, tolerance=lambda a, c: {"out": Bound(0.0, 0.0)},
    closed_form=closed_form, events=lambda c: 2 * len(c.pages) + sum(page >= 0 for page in c.pages),
    arrays=lambda c: {
        "table": Described("int32", (len(c.pages),)), "x": Described("float16", (3, c.width)),
        "out": Described("float16", (len(c.pages), c.width)),
    },
    calls=lambda c, t, buffers: (Call(kernel("pages"), (len(c.pages),), (t["table"], t["x"], t["out"]), {"WIDTH": c.width}),),
)
"""

# A branch by a sum: near its edge kernel and twin, which sum in different orders, decide differently, and both are right.
SOFTEN = (
    HEAD
    + """@triton.jit
def soften(x, margins, out, limit, WIDTH: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, WIDTH)
    v = tl.load(x + row * WIDTH + at)
    margin = tl.sum(v, 0) - limit
    tl.store(margins + row, margin)
    if margin >= 0:
        v = v - tl.max(v, 0) * margin
    tl.store(out + row * WIDTH + at, v)
"""
)

SOFTEN_ALGORITHM = """

@dataclass(frozen=True)
class Rows:
    width: int = 16
    rows: int = 4
    limit: float = float(np.add.accumulate(np.full(16, 0.1, np.float32))[-1])  # one after the other; added pairwise it is less


class Code(IntEnum):
    LOAD_X = 0
    SUM = 1
    STORE_MARGIN = 2
    MOST = 3
    STORE_OUT = 4


def statements(c):
    return (
        does(Code.LOAD_X, Op.LOAD, "x"), does(Code.SUM, Op.REDUCE), does(Code.STORE_MARGIN, Op.STORE, "margins"),
        does(Code.MOST, Op.REDUCE), does(Code.STORE_OUT, Op.STORE, "out"),
    )


def inputs(c):
    scale = np.array([1, 2, 0.5, 1], np.float32)[: c.rows]  # two rows at the edge, one on either side of it
    return {"x": np.full((c.rows, c.width), 0.1, np.float32) * scale[:, None]}


def twin(arrays, c, log, kept, branches):
    x, rows = arrays["x"], np.arange(c.rows)
    v = x[rows]
    log(Code.LOAD_X, rows, ((rows, rows + 1), (0, c.width)), nbytes=x[0].nbytes)
    sums = np.add.accumulate(v, axis=1)[:, -1]
    log(Code.SUM, rows, ((0, 1),))
    margins = sums - np.float32(c.limit)
    log(Code.STORE_MARGIN, rows, ((rows, rows + 1),), nbytes=margins[:1].nbytes)
    over = rows[branches.taken("margins", margins)]
    most = v[over].max(axis=1)
    log(Code.MOST, over, ((0, 1),))
    out = v.copy()
    out[over] -= most[:, None] * margins[over, None]
    log(Code.STORE_OUT, rows, ((rows, rows + 1), (0, c.width)), nbytes=out[0].nbytes)
    return {"out": out}


def reference(a, c):
    x = a["x"].astype(np.float64)
    return {"out": x - x.max(axis=1, keepdims=True) * np.maximum(x.sum(axis=1, keepdims=True) - c.limit, 0)}


def rounding(a, c):
    return float(c.width * 2.0**-23 * np.abs(a["x"]).sum(axis=1).max())


ALGORITHM = Algorithm(
    name="soften", config=Rows, statements=statements, inputs=inputs, outputs=("out",), twin=twin, text=(twin,),
    log=lambda c: EventLog(statements(c), (c.rows,)), reference=reference, tolerance=lambda a, c: {"out": Bound(rounding(a, c), 0.0)},
    closed_form=lambda c: Traffic({"x": 4 * c.width * c.rows}, {"margins": 4 * c.rows, "out": 4 * c.width * c.rows}),
    events=lambda c: 5 * c.rows, by_value=lambda a, c: {"margins": rounding(a, c)},
    arrays=lambda c: {
        "x": Described("float32", (c.rows, c.width)), "margins": Described("float32", (c.rows,)),
        "out": Described("float32", (c.rows, c.width)),
    },
    calls=lambda c, t, buffers: (Call(kernel("soften"), (c.rows,), (t["x"], t["margins"], t["out"], c.limit), {"WIDTH": c.width}),),
)
"""
BY_VALUE = SOFTEN + WHOLE + SOFTEN_ALGORITHM

ALGORITHMS = {"tally": TALLY + WHOLE + TALLY_ALGORITHM, "pages": PAGES + WHOLE + PAGES_ALGORITHM}

TOYS: dict[str, tuple[str, dict[str, int], dict[str, int], dict[str, int]]] = {  # text, operations, bytes read, bytes written
    "tally": (
        TALLY,
        {"LOAD": 4 + 2, "STORE": 4 + 2, "ATOMIC": 4, "REDUCE": 8 + 1},  # all lanes of the fourth load are masked
        {"x": 4 * 300, "total": 4 * 4 + 4, "most": 4 * 4},
        {"total": 4 * 4, "most": 4 * 4, "mean": 4, "peak": 4},
    ),
    "pages": (PAGES, {"LOAD": 5 + 3, "STORE": 5}, {"table": 4 * 5, "x": 3 * 32}, {"out": 5 * 32}),
}


NUMBERS = st.floats(-3, 3) | st.sampled_from([0.0, -0.0, float("inf"), -float("inf")])
EVENTS = {"tally": 25, "pages": 13}
FAULTS = {  # what is changed in a toy, and what its verification then says
    "the kernel writes elsewhere": (
        "tally",
        "tl.store(most + tl.program_id(0), ",
        "tl.store(most + 3 - tl.program_id(0), ",
        "store most 0:1",
    ),
    "the kernel reads a row too few": ("tally", "mask=at < n,", "mask=at < n - 1,", "load x 256:300"),
    "the kernel adds no atomic": (
        "tally",
        "tl.atomic_add(total, tl.sum(v, 0))",
        "tl.store(total, tl.load(total) + tl.sum(v, 0))",
        "events",
    ),
    "the kernel takes another branch": ("pages", "if page >= 0:", "if page > 0:", "events of the twin"),
    "the twin counts other bytes": (
        "tally",
        "nbytes=most[:1].nbytes",
        "nbytes=most.nbytes",
        "the twin says launch 0, program (0, 0, 0): store",
    ),
    "the twin is in another order": (
        "tally",
        "log(Code.LOAD_MOST,",
        "log(Code.PEAK, one, ((0, 1),)); log(Code.LOAD_MOST,",
        "events of the twin",
    ),
    "the closed form forgets the reads of an atomic": (
        "tally",
        '"total": 4 * c.parts + 4,',
        '"total": 4,',
        "bytes are not the closed forms'",
    ),
    "the result is wrong": ("tally", "tl.load(total) / n)", "tl.load(total) / (n + 1))", "error 0.497 over 0.001"),
    "another output is wrong": ("tally", "tl.store(peak, tl.max(", "tl.store(peak, -tl.max(", "peak error 598 over 0"),
}


def flash(*arguments: str) -> Any:
    """What the command answers."""
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the toys as algorithms, which is the working directory; afterwards no file of the package is another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in ALGORITHMS.items():
        Path(f"{name}.py").write_text(text, encoding="utf-8")
    before = package()
    yield tmp_path
    assert package() == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_is_verified(name: str) -> None:
    """Its twin against its kernels' pointers, its outputs against float64, its bytes against its closed form."""
    spec = f"{name}.py:ALGORITHM"
    said = flash("verify", "--algorithm", spec, "--json")
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert (found["checked"], found["twin_equals_kernel"], found["ok"], found["events"]) == ("pointers", True, True, EVENTS[name])
    alone = json.loads(flash("verify", "--algorithm", spec, "--source", "numpy", "--json").stdout)
    assert (alone["checked"], alone["twin_equals_kernel"], alone["ok"], alone["events"]) == ("twin", None, True, EVENTS[name])
    assert "twin = kernel's pointers" in flash("verify", "--algorithm", spec).stdout


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_twin_and_kernel_are_recorded_alike(name: str) -> None:
    """By its name alone: the same tensors, launches and bytes, from the kernels and from the twin."""
    said = []
    for source in ("triton", "numpy"):
        answer = flash("trace", "--algorithm", f"{name}.py:ALGORITHM", "--source", source, "--out", f"{source}.npz")
        assert answer.exit_code == 0, answer.output
        said.append(json.loads(flash("info", f"{source}.npz", "--json").stdout))
    kernel, twin = said
    alike = ("events", "programs", "operations", "hbm_read_by_tensor", "hbm_written_by_tensor", "flops")
    assert {key: kernel[key] for key in alike} == {key: twin[key] for key in alike}
    assert [each["grid"] for each in kernel["launches"]] == [each["grid"] for each in twin["launches"]]
    assert (kernel["source"], twin["source"]) == ("triton-interpreter", "numpy")
    traces = [load(f"{source}.npz") for source in ("triton", "numpy")]
    assert [state_at(traces[0], k).hbm_read for k in range(EVENTS[name])] == [state_at(traces[1], k).hbm_read for k in range(EVENTS[name])]


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_is_compiled(name: str) -> None:
    """Each of its kernels for each architecture; nothing of them reports, so nothing is said of a trace."""
    answer = flash("compile", "--algorithm", f"{name}.py:ALGORITHM", "--arch", "sm_80,sm_90", "--json")
    assert answer.exit_code == 0, answer.output
    made = json.loads(answer.stdout)["compiled"]
    kernels = ["tally", "finish"] if name == "tally" else ["pages"]
    assert [(each["arch"], each["kernel"]) for each in made] == [(arch, kernel) for arch in ("sm_80", "sm_90") for kernel in kernels]
    assert {each["trace_free"] for each in made} == {None}
    assert all(each["registers"] > 0 and each["machine_instructions"] > 0 for each in made)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_verification(fault: str) -> None:
    name, old, new, said = FAULTS[fault]
    text = ALGORITHMS[name]
    assert text.count(old) == 1
    Path("broken.py").write_text(text.replace(old, new), encoding="utf-8")
    answer = flash("verify", "--algorithm", "broken.py:ALGORITHM")
    assert answer.exit_code == 1, answer.output
    assert answer.stderr.startswith("flashviz: verification failed: ")
    assert said in answer.stderr


@pytest.mark.usefixtures("folder")
def test_the_twin_takes_the_kernels_branches_where_rounding_decides() -> None:
    """By itself it goes another way in two rows, which is seen as two events more; it is no fault of either."""
    Path("soften.py").write_text(BY_VALUE, encoding="utf-8")
    answer = flash("verify", "--algorithm", "soften.py:ALGORITHM", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["checked"], found["twin_equals_kernel"], found["disagreement"], found["events"]) == ("pointers", True, None, 4 * 4 + 1)
    alone = json.loads(flash("verify", "--algorithm", "soften.py:ALGORITHM", "--source", "numpy", "--json").stdout)
    assert (alone["ok"], alone["events"]) == (True, 4 * 4 + 3)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tl.sum(v, 0) - limit", "tl.sum(v, 0) - limit - 0.5", "expected margins[0] within "),  # far beyond rounding
        ("tl.sum(v, 0) - limit", "limit - tl.sum(v, 0)", "expected margins[1] within "),
        ("if margin >= 0:", "if margin >= -1e-3:", "events of the twin"),  # it keeps a margin, and does not go by it
        ("if margin >= 0:", "if margin >= 2:", "events of the twin"),
        ("tl.store(margins + row, margin)", "tl.store(margins + row, margin * 0)", "expected margins[1] within "),
        ("branches.taken(", "(lambda _name, margins: margins >= 0)(", "events of the twin"),  # the twin does not ask
    ],
)
def test_a_branch_that_rounding_does_not_explain_fails(old: str, new: str, said: str) -> None:
    assert BY_VALUE.count(old) == 1
    Path("broken.py").write_text(BY_VALUE.replace(old, new), encoding="utf-8")
    answer = flash("verify", "--algorithm", "broken.py:ALGORITHM")
    assert answer.exit_code == 1, answer.output
    assert said in answer.stderr


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), st.floats(0, 2))
def test_a_kernels_branch_is_taken_or_refused(pairs: list[tuple[float, float]], tolerance: float) -> None:
    """Taken is the kernel's where all margins agree within the tolerance, the twin's where there is no kernel; else the first is named."""
    kept, own = np.array(pairs).T
    room = np.full(len(own), np.nan)
    assert Branches({"m": tolerance}, {"m": room}, decided=False).taken("m", own).tolist() == [mine >= 0 for _, mine in pairs]
    assert room.tolist() == own.tolist(), "what it decided by is kept"
    far = [at for at, (its, mine) in enumerate(pairs) if its != mine and not abs(its - mine) <= tolerance]
    if not far:
        assert Branches({"m": tolerance}, {"m": kept}, decided=True).taken("m", own).tolist() == [its >= 0 for its, _ in pairs]
        return
    with pytest.raises(VerificationError, match=rf"^expected m\[{far[0]}\] within .* of the twin's .*; mend kernel or twin$"):
        Branches({"m": tolerance}, {"m": kept}, decided=True).taken("m", own)
    with pytest.raises(VerificationError, match=rf"^expected m\[{far[0]}\] within "):
        Branches({"m": tolerance}, {"m": kept}, decided=True).taken("m", own[far[0]], far[0])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "--seq-q", "64"), "tally.py:ALGORITHM says itself what is computed; leave out --seq-q"),
        (("trace", "--clock", "--out", "x.npz"), "a clock is read by kernels that report, got tally.py:ALGORITHM, whose pointers are read"),
        (("compile", "--causal"), "tally.py:ALGORITHM says itself what is computed; leave out --causal"),
    ],
)
def test_what_it_has_not_is_refused(arguments: tuple[str, ...], said: str) -> None:
    answer = flash(*arguments, "--algorithm", "tally.py:ALGORITHM")
    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
    assert said in answer.stderr


@pytest.mark.usefixtures("folder")
def test_what_is_no_algorithm_is_refused() -> None:
    for spec, said in (
        ("tally.py:twin", "expected an Algorithm, got function of tally.py:twin"),
        ("tally.py:OTHER", "expected OTHER in tally.py, got only "),
        ("none.py:ALGORITHM", "expected --algorithm FILE.py:NAME, got none.py, which is no file"),
        ("tally", "algorithm must be one of backward, backward_deterministic, fa1, fa2, standard, or FILE.py:NAME, got 'tally'; try fa2"),
    ):
        answer = flash("verify", "--algorithm", spec)
        assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1), answer.output
        assert said in answer.stderr


@pytest.fixture(params=TOYS)
def toy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its name; its recording is x.npz in the working directory."""
    name: str = request.param
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(TOYS[name][0], encoding="utf-8")
    answer = CliRunner().invoke(main, ["trace", "--kernel", f"toy.py:{name}", "--launch", "toy.py:launch", "--out", "x.npz", "--json"])
    assert answer.exit_code == 0, answer.output
    return name


def known(trace: Trace) -> list[tuple[tuple[int, ...], dict[str, int], dict[str, int]]]:
    """After each event: the program, bytes read and written by tensor. Told one event after the other."""
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    found: list[tuple[tuple[int, ...], dict[str, int], dict[str, int]]] = []
    for event in trace:
        for side, ops in ((read, (Op.LOAD, Op.ATOMIC, Op.ATOMIC_LOAD)), (written, (Op.STORE, Op.ATOMIC))):
            if event.op in ops and event.tensor is not None and event.nbytes:
                side[event.tensor] = side.get(event.tensor, 0) + event.nbytes
        found.append((event.pid, dict(read), dict(written)))
    return found


def test_it_is_told_timed_and_filmed(toy: str) -> None:
    _, operations, read_bytes, written_bytes = TOYS[toy]
    said = json.loads(CliRunner().invoke(main, ["info", "x.npz", "--json"]).stdout)
    assert said["operations"] == operations
    assert (said["hbm_read_by_tensor"], said["hbm_written_by_tensor"]) == (read_bytes, written_bytes)
    trace = load("x.npz")
    assert CliRunner().invoke(main, ["export", "x.npz", "--perfetto", "--out", "x.pftrace"]).exit_code == 0
    seen = test_perfetto.read(Path("x.pftrace"))
    assert len(seen.slices) == len(trace) == sum(operations.values())
    test_perfetto.check_counters(seen, trace)
    film = played(scenes("kernel").KernelScene, Settings(config=AttentionConfig(), trace=Path("x.npz")))
    assert [beat.name for beat in film.board][:2] == ["title", "tensors"]


def test_an_algorithm_is_not_asked_for_it(toy: str) -> None:
    answer = flash("export", "x.npz", "--perfetto", "--algorithm", "fa2", "--out", "x.pftrace")
    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
    assert f"expected a trace of attention, got x.npz of kernel {toy}" in answer.stderr


def test_its_state_is_known_at_every_step(toy: str) -> None:
    trace = load("x.npz")
    for k, (program, read, written) in enumerate(known(trace), 1):
        state = state_at(trace, k)
        assert (state.program, state.hbm_read, state.hbm_written, state.held) == (program, read, written, {})
    assert {launch for launch, *_ in trace.spans} == ({0, 1} if toy == "tally" else {0})


@needs_browser
def test_a_page_knows_its_state_at_every_step(toy: str, tmp_path: Path) -> None:
    trace: Any = load("x.npz")
    shutil.copy(MODULE, tmp_path / "module.js")
    (tmp_path / "index.html").write_text(f"<!doctype html><title>{toy}</title>", encoding="utf-8")
    (tmp_path / "x.json").write_bytes(page_of(trace))
    with served(tmp_path) as address, browser_page() as tab:
        tab.goto(f"{address}/index.html")
        states = tab.evaluate(STATES, "x.json")
    assert [(tuple(state["program"]), state["read"], state["written"]) for state in states[1:]] == known(trace)
    assert (states[0]["program"], states[0]["read"], states[0]["written"]) == (None, {}, {})
    for k, state in enumerate(states):
        at = state_at(trace, k)
        for way, boxes in (("reads", at.reads), ("writes", at.writes)):
            assert set(state[way]) == {each.tensor for each in trace.header.statements if each.tensor is not None}
            for tensor, counts in state[way].items():
                assert counts == {",".join(map(str, box)): count for box, count in boxes(tensor).items()}
