"""The main film in shots: ``manim -pql scenes/film.py FilmScene``."""

from flashviz.director import rescale
from flashviz.director.film import closing, opening, program, standard
from flashviz.director.film.stage import FlashStage
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class FilmScene(FlashStage):
    """FlashAttention from its own trace, directed in shots."""

    subject = "FlashAttention, in shots"
    poster = "same"

    def construct(self) -> None:
        film = self.open(run, block_error, resources_of)

        opening.hook(film)
        opening.query(film)
        opening.weights(film)
        opening.tiles(film)
        standard.standard(film)
        standard.pause_a(film)

        program.row(film)
        program.carry(film)
        program.score(film)
        program.ceiling(film)
        program.summed(film)
        program.blend(film)
        program.calm(film)

        rescale.terms(film.row)
        rescale.question(film.row)
        rescale.ruler(film.row)
        rescale.measure(film.row)
        rescale.watch(film.row)
        rescale.squeeze(film.row)
        rescale.same(film.row)
        rescale.alone(film.row)
        rescale.both(film.row)
        rescale.join(film.row)
        rescale.values(film.row)
        rescale.moves(film.row)
        rescale.exact(film.row)
        rescale.rows(film.row)

        program.again(film)
        program.finish(film)
        closing.strips(film)
        closing.rest(film)
        closing.bill(film)
        closing.taller(film)
        closing.difference(film)
        closing.card(film)
