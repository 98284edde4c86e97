"""A trace for the player in a page: statements, columns, values, rectangles and colours in one JSON file.

The page computes nothing that a kernel or its twin computes: it looks up what the statements say, adds bytes, and draws values that
were kept. Arrays are little-endian, base64, integers deflated, with their dtype and shape.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz import forms, palette
from flashviz.errors import TraceError
from flashviz.layout import Rect, Stage, player_stage
from flashviz.memory import FLOAT32, traffic
from flashviz.storyboard import crossed_bytes, follow_in, tile_unit
from flashviz.trace import ProgramValues, Statement, Trace, replay

MODULE = Path(__file__).parents[1] / "player" / "flash-trace-player.min.js"  # what a page loads; its source stands beside it
FORMAT, SCHEMA = "flashviz-player", 3
LIMIT = 4 << 20  # bytes of a file; beyond it a page loads too slowly
SHAPES = ("wide", "narrow")
PLACES = ("i", "j", "r0", "r1", "c0", "c1")  # of a tile, where a trace has tiles

TENSORS = ("Q", "K", "V", "S", "P", "O", "L", "M", "LSE")  # in the order of a bill
SYMBOLS = {"M": "m", "L": "ℓ", "ACC": "acc", "P": "P̃", "ALPHA": "α"}

WORDS = {  # what the page says: to a wrong answer, and of itself
    "stay": "No: old terms would stay measured from the old max, new ones from the new max.",
    "grow": "No: the ceiling rises, so what was measured from the old one is smaller against it.",
    "zero": "No: the past would be lost. One factor is enough to keep it.",
    "trace": "This trace",
    "baseline": "Standard attention in these tiles, as counted",
    "baseline_once": "Standard attention, each tensor once (perfect cache)",
    "more": "More bytes than standard attention with a perfect cache.",
    "fewer": "Fewer bytes than standard attention, even with a perfect cache.",
    "before": "Before the first of {length} steps: nothing is on chip, nothing has crossed.",
    "question": "Row {row}: key tile {j} has a score of {m}, above the max so far, {old}. What must happen to ℓ = {l}?",
    "right": "ℓ = {l} × {alpha} + {joined} = {sum}: one factor re-measures every past term.",
    "wrong": "It must shrink by α = {alpha}; this recording leaves it as it is, so ℓ becomes {sum}, and O goes wrong.",
    "error": "Row {row} of O differs from float64 by at most {error}.",
    "none": "There is none after this step.",
    "absent": "no row to follow in this trace",
    "unkept": "scores of this row block are not in the file",
    "keys": "Keys, once something in here is chosen: k plays, comma and full stop (or arrow keys) step, Home and End, r next rescale that "
    "changes any row, s next store, n next rise of the followed row. In the stage, arrow keys go from tile to tile; a tensor in the bill "
    "lights its transfers. SM: one of the GPU's processors. P̃: weights before the division by ℓ. LSE = m + log ℓ, one number a row. "
    "Rescale: ℓ and acc times α. Rise: the max m of a row, its ceiling, grows. Beneath the slider: programs, and red, rises of the row.",
}

Program = tuple[int, int]


def player_json(
    trace: Trace,
    *,
    programs: Sequence[Program] | None = None,
    errors: np.ndarray | None = None,
    right: np.ndarray | None = None,
) -> bytes:
    """What the player shows of ``trace``.

    Args:
        trace: A recording of attention. Values go along where its programs keep a row block on chip.
        programs: Whose scores and acc go along; None for as many, in the trace's order, as fit. m, l and alpha go along for all.
        errors: [B H, N_q] float, largest difference of each row of O from float64.
        right: [B H, N_q, d] O as it should be, beside that of a trace which is wrong on purpose.

    Raises:
        TraceError: The file would have more than LIMIT bytes, or an altered trace kept no values.
    """
    config, algorithm, moved = trace.config, trace.header.algorithm, traffic(trace)
    crossed = {**moved.read, **moved.written}
    document: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA,
        "hash": trace.hash,
        "header": _header(trace),
        "title": forms.form_of(algorithm).title if algorithm in forms.NAMES else algorithm,
        **recording(trace),
        "tensors": [tensor for tensor in TENSORS if tensor in crossed],
        "words": WORDS,
        "symbols": SYMBOLS | ({"P": "P"} if "P" in crossed else {}),  # weights that go through HBM are normalised
        "square": tile_unit(trace),
        "bill": _bill(trace),
        "layout": {shape: _rectangles(player_stage(trace.config, shape)) for shape in SHAPES},  # type: ignore[arg-type]
        "palette": {skin.name: _skin(skin) for skin in palette.THEMES.values()},
        "opacity": {"dim": palette.DIM, "resting": palette.RESTING, "lit": palette.LIT},
        "errors": None if errors is None else packed(np.asarray(errors, np.float32)),
    }
    keeps = trace.header.keeps_rows
    statistics = 3 * FLOAT32 * config.batch * config.heads * config.col_blocks * config.seq_q * 4 // 3 if keeps else 0  # in base64
    _refuse_large(_size(document) + statistics, trace)
    if keeps:
        document |= _values(trace, programs, LIMIT - _size(document), right)
    return msgspec.json.encode(document)


def recording(trace: Trace) -> dict[str, Any]:
    """What a page needs of any trace to know its state after k events."""

    def sides(statement: Statement) -> tuple[str, ...]:
        return () if statement.tensor is None else trace.sides(statement.tensor)

    tiles = [name for name in PLACES if name in trace.columns]
    names = ["kind", "nbytes", *trace.header.program, *tiles, *(name for each in trace.statements.values() for name in sides(each))]
    return {
        "statements": [_statement(statement) | {"sides": sides(statement)} for statement in trace.statements.values()],
        "events": len(trace),
        "columns": {name: packed(trace.columns[name]) for name in dict.fromkeys(names)},
        "program": trace.header.program[1:],
        "bounds": packed(trace.bounds),
    }


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array as {dtype, shape, data}: little-endian, base64; integers are deflated, those of 64 bits as 32 bits."""
    if array.dtype.kind == "i" and array.dtype.itemsize == 8:
        array = array.astype(np.int32 if np.abs(array).max(initial=0) < 1 << 31 else np.float64)
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    content = little.tobytes() if little.dtype.kind == "f" else zlib.compress(little.tobytes())
    return {"dtype": little.dtype.str.lstrip("<|"), "shape": list(array.shape), "data": base64.b64encode(content).decode("ascii")}


