"""Memory against N, measured: ``manim -pqh scenes/memory_scaling.py MemoryScalingScene``."""

from flashviz.director import memory_scaling
from flashviz_kernels.bench.measured import measured


class MemoryScalingScene(memory_scaling.MemoryScalingStage):
    """Memory-efficient: at each doubling of N the squares of S and P take four times the area, and O's strip gets twice as long."""

    subject = "Memory-efficient: extra memory against N"
    running_head = "Extra memory"
    poster = "gap"
    ends = (("S", "area S"), ("O", "area O"))

    def construct(self) -> None:
        film = self.open(measured)

        memory_scaling.stored(film)
        memory_scaling.flash(film)
        memory_scaling.lse(film)
        memory_scaling.double(film)
        memory_scaling.again(film)
        memory_scaling.fold(film)
        memory_scaling.gap(film)
