"""Query heads that share keys and values: ``manim -pqh scenes/grouped_query.py GroupedQueryScene``."""

from flashviz.director import grouped_query
from flashviz_kernels.recorder import run


class GroupedQueryScene(grouped_query.GroupedQueryStage):
    """Fewer pairs of K and V are stored; each program of each query head still loads a copy."""

    subject = "Query heads that share keys and values"
    running_head = "Shared heads"
    poster = "sum"

    def construct(self) -> None:
        film = self.open(run)

        grouped_query.head(film)
        grouped_query.shared(film)
        grouped_query.block(film)
        grouped_query.again(film)
        grouped_query.loads(film)
        grouped_query.total(film)
