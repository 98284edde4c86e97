"""Renders that are ended at random moments, or whose disk fills: ``python -m tests.killed --moments 200 --disks 40``.

A small film is rendered in a process group of its own with 1, 2 or 4 workers, and SIGKILL, SIGTERM or SIGINT goes to the group or to the
leading process alone after a random share of the time that the whole takes. Afterwards no process of it may be left, no half-written
file may stand under a final name, and the next render must give the film that an undisturbed one gives. Disks are tmpfs mounts of
random sizes, which root may make; where there is no root, files may not become longer than so much (RLIMIT_FSIZE).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import av
import psutil

SCENE = """
from manim import DOWN, RIGHT, UP, Circle, MathTypst, Scene, Square

from flashviz.render import make_renderer


class MovedScene(Scene):
    provenance = []
    subject, poster, told = "", "", ()
    on_progress = None

    def __init__(self):
        super().__init__(renderer=make_renderer())

    def construct(self):
        shapes = [Square().shift(at * RIGHT) for at in range(4)]
        self.add(MathTypst("sum_j e^(x_j)"), *shapes)
        self.add_subcaption("moved", duration=2)
        for turn in range(6):
            self.play(*(shape.animate.shift(UP if turn % 2 else DOWN) for shape in shapes), run_time=0.3 + 0.1 * turn)
            self.wait(0.2)
            self.on_progress and self.on_progress(self.renderer.time, 4.5)
        self.play(Circle().animate.shift(UP), run_time=1)
"""
RUN = """
import faulthandler
import resource
import signal
import sys
from pathlib import Path
faulthandler.register(signal.SIGUSR1)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs trials behind it would have it ignored
from flashviz.cli import films, main
films.CHECKOUT = Path(sys.argv.pop(1))
main()
"""
PATIENCE = 20.0  # seconds in which the processes of a render that was ended must be gone
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


class Trial:
    """A folder with the scene, and the film that an undisturbed render gives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        scenes = folder / "scenes"
        scenes.mkdir()
        (scenes / "moved.py").write_text(SCENE, encoding="utf-8")
        start = time.monotonic()
        done = self.start(folder / "whole", 1)
        self.check(done.wait(), 0, done)
        self.seconds = time.monotonic() - start
        self.frames, self.captions = self.film(folder / "whole")

    def start(self, media: Path, workers: int, longest: int = -1, before: str = "") -> subprocess.Popen[str]:
        """A render; ``longest`` bytes are as many as a file may have, ``before`` is run first."""
        scenes = str(self.folder / "scenes")
        command = [sys.executable, "-c", before + RUN, str(longest), scenes, "render", "MovedScene", "-q", "l", "--workers", str(workers)]
        return subprocess.Popen(
            [*command, "--media-dir", str(media)], start_new_session=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=self.folder,
        )  # fmt: skip

    @staticmethod
    def check(code: int, expected: int, process: subprocess.Popen[str]) -> str:
        assert process.stderr is not None
        with process.stderr as stream:
            said = stream.read()
        if code != expected:
            raise AssertionError(f"exit {code}, not {expected}: {said[-3000:]}")
        return said

    @staticmethod
    def film(media: Path) -> tuple[list[int], str]:
        """Checksums of the pictures, and the captions."""
        (path,) = (media / "videos").rglob("MovedScene.mp4")
        with av.open(str(path)) as film:
            pictures = [zlib.crc32(frame.to_ndarray()) for frame in film.decode(video=0)]
        return pictures, path.with_suffix(".srt").read_text(encoding="utf-8")

    def whole_or_absent(self, media: Path) -> None:
        """Every file under a final name is whole."""
        for path in media.rglob("*.mp4"):
            if not path.name.startswith("."):
                with av.open(str(path)) as film:
                    stream = film.streams.video[0]
                    frames = sum(1 for _ in film.decode(stream))
                    assert frames == stream.frames > 0, f"{path} has {frames} of {stream.frames} frames"
                if path.name == "MovedScene.mp4":
                    assert self.film(media)[0] == self.frames, "a film under its name is the whole film"
        for path in media.rglob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        for path in media.rglob("*.srt"):
            assert path.read_text(encoding="utf-8") == self.captions

    def again(self, media: Path, workers: int) -> None:
        """The next render gives the film."""
        done = self.start(media, workers)
        self.check(done.wait(), 0, done)
        assert self.film(media) == (self.frames, self.captions)


