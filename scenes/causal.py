"""What a causal mask saves: ``manim -pqh scenes/causal.py CausalScene``."""

from flashviz.director import causal
from flashviz_kernels.recorder import run


class CausalScene(causal.CausalStage):
    """Skipped, masked and full tiles of a causal trace; half of the work, in programs of unequal length."""

    subject = "What a causal mask saves"
    running_head = "Causal mask"
    poster = "half"

    def construct(self) -> None:
        film = self.open(run)

        causal.row(film)
        causal.mask(film)
        causal.skip(film)
        causal.kinds(film)
        causal.half(film)
        causal.rows(film)
        causal.blind(film)
