"""What the pages derive is what the code computes: every formula with a label is evaluated as it stands there, and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from flashviz.chapters import io_complexity, lanes, roofline
from flashviz.chapters.causal import MASKED, SKIPPED, kinds_of, placed
from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_hierarchy import MemoryHierarchy, bytes_of
from flashviz.chapters.memory_scaling import stored_output, stored_scores
from flashviz.chapters.online_softmax import Pair, merge, pair_of
from flashviz.citations import PEAK_TFLOPS
from flashviz.config import AttentionConfig
from flashviz.device import REGISTERS
from flashviz.forms import closed_form, compulsory
from flashviz.inputs import numpy_dtype
from flashviz.layout import Rect
from flashviz.layout.hierarchy import Zoom
from flashviz.memory import FLOAT32, traffic
from flashviz.trace import Trace, replay
from flashviz_kernels import record
from flashviz_kernels.bench.measured import clocked, measured
from flashviz_kernels.recorder import run
from tests.formulas import PAGES, labelled, value

FORMULAS = labelled()
CONFIGS = (
    AttentionConfig(seq_q=128, block_m=32, block_n=16, head_dim=16),
    AttentionConfig(seq_q=100, seq_k=70, block_m=32, block_n=16, head_dim=40, dtype="float32"),
    AttentionConfig(seq_q=96, seq_k=160, block_m=16, block_n=64, head_dim=32, dtype="bfloat16"),
)
SQUARE = (
    AttentionConfig(seq_q=128, block_m=32, block_n=32, head_dim=16),
    AttentionConfig(seq_q=200, block_m=64, block_n=32, head_dim=64, dtype="float32"),
)
CHECKS: dict[str, Callable[[str], None]] = {}


def checks(*labels: str) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
    """Names the formulas that a function compares."""

    def note(function: Callable[[str], None]) -> Callable[[str], None]:
        CHECKS.update(dict.fromkeys(labels, function))
        return function

    return note


def names(c: AttentionConfig) -> dict[str, float]:
    """The letters of the pages. ``N`` is that of the queries, where both lengths are one."""
    return {
        "N": c.seq_q, "N_q": c.seq_q, "N_k": c.seq_k, "d": c.head_dim, "b": c.itemsize, "H": c.heads, "H_kv": c.kv_heads,
        "B_r": c.block_m, "B_c": c.block_n, "T_r": c.row_blocks, "T_c": c.col_blocks,
    }  # fmt: skip


def at(label: str, **given: float) -> float:
    return value(FORMULAS[label], given)


@pytest.mark.parametrize("label", sorted(FORMULAS))
def test_the_formula_is_what_the_code_computes(label: str) -> None:
    assert label in CHECKS, f"{label} is on a page and nothing is held to it"
    CHECKS[label](label)


def test_every_comparison_is_of_a_formula_on_a_page() -> None:
    assert set(CHECKS) == set(FORMULAS)


def test_a_changed_formula_is_seen() -> None:
    given = names(CONFIGS[0])
    changed = FORMULAS["standard-scores"].replace("4 b", "2 b")
    assert changed != FORMULAS["standard-scores"]
    assert value(changed, given) != value(FORMULAS["standard-scores"], given)
    with pytest.raises(ValueError, match="expected a name"):
        value("x = 2 y", given)
    with pytest.raises(ValueError, match="expected an end"):
        value("x = 2 N ) 3", given)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"x = \frac{a^2}{2} + a b", 4.5 + 6),
        (r"x = 2 \left( a + \left\lceil \frac{a}{b} \right\rceil \right)", 10),
        (r"x = e^{a - b} \max(a, b)", 3 * math.e),
        (r"x = a + \log b", 3 + math.log(2)),
        (r"x = \sqrt{\frac{a + 1}{1}} / b - 1", 0),
        (r"x = 2^{-b}", 0.25),
    ],
)
def test_formulas_are_read_as_they_are_written(formula: str, expected: float) -> None:
    assert value(formula, {"a": 3, "b": 2}) == pytest.approx(expected)


def test_no_formula_escapes_for_want_of_a_label() -> None:
    """What has no label is a definition or a relation: none of those says how many bytes there are."""
    for page in PAGES:
        blocks = page.read_text(encoding="utf-8").split("$$")
        for block, after in zip(blocks[1::2], blocks[2::2], strict=True):
            assert after.startswith(" (") or " b " not in f" {block} ", f"{page.name}: {block.strip()}"


# -------------------------------------------------------------------------------------------------------------- bytes


@checks("digest-standard", "digest-flash")
def bill(label: str) -> None:
    algorithm = label.removeprefix("digest-").replace("flash", "fa2")
    for c in CONFIGS:
        counted = traffic(record(c, source="numpy", algorithm=algorithm)).total
        assert at(label, **names(c)) == counted == closed_form(c, algorithm).total


@checks("standard-scores", "standard-rest")
def standard(label: str) -> None:
    for c in CONFIGS:
        moved = traffic(record(c, source="numpy", algorithm="standard"))
        both = {tensor: moved.read.get(tensor, 0) + moved.written.get(tensor, 0) for tensor in "QKVOSP"}
        tensors = "SP" if label == "standard-scores" else "QKVO"
        assert at(label, **names(c)) == sum(both[tensor] for tensor in tensors)


@checks("gradients-kept", "gradients-kept-standard")
def kept(label: str) -> None:
    algorithm, tensor = ("standard", "P") if label.endswith("standard") else ("fa2", "LSE")
    for c in CONFIGS:
        assert at(label, **names(c)) == traffic(record(c, source="numpy", algorithm=algorithm)).written[tensor]


@checks("gradients-bytes")
def bytes_of_gradients(label: str) -> None:
    for c in CONFIGS:
        if c.itemsize == 2:
            assert at(label, **names(c)) == traffic(record(c, source="numpy", algorithm="backward")).total


@checks("io-standard", "io-flash", "roofline-bytes")
def bytes_over_n(label: str) -> None:
    for c in SQUARE:
        assert at(label, **names(c)) == closed_form(c, "standard" if label == "io-standard" else "fa2").total
        if label == "roofline-bytes":
            for rows in (16, 32, 128):
                moved = traffic(record(replace(c, block_m=rows), source="numpy")).total
                assert at(label, **names(c) | {"B_r": rows}) == moved


@checks("io-block", "io-first")
def bytes_over_m(label: str) -> None:
    c = AttentionConfig(seq_q=256, head_dim=32, block_m=32, block_n=32)
    for columns in (16, 32, 64):
        m = io_complexity.elements(columns, c.head_dim)
        if label == "io-block":
            assert at(label, M=m, d=c.head_dim) == columns
        else:
            chip = AttentionConfig(seq_q=256, head_dim=32, block_m=32, block_n=columns)
            assert at(label, **names(c), M=m) == traffic(record(chip, source="numpy", algorithm="fa1")).total
            assert at(label, **names(c), M=m) == pytest.approx(io_complexity.bytes_at(m, c))


@checks("io-once")
def each_matrix_once(label: str) -> None:
    for c in SQUARE:
        assert at(label, **names(c)) == compulsory(c, "standard").total


@checks("order-first", "order-second", "order-keys", "order-first-tiles", "order-second-tiles")
def loop_order(label: str) -> None:
    algorithm = "fa1" if "first" in label else "fa2"
    if label.endswith("tiles"):
        c = SQUARE[0]
        moved = traffic(record(c, source="numpy", algorithm=algorithm))
        nbytes = sum(side.get(tensor, 0) for side in (moved.read, moved.written) for tensor in "QKVO")
        assert at(label, T=c.row_blocks) == nbytes / (c.block_m * c.head_dim * c.itemsize)
        return
    for c in CONFIGS:
        moved = traffic(record(c, source="numpy", algorithm=algorithm))
        tensors = "KV" if label == "order-keys" else "O"
        assert at(label, **names(c)) == sum(side.get(tensor, 0) for side in (moved.read, moved.written) for tensor in tensors)


@checks("grouped-stored", "grouped-loaded")
def grouped(label: str) -> None:
    c = AttentionConfig(seq_q=64, seq_k=96, block_m=32, block_n=32, head_dim=16, heads=6, kv_heads=2)
    if label == "grouped-stored":
        once = compulsory(c, "fa2").read
        assert at(label, **names(c)) == once["K"] + once["V"]
    else:
        moved = traffic(record(c, source="numpy")).read
        assert at(label, **names(c)) == moved["K"] + moved["V"]


@checks("memory-standard", "memory-flash")
def memory(label: str) -> None:
    for n, h, d in ((256, 4, 64), (8192, 1, 128)):
        sweep = replace(sweep_of(measured()), heads=h, d=d)
        output = stored_output(n, sweep)
        expected = output if label == "memory-flash" else stored_scores(n, sweep) + output
        assert at(label, N=n, H=h, d=d) == expected


# ----------------------------------------------------------------------------------------------------- operations and limits


@checks("speed-operations", "speed-time")
def operations(label: str) -> None:
    c = AttentionConfig(seq_q=128, head_dim=32, block_m=32, block_n=32, heads=2)
    counted = int(record(c, source="numpy").columns["flops"].sum())
    if label == "speed-operations":
        assert at(label, N=128, d=32) * c.heads == counted
    else:
        assert at(label, N=128, d=32, H=2, r=1e9) == counted / 1e9


@checks("gradients-flops", "gradients-flops-ordered")
def operations_of_gradients(label: str) -> None:
    algorithm = "backward_deterministic" if label.endswith("ordered") else "backward"
    for c in CONFIGS:
        assert at(label, **names(c)) == int(record(c, source="numpy", algorithm=algorithm).columns["flops"].sum())


@checks("roofline-intensity")
def intensity(label: str) -> None:
    for c in (SQUARE[0], AttentionConfig(seq_q=256, block_m=64, block_n=32, head_dim=64)):
        assert at(label, **names(c)) == pytest.approx(roofline.count_of(record(c, source="numpy")).intensity)


@checks("roofline-roof", "roofline-knee")
def roof(label: str) -> None:
    limits = roofline.Roof(1.5, PEAK_TFLOPS["A100"])
    given = {"pi": PEAK_TFLOPS["A100"].value, "beta": 1.5}
    if label == "roofline-knee":
        assert at(label, **given) == limits.knee
    else:
        for i in (1.0, 100.0, 208.0, 300.0):
            assert at(label, **given, I=i) == limits.at(i)


@checks("roofline-registers")
def registers(label: str) -> None:
    for c in (AttentionConfig(), AttentionConfig(head_dim=32, block_n=32)):
        assert at(label, **names(c), R=REGISTERS * FLOAT32) == roofline.gather(c, "numpy", record).capacity


@checks("pipeline-places", "pipeline-work")
def pipeline(label: str) -> None:
    trace = clocked()
    programs, resources = lanes.programs_of(trace), trace.header.resources
    assert resources is not None
    if label == "pipeline-places":
        assert at(label, W=resources.warps, r=resources.registers) == resources.programs == lanes.places_of(programs)
        return
    first = next(p for p in programs if p.place == 0)
    both = [first, next(p for p in programs if p.sm == first.sm and p.place == 1)]
    start, stop = first.start, first.stop
    busy = np.zeros((2, stop - start), bool)
    for row, program in zip(busy, both, strict=True):
        for a, b in lanes.products_of([program]).tolist():
            row[max(a - start, 0) : max(b - start, 0)] = True
    one, other, shared = (int(each.sum()) for each in (*busy, busy.all(axis=0)))
    assert at(label, D_1=one, D_2=other, B=shared, T=stop - start) == pytest.approx(lanes.at_work(both, (start, stop)))


@checks("hierarchy-ratio", "hierarchy-sides")
def hierarchy(label: str) -> None:
    found = MemoryHierarchy(AttentionConfig())
    hbm, cache, shared = found.memories
    if label == "hierarchy-ratio":
        times = at(label, beta_1=bytes_of(shared.speed), beta_2=bytes_of(hbm.speed))
        assert times == pytest.approx(found.flows["SMEM"] / found.flows["GMEM"])
        assert f"{times:.1f}" in found.times(shared)
    else:
        whole, part, _ = Zoom(Rect(0, 0, 3, 2), [size for *_, size in found.areas]).at(0)
        assert at(label, C_1=bytes_of(hbm.size), C_2=bytes_of(cache.size)) == pytest.approx(part.width / whole.width)


# ------------------------------------------------------------------------------------------------------------- softmax


def followed() -> tuple[Trace, np.ndarray, tuple[Pair, ...], np.ndarray]:
    """A row of a kernel's twin: its trace, scores [T, B_c], pairs after each tile, and alpha of each tile."""
    c = AttentionConfig(seq_q=64, seq_k=96, block_m=16, block_n=16, head_dim=16)
    trace = record(c, source="numpy", snapshots=[(1, 0)])
    values, row = replay(trace, (1, 0)), 5
    pairs = tuple(Pair(float(m[row]), float(l[row])) for m, l in zip(values.m_new, values.l_new, strict=True))
    return trace, values.s[:, row].astype(np.float64), pairs, values.alpha[:, row]


