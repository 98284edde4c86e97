"""Both outputs, their difference, and the rounding of every dtype: ``manim -pqh scenes/exactness.py ExactnessScene``."""

from flashviz.director import exactness
from flashviz_kernels.exactness import score_most_rounded, scores_stored, truth_of
from flashviz_kernels.recorder import run


class ExactnessScene(exactness.ExactnessStage):
    """Exact: the same function as standard attention, with no approximation besides rounding."""

    subject = "Exact: the error against float64"
    running_head = "Exact"
    poster = "exact"

    def construct(self) -> None:
        film = self.open(run, truth_of, scores_stored, score_most_rounded)

        exactness.outputs(film)
        exactness.speckle(film)
        exactness.truth(film)
        exactness.why(film)
        exactness.gap(film)
        exactness.dtypes(film)
        exactness.exact(film)
