"""How far off either output is, and rounded scores followed into the worst of it: ``manim -pqh scenes/exactness.py ExactnessScene``."""

from flashviz.director import exactness
from flashviz_kernels.exactness import row_furthest, scores_stored, truth_of
from flashviz_kernels.recorder import run


class ExactnessScene(exactness.ExactnessStage):
    """Exact: the same function as standard attention, with no approximation besides rounding."""

    subject = "Exact: the error against float64"
    running_head = "Exact"
    poster = "sum"

    def construct(self) -> None:
        film = self.open(run, truth_of, scores_stored, row_furthest)

        exactness.outputs(film)
        exactness.reference(film)
        exactness.apart(film)
        exactness.magnify(film)
        exactness.worst(film)
        exactness.stored(film)
        exactness.scores(film)
        exactness.weights(film)
        exactness.times(film)
        exactness.added(film)
        exactness.exact(film)
        exactness.equal(film)
