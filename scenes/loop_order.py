"""Which loop is outside: ``manim -pqh scenes/loop_order.py LoopOrderScene``."""

from flashviz.director.crosses import LoopOrderFilm
from flashviz_kernels.recorder import run


class LoopOrderScene(LoopOrderFilm):
    """FlashAttention beside FlashAttention-2: same tiles, one clock, a bill each."""

    subject = "Which loop is outside"
    poster = "total"

    def construct(self) -> None:
        self.open(run)

        self.stage()
        self.first()
        self.rest()
        self.o_alone()
        self.total()
