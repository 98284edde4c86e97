"""Two runs measured here; the paper's time, its bytes, and why they are fewer: ``manim -pqh scenes/speed.py SpeedScene``."""

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
        speed.time(film)
        speed.pour(film)
        speed.scores(film)
        speed.again(film)
