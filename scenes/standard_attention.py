"""What standard attention moves: ``manim -pqh scenes/standard_attention.py StandardAttentionScene``."""

from flashviz.director.standard import StandardAttentionFilm
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class StandardAttentionScene(StandardAttentionFilm):
    """S and P go out to HBM and come back, since softmax needs whole rows."""

    subject = "What standard attention moves"
    poster = "o-out"

    def construct(self) -> None:
        self.open(run, block_error)

        self.kernels()
        self.scores_out()
        self.weights_out()
        self.output()
        self.why_not()
        self.obstacle()
