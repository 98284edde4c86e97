"""Generic traces made by hand, without Triton: a tiled product, and any accesses to any tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from flashviz.trace import Header, Launch, Op, SourceText, TensorInfo, Trace
from flashviz.trace.reading import WIDE
from flashviz_kernels.statements import statements_seen

TEXT = """@triton.jit
def product(a, b, c, K: tl.constexpr):
    for k in range(0, K):
        x = tl.load(a)  # a comment
        y = tl.load(b)
        # between the lines
        acc = tl.dot(x, y, acc)
    tl.store(c, acc)
"""
LOAD_A, LOAD_B, DOT, STORE_C = 4, 5, 7, 8


@dataclass(frozen=True)
class Did:
    """One event to be: what ``op`` did to ``tensor``, in one program of one launch."""

    op: Op
    tensor: int = -1
    box: tuple[tuple[int, int], ...] = ()
    nbytes: int = 0
    shape: tuple[int, ...] = (1,)
    flops: int = 0
    line: int = LOAD_A
    pid: tuple[int, int, int] = (0, 0, 0)
    launch: int = 0


def trace_of(tensors: Sequence[TensorInfo], done: Sequence[Did], launches: Sequence[Launch] | None = None) -> Trace:
    """A trace of these events, in this order."""
    grid = tuple(max((did.pid[axis] for did in done), default=0) + 1 for axis in range(3))
    axes = max([1, *(len(did.box) for did in done), *(len(did.shape) for did in done)])
    steps: dict[tuple[int, tuple[int, int, int]], int] = {}
    rows, seen, boxes, shapes = [], [], [], []
    for did in done:
        step = steps[did.launch, did.pid] = steps.get((did.launch, did.pid), -1) + 1
        rows.append((did.launch, *did.pid, step, did.nbytes, did.nbytes, did.flops))
        seen.append((did.launch, did.op, did.tensor, 0, did.line))
        boxes.append([*did.box, *[(0, 1)] * (axes - len(did.box))])
        shapes.append([*[1] * (axes - len(did.shape)), *did.shape])
    statements, kind = statements_seen(np.array(seen, np.int64).reshape(len(done), 5), tensors)
    header = Header(
        source="triton-interpreter", algorithm="launch", versions={"triton": "3.9.0"}, sources=[SourceText("product.py", 1, TEXT)],
        kernel_hash=hashlib.sha256(TEXT.encode()).hexdigest(), statements=statements, tensors=list(tensors),
        launches=list(launches or [Launch("product", grid, {t.name: at for at, t in enumerate(tensors)}, {"K": 2})]),  # type: ignore[arg-type]
    )  # fmt: skip
    names = ("launch", "pid_x", "pid_y", "pid_z", "step", *WIDE)
    columns = dict(zip(names, np.array(rows, np.int64).reshape(len(done), len(names)).T, strict=True)) | {"kind": kind}
    return Trace(header, columns | sides(np.array(boxes).reshape(len(done), axes, 2), np.array(shapes).reshape(len(done), axes)))


def sides(boxes: np.ndarray, blocks: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of boxes [events, axes, 2] and blocks [events, axes]."""
    found = {f"block{axis}": blocks[:, axis] for axis in range(blocks.shape[1])}
    return found | {f"{side}{axis}": boxes[:, axis, at] for axis in range(blocks.shape[1]) for at, side in enumerate(("start", "stop"))}


def tensor(name: str, *shape: int, itemsize: int = 4) -> TensorInfo:
    """Of float32, row-major."""
    strides = tuple(int(np.prod(shape[at + 1 :])) for at in range(len(shape)))
    return TensorInfo(name, shape, strides, "float32", itemsize)


def product(m: int = 64, n: int = 96, k: int = 96, tile: int = 32) -> Trace:
    """C [m, n] = A [m, k] B [k, n] in square tiles: a program a tile of C."""
    a, b, c = tensor("a", m, k), tensor("b", k, n), tensor("c", m, n)
    side, done = tile * tile * 4, []
    for i in range(m // tile):
        for j in range(n // tile):
            pid, rows, cols = (i, j, 0), (i * tile, (i + 1) * tile), (j * tile, (j + 1) * tile)
            for step in range(k // tile):
                inner = (step * tile, (step + 1) * tile)
                done.append(Did(Op.LOAD, 0, (rows, inner), side, (tile, tile), line=LOAD_A, pid=pid))
                done.append(Did(Op.LOAD, 1, (inner, cols), side, (tile, tile), line=LOAD_B, pid=pid))
                done.append(Did(Op.DOT, shape=(tile, tile, tile), flops=2 * tile**3, line=DOT, pid=pid))
            done.append(Did(Op.STORE, 2, (rows, cols), side, (tile, tile), line=STORE_C, pid=pid))
    return trace_of([a, b, c], done)


@st.composite
def traces(draw: st.DrawFn, *, tensors: int = 4, events: int = 12, sides: tuple[int, ...] = (1, 2, 3, 5)) -> Trace:
    """Any accesses to tensors of 1 to 4 axes, some with holes, some wholly masked, in up to four programs of up to three launches."""
    infos = [
        tensor(f"t{at}", *draw(st.lists(st.sampled_from(sides), min_size=1, max_size=4)))
        for at in range(draw(st.integers(1, tensors)))
    ]  # fmt: skip
    done = []
    for _ in range(draw(st.integers(1, events))):
        where = draw(st.tuples(st.integers(0, 2), st.integers(0, 3)))
        op = draw(st.sampled_from(list(Op)))
        if op in (Op.DOT, Op.REDUCE, Op.SCAN, Op.COMPUTE):
            done.append(Did(op, shape=(4, 8, 2) if op == Op.DOT else (8,), pid=(where[1], 0, 0), launch=where[0], line=DOT))
            continue
        at = draw(st.integers(0, len(infos) - 1))
        box = tuple(
            draw(st.tuples(st.integers(0, size - 1), st.integers(1, size)).map(lambda ends: ordered(*ends))) for size in infos[at].shape
        )
        elements = draw(st.integers(0, int(np.prod([stop - start for start, stop in box]))))
        done.append(Did(op, at, box, 4 * elements, (4,), pid=(where[1], 0, 0), launch=where[0]))
    done.sort(key=lambda did: (did.launch, did.pid))
    return trace_of(infos, done, [Launch("product", (4, 1, 1), {}, {}) for _ in range(3)])


def ordered(start: int, stop: int) -> tuple[int, int]:
    """A span that is not empty."""
    return (start, stop) if start < stop else (stop - 1, start + 1)
