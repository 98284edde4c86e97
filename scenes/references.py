"""What to read: ``manim -pqh scenes/references.py ReferencesScene``."""

from flashviz.director.quoted import ReferencesFilm


class ReferencesScene(ReferencesFilm):
    """FlashAttention in one breath, the papers, the authors' code, and an erratum."""

    subject = "What to read"
    poster = "code"

    def construct(self) -> None:
        self.open()

        self.breath()
        self.papers()
        self.code()
        self.erratum()
