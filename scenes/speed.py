"""Time against N, measured, and the paper's own figures: ``manim -pqh scenes/speed.py SpeedScene``."""

from flashviz.director.chapters import SpeedFilm
from flashviz_kernels.bench.measured import measured


class SpeedScene(SpeedFilm):
    """Fast: the same operations at a higher rate, since fewer bytes move."""

    subject = "Fast: time against N"
    poster = "square"

    def construct(self) -> None:
        self.open(measured)

        self.question()
        self.standard()
        self.flash()
        self.gap()
        self.square()
        self.pause_a()
        self.paper()
