"""The paper's time and bytes, and why they are fewer: ``manim -pqh scenes/speed.py SpeedScene``."""

from flashviz.director import speed
from flashviz_kernels.recorder import run


class SpeedScene(speed.SpeedStage):
    """Fast: through the same pipe, at the same bytes a second, whoever moves fewer bytes is done sooner."""

    subject = "Fast: fewer bytes, less time"
    running_head = "Speed"
    poster = "difference"

    def construct(self) -> None:
        film = self.open(run)

        speed.time(film)
        speed.moved(film)
        speed.whole(film)
        speed.tile(film)
        speed.pace(film)
        speed.short(film)
        speed.rest(film)
        speed.difference(film)
