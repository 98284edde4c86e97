"""Which loop is outside: ``manim -pqh scenes/loop_order.py LoopOrderScene``."""

from flashviz.director import loop_order
from flashviz.director.joint import grids
from flashviz_kernels.recorder import run


class LoopOrderScene(loop_order.LoopOrderStage):
    """FlashAttention beside FlashAttention-2: the same tiles in two orders, and a tick each time that a tile crosses."""

    subject = "Which loop is outside"
    running_head = "Loop order"
    poster = "o"
    begins = grids("cross first", "cross second")

    def construct(self) -> None:
        film = self.open(run)

        loop_order.visit(film)
        loop_order.stage(film)
        loop_order.keys(film)
        loop_order.queries(film)
        loop_order.rest(film)
        loop_order.o_alone(film)
        loop_order.side_by_side(film)
        loop_order.total(film)
