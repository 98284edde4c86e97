"""What rendering costs: stock manim, ours by profile and number of workers, and encoding alone, in turn on the same frames.

Every render is a process of its own with an empty cache. Stock is manim's renderer, writer and encoder; only its clock is ours, so that it
draws the same frames. The floor is x264 alone, fed with the pictures of a lossless render by as many processes as there are cores.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from av.video.frame import PictureType

from flashviz.cli.drawing import render_film
from flashviz.cli.films import Job, SceneSource, cores, find_scenes
from flashviz.errors import FlashvizError
from flashviz.render import Film, probe
from flashviz.render.renderer import FAST, SAME, replaced
from flashviz.render.stock import stock_renderer
from flashviz.settings import load_settings
from flashviz_kernels.bench.memory import high_water
from flashviz_kernels.bench.report import Rendering, Report, begin

EXCERPT = SceneSource("ExcerptScene", Path(__file__).with_name("excerpt.py"))
LOSSLESS = {"preset": "ultrafast", "qp": "0"}  # in place of FAST
EVERY = 25  # frames between those whose noise is measured
HOW = (
    "each render in a fresh process with an empty cache, methods in turn; wall clock and CPU seconds of the process and its workers from "
    "reading the settings to the finished file; floor: x264 alone, one thread a process, of the pictures of a lossless render; "
    f"PSNR of luma against that render, every {EVERY}th frame"
)


def bench(scene: str | None, quality: str, repeat: int, note: Callable[[str], None]) -> Report:
    """Measure every method.

    Args:
        scene: A film by name; None takes the excerpt.
        quality: manim's name of it.
        repeat: Renders of each, in turn.
        note: Told what is being measured.
    """
    if scene is not None:
        find_scenes((scene,))  # refused here, not by a process that was started for it
    report = begin("render", f"{scene or 'ExcerptScene'}, {quality}; {HOW}")
    plans = [("stock", "same", 1), *(("flashviz", encode, workers) for encode in ("same", "fast") for workers in sorted({1, cores()}))]
    with tempfile.TemporaryDirectory(prefix="flashviz-bench-") as folder:
        note("a lossless render, to compare with")
        reference = Path(alone("lossless", "fast", cores(), scene, quality, Path(folder) / "reference")["path"])
        found: dict[tuple[str, str, int], list[dict[str, Any]]] = {plan: [] for plan in plans}
        floors: dict[str, list[tuple[float, float]]] = {"same": [], "fast": []}
        for turn in range(repeat):
            for plan in plans:
                note(f"{plan[0]}, {plan[1]}, {plan[2]} processes, {turn + 1} of {repeat}")
                found[plan].append(alone(*plan, scene, quality, Path(folder) / f"{'-'.join(map(str, plan))}-{turn}"))
            for encode, seconds in floors.items():
                note(f"the floor, {encode}, {turn + 1} of {repeat}")
                seconds.append(floor(reference, encode, cores()))
        renders = [
            Rendering(
                method=plan[0], encode=plan[1], workers=plan[2], frames=runs[0]["frames"], film_seconds=runs[0]["seconds"],
                wall=tuple(one["wall"] for one in runs), cpu=tuple(one["cpu"] for one in runs),
                peak_memory=max(one["memory"] for one in runs), file_bytes=runs[0]["size"], psnr=psnr(Path(runs[0]["path"]), reference),
            )
            for plan, runs in found.items()
        ]  # fmt: skip
        renders += [
            Rendering(
                method="floor", encode=encode, workers=cores(), frames=renders[0].frames, film_seconds=renders[0].film_seconds,
                wall=tuple(wall for wall, _ in seconds), cpu=tuple(cpu for _, cpu in seconds),
            )
            for encode, seconds in floors.items()
        ]  # fmt: skip
    return msgspec.structs.replace(report, renders=tuple(renders))


def alone(method: str, encode: str, workers: int, scene: str | None, quality: str, media: Path) -> dict[str, Any]:
    """One render, in a process of its own."""
    order = json.dumps([method, encode, workers, scene, quality, str(media)])
    return asked(["render", order])


def asked(arguments: list[str]) -> dict[str, Any]:
    """What a process of this module answers."""
    done = subprocess.run([sys.executable, "-m", "flashviz.cli.rendering", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FlashvizError(f"expected {arguments[1]} to render, got: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def render(method: str, encode: str, workers: int, scene: str | None, quality: str, media: str) -> dict[str, Any]:
    """The same, in this process."""
    source = EXCERPT if scene is None else find_scenes((scene,))[0]
    if method == "lossless":
        FAST.clear()
        FAST.update(LOSSLESS)
        workers = 1  # processes that were told otherwise would encode otherwise
    start, used = time.perf_counter(), cpu_seconds()
    job = Job(source, load_settings(encode=encode), quality, Path(media))
    film = stock(job) if method == "stock" else render_film(job, workers).film
    wall, cpu = time.perf_counter() - start, cpu_seconds() - used
    memory = max(high_water(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
    return {
        "path": str(film.path), "frames": film.frames, "seconds": film.seconds, "size": film.path.stat().st_size, "wall": wall, "cpu": cpu,
        "memory": memory,
    }  # fmt: skip


def cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def stock(job: Job) -> Film:
    """Render with manim's own renderer."""
    import flashviz.director.scene as scenes

    with replaced(scenes, "make_renderer", stock_renderer), job.scene() as scene:
        scene.render()
        return probe(Path(scene.renderer.file_writer.final_file_path))


