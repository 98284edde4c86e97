"""How far apart memories are: ``manim -pqh scenes/memory_hierarchy.py MemoryHierarchyScene``."""

from flashviz.director.quoted import MemoryHierarchyFilm


class MemoryHierarchyScene(MemoryHierarchyFilm):
    """Small memories are fast, large ones slow: quoted figures, ratios between them."""

    subject = "How far apart memories are"
    poster = "speed"

    def construct(self) -> None:
        self.open()

        self.three()
        self.speed()
        self.size()
        self.where()
        self.later()
