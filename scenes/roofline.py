"""Tile height and the roofline: ``manim -pqh scenes/roofline.py RooflineScene``."""

from flashviz.director import roofline
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.recorder import record


class RooflineScene(roofline.RooflineStage):
    """Bytes pull a dot left under the roof; fewer of them let it climb, until registers end."""

    subject = "IO-aware: tile height and the roofline"
    running_head = "Roofline"
    poster = "climb"

    def construct(self) -> None:
        film = self.open(record, resources_of)

        roofline.roof(film)
        roofline.ridge(film)
        roofline.stream(film)
        roofline.standard(film)
        roofline.flash(film)
        roofline.climb(film)
        roofline.full(film)
        roofline.answer(film)
