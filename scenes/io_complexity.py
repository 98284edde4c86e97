"""Bytes against on-chip memory: ``manim -pqh scenes/io_complexity.py IOScene``."""

from flashviz.director import io_complexity
from flashviz_kernels.recorder import run


class IOScene(io_complexity.IOStage):
    """IO-aware: the larger the chip, the fewer sweeps over Q and O, the fewer bytes."""

    subject = "IO-aware: bytes against on-chip memory"
    running_head = "IO"
    poster = "answer"
    begins = (("S", "sweeps grid"), ("O", "sweeps O"))

    def construct(self) -> None:
        film = self.open(run)

        io_complexity.chip(film)
        io_complexity.visit(film)
        io_complexity.sweep(film)
        io_complexity.back(film)
        io_complexity.again(film)
        io_complexity.more(film)
        io_complexity.less(film)
        io_complexity.wider(film)
        io_complexity.below(film)
        io_complexity.twice(film)
        io_complexity.real(film)
        io_complexity.law(film)
        io_complexity.answer(film)
