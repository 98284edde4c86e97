"""Memory against N, measured: ``manim -pqh scenes/memory_scaling.py MemoryScalingScene``."""

from flashviz.director.chapters import MemoryScalingFilm
from flashviz_kernels.bench.measured import measured


class MemoryScalingScene(MemoryScalingFilm):
    """Memory-efficient: beyond Q, K and V standard attention needs memory as N squared, FlashAttention as N."""

    subject = "Memory-efficient: extra memory against N"
    poster = "gap"

    def construct(self) -> None:
        self.open(measured)

        self.question()
        self.standard()
        self.square()
        self.flash()
        self.linear()
        self.gap()
