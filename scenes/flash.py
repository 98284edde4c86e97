"""The FlashAttention film, from the kernel's own trace: ``manim -pqh scenes/flash.py FlashAttentionScene``."""

from flashviz.director import FlashFilm
from flashviz.storyboard import DIGEST_SCRIPT, DIGEST_SECONDS
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class FlashAttentionScene(FlashFilm):
    """Three and a half minutes: what moves, how many bytes, why the result is exact, what happens when the max rises."""

    subject = "FlashAttention, from its own trace"
    poster = "11"

    def construct(self) -> None:
        self.open(run, block_error)

        self.hook()
        self.attention()
        self.tiles()
        self.memory()
        self.standard()
        self.pause_a()
        self.obstacle()

        self.q_stays()
        self.scores()
        self.maximum()
        self.denominator()
        self.blended()
        self.calm()
        self.pause_b()
        self.rise()
        self.why()
        self.sum_rescaled()
        self.acc_rescaled()

        self.onward()
        self.finished()
        self.rest()
        self.parallel()
        self.bill()
        self.pause_c()
        self.exact()
        self.card()


class DigestScene(FlashFilm):
    """One minute: the scores that standard attention stores, one tile slowly, the rise of the max, the bill."""

    subject = "FlashAttention in a minute"
    script = DIGEST_SCRIPT
    poster = "bill"

    def construct(self) -> None:
        self.open(run, block_error, DIGEST_SECONDS)

        self.hook()
        self.standard()

        self.q_stays()
        self.scores()
        self.maximum()
        self.denominator()
        self.blended()
        self.rise()
        self.sum_rescaled()
        self.acc_rescaled()

        self.bill()
