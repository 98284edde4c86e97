"""What a training step keeps: ``manim -pqh scenes/training_memory.py TrainingMemoryScene``."""

from flashviz.director import training_memory
from flashviz_kernels.recorder import run


class TrainingMemoryScene(training_memory.TrainingMemoryStage):
    """Between the passes P waits in standard attention, N x N numbers; in FlashAttention LSE, N numbers, of which P is made again."""

    subject = "What a training step keeps"
    poster = "idea"

    def construct(self) -> None:
        film = self.open(run)

        training_memory.needs(film)
        training_memory.twice(film)
        training_memory.ask(film)
        training_memory.inputs(film)
        training_memory.scores(film)
        training_memory.row(film)
        training_memory.weights(film)
        training_memory.keep(film)
        training_memory.tile(film)
        training_memory.back(film)
        training_memory.idea(film)
