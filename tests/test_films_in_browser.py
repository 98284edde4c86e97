"""Each kind of film in a browser: at a beat's end it shows the colours that were drawn, and the caption of that beat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from manim import tempconfig

from flashviz.cli.deliver import assemble
from flashviz.cli.films import Job, SceneSource, rendered_by
from flashviz.config import AttentionConfig
from flashviz.delivery.embedding import inlined, video_tag
from flashviz.delivery.manifest import Manifest
from flashviz.director.scene import TraceScene
from flashviz.settings import Settings, load_settings, use_settings
from tests.films import SCENES, scenes
from tests.generic_traces import product
from tests.test_slides import browser_page, needs_browser

TINY = AttentionConfig(seq_q=64, block_m=32, block_n=32, head_dim=16)
SMALL = {"pixel_width": 320, "pixel_height": 180, "frame_rate": 5}
STILL = 0.4  # seconds before a beat's end, where nothing moves
FLAT = 4  # pixels around a point that have its colour, so that the encoder has nothing to blur
OFF = 8  # of 255: what encoding costs a flat colour; 7 was seen, in blue, behind a fade
AT = """async ([seconds, points]) => {
    const video = document.querySelector('video'), track = video.textTracks[0];
    const until = async (what, holds) => {
        for (let tries = 0; !holds(); tries++) {
            if (tries === 200) throw new Error(`${what}: ready ${video.readyState}, at ${video.currentTime} s of ${video.duration}`);
            await new Promise(done => setTimeout(done, 50));
        }
    };
    track.mode = 'showing';
    await until('no picture', () => video.readyState > 1);
    video.currentTime = seconds;
    await until('it does not seek', () => !video.seeking && video.readyState > 1);
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext('2d');
    await until('no frame', () => (canvas.drawImage(video, 0, 0), canvas.getImageData(0, 0, 1, 1).data[3] > 0));
    await until('no caption', () => track.activeCues && track.activeCues.length);
    return {
        said: [...track.activeCues].map(cue => cue.text),
        shown: points.map(([x, y]) => [...canvas.getImageData(x, y, 1, 1).data].slice(0, 3)),
    };
}"""


@dataclass(frozen=True)
class Made:
    """A film in its folder, and the last picture of each beat as it was drawn: [height, width, 3]."""

    folder: Path
    manifest: Manifest
    drawn: dict[str, np.ndarray]


def made(scene_class: Any, file: str, settings: Settings, folder: Path) -> Made:
    """Render a scene, and put it into a folder as ``flashviz deliver`` does."""
    drawn: dict[str, np.ndarray] = {}
    end_beat = TraceScene.end_beat

    def kept(scene: Any) -> None:
        end_beat(scene)
        drawn[scene.told[-1].name] = np.array(scene.renderer.get_frame()[..., :3])

    quiet = {"media_dir": str(folder / "media"), "verbosity": "ERROR", "progress_bar": "none"}
    with pytest.MonkeyPatch.context() as patch, tempconfig(SMALL | quiet), use_settings(settings):
        patch.setattr(TraceScene, "end_beat", kept)
        scene = scene_class()
        scene.render()
        job = Job(SceneSource(scene_class.__name__, SCENES / f"{file}.py"), settings, "low_quality", folder)
        target = folder / "film"
        target.mkdir()
        return Made(target, assemble(job, rendered_by(job, scene), target, extras=False), drawn)


def flat_points(picture: np.ndarray) -> dict[tuple[int, ...], tuple[int, int]]:
    """Of each colour that fills a square somewhere, one such place: colour -> (x, y)."""
    side = 2 * FLAT + 1
    windows = np.lib.stride_tricks.sliding_window_view(picture, (side, side), axis=(0, 1))
    flat = (windows.max(axis=(-1, -2)) == windows.min(axis=(-1, -2))).all(axis=-1)
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for y, x in np.argwhere(flat) + FLAT:
        found.setdefault(tuple(int(value) for value in picture[y, x]), (int(x), int(y)))
    return found


def watched(film: Made) -> set[tuple[int, ...]]:
    """Play a film's longer beats to their ends and compare; which colours were seen."""
    beats = [beat for beat in film.manifest.beats if beat.caption and beat.seconds >= 5]
    chosen = {beat.name: beat for beat in (beats[0], *(each for each in beats if each.name == film.manifest.poster_beat), beats[-1])}
    seen = set()
    with browser_page() as page:
        page.set_content(f"<!doctype html><title>film</title>{video_tag(film.manifest, inlined(film.folder))}")
        for beat in chosen.values():
            points = flat_points(film.drawn[beat.name])
            found = page.evaluate(AT, [beat.start + beat.seconds - STILL, list(points.values())])
            for colour, shown in zip(points, found["shown"], strict=True):
                assert max(abs(a - b) for a, b in zip(colour, shown, strict=True)) <= OFF, f"{beat.name}: {colour} is shown as {shown}"
            said = " ".join(" ".join(found["said"]).split())
            assert said in beat.caption, f"{beat.name}: {said} is not of {beat.caption}"
            seen |= set(points)
    return seen


@needs_browser
@pytest.mark.filterwarnings("ignore:'mode' parameter for changing data types:DeprecationWarning")  # in manim's camera
@pytest.mark.parametrize("name", ["FlashAttentionScene", "DigestScene"])
def test_a_film_of_attention(name: str, tmp_path: Path) -> None:
    film = made(getattr(scenes(), name), "flash", Settings(config=TINY, source="numpy"), tmp_path)
    assert len(watched(film)) >= 2


@needs_browser
def test_a_chapter_and_that_another_picture_is_told_apart(tmp_path: Path) -> None:
    film = made(scenes("causal").CausalScene, "causal", Settings(config=TINY, source="numpy"), tmp_path)
    assert len(watched(film)) >= 3
    moved = {name: np.roll(picture, 40, axis=1) for name, picture in film.drawn.items()}
    with pytest.raises(AssertionError, match="is shown as"):
        watched(Made(film.folder, film.manifest, moved))
    late = tuple(msgspec.structs.replace(beat, caption="Another caption.") for beat in film.manifest.beats)
    with pytest.raises(AssertionError, match="is not of Another caption"):
        watched(Made(film.folder, msgspec.structs.replace(film.manifest, beats=late), film.drawn))


@needs_browser
def test_the_course(tmp_path: Path) -> None:
    """With two of its chapters: the others are films of their own."""

    class CourseScene(scenes("course").CourseScene):  # type: ignore[misc]
        poster = "ReferencesScene-read"

        def construct(self) -> None:
            self.open(SCENES)
            self.play_chapter("memory_hierarchy")
            self.play_chapter("references")

    film = made(CourseScene, "course", Settings(config=TINY, source="numpy"), tmp_path)
    assert len(watched(film)) >= 2
    assert len({beat.chapter for beat in film.manifest.beats}) == 2


@needs_browser
def test_the_film_of_a_kernel(tmp_path: Path) -> None:
    product(32, 32, 32).save(tmp_path / "product.npz")
    settings = load_settings(environ={}, folder=tmp_path, trace=str(tmp_path / "product.npz"))
    film = made(scenes("kernel").KernelScene, "kernel", settings, tmp_path)
    assert len(watched(film)) >= 2
