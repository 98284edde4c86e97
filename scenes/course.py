"""All chapters as one film: ``manim -pqh scenes/course.py CourseScene``."""

from pathlib import Path

from flashviz.chapters.film import COURSE
from flashviz.director.course import CourseFilm


class CourseScene(CourseFilm):
    """A quarter of an hour: a score, two memories, softmax, the algorithm tile by tile, variants, the backward pass, four claims."""

    subject = "FlashAttention: the course"
    poster = "FlashAttentionScene-rest"

    def construct(self) -> None:
        self.open(Path(__file__).parent)

        self.play_chapter("score")
        self.play_chapter("memory_hierarchy")
        self.play_chapter("standard_attention")
        self.play_chapter("online_softmax")
        self.play_chapter("flash", COURSE)

        self.play_chapter("loop_order")
        self.play_chapter("causal")
        self.play_chapter("grouped_query")

        self.play_chapter("training_memory")
        self.play_chapter("backward")

        self.play_chapter("memory_scaling")
        self.play_chapter("io_complexity")
        self.play_chapter("roofline")
        self.play_chapter("exactness")
        self.play_chapter("speed")
        self.play_chapter("pipeline")
        self.play_chapter("references")
