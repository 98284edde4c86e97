"""Trace files that were damaged or tampered with, and what becomes of them: ``python -m tests.damaged``.

Every file goes the way of ``info``, ``export``, ``player`` and of the first look of a film. It must end as a trace or as one refusal
of ours, soon and in little memory. The figures are printed as JSON; a file that ends otherwise is kept. A file's number alone decides
its damage, so that runs over ranges of numbers add up, and one file can be made again.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flashviz.cli.screen import show_trace
from flashviz.config import AttentionConfig
from flashviz.device import Resources
from flashviz.errors import FlashvizError
from flashviz.export import player_json, timeline_of
from flashviz.generic.story import kernel_board, parts_of
from flashviz.storyboard import follow_in
from flashviz.trace import Trace, load, replay
from flashviz.trace.recording import check_events
from flashviz_kernels import record
from flashviz_kernels.again import events_again
from flashviz_kernels.altered import in_order, without_rescale
from tests import generic_traces

SECONDS, MEMORY = 2.0, 1 << 30  # that a file may take
INTERESTING = (
    0, 1, -1, 2, 7, 9, 77, 255, 256, 9999, 32767, 32768, -32768, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**53, 2**63 - 1,
    -(2**63), 10**12,
)  # fmt: skip
JSON_VALUES: tuple[Any, ...] = (
    *INTERESTING, None, True, False, "", "x", "[/]", "fa1", "fa2", "standard", "generic", "attention", "sm_75", "\u202e\x00\n",
    1e308, -0.5, 2**70, [], {}, [1, 2, 3], {"a": 1}, "y" * 5000,
)  # fmt: skip
NPY = (
    "{'descr': '<i2', 'fortran_order': False, 'shape': (%s,), }", "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }", "{'descr': '<f4', 'fortran_order': True, 'shape': (), }",
    "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", "{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }",
    "{'descr'", "((((" * 300, "\\", "'''", "{'descr': '<i4', 'fortran_order': False, 'shape': (0, 999999999999), }", "lambda: 0", "",
)  # fmt: skip
Arrays = dict[str, np.ndarray]


def subjects() -> list[tuple[Any, Arrays]]:
    """Header and arrays of small recordings of every kind."""
    small = AttentionConfig(seq_q=40, seq_k=52, heads=2, kv_heads=1, block_m=16, block_n=16, head_dim=16, causal=True)
    plain = AttentionConfig(seq_q=48, block_m=16, block_n=16, head_dim=16)
    fa2 = record(small, source="numpy", snapshots=[(1, 0), (2, 1)], stats=True)
    given = Resources(arch="sm_90", shared=16384, buffers=(), registers=80, spilled=0, warps=4, stages=2)
    clocked = msgspec.structs.replace(fa2.header, clock="when each event was reported", resources=given)
    times = {"t_ns": np.arange(len(fa2)), "sm": fa2.columns["pid_m"]}
    traces: list[Trace] = [
        fa2,
        record(plain, source="numpy"),
        record(small, source="numpy", algorithm="fa1"),
        record(small, source="numpy", algorithm="standard"),
        Trace(clocked, dict(fa2.columns) | times),
        without_rescale(plain).trace,
        in_order(plain, [2, 0, 1], [(1, 0)]).trace,
        generic_traces.product(),
    ]
    return [(trace.header, trace.arrays) for trace in traces]


def packed(header: bytes, arrays: Arrays, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The file that ``save`` would write."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", compression) as archive:
        for name, array in ({"header": np.frombuffer(header, np.uint8)} | arrays).items():
            with archive.open(name + ".npy", "w") as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return blob.getvalue()


# ----------------------------------------------------------------------------------------------------------------- the damage


def some_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes changed, put in, taken out, cut off, doubled."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at, size = rng.randrange(len(data)), rng.choice((1, 1, 2, 4, 30))
        way = rng.randrange(5)
        if way == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[at : at + size] = rng.randbytes(size)
        elif way == 2:
            data[at:at] = rng.randbytes(size)
        elif way == 3:
            del data[at : at + size]
        else:
            data[at : at + size] = data[max(0, at - 40) :][:size]
    return bytes(data[: rng.randrange(len(data)) if rng.random() < 0.05 else len(data)])


def zip_fields(rng: random.Random, content: bytes) -> bytes:
    """A field of a local header, of the central directory or of its end: version, flags, method, sizes, offsets, lengths."""
    data = bytearray(content)
    signature, length = rng.choice(((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
    places = [found.start() for found in re.finditer(re.escape(signature), content)]
    for _ in range(rng.choice((1, 1, 2))):
        at, offset = rng.choice(places), rng.randrange(4, length - 1, 2)
        if rng.random() < 0.5:
            struct.pack_into("<H", data, at + offset, rng.choice((0, 1, 8, 9, 12, 14, 0x20, 0x40, 0x800, 181, rng.randrange(1 << 16))))
        elif at + offset + 4 <= len(data):
            struct.pack_into("<I", data, at + offset, rng.choice((0, 1, 1 << 31, (1 << 32) - 1, rng.randrange(1 << 32))))
    return bytes(data)


def members(rng: random.Random, header: bytes, arrays: Arrays) -> bytes:
    """A member that is no array, has another header, another name or another packing; one too many or too few; a bomb."""
    blob, chosen = io.BytesIO(), rng.choice([*arrays, "header"])
    way = rng.randrange(9)
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)) if way == 0 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(blob, "w", packing) as archive:
        for name, array in ({"header": np.frombuffer(header, np.uint8)} | arrays).items():
            whole = io.BytesIO()
            np.lib.format.write_array(whole, np.asanyarray(array), version=(2, 0) if way == 1 and name == chosen else None)
            content, kept = whole.getvalue(), name + ".npy"
            if name == chosen and way >= 2:
                if way == 2:
                    said = rng.choice(NPY).replace("%s", str(rng.choice(INTERESTING))).encode() + b"\n"
                    content = b"\x93NUMPY" + bytes((rng.choice((1, 1, 2, 3, 9)), 0)) + struct.pack("<H", len(said)) + said + content[128:]
                elif way == 3:
                    content = some_bytes(rng, content[:128]) + content[128:]
                elif way == 4:
                    content = rng.choice((b"", b"hello", rng.randbytes(60), content[: rng.randrange(len(content))]))
                elif way == 5:
                    kept = rng.choice(
                        ("x", "x.npy", "../x.npy", "column/kind.npy", "header.npy", "snapshot/0/0/m.npy", "snapshot/9/9/m.npy")
                    )
                elif way == 6:
                    continue
                elif way == 7:
                    content += bytes(rng.choice((1, 100, 50_000_000 if rng.random() < 0.02 else 10)))
                elif array.ndim:
                    shaped = rng.choice((array[:-1], np.concatenate([array, array]), array[:0], np.zeros(rng.choice((1, 10**6)), np.int64)))
                    whole = io.BytesIO()
                    np.lib.format.write_array(whole, shaped)
                    content = whole.getvalue()
            archive.writestr(kept, content)
    return blob.getvalue()


def in_header(rng: random.Random, header: bytes, arrays: Arrays) -> bytes:
    """A field of the header: another value, none, too many, nested too deep, or no UTF-8."""
    document = json.loads(header)
    way = rng.randrange(10)
    if way < 8:
        for _ in range(rng.choice((1, 1, 2))):
            place = document
            while True:
                key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
                if isinstance(place[key], (dict, list)) and place[key] and rng.random() < 0.8:
                    place = place[key]
                    continue
                break
            if way == 7 and isinstance(place, dict):
                del place[key]
            elif way == 6 and isinstance(place[key], (int, float)) and not isinstance(place[key], bool):
                place[key] += rng.choice((-1, 1, 16))
            else:
                place[key] = rng.choice(JSON_VALUES)
            if not document:
                break
        changed = json.dumps(document).encode()
    elif way == 8:
        changed = header.replace(b'"', rng.choice((b"\xff", b"\xc3(", b"\xed\xa0\x80")), 1 + rng.randrange(9))
    else:
        changed = rng.choice(
            (b"[" * 100_000, b'{"schema":1,"kind":' + b"[" * 5000, b"null", b'"schema"', b"[1]", b"", some_bytes(rng, header))
        )
    return packed(changed, arrays)


def in_columns(rng: random.Random, header: bytes, arrays: Arrays) -> bytes:
    """Numbers of a column; columns in another order, of another type, exchanged."""
    changed = dict(arrays)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(list(changed))
        array = changed[name].copy()
        way = rng.randrange(8)
        if way < 4 and array.size:
            array = array.astype(rng.choice((array.dtype, np.dtype(np.int64)))) if array.dtype.kind == "i" else array
            info = np.iinfo(array.dtype) if array.dtype.kind in "iu" else None
            value = rng.choice(INTERESTING) if way else int(array.flat[rng.randrange(array.size)]) + rng.choice((-1, 1)) if info else 0
            array.flat[rng.randrange(array.size)] = value if info is None else min(max(value, info.min), info.max)
        elif way == 4:
            array = array[::-1]
        elif way == 5:
            array = array.astype(rng.choice((np.int8, np.int64, np.float32, np.uint8, np.int16)))
        elif way == 6:
            other = rng.choice(list(changed))
            array, changed[other] = changed[other], array
        elif array.size:
            array = np.roll(array, rng.choice((1, -1, 5)), axis=0)
        changed[name] = array
    if rng.random() < 0.05:
        changed = {name: array[::-1] for name, array in changed.items()}
    return packed(header, changed)


# ------------------------------------------------------------------------------------------------------------ what becomes of it


def used(path: Path) -> str:
    """Do with a file what the command line does, up to the first picture."""
    trace = load(path)
    with redirect_stdout(io.StringIO()):
        show_trace(path, trace, as_json=False)
    if trace.header.config is None:
        kernel_board(trace, parts_of(trace))
        timeline_of(trace)
        return "read"
    check_events(trace, events_again(trace.header), path)
    timeline_of(trace)
    player_json(trace)
    if trace.header.algorithm == "fa2" and trace.header.altered is None and trace.config.seq_k:
        replay(trace, follow_in(trace).program)
    return "read"


def damage(
    files: int, *, first: int = 0, folder: Path, seconds: float = float("inf"), note: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Damage so many files, from number ``first`` on, and use each; or as many as ``seconds`` allow."""
    warnings.simplefilter("ignore")  # of what is written here
    whole = [(msgspec.json.encode(header), arrays) for header, arrays in subjects()]
    contents = [packed(*each) for each in whole]
    ways: dict[str, Callable[[random.Random, int], bytes]] = {
        "bytes": lambda rng, at: some_bytes(rng, contents[at]),
        "zip fields": lambda rng, at: zip_fields(rng, contents[at]),
        "members": lambda rng, at: members(rng, *whole[at]),
        "header fields": lambda rng, at: in_header(rng, *whole[at]),
        "columns": lambda rng, at: in_columns(rng, *whole[at]),
    }
    path, begun, longest = folder / "t.npz", time.monotonic(), 0.0
    counts: dict[str, Counter[str]] = {way: Counter() for way in ways}
    reasons: Counter[str] = Counter()
    for number in range(first, first + files):
        if time.monotonic() - begun > seconds:
            break
        rng, way = random.Random(number), list(ways)[number % len(ways)]
        content = ways[way](rng, rng.randrange(len(whole)))
        path.write_bytes(content)
        start = time.process_time()
        try:
            outcome = used(path)
        except FlashvizError as error:
            outcome = "refused"
            reasons[" ".join(str(error).replace(str(path), "").split()[:3])] += 1
        except Exception:  # noqa: BLE001  # what is counted here
            outcome = "traceback"
            (folder / f"traceback-{number}.npz").write_bytes(content)
            (folder / f"traceback-{number}.txt").write_text(traceback.format_exc(), encoding="utf-8")
        took = time.process_time() - start
        longest = max(longest, took)
        counts[way][outcome] += 1
        if took > SECONDS:
            counts[way]["slow"] += 1
            (folder / f"slow-{number}.npz").write_bytes(content)
        if number % 5000 == 4999:
            note(f"to {number + 1}, {sum(each['traceback'] for each in counts.values())} tracebacks, {time.monotonic() - begun:.0f} s")
    total: Counter[str] = sum(counts.values(), Counter())
    return {
        "first": first, "files": total["read"] + total["refused"] + total["traceback"],
        "tracebacks": total["traceback"], "slow": total["slow"],
        "longest_cpu_seconds": round(longest, 3), "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "by_way": {way: dict(each) for way, each in counts.items()}, "refused_as": dict(reasons.most_common(20)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--keep", type=Path, help="folder of the files that went wrong")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = damage(given.files, first=given.first, folder=folder, seconds=given.seconds, note=lambda said: print(said, file=sys.stderr))  # noqa: T201  # a script's answer
    print(json.dumps(found, indent=2))  # noqa: T201  # the same
    sys.exit(bool(found["tracebacks"] or found["slow"] or found["peak_bytes"] > MEMORY))


if __name__ == "__main__":
    main()
