"""Tile height and the roofline: ``manim -pqh scenes/roofline.py RooflineScene``."""

from flashviz.director import roofline
from flashviz_kernels.bench.measured import measured
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.recorder import record


class RooflineScene(roofline.RooflineStage):
    """Taller tiles climb the roof, until one program fills an SM; what was measured, each algorithm under its roof."""

    subject = "IO-aware: tile height and the roofline"
    running_head = "Roofline"
    poster = "climb"

    def construct(self) -> None:
        film = self.open(record, measured, resources_of)

        roofline.roof(film)
        roofline.standard(film)
        roofline.tile(film)
        roofline.climb(film)
        roofline.full(film)
        roofline.answer(film)
        roofline.gpu(film)
        roofline.close(film)
