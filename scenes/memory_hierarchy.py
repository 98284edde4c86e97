"""How far apart memories are: ``manim -pqh scenes/memory_hierarchy.py MemoryHierarchyScene``."""

from flashviz.director import memory_hierarchy


class MemoryHierarchyScene(memory_hierarchy.MemoryHierarchyStage):
    """One machine: pipes as wide as their bandwidths, then one zoom from HBM to what a program may use on chip."""

    subject = "How far apart memories are"
    running_head = "Memories"
    poster = "flow"
    begins = (("memory", "area GMEM"),)
    ends = (("chip", "area program"),)

    def construct(self) -> None:
        film = self.open()

        memory_hierarchy.pipes(film)
        memory_hierarchy.flow(film)
        memory_hierarchy.hbm(film)
        memory_hierarchy.l2(film)
        memory_hierarchy.program(film)
        memory_hierarchy.scores(film)
        memory_hierarchy.tiles(film)
