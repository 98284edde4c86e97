"""Fifteen minutes with a GPU: ``./run.sh gpu --part a``, then b and c. Without a GPU ``--rehearse``: every step, at tiny sizes.

Part a settles whether all is right and how times look; part b measures forward passes, part c both passes. Each step is a process of its
own with a limit, so that one that fails or hangs takes nothing else along; what it prints is kept in a log, and a table closes the run.
What a step makes lies in the folder ``--out``: reports in the form of ``docs/bench``, and clocked traces.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.gpu_steps import STEPS

ROOT = Path(__file__).parents[1]
TRACE_LIMIT = 4 << 20  # bytes of a clocked trace
KILLED = 124  # what a step that ran too long answers, as timeout(1) says it


@dataclass(frozen=True)
class Step:
    """One process: a name in ``gpu_steps.STEPS``, and the seconds it may take."""

    name: str
    limit_s: int


PART_LIMIT_S = 330  # of a part, whatever hangs: a row takes as long as its slowest step, and starting a row takes time too
# steps in one row run side by side: they are checks; whoever measures runs alone
PARTS: dict[str, tuple[tuple[Step, ...], ...]] = {
    "a": (
        (Step("machine", 35),),
        (
            Step("recording_equals_twin", 130), Step("attention_against_torch", 120), Step("gradients_against_float64", 130),
            Step("memory_is_given_back", 120),
            Step("hopper_float16", 120), Step("hopper_bfloat16", 120),
        ),
        (Step("clock", 70),),
        (Step("clocked", 40),),
        (Step("variants_short", 50),),
    ),
    "b": (
        (Step("machine", 35),),
        (Step("bench", 185),),
        (Step("variants_long", 105),),
    ),
    "c": (
        (Step("machine", 35),),
        (Step("bench_gradients", 240),),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What became of a step."""

    step: Step
    code: int
    seconds: float
    last: str


def run(step: Step, out: Path, *, rehearse: bool) -> Done:
    """One step; its output goes to a log in ``out``."""
    command = [sys.executable, "-m", "tests.gpu_steps", step.name, "--out", str(out), *(["--rehearse"] if rehearse else [])]
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"PYTHONUNBUFFERED": "1"}
    start, log = time.monotonic(), out / f"{step.name}.log"
    with log.open("w", encoding="utf-8") as file:
        try:
            code = subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, check=False, cwd=ROOT, env=environment, timeout=step.limit_s
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = KILLED
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return Done(step, code, time.monotonic() - start, lines[-1][:120] if lines else "")


def main(arguments: Sequence[str]) -> int:
    """Run a part, print what each step said, and a table last. Returns how many steps failed."""
    parser = argparse.ArgumentParser(prog="./run.sh gpu", description="What is checked and measured on a GPU.")
    parser.add_argument("--part", choices=sorted(PARTS), action="append", help="[default: all]")
    parser.add_argument("--step", choices=sorted(STEPS), action="append", help="one step of a part alone, in the order given")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gpu", metavar="DIR", help="[default: build/gpu]")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU: every step at tiny sizes, interpreted")
    asked = parser.parse_args(arguments)
    if asked.step:
        limits = {step.name: step for part in PARTS.values() for row in part for step in row}
        rows: tuple[tuple[Step, ...], ...] = tuple((limits[name],) for name in asked.step)
    else:
        rows = tuple(row for part in asked.part or sorted(PARTS) for row in PARTS[part])
    asked.out.mkdir(parents=True, exist_ok=True)
    done: list[Done] = []
    for row in rows:
        with ThreadPoolExecutor(len(row)) as pool:
            found = list(pool.map(lambda step: run(step, asked.out, rehearse=asked.rehearse), row))
        for each in found:
            print(f"--- {each.step.name}: {each.code}, {each.seconds:.0f} s", flush=True)
            print((asked.out / f"{each.step.name}.log").read_text(encoding="utf-8", errors="replace")[-3000:], flush=True)
        done += found
    large = [file.name for file in asked.out.glob("*.npz") if file.stat().st_size > TRACE_LIMIT]
    width = shutil.get_terminal_size((120, 24)).columns
    print(f"\n{'step':24} {'code':>4} {'s':>5}  last line")
    for each in done:
        print(f"{each.step.name:24} {each.code:4} {each.seconds:5.0f}  {each.last[: width - 40]}")
    for name in large:
        print(f"{name} has more than {TRACE_LIMIT:,} B")
    return sum(each.code != 0 for each in done) + len(large)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 100))
