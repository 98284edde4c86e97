"""FilmRenderer: manim's Cairo renderer, repainting and encoding only what changed, with a clock that counts frames.

``manim -qh scenes/flash.py FlashAttentionScene`` has it without a flag: a scene passes ``make_renderer()`` to ``manim.Scene``. The pixels
are those of manim's own renderer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import CairoRenderer, Camera, Mobject, MovingCamera, config
from manim.constants import RendererType
from manim.renderer import cairo_renderer
from manim.utils.iterables import list_update

from flashviz.errors import UsageError
from flashviz.interrupts import heed
from flashviz.render.cache_key import cache_key
from flashviz.render.damage import Box, DamageCamera, MovingDamageCamera
from flashviz.render.segments import patch
from flashviz.render.writer import FilmWriter
from flashviz.settings import Encode

if TYPE_CHECKING:
    from manim import Animation, Scene
    from manim._config.render_session import RenderSessionSpec
    from manim._config.video_encoder import VideoEncoderSpec
    from manim.scene.scene_file_writer import _SceneFileWriterSettings

# sRGB's primaries; its transfer as video names it; the matrix with which swscale makes yuv420p of RGB. One thread a segment: several
# segments are encoded at once, threads cost up to a third more, and the file does not depend on the machine's cores.
X264 = "colorprim=bt709:transfer=bt709:colormatrix=smpte170m:threads=1"
SAME = {"crf": "23"}  # manim's
# No lookahead, whose gain is in motion that these films have not. 24 gives the bytes of veryfast at 23, in three quarters of its time.
FAST = {"preset": "superfast", "crf": "24", "x264-params": "rc-lookahead=0:mbtree=0:scenecut=0:b-adapt=0"}
SEGMENTS_KEPT = 2000  # manim keeps 100; a film has more plays than that, and would evict its own
LEAST, MOST = 1e-3, 1e5  # units of a frame's side; with 1e-300 or 1e300 cairo's matrix has no inverse
ENCODERS_AHEAD = 2  # segments that may still be encoding while the next is drawn; manim waits for each. x264 keeps some 300 MB of each


def make_renderer(encode: Encode = "same", camera_class: type[Camera] = Camera) -> FilmRenderer:
    """The renderer that a scene hands to ``manim.Scene.__init__(renderer=...)``.

    Args:
        encode: ``same`` as manim encodes, or ``fast``; an x264 preset or params of the user's own win over both.
        camera_class: The one that manim gives the scene: ``manim.MovingCameraScene`` asks for a camera that moves.

    Raises:
        UsageError: manim was asked for its OpenGL renderer, which draws neither these scenes' text nor their files; or for a frame
            that has no size, or one at which cairo's coordinates end.
    """
    if config.renderer == RendererType.OPENGL:
        raise UsageError("--renderer=opengl: these scenes are drawn by cairo; leave the option out")
    sides = config.frame_width, config.frame_height
    if not all(LEAST <= side <= MOST for side in sides):
        got = " x ".join(f"{side:g}" for side in sides)
        raise UsageError(f"expected a frame of {LEAST:g} to {MOST:g} units a side, got {got}; correct frame and pixels in manim.cfg")
    camera = MovingDamageCamera if issubclass(camera_class, MovingCamera) else DamageCamera
    renderer = FilmRenderer(file_writer_class=FilmWriter, camera_class=camera)
    renderer.encode = encode
    return renderer


class FilmClock(CairoRenderer):
    """manim's drawing, with an encoder that tags its colours, and a clock that counts frames.

    The tags change the bytes, so they are in manim's cache key. manim's clock runs by frames while it draws and by
    nominal seconds where it skips or finds a segment in its cache; a scene that fills a beat up to the second would then
    be another film the second time. Here both go by frames.
    """

    encode: Encode = "same"

    def init_scene(self, scene: Scene, session_spec: RenderSessionSpec, file_writer_settings: _SceneFileWriterSettings) -> None:
        """Replace the encoder in the scene's own session, from which manim takes its cache key, and in the writer's."""
        encoder = _tagged(session_spec.video_encoder, self.encode)
        kept = file_writer_settings.max_files_cached
        scene.session_spec = replace(session_spec, video_encoder=encoder)
        scene.file_writer_settings = replace(
            file_writer_settings,
            video_encoder=encoder,
            max_files_cached=kept if kept == -1 else max(kept, SEGMENTS_KEPT),
            max_inflight_encoders=max(file_writer_settings.max_inflight_encoders, ENCODERS_AHEAD),
        )
        super().init_scene(scene, scene.session_spec, scene.file_writer_settings)

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """As manim; afterwards ``time`` is a whole number of frames, the same whether they were drawn or not."""
        heed()
        rate, start = self.camera.frame_rate, self.time
        if self.num_plays == config.from_animation_number:
            self.file_writer.starts = start
        super().play(scene, *args, **kwargs)
        drawn = not self.skip_animations
        frames = round((self.time - start) * rate) if drawn else _frames(scene, rate)
        self.time = self.file_writer.ends = (round(start * rate) + frames) / rate
        key = self.animations_hashes[-1]
        if drawn and key is not None and self.file_writer.share is not None:
            self.file_writer.share.drew(key, frames / rate)

    def freeze_current_frame(self, duration: float) -> None:
        """Hold the picture for the nearest number of frames; manim rounds down, and 2.0 s could lose one."""
        self.add_frame(self.get_frame(), num_frames=_still_frames(duration, self.camera.frame_rate))


class FilmRenderer(FilmClock):
    """The same frames, of which only what changed is painted, converted and sent to the encoder."""

    camera: DamageCamera
    static: list[Mobject]  # what stands still in this play, without families
    damage: list[Box]  # where the frame differs from the one before
    new_segment = True  # which begins with a whole frame

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """As manim, in a segment of its own, which has our name in the cache."""
        self.new_segment = True
        with replaced(cairo_renderer, "get_hash_from_play_call", self._cache_key):
            super().play(scene, *args, **kwargs)

    def _cache_key(
        self, _scene: Scene, _camera: Any, animations: Sequence[Animation], mobjects: Sequence[Mobject], *, encoder_fingerprint: str,
        **_options: Any,
    ) -> str:  # fmt: skip
        return cache_key(self.camera, self.camera.get_mobjects_to_display(mobjects), animations, encoder_fingerprint)

    def save_static_frame_data(self, _scene: Scene, static_mobjects: Iterable[Mobject]) -> None:
        """Note what stands still in this play; the camera knows by itself that it need not be painted again."""
        self.static = self.camera.get_mobjects_to_display(static_mobjects)

    def update_frame(
        self, scene: Scene, mobjects: Iterable[Mobject] | None = None, include_submobjects: bool = True, ignore_skipping: bool = True,
        **_options: Any,
    ) -> None:  # fmt: skip
        """Bring the frame up to date: ``mobjects``, or all of the scene, over what stands still."""
        if self.skip_animations and not ignore_skipping:
            return
        shown = list(mobjects or []) or list_update(scene.mobjects, scene.foreground_mobjects)
        self.damage = self.camera.draw(self.static, self.camera.get_mobjects_to_display(shown, include_submobjects=include_submobjects))

    @property
    def static_image(self) -> None:
        """manim's picture of what stands still. There is none here; manim sets it to None at the end of a play."""
        return

    @static_image.setter
    def static_image(self, _value: None) -> None:
        self.static = []

    def render(self, scene: Scene, _time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        """One frame of a play."""
        if not self.skip_animations:  # else nobody will see it
            self.update_frame(scene, moving_mobjects)
            self.emit(1)

    def freeze_current_frame(self, duration: float) -> None:
        """Hold the picture for the nearest number of frames."""
        if not self.skip_animations:
            self.emit(_still_frames(duration, self.camera.frame_rate))

    def emit(self, frames: int) -> None:
        """Send the writer the frame, or what of it is new since the last one of this segment."""
        self.time += frames / self.camera.frame_rate
        pixels = self.camera.pixel_array
        if self.new_segment or not self.file_writer.takes_patches or not _worth_patching(self.damage, pixels):
            self.file_writer.write_frame(self.get_frame(), repeat=frames)
        else:
            self.file_writer.write_frame([patch(pixels, box) for box in self.damage], repeat=frames)
        self.new_segment = False


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Another value under a name, for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _worth_patching(damage: list[Box], pixels: np.ndarray) -> bool:
    return 2 * sum(box.area for box in damage) < int(pixels.shape[0] * pixels.shape[1])


def _frames(scene: Scene, rate: float) -> int:
    """How many frames the play that ``scene`` has just been given takes, as manim steps through it."""
    if scene.is_current_animation_frozen_frame():
        return _still_frames(scene.duration, rate)
    return len(np.arange(0, scene.duration, 1 / rate))


def _still_frames(seconds: float, rate: float) -> int:
    return max(1, round(seconds * rate))


def _tagged(encoder: VideoEncoderSpec | None, encode: Encode) -> VideoEncoderSpec | None:
    """``encoder`` with the colour tags, and the fast options, before the user's own; other codecs as they are."""
    if encoder is None or encoder.codec != "libx264":
        return encoder
    own = dict(set(encoder.options) - set(SAME.items()))
    chosen = FAST if encode == "fast" else SAME
    params = [X264, chosen.get("x264-params"), own.get("x264-params")]
    options = chosen | own | {"x264-params": ":".join(part for part in params if part)}
    return replace(encoder, options=tuple(sorted(options.items())))