def _size(document: Mapping[str, Any]) -> int:
    return len(msgspec.json.encode(document))


def _refuse_large(size: int, trace: Trace) -> None:
    if size > LIMIT:
        raise TraceError(
            f"expected a player's file of at most {LIMIT >> 20} MiB, got {size / (1 << 20):.1f} MiB of {len(trace):,} events; "
            "take fewer or larger tiles, or fewer heads"
        )


def _header(trace: Trace) -> dict[str, Any]:
    """Where the recording comes from, without what a page does not show."""
    header, sources = trace.header, trace.header.sources
    if len(sources) != 1:
        raise TraceError(f"expected kernels in one file, whose text a page shows, got {len(sources)}; put them into one, or use --perfetto")
    (source,) = sources
    return {
        "algorithm": header.algorithm, "source": header.source, "config": msgspec.to_builtins(trace.config), "versions": header.versions,
        "kernel_file": source.file, "kernel_first_line": source.first_line, "kernel_source": source.text, "kernel_hash": header.kernel_hash,
        "inputs_recipe": trace.config.inputs, "inputs_hash": header.inputs_hash, "altered": header.altered,
    }  # fmt: skip


def _statement(statement: Statement) -> dict[str, Any]:
    """What the header says of it, and what follows for a page: which way it moves, and what is moved or made."""
    said: dict[str, Any] = msgspec.to_builtins(statement)
    follows = {"tensor": statement.subject, "reads": statement.reads, "writes": statement.writes}
    return {name: value for name, value in said.items() if name not in ("op", "launch", "dims")} | follows


def _skin(skin: palette.Theme) -> dict[str, Any]:
    """Grounds and inks by name, and the hue of each tensor."""
    return asdict(skin) | {"hue": {tensor: skin.hue(tensor) for tensor in (*TENSORS, "ACC")}}


def _bill(trace: Trace) -> dict[str, int]:
    """Bytes of the whole trace; beside those of another algorithm, standard attention's on the same problem: as counted, and with a perfect
    cache."""
    own = {"trace": crossed_bytes(trace)}
    if trace.header.algorithm == forms.BASELINE:
        return own
    as_counted, once = (of(trace.config, forms.BASELINE).total for of in (forms.closed_form, forms.compulsory))
    return own | {"baseline": as_counted, "baseline_once": once}


