"""manim's own renderer, writer and encoder, to measure ours against. Only the clock is ours, so that it draws the same frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from manim import CairoRenderer, Camera
from manim.scene.video_segment_encoder import VideoSegmentEncoder

from flashviz.render.renderer import FilmClock
from flashviz.render.writer import FilmWriter


class StockRenderer(FilmClock):
    """manim's drawing and its encoder's settings."""

    def init_scene(self, scene: Any, session_spec: Any, file_writer_settings: Any) -> None:
        """As manim."""
        CairoRenderer.init_scene(self, scene, session_spec, file_writer_settings)


class StockWriter(FilmWriter):
    """manim's encoder."""

    def _create_segment_encoder(self, target: Path) -> VideoSegmentEncoder:
        assert self.video_encoder is not None
        return VideoSegmentEncoder(target=target, spec=self.video_encoder)


def stock_renderer(_encode: str, camera_class: type[Camera]) -> CairoRenderer:
    """What stands in for ``make_renderer``: made by the scene itself, which sets the frame and its colour first."""
    return StockRenderer(file_writer_class=StockWriter, camera_class=camera_class)
