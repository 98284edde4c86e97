"""Bytes against N and against on-chip memory: ``manim -pqh scenes/io_complexity.py IOScene``."""

from flashviz.director.chapters import IOFilm
from flashviz_kernels.recorder import record


class IOScene(IOFilm):
    """IO-aware: what crosses between HBM and the chip, counted, and what a larger chip would save."""

    subject = "IO-aware: bytes against N and on-chip memory"
    poster = "gap"

    def construct(self) -> None:
        self.open(record)

        self.question()
        self.standard()
        self.flash()
        self.lines()
        self.gap()

        self.memory()
        self.larger()
        self.theorem()
        self.crossing()
