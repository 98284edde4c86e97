"""One row's softmax, in three passes and in one: ``manim -pqh scenes/online_softmax.py OnlineSoftmaxScene``."""

from flashviz.director.softmax import OnlineSoftmaxFilm
from flashviz_kernels.recorder import run


class OnlineSoftmaxScene(OnlineSoftmaxFilm):
    """Three passes become one: pairs (m, l) merge, in any order, to the same result."""

    subject = "Softmax in one pass"
    poster = "online"

    def construct(self) -> None:
        self.open(run)

        self.one_row()
        self.passes()
        self.merge()
        self.online()
        self.shuffled()
