"""Programs, SMs and time, as a GPU's clock recorded them: ``manim -pqh scenes/pipeline.py PipelineScene``."""

from flashviz.director.pipeline import PipelineFilm
from flashviz_kernels.bench.measured import recordings


class PipelineScene(PipelineFilm):
    """On one SM a program copies while another multiplies; all SMs, and the tail that a causal mask leaves."""

    subject = "On a GPU: one copies, another multiplies"
    running_head = "On a GPU"
    poster = "two"

    def construct(self) -> None:
        self.open(recordings)

        self.one()
        self.copy()
        self.pause_a()
        self.two()
        self.sm()
        self.all()

        self.causal()
        self.longest()
