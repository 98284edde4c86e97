"""Query heads that share keys and values: ``manim -pqh scenes/grouped_query.py GroupedQueryScene``."""

from flashviz.director.grouped import GroupedQueryFilm
from flashviz_kernels.recorder import run


class GroupedQueryScene(GroupedQueryFilm):
    """Storage of K and V shrinks; each query head still loads its tiles."""

    subject = "Query heads that share keys and values"
    poster = "sum"

    def construct(self) -> None:
        self.open(run)

        self.own()
        self.shared()
        self.loads()
        self.sum()
