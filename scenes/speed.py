"""Two runs that were measured, why one is shorter, and the paper's figures: ``manim -pqh scenes/speed.py SpeedScene``."""

from flashviz.director import speed
from flashviz_kernels.bench.measured import measured
from flashviz_kernels.recorder import run


class SpeedScene(speed.SpeedStage):
    """Fast: the same function in less time, with more operations and far fewer bytes."""

    subject = "Fast: fewer bytes, less time"
    running_head = "Speed"
    poster = "again"

    def construct(self) -> None:
        film = self.open(measured, run)

        speed.measured(film)
        speed.stored(film)
        speed.kept(film)
        speed.again(film)
