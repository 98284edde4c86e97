"""What happens to l and to acc when the max rises: ``manim -pqh scenes/rescale.py RescaleScene``."""

from flashviz.director import rescale
from flashviz_kernels.recorder import run


class RescaleScene(rescale.RescaleStage):
    """The rescale of one row, closely: l and acc shrink by the same factor, and their quotient does not move."""

    subject = "When the max rises"
    poster = "same"

    def construct(self) -> None:
        film = self.open(run)

        rescale.past(film)
        rescale.one_sum(film)
        rescale.answer(film)
        rescale.divide(film)
        rescale.add(film)
        rescale.terms(film)
        rescale.question(film)
        rescale.ruler(film)
        rescale.measure(film)
        rescale.stale(film)
        rescale.squeeze(film)
        rescale.same(film)
        rescale.alone(film)
        rescale.both(film)
        rescale.rows(film)
        rescale.no_answer_moves(film)
        rescale.exact(film)
        rescale.join(film)
        rescale.values(film)
        rescale.moves(film)
        rescale.rest(film)
        rescale.whole(film)
        rescale.calm(film)
