"""The backward pass, from its own trace: ``manim -pqh scenes/backward.py BackwardScene``."""

from flashviz.director import backward
from flashviz_kernels.differentiating import inputs
from flashviz_kernels.recorder import run


class BackwardScene(backward.BackwardStage):
    """P is made again from one number a row, dS from one more; dV and dK have one owner each, and all programs add to the same dQ."""

    subject = "The backward pass"
    poster = "share"

    def construct(self) -> None:
        film = self.open(run, inputs)

        backward.kept(film)
        backward.again(film)
        backward.dv(film)
        backward.upstream(film)
        backward.row(film)
        backward.raised(film)
        backward.share(film)
        backward.dot(film)
        backward.softmax(film)
        backward.dk(film)
        backward.dq(film)
        backward.shared(film)
        backward.order(film)
        backward.recap(film)