# --------------------------------------------------------------------------------------------------------- the floor, the noise


def floor(reference: Path, encode: str, processes: int) -> tuple[float, float]:
    """Seconds that x264 alone needs, spread over so many processes: of the slowest, and of all."""
    commands = [
        [sys.executable, "-m", "flashviz.cli.rendering", "encode", json.dumps([str(reference), encode, index, processes])]
        for index in range(processes)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    seconds = [float(process.communicate()[0]) for process in running]
    return max(seconds), sum(seconds)


def encode_part(reference: str, encode: str, index: int, count: int) -> float:
    """Seconds within x264 for the ``index``-th of ``count`` parts of a film; decoding it is not counted."""
    options = dict(FAST) if encode == "fast" else dict(SAME)
    options["x264-params"] = ":".join(part for part in (options.get("x264-params"), "threads=1") if part)
    with av.open(reference) as source, tempfile.TemporaryDirectory() as folder, av.open(f"{folder}/part.mp4", "w") as target:
        stream = source.streams.video[0]
        frames, rate = stream.frames, stream.average_rate or Fraction(60)
        first, stop = frames * index // count, frames * (index + 1) // count
        coded = target.add_stream("libx264", rate=rate, options=options)
        coded.width, coded.height, coded.pix_fmt = stream.codec_context.width, stream.codec_context.height, "yuv420p"
        spent = 0.0
        for at, frame in enumerate(source.decode(stream)):
            if first <= at < stop:
                frame.pts, frame.time_base, frame.pict_type = at - first, 1 / Fraction(rate), PictureType.NONE
                start = time.perf_counter()
                packets = coded.encode(frame)
                spent += time.perf_counter() - start
                target.mux(packets)
        start = time.perf_counter()
        packets = coded.encode(None)
        return spent + time.perf_counter() - start


def psnr(film: Path, reference: Path) -> float:
    """dB of luma, over every ``EVERY``-th frame."""
    errors = [np.mean((a - b) ** 2) for a, b in zip(lumas(film), lumas(reference), strict=True)]
    return 10 * math.log10(255**2 / max(float(np.mean(errors)), 1e-9))


def lumas(path: Path) -> Iterator[np.ndarray]:
    """Luma planes of every ``EVERY``-th frame."""
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number % EVERY == 0:
                plane = frame.planes[0]
                yield np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width].astype(np.float32)


if __name__ == "__main__":
    what, order = sys.argv[1], json.loads(sys.argv[2])
    print(encode_part(*order) if what == "encode" else json.dumps(render(*order)))  # noqa: T201  # a script's answer
