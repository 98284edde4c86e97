"""What a training step keeps: ``manim -pqh scenes/training_memory.py TrainingMemoryScene``."""

from flashviz.director import training_memory
from flashviz_kernels.recorder import run


class TrainingMemoryScene(training_memory.TrainingMemoryStage):
    """Between the passes every layer's P waits in standard attention, N x N numbers; in FlashAttention its LSE, N numbers."""

    subject = "What a training step keeps"
    poster = "idea"

    def construct(self) -> None:
        film = self.open(run)

        training_memory.layer(film)
        training_memory.forward(film)
        training_memory.scores(film)
        training_memory.back(film)
        training_memory.twice(film)
        training_memory.idea(film)
