"""Two bars of the paper's, and a GPU measured here: ``manim -pqh scenes/speed.py SpeedScene``."""

from flashviz.director import speed
from flashviz_kernels.bench.measured import measured


class SpeedScene(speed.SpeedStage):
    """Fast: the same function in less time, since fewer bytes move."""

    subject = "Fast: time against N"
    running_head = "Speed"
    poster = "again"

    def construct(self) -> None:
        film = self.open(measured)

        speed.race(film)
        speed.nbytes(film)
        speed.stored(film)
        speed.again(film)
        speed.measured(film)
