"""The paper's time and bytes, and why they are fewer: ``manim -pqh scenes/speed.py SpeedScene``."""

from flashviz.director import speed
from flashviz_kernels.recorder import run


class SpeedScene(speed.SpeedStage):
    """Fast: the same function in less time, with more operations and far fewer bytes."""

    subject = "Fast: fewer bytes, less time"
    running_head = "Speed"
    poster = "again"

    def construct(self) -> None:
        film = self.open(run)

        speed.time(film)
        speed.moved(film)
        speed.out(film)
        speed.back(film)
        speed.scores(film)
        speed.again(film)