def ended(trial: Trial, rng: random.Random, counts: Sequence[int] = (1, 2, 4)) -> str:
    """End one render; what was done, and whether it was finished before."""
    workers, number, group = rng.choice(counts), rng.choice(SIGNALS), rng.random() < 0.5
    media = Path(tempfile.mkdtemp(dir=trial.folder, prefix="ended-"))
    process = trial.start(media, workers)
    time.sleep(rng.uniform(0, 1.1 if workers == 1 else 2.0) * trial.seconds)
    was_running = process.poll() is None
    family = {each.pid for each in relatives(process.pid)}
    if was_running:
        (os.killpg if group else os.kill)(process.pid, number)
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise AssertionError(not_ended(process, f"{number.name} to the {'group' if group else 'leader'}, {workers} workers")) from None
    deadline = time.monotonic() + PATIENCE
    while left := [pid for pid in family | {each.pid for each in of_session(process.pid)} if alive(pid)]:
        if time.monotonic() > deadline:
            raise AssertionError(f"{number.name}: processes {left} are left after {PATIENCE:.0f} s")
        time.sleep(0.05)
    trial.whole_or_absent(media)
    trial.again(media, rng.choice((1, 2)))
    leftovers = [path for path in media.rglob("*") if ".part" in path.name and number != signal.SIGKILL]
    assert not leftovers, f"{number.name} leaves {leftovers}"
    shutil.rmtree(media)
    target = "group" if group else "leader"
    return f"{number.name} to the {target}, {workers} workers" if was_running else "finished before"


def not_ended(process: subprocess.Popen[str], what: str) -> str:
    """What a render that goes on is doing; it is killed then."""
    doing = [f"{each.pid} {each.status()} {' '.join(each.cmdline())[-60:]}" for each in relatives(process.pid)]
    process.send_signal(signal.SIGUSR1)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    return "\n".join([f"{what}: goes on after {PATIENCE:.0f} s", *doing, process.communicate()[1][-4000:]])


def relatives(pid: int) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def of_session(leader: int) -> list[psutil.Process]:
    """Processes of its session: also those whose parent is gone."""
    found = []
    for each in psutil.process_iter():
        try:
            if os.getsid(each.pid) == leader:
                found.append(each)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def full(trial: Trial, rng: random.Random) -> str:
    """Render onto a disk that fills: one line, exit 1, nothing half-written; with room the film is made."""
    mount = Path(tempfile.mkdtemp(dir=trial.folder, prefix="full-"))
    size = round(rng.uniform(4, 200)) * 1024
    mounted = os.geteuid() == 0 and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={max(size // 4096, 1) * 4096}", "tmpfs", str(mount)], capture_output=True, check=False
    ).returncode  # fmt: skip
    try:
        process = trial.start(mount, rng.choice((1, 2)), -1 if mounted else max(512, size // 40))
        code = process.wait()
        if code == 0:
            trial.check(code, 0, process)
            trial.whole_or_absent(mount)
            assert trial.film(mount) == (trial.frames, trial.captions)
            return "fitted"
        said = [line for line in trial.check(code, 1, process).splitlines() if line.strip()]
        complaints = [line for line in said if line.startswith("flashviz: ")]
        assert len(said) == len(complaints) == 1, "\n".join(said)[-3000:]
        trial.whole_or_absent(mount)
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=64m", str(mount)], check=True)
        trial.again(mount, 1)
        return "refused in one line"
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(mount)], check=False)
        shutil.rmtree(mount, ignore_errors=True)


def tried(
    what: Callable[[Trial, random.Random], str], count: int, seed: int, folder: Path, seconds: float = float("inf")
) -> dict[str, Any]:
    """So many trials, or as many as fit; every failure is told."""
    rng, trial, begun = random.Random(seed), Trial(folder), time.monotonic()
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(count):
        if time.monotonic() - begun > seconds:
            break
        try:
            outcomes[what(trial, rng)] += 1
        except (AssertionError, subprocess.TimeoutExpired) as error:
            wrong.append(f"{number}: {error}")
            print(wrong[-1], file=sys.stderr)  # noqa: T201  # a script's progress
    return {"tried": sum(outcomes.values()) + len(wrong), "wrong": wrong, "outcomes": dict(sorted(outcomes.items())), "seed": seed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--disks", type=int, default=40)
    parser.add_argument("--workers", type=int, nargs="+", default=(1, 2, 4), help="of the renders that are ended")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop each after so many")
    given = parser.parse_args()
    found = {}
    for name, what, count in (("disks", full, given.disks), ("moments", partial(ended, counts=given.workers), given.moments)):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = tried(what, count, given.seed, Path(folder), given.seconds)
            print(json.dumps({name: found[name]}, indent=2), flush=True)  # noqa: T201  # a script's answer
    sys.exit(any(each["wrong"] for each in found.values()))


if __name__ == "__main__":
    main()
