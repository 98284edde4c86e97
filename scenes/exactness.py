"""Both outputs, their difference, and the rounding of every dtype: ``manim -pqh scenes/exactness.py ExactnessScene``."""

from flashviz.director import exactness
from flashviz_kernels.exactness import scores_stored, truth_of
from flashviz_kernels.recorder import run


class ExactnessScene(exactness.ExactnessStage):
    """Exact: the same function as standard attention, with no approximation besides rounding."""

    subject = "Exact: the error against float64"
    running_head = "Exact"
    poster = "exact"

    def construct(self) -> None:
        film = self.open(run, truth_of, scores_stored)

        exactness.outputs(film)
        exactness.speckle(film)
        exactness.truth(film)
        exactness.ruler(film)
        exactness.mark(film)
        exactness.why(film)
        exactness.dtypes(film)
        exactness.exact(film)
