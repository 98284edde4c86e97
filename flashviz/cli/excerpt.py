"""What ``flashviz bench render`` renders unless it is asked for a whole film: the slow tile and the rise, beats 7a to 9d."""

from flashviz.director import FlashFilm
from flashviz.storyboard import EXCERPT_SECONDS
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class ExcerptScene(FlashFilm):
    """One program's first tiles, slowly."""

    def construct(self) -> None:
        self.open(run, block_error, EXCERPT_SECONDS)

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
