"""Tile height and the roofline: ``manim -pqh scenes/roofline.py RooflineScene``."""

from flashviz.director import roofline
from flashviz_kernels.recorder import record


class RooflineScene(roofline.RooflineStage):
    """Of one row block tiles cross and are multiplied: their ratio is a dot, which fewer bytes and more work let climb the roof."""

    subject = "IO-aware: tile height and the roofline"
    running_head = "Roofline"
    poster = "answer"

    def construct(self) -> None:
        film = self.open(record)

        roofline.block(film)
        roofline.standard(film)
        roofline.ratio(film)
        roofline.ridge(film)
        roofline.waits(film)
        roofline.flash(film)
        roofline.climb(film)
        roofline.limit(film)
        roofline.roof(film)
        roofline.answer(film)
