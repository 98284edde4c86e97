"""What standard attention moves: ``manim -pqh scenes/standard_attention.py StandardAttentionScene``."""

from flashviz.director import standard
from flashviz_kernels.recorder import run


class StandardAttentionScene(standard.StandardAttentionStage):
    """S and P go out to HBM and come back, since softmax needs whole rows: each way joins one bar."""

    subject = "What standard attention moves"
    running_head = "Standard"
    poster = "bill"
    begins = (("chip", "chip"),)
    ends = (("row", "bar P back"),)

    def construct(self) -> None:
        film = self.open(run)

        standard.kernels(film)
        standard.s_out(film)
        standard.s_back(film)
        standard.p_back(film)
        standard.bill(film)
