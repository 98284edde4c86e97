"""Programs, SMs and time, as a GPU's clock recorded them: ``manim -pqh scenes/pipeline.py PipelineScene``."""

from flashviz.director.pipeline import PipelineFilm
from flashviz_kernels.bench.measured import clocked


class PipelineScene(PipelineFilm):
    """What one program leaves of an SM's tensor cores, another one uses; and so on all SMs."""

    subject = "On a GPU: one copies, another multiplies"
    running_head = "On a GPU"
    poster = "plan"

    def construct(self) -> None:
        self.open(clocked)

        self.one()
        self.copy()
        self.two()
        self.sm()
        self.sort()
        self.together()
        self.all()
        self.plan()