@checks("flash-alpha", "flash-sum", "rescale-height", "rescale-factor", "rescale-sum")
def rescale(label: str) -> None:
    _, scores, pairs, alphas = followed()
    assert any(alpha < 1 for alpha in alphas[1:]), "nothing rises in this row"
    for before, after, alpha, tile in zip(pairs, pairs[1:], alphas[1:], scores[1:], strict=False):
        if label == "rescale-height":
            assert at(label, m_old=before.m, m_new=after.m) == pytest.approx(max(1.0, float(np.exp(tile - before.m).max())), rel=1e-5)
        elif not label.endswith("-sum"):
            assert at(label, m_old=before.m, m_new=after.m) == pytest.approx(float(alpha), rel=1e-6)
        else:
            p = float(np.exp(tile - after.m).sum())
            assert at(label, alpha=float(alpha), l_old=before.l, p=p) == pytest.approx(after.l, rel=1e-5)


@checks("flash-lse")
def lse(label: str) -> None:
    c = AttentionConfig(seq_q=64, seq_k=96, block_m=16, block_n=16, head_dim=16)
    made, (_, _, pairs, _) = run(c, source="numpy"), followed()
    assert made.lse is not None
    assert at(label, m=pairs[-1].m, l=pairs[-1].l) == pytest.approx(float(made.lse[0, 0, 16 + 5]), rel=1e-6)


