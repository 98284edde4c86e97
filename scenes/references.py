"""What to read: ``manim -pqh scenes/references.py ReferencesScene``."""

from flashviz.director import references
from flashviz_kernels.recorder import run


class ReferencesScene(references.ReferencesStage):
    """The two grids once more: one keeps its scores; in the other one, which keeps none, stand the papers and the authors' code."""

    subject = "What to read"
    running_head = "To read"
    poster = "read"

    def construct(self) -> None:
        film = self.open(run)

        references.same(film)
        references.read(film)