def _rectangles(stage: Stage) -> dict[str, Any]:
    """The stage's boxes as [x0, y0, x1, y1], y upwards; plain numbers and tuples stay."""

    def plain(value: Any) -> Any:
        if isinstance(value, Rect):
            return [round(side, 4) for side in (value.x0, value.y0, value.x1, value.y1)]
        if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return [plain(each) for each in value] if isinstance(value, tuple) else round(value, 4) if isinstance(value, float) else value

    shown = {name: getattr(stage, name) for name in ("frame", "hbm", "hbm_title", "ledger", "slot", "chip", "chip_title", "tiles", "lens")}
    boxes: dict[str, Any] = {name: plain(value) for name, value in shown.items()}
    cross = stage.cross
    boxes["cross"] = plain(cross) | {
        "labels": {tensor: plain(cross.label(tensor)) for tensor in "QKVO"},
        "strips": {
            tensor: [plain(cross.tile(tensor, at)) for at in range(cross.n_rows if tensor in "QO" else cross.n_cols)] for tensor in "QKVO"
        },
    }
    return boxes


def _values(trace: Trace, programs: Sequence[Program] | None, room: int, right: np.ndarray | None) -> dict[str, Any]:
    """m, l, alpha of every row; whom to follow first; pictures of Q, K, V and O; scores and acc of as many programs as fit."""
    replayed = {program: replay(trace, program) for program in _replayable(trace)}
    if not replayed:
        raise TraceError("expected an altered trace that kept the values of a program, got one without; make the page with flashviz player")
    chosen = follow_in(trace) if trace.header.altered is None else None
    document: dict[str, Any] = {
        "stats": _stats(trace, replayed),
        "follow": None
        if chosen is None
        else {"pid_m": chosen.program[0], "pid_bh": chosen.program[1], "row": chosen.row, "rise": chosen.rise},
        "pictures": _pictures(trace, replayed, right),
        "programs": {},
    }
    room -= _size(document)
    wanted = list(replayed) if programs is None else list(programs)
    for program in sorted(wanted, key=lambda one: chosen is None or one != chosen.program):  # the followed one first
        entry = _program(replayed[program])
        room -= _size(entry)
        if room < 0:
            break
        document["programs"][f"{program[0]},{program[1]}"] = entry
    return document


def _replayable(trace: Trace) -> list[Program]:
    """Programs whose values are known: all, but of an altered trace, whose events are not the algorithm's, only those that were kept."""
    return [program for program in trace.programs if trace.header.altered is None or program in trace.snapshots]


def _stats(trace: Trace, replayed: Mapping[Program, ProgramValues]) -> dict[str, Any]:
    """m, l and alpha [B H, T, N_q] after visited tile t, NaN where a row block visits no t-th tile."""
    config = trace.config
    tiles = max(len(values.j) for values in replayed.values())
    kept = {name: np.full((config.batch * config.heads, tiles, config.seq_q), np.nan, np.float32) for name in ("m", "l", "alpha")}
    for (_, bh), values in replayed.items():
        for name, array in (("m", values.m_new), ("l", values.l_new), ("alpha", values.alpha)):
            kept[name][bh, : len(array), slice(*values.rows)] = array
    return {name: packed(array) for name, array in kept.items()}


def _pictures(trace: Trace, replayed: Mapping[Program, ProgramValues], right: np.ndarray | None) -> dict[str, Any]:
    """Q and O [B H, N_q, d], K and V [B H_kv, N_k, d]; O as it should be on the scale of O."""
    config = trace.config
    o = np.zeros((config.batch * config.heads, config.seq_q, config.head_dim), np.float32)
    for (_, bh), values in replayed.items():
        o[bh, slice(*values.rows)] = values.o
    scale = palette.spread(o if right is None else right)
    q, k, v = (array.astype(np.float32).reshape(-1, *array.shape[2:]) for array in trace.inputs)
    shown = {"Q": picture(q), "K": picture(k), "V": picture(v), "O": picture(o, scale)}
    return shown if right is None else shown | {"right": picture(right, scale)}


def _program(values: ProgramValues) -> dict[str, Any]:
    """Masked scores [T, rows, B_c], NaN beyond N_k, and acc [T, rows, d] after each tile as a picture."""
    return {"s": packed(values.s.astype(np.float32)), "acc": picture(values.acc_new)}


def picture(values: np.ndarray, scale: tuple[float, float] | None = None) -> dict[str, Any]:
    """A matrix as bytes: 0 is ``low`` and darker, 255 ``high`` and brighter, on the scale that the films' ramp has."""
    low, high = palette.spread(values) if scale is None else scale
    share = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1)
    return packed(np.round(share * 255).astype(np.uint8)) | {"low": low, "high": high}
