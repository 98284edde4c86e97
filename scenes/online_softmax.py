"""How parts of a softmax merge: ``manim -pqh scenes/online_softmax.py OnlineSoftmaxScene``."""

from flashviz.director import online_softmax
from flashviz_kernels.recorder import run


class OnlineSoftmaxScene(online_softmax.OnlineSoftmaxStage):
    """Two sums under two maxima become one: the lower yields, then they add; in any order of tiles, to the same."""

    subject = "Softmax in one pass"
    running_head = "Softmax"
    poster = "squeeze"
    begins = (("row", "scores"),)

    def construct(self) -> None:
        film = self.open(run)

        online_softmax.row(film)
        online_softmax.part(film)
        online_softmax.other(film)
        online_softmax.values(film)
        online_softmax.term(film)
        online_softmax.squeeze(film)
        online_softmax.join(film)
        online_softmax.lower(film)
        online_softmax.higher(film)
        online_softmax.low(film)
        online_softmax.rest(film)
        online_softmax.another_order(film)
        online_softmax.once(film)
