"""Error against float64, by dtype: ``manim -pqh scenes/exactness.py ExactnessScene``."""

from flashviz.director.chapters import ExactnessFilm
from flashviz_kernels.exactness import error_against_float64, reordering_error, stored_error
from flashviz_kernels.recorder import run


class ExactnessScene(ExactnessFilm):
    """Exact: the same function as standard attention, with no approximation besides rounding."""

    subject = "Exact: the error against float64"
    poster = "rounded"

    def construct(self) -> None:
        self.open(run, error_against_float64, stored_error, reordering_error)

        self.identity()
        self.reordered()
        self.question()
        self.standard()
        self.flash()
        self.rounded()
