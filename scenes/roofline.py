"""Tile height and the roofline: ``manim -pqh scenes/roofline.py RooflineScene``."""

from flashviz.director import roofline
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.recorder import record


class RooflineScene(roofline.RooflineStage):
    """Operations by bytes are a dot under the roof; taller tiles climb, until a program spills and has an SM to itself."""

    subject = "IO-aware: tile height and the roofline"
    running_head = "Roofline"
    poster = "climb"

    def construct(self) -> None:
        film = self.open(record, resources_of)

        roofline.roof(film)
        roofline.ridge(film)
        roofline.standard(film)
        roofline.flash(film)
        roofline.tile(film)
        roofline.climb(film)
        roofline.full(film)
        roofline.alone(film)
        roofline.answer(film)
