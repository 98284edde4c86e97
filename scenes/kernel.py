"""The film of any kernel: ``FLASHVIZ_TRACE=x.npz manim -pqh scenes/kernel.py KernelScene``."""

from flashviz.director import KernelFilm


class KernelScene(KernelFilm):
    """A minute: what the kernel is given, one program statement by statement, all programs, the bill."""

    subject = "What a kernel does"
    poster = "bill"

    def construct(self) -> None:
        self.open()

        self.title()
        self.tensors()
        for part in self.parts:
            self.before(part)
            self.slow(part)
            self.middle(part)
            self.tail(part)
            self.all_programs(part)
        self.later_launches()
        self.bill()
        self.card()
