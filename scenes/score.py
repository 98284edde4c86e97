"""What a score is: ``manim -pqh scenes/score.py ScoreScene``."""

from flashviz.director import score
from flashviz_kernels.recorder import run


class ScoreScene(score.ScoreStage):
    """A query and a key: their products stack into one number, and that is divided by the root of d."""

    subject = "What a score is"
    running_head = "A score"
    poster = "scale"
    ends = (("memory", "match weight"),)

    def construct(self) -> None:
        film = self.open(run)

        score.pair(film)
        score.products(film)
        score.stack(film)
        score.scale(film)
        score.spread(film)
        score.weights(film)
        score.divided(film)
        score.match(film)
