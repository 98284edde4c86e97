"""Bytes against on-chip memory: ``manim -pqh scenes/io_complexity.py IOScene``."""

from flashviz.director import io_complexity
from flashviz_kernels.recorder import run


class IOScene(io_complexity.IOStage):
    """IO-aware: standard attention's bytes are a line; the larger the chip, the fewer sweeps, and the bar sinks beneath it."""

    subject = "IO-aware: bytes against on-chip memory"
    running_head = "IO"
    poster = "ratio"
    begins = (("S", "sweeps grid"), ("O", "sweeps O"))

    def construct(self) -> None:
        film = self.open(run)

        io_complexity.best(film)
        io_complexity.square(film)
        io_complexity.sweep(film)
        io_complexity.double(film)
        io_complexity.cached(film)
        io_complexity.wider(film)
        io_complexity.chips(film)
        io_complexity.ratio(film)
