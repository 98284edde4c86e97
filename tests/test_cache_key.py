"""The cache key: the same for the same picture, wherever it is made; another for whatever changes a frame."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from manim import BLUE, DOWN, RED, UP, Circle, Dot, FadeIn, ImageMobject, Scene, Square, VGroup, Wait, linear, smooth

from flashviz.config import AttentionConfig
from flashviz.render.cache_key import Walk, cache_key
from flashviz.render.damage import DamageCamera
from flashviz.trace import Trace
from flashviz_kernels.recorder import record
from tests.conftest import ROOT, ManimConfig

SCRIPT = """
import sys
from manim import BLUE, UP, Circle, Square
from flashviz.mobjects.readout import Readout
from flashviz.render.cache_key import cache_key
from flashviz.render.damage import DamageCamera
from flashviz import theme
square, digits = Square(fill_color=BLUE, fill_opacity=1), Readout("12", 40, "#ffffff", name="n")
drawn = [square, *digits.family_members_with_points()]
print(cache_key(DamageCamera(), drawn, [square.animate.shift(UP).build(), digits.turn("13")], "x264"))
"""


def key(change: Callable[[dict[str, Any]], object] = lambda _: None) -> str:
    """The key of one play, after a change of its parts."""
    square: Any = Square(fill_color=BLUE, fill_opacity=0.5)
    parts: dict[str, Any] = {
        "camera": DamageCamera(), "drawn": [square, Circle()], "encoder": "x264",
        "animations": [square.animate(run_time=1, rate_func=smooth).shift(UP).build()],
    }  # fmt: skip
    change(parts)
    return cache_key(parts["camera"], parts["drawn"], parts["animations"], parts["encoder"])


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "encoder": lambda p: p.update(encoder="x265"),
    "view": lambda p: setattr(p["camera"], "frame_height", 9.0),
    "background": lambda p: p["camera"].background.fill(7),
    "points": lambda p: p["drawn"][1].shift(0.001 * UP),
    "colour": lambda p: p["drawn"][0].set_fill(RED),
    "stroke": lambda p: p["drawn"][0].set_stroke(width=3),
    "order": lambda p: p["drawn"].reverse(),
    "one more": lambda p: p["drawn"].append(Dot()),
    "z": lambda p: p["drawn"][1].set_z_index(3),
    "run time": lambda p: setattr(p["animations"][0], "run_time", 2),
    "easing": lambda p: setattr(p["animations"][0], "rate_func", linear),
    "where to": lambda p: p["animations"].__setitem__(0, p["drawn"][0].animate.shift(DOWN).build()),
    "another animation": lambda p: p["animations"].append(FadeIn(Dot())),
    "a wait": lambda p: p.update(animations=[Wait(1)]),
    "an updater": lambda p: p["drawn"][1].add_updater(lambda m: m.shift(UP), call_updater=False),
    "an image": lambda p: p["drawn"].append(ImageMobject(np.zeros((2, 2, 4), np.uint8))),
}


def test_the_same_play_has_the_same_key() -> None:
    assert key() == key()


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_a_frame_changes_the_key(name: str) -> None:
    assert key(CHANGES[name]) != key()


def test_other_code_is_another_key() -> None:
    """What an animation of ours draws is in its class; manim's own key does not see it."""

    def animation(body: str) -> Any:
        scope: dict[str, Any] = {}
        exec(f"from manim import Animation\nclass Grow(Animation):\n    def interpolate_mobject(self, alpha):\n        {body}", scope)
        scope["Grow"].__module__ = "my_film"
        return scope["Grow"](Square())

    bodies = ["self.mobject.scale(1 + alpha)", "self.mobject.scale(1 + alpha)", "self.mobject.scale(2 + alpha)"]
    first, again, other = (key(lambda p, b=b: p.update(animations=[animation(b)])) for b in bodies)  # type: ignore[misc]
    assert first == again
    assert first != other


def test_keys_hold_in_another_process_and_directory(tmp_path: Path) -> None:
    """Hash seeds, ids and the working directory do not enter."""
    path = f"{ROOT}:{ROOT}/kernels"
    keys = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=folder, env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            check=True, capture_output=True, text=True,
        ).stdout.strip()
        for folder, seed in ((tmp_path, "1"), (ROOT, "2"))
    }  # fmt: skip
    assert len(keys) == 1
    assert len(keys.pop()) == 64


def test_a_number_is_the_same_whoever_holds_it() -> None:
    """A play that is drawn may leave NumPy's number where one that is skipped leaves Python's."""
    for number, also, other in ((1.5, np.float64(1.5), 1.25), (3, np.int64(3), 4)):
        assert _digest([number]) == _digest([also]) != _digest([other])


def test_cycles_and_shared_parts() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    walk = Walk()
    walk.feed(loop)
    shared = VGroup(Square())
    assert _digest([shared, shared]) != _digest([shared, VGroup(Square())])


def _digest(value: Any) -> str:
    walk = Walk()
    walk.feed(value)
    return walk.digest()


def test_a_scene_is_no_part_of_a_key(manim_config: ManimConfig) -> None:
    """It holds the whole film so far; what of it is seen is fed by itself."""
    with manim_config():
        first, second = Scene(), Scene()
    vars(second)["something"] = np.zeros(3)
    assert _digest(first) == _digest(second)


def of_a_sweep(trace: Trace) -> Walk:
    """What is hashed of a function that looks into a recording, as a sweep's does."""
    walk = Walk()
    walk.feed(lambda alpha: trace[round(alpha)])
    return walk


def test_a_recording_is_hashed_once_and_whole(tmp_path: Path) -> None:
    """The key of a sweep holds its trace's digest instead of its events, and changes with any of them."""
    config = AttentionConfig(seq_q=64, block_m=16, block_n=16, head_dim=16)
    trace = record(config, source="numpy", snapshots=[(0, 0)])
    trace.save(tmp_path / "trace.npz")
    expected = of_a_sweep(trace).digest()
    assert sum(map(len, of_a_sweep(trace).parts)) < 2000
    looked_at = record(config, source="numpy", snapshots=[(0, 0)])
    assert looked_at.hash == trace.hash
    assert len(looked_at.bounds) == 5
    assert of_a_sweep(looked_at).digest() == of_a_sweep(Trace.load(tmp_path / "trace.npz")).digest() == expected
    for name in trace.columns:
        others = {name: column.copy() for name, column in trace.columns.items()}
        others[name][7] += 1
        assert of_a_sweep(Trace(trace.header, others, snapshots=trace.snapshots)).digest() != expected, name
    assert of_a_sweep(Trace(trace.header, trace.columns)).digest() != expected