@checks("gradients-weight")
def weight(label: str) -> None:
    """e^(s - LSE), of the LSE that a twin stored, is what the online softmax gave: e^(s - m) over l, after the last tile."""
    _, scores, pairs, _ = followed()
    c = AttentionConfig(seq_q=64, seq_k=96, block_m=16, block_n=16, head_dim=16)
    lse = run(c, source="numpy").lse
    assert lse is not None
    last = pairs[-1]
    for s in scores.ravel():
        assert at(label, s=s, LSE=float(lse[0, 0, 16 + 5])) == pytest.approx(math.exp(s - last.m) / last.l, rel=1e-5)


@checks("gradients-score")
def score(label: str) -> None:
    """Central differences, in float64, of what the loss gets from a row: the sum of p dP."""
    random = np.random.default_rng(5)
    s, dp, h = random.normal(size=9), random.normal(size=9), 1e-5

    def given(scores: np.ndarray) -> float:
        return float(np.exp(scores - pair_of(scores).m) @ dp / pair_of(scores).l)

    p = np.exp(s - pair_of(s).m) / pair_of(s).l
    for j, step in enumerate(h * np.eye(9)):
        slope = (given(s + step) - given(s - step)) / (2 * h)
        assert at(label, p=p[j], dP=dp[j], D=float(p @ dp)) == pytest.approx(slope, rel=1e-6, abs=1e-9)


