"""The FlashAttention film, from the kernel's own trace: ``manim -pqh scenes/flash.py FlashAttentionScene``."""

from flashviz.chapters.film import DIGEST
from flashviz.director import rescale
from flashviz.director.film import bill, closing, opening, program, standard, taller
from flashviz.director.film.stage import FlashStage
from flashviz.director.joint import grids
from flashviz_kernels.compiler import resources_of
from flashviz_kernels.exactness import block_error
from flashviz_kernels.recorder import run


class FlashAttentionScene(FlashStage):
    """Four minutes: what moves, how many bytes, why the result is exact, what happens when the max rises."""

    subject = "FlashAttention, from its own trace"
    running_head = "FlashAttention"
    poster = "same"
    ends = grids("standard", "hbm")

    def construct(self) -> None:
        film = self.open(run, block_error, resources_of)

        opening.hook(film)
        opening.query(film)
        opening.weights(film)
        opening.tiles(film)
        standard.memory(film)
        standard.standard(film)
        standard.softmax(film)
        standard.product(film)
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
        rescale.stale(film.row)
        rescale.squeeze(film.row)
        rescale.same(film.row)
        rescale.alone(film.row)
        rescale.both(film.row)
        rescale.exact(film.row)
        rescale.join(film.row)
        rescale.values(film.row)
        rescale.moves(film.row)

        program.again(film)
        program.last_tiles(film)
        program.finish(film)
        closing.strips(film)
        closing.rest(film)
        bill.bill(film)
        bill.waiting(film)
        bill.cache(film)
        taller.turns(film)
        taller.taller(film)
        closing.difference(film)
        closing.how(film)
        closing.card(film)


class DigestScene(FlashStage):
    """One minute: the scores that standard attention stores, a row and its sum, the rise of the max, the bill."""

    subject = "FlashAttention in a minute"
    script = DIGEST
    poster = "rest"

    def construct(self) -> None:
        film = self.open(run, block_error)

        opening.hook(film)
        standard.standard(film)
        standard.softmax(film)
        standard.product(film)

        program.row(film)
        program.ceiling(film)
        program.summed(film)
        program.calm(film)

        rescale.terms(film.row)
        rescale.ruler(film.row)
        rescale.measure(film.row)
        rescale.stale(film.row)
        rescale.squeeze(film.row)

        closing.rest(film)
        bill.bill(film)
        bill.cache(film)
