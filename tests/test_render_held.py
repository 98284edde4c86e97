"""Held pictures, read by FFmpeg's decoder, which is told to refuse what the standard forbids."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manim._config.video_encoder import VideoEncoderSpec

from flashviz.render.held import KEY_EVERY, held_slice
from flashviz.render.renderer import FAST, SAME, X264, replaced
from flashviz.render.segments import SegmentEncoder, planes

RATE = Fraction(60)
PROFILES = {"same": {**SAME, "x264-params": X264}, "fast": {**FAST, "x264-params": f"{X264}:{FAST['x264-params']}"}}
OTHER = {  # options of a user's own
    "no B-frames": {"x264-params": "bframes=0:threads=1"},
    "no pyramid": {"x264-params": "b-pyramid=none:threads=1"},
    "CAVLC": {"x264-params": "cabac=0:threads=1"},
    "baseline": {"profile": "baseline", "x264-params": "threads=1"},
    "open GOP": {"x264-params": "open-gop=1:threads=1"},
}
WITHOUT = {
    "key frames only": {"x264-params": "keyint=1:threads=1"},
    "nothing lost": {"preset": "ultrafast", "qp": "0", "x264-params": "threads=1"},
    "several slices": {"x264-params": "slices=4:threads=1"},
}


def spec(options: dict[str, str], width: int = 160, height: int = 90) -> VideoEncoderSpec:
    return VideoEncoderSpec("mp4", "libx264", "yuv420p", width, height, RATE, tuple(sorted(options.items())))


def picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """RGBA: flat ground, a ramp, an edge and some noise."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[: height // 2, :, 0] = np.linspace(0, 255, width, dtype=np.uint8)
    noise = pixels[height // 2 :, width // 2 :, :3]
    noise[:] = np.random.default_rng(seed).integers(0, 256, noise.shape)
    return pixels


def segment(path: Path, options: dict[str, str], *frames: tuple[np.ndarray, int]) -> Path:
    height, width = frames[0][0].shape[:2]
    encoder = SegmentEncoder(target=path, spec=spec(options, width, height))
    for pixels, repeat in frames:
        encoder.write_frame(pixels, repeat=repeat)
    encoder.finish()
    return path


def decoded(path: Path) -> list[tuple[int, list[np.ndarray]]]:
    """Tick and planes of every frame; raises where the stream is not as the standard has it."""
    with av.open(str(path)) as film:
        film.streams.video[0].codec_context.options = {"err_detect": "explode+bitstream+compliant+careful"}
        return [(round(frame.time * RATE), [plane.copy() for plane in planes(frame)]) for frame in film.decode(video=0)]


def packets(path: Path) -> list[tuple[int, int, int, bool]]:
    with av.open(str(path)) as film:
        return [(packet.pts, packet.dts, packet.size, packet.is_keyframe) for packet in film.demux(video=0) if packet.size]


def equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, one, other))


@pytest.mark.parametrize("options", [*PROFILES.values(), *OTHER.values()], ids=[*PROFILES, *OTHER])
@pytest.mark.parametrize("size", [(160, 90), (854, 480), (270, 480), (1920, 1080)], ids=str)
def test_a_still_is_the_same_picture_at_every_tick(tmp_path: Path, options: dict[str, str], size: tuple[int, int]) -> None:
    shown = decoded(segment(tmp_path / "still.mp4", options, (picture(*size), 40)))
    assert [tick for tick, _ in shown] == list(range(40))
    assert all(equal(shown[0][1], one) for _, one in shown)
    sizes = [size for *_, size, _ in packets(tmp_path / "still.mp4")]
    assert max(sizes[1:]) < 100 < sizes[0]  # bytes: all but the first hold no picture


@settings(max_examples=25, deadline=None)
@given(frames=st.integers(1, 3 * KEY_EVERY), profile=st.sampled_from(sorted(PROFILES)), seed=st.integers(0, 9))
def test_a_still_of_any_length(tmp_path_factory: pytest.TempPathFactory, frames: int, profile: str, seed: int) -> None:
    path = segment(tmp_path_factory.mktemp("held") / "still.mp4", PROFILES[profile], (picture(160, 90, seed), frames))
    shown, found = decoded(path), packets(path)
    assert [tick for tick, _ in shown] == list(range(frames))
    assert all(equal(shown[0][1], one) for _, one in shown)
    assert [at for at, (*_, key) in enumerate(found) if key] == list(range(0, frames, KEY_EVERY))
    assert all(now < later for (_, now, *_), (_, later, *_) in pairwise(found))


def test_the_picture_is_no_worse_than_where_every_frame_is_encoded(tmp_path: Path) -> None:
    drawn = picture(320, 180)
    held = decoded(segment(tmp_path / "held.mp4", PROFILES["same"], (drawn, 40)))
    each = decoded(segment(tmp_path / "each.mp4", PROFILES["same"], *[(drawn, 1)] * 40))
    reference = decoded(segment(tmp_path / "lossless.mp4", WITHOUT["nothing lost"], (drawn, 1)))[0][1][0].astype(float)
    errors = [np.mean((frames[20][1][0] - reference) ** 2) for frames in (held, each)]
    assert errors[0] <= errors[1]


@pytest.mark.parametrize("options", PROFILES.values(), ids=PROFILES)
def test_stills_join_with_what_moves(tmp_path: Path, options: dict[str, str]) -> None:
    """One parameter set serves all segments of a film, which holds only the first one's."""
    moving = [(picture(160, 90, seed), 1) for seed in range(12)]
    paths = [segment(tmp_path / "moving.mp4", options, *moving), segment(tmp_path / "still.mp4", options, (moving[-1][0], 30))]
    sets = []
    for path in paths:
        with av.open(str(path)) as film:
            sets.append(film.streams.video[0].codec_context.extradata)
    assert sets[0] == sets[1]
    delays = [packets(path)[0][1] for path in paths]
    assert delays[0] == delays[1] < 0  # the joined film's packets are in one order


def test_what_moves_after_a_first_picture_that_stands_is_encoded(tmp_path: Path) -> None:
    first, second = picture(160, 90, 1), picture(160, 90, 2)
    shown = decoded(segment(tmp_path / "both.mp4", PROFILES["same"], (first, 5), (second, 5)))
    assert [tick for tick, _ in shown] == list(range(10))
    assert not equal(shown[0][1], shown[9][1])


@pytest.mark.parametrize("options", WITHOUT.values(), ids=WITHOUT)
def test_where_no_slice_repeats_a_picture_each_is_encoded(tmp_path: Path, options: dict[str, str]) -> None:
    assert held_slice(spec(options)) is None
    shown = decoded(segment(tmp_path / "still.mp4", options, (picture(160, 90), 12)))
    assert [tick for tick, _ in shown] == list(range(12))


def test_other_codecs_have_none() -> None:
    assert held_slice(replace(spec(PROFILES["same"]), codec="libvpx-vp9")) is None
    assert held_slice(replace(spec(PROFILES["same"]), pixel_format="yuv444p")) is None


def test_a_slice_that_does_not_repeat_is_not_taken() -> None:
    """The trial on a decoder can fail: a slice of a film half as large does not fill the picture."""
    from flashviz.render import held

    small = held_slice(spec(PROFILES["same"]))
    assert small is not None
    assert held._repeats(spec(PROFILES["same"]), small)
    assert not held._repeats(spec(PROFILES["same"], 320, 180), small)
    with replaced(held, "_repeats", lambda *_: False):
        assert held.held_slice.__wrapped__(spec(PROFILES["same"])) is None