@checks("online-max", "online-sum")
def merged(label: str) -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        first, second = random.normal(0, 4, 7), random.normal(1, 4, 5)
        one, other, both = pair_of(first), pair_of(second), pair_of(np.concatenate([first, second]))
        given = {"m_1": one.m, "m_2": other.m, "l_1": one.l, "l_2": other.l, "m": both.m}
        assert at(label, **given) == pytest.approx(getattr(both, "m" if label == "online-max" else "l"))
        assert at(label, **given) == pytest.approx(getattr(merge(one, other), "m" if label == "online-max" else "l"))


@checks("exactness-unit")
def unit(label: str) -> None:
    for dtype, bits in (("float16", 11), ("bfloat16", 8), ("float32", 24)):
        one = np.ones((), numpy_dtype(dtype))
        u = at(label, t=bits)
        assert (one + np.asarray(2 * u, one.dtype)).astype(float) == 1 + 2 * u, "the next number"
        assert np.asarray(1 + u, np.float64).astype(one.dtype) == one, "a tie goes back to 1"


# -------------------------------------------------------------------------------------------------------------- causal


@checks("causal-bound")
def causal_bound(label: str) -> None:
    for lengths, places in ((list(range(1, 9)), 4), (list(range(1, 33)), 5), ([20, 1, 1, 1], 2)):
        least = at(label, D=sum(lengths), P=places, L=max(lengths))
        order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
        assert least <= max(run.start + run.tiles for run in placed(order, lengths, places)) <= 4 / 3 * least


@checks("causal-seen", "causal-visited", "causal-tiles")
def causal(label: str) -> None:
    for n_q, n_k in ((96, 96), (64, 160), (130, 60)):
        c = AttentionConfig(seq_q=n_q, seq_k=n_k, block_m=32, block_n=32, head_dim=16, causal=True)
        kinds = kinds_of(record(c, source="numpy"))
        if label == "causal-tiles":
            if n_q == n_k:
                assert at(label, T=c.row_blocks) == (kinds != SKIPPED).sum()
                assert (kinds == MASKED).sum() == c.row_blocks
            continue
        seen = [at("causal-seen", **names(c), r_1=min((i + 1) * c.block_m, n_q) - 1) for i in range(c.row_blocks)]
        if label == "causal-seen":
            sees = np.arange(n_q)[:, None] + n_k - n_q >= np.arange(n_k)[None, :]
            assert seen == [sees[i * c.block_m : (i + 1) * c.block_m].any(axis=0).sum() for i in range(c.row_blocks)]
        else:
            visited = [at(label, **names(c), seen=each) for each in seen]
            assert visited == (kinds != SKIPPED).sum(axis=1).tolist()
