"""The main film in shots, in the making: ``manim -pql scenes/film.py FilmScene``."""

from flashviz.director import film, rescale
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class FilmScene(film.FlashStage):
    """FlashAttention from its own trace, directed in shots."""

    subject = "FlashAttention, in shots"
    poster = "same"

    def construct(self) -> None:
        whole = self.open(run, block_error)

        film.hook(whole)
        film.query(whole)
        film.weights(whole)
        film.tiles(whole)
        film.standard(whole)
        film.pause_a(whole)
        film.row(whole)
        film.carry(whole)
        film.score(whole)
        film.ceiling(whole)
        film.blend(whole)
        film.calm(whole)

        rescale.terms(whole.row)
        rescale.question(whole.row)
        rescale.ruler(whole.row)
        rescale.squeeze(whole.row)
        rescale.same(whole.row)
        rescale.alone(whole.row)
        rescale.join(whole.row)
        rescale.values(whole.row)
        rescale.exact(whole.row)
        rescale.rows(whole.row)

        film.again(whole)
        film.finish(whole)
        film.rest(whole)
        film.bill(whole)
        film.taller(whole)
        film.difference(whole)
        film.card(whole)
