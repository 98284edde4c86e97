"""Bytes against tile height, and the roofline: ``manim -pqh scenes/roofline.py RooflineScene``."""

from flashviz.director.roofline import RooflineFilm
from flashviz_kernels.bench.measured import measured
from flashviz_kernels.recorder import record


class RooflineScene(RooflineFilm):
    """Taller tiles move fewer bytes; fewer bytes allow a higher rate."""

    subject = "IO-aware: tile height and the roofline"
    poster = "flash"

    def construct(self) -> None:
        self.open(record, measured)

        self.height()
        self.taller()
        self.flip()

        self.roof()
        self.standard()
        self.flash()
        self.tiles()

        self.gpu()
