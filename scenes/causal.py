"""What a causal limit saves: ``manim -pqh scenes/causal.py CausalScene``."""

from flashviz.director.causal import CausalFilm
from flashviz_kernels.recorder import run


class CausalScene(CausalFilm):
    """Skipped, masked and full tiles of a causal trace."""

    subject = "What a causal limit saves"
    poster = "kinds"

    def construct(self) -> None:
        self.open(run)

        self.limit()
        self.sweep()
        self.kinds()
        self.bytes()
        self.blind()
