"""``flashviz handout``: a row by hand, as an exercise sheet and its key, which the twin worked out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import cloup

from flashviz.cli import screen
from flashviz.config import AttentionConfig

if TYPE_CHECKING:
    import numpy as np

    from flashviz.delivery.handout import Exercise, Paper

PAPERS = ("a4", "us-letter")

# Scores 1/2, 1 | 5/2, 3/2 | 2, 1/2: the maximum rises at tile 2 and not at tile 3. With these values three decimals, carried on as
# they are written, give three right decimals to the end. [N_k, d]; d = 2, and the scale is in q.
QUERY = ((1.0, 2.0),)
KEYS = ((1.5, -0.5), (1.0, 0.0), (0.5, 1.0), (-0.5, 1.0), (1.0, 0.5), (-0.5, 0.5))
VALUES = ((0.0, 1.0), (2.0, -1.0), (-1.0, 0.0), (2.0, 2.0), (1.0, 1.0), (2.0, 1.0))
TILE = 2  # keys
FROM_LOSS = ((0.5, 1.0),)  # dO


@cloup.command()
@cloup.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Gets both PDFs.")
@cloup.option("--paper", type=click.Choice(PAPERS), default="a4", help="[default: a4]")
def handout(out: Path, paper: Paper) -> None:
    """Make an exercise sheet, one row in three tiles by hand, and its key, as PDFs."""
    from flashviz.delivery.handout import write_handout

    with screen.status("handout"):
        made = write_handout(by_hand(), out, paper)
    click.echo("\n".join(str(path) for path in made))


@dataclass(frozen=True, kw_only=True)
class OnPaper(AttentionConfig):
    """A problem for the twin alone: sides below 16 are refused for the kernel's sake, and there is no kernel here."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kv_heads", self.heads)


def by_hand() -> Exercise:
    """The exercise, worked out by the twins of FlashAttention-2 and of its backward pass in float32."""
    import numpy as np

    from flashviz.delivery.handout import Exercise
    from flashviz_kernels.algorithms.backward import ALGORITHM as BACKWARD
    from flashviz_kernels.algorithms.fa2 import ALGORITHM
    from flashviz_kernels.log import Kept

    q, k, v, d_o = (np.array(rows, np.float32)[None, None] for rows in (QUERY, KEYS, VALUES, FROM_LOSS))
    config = OnPaper(seq_q=1, seq_k=len(KEYS), head_dim=len(QUERY[0]), block_m=1, block_n=TILE, dtype="float32", scale=1.0)
    kept = Kept.of(config, [(0, 0)], stats=False)
    given = {"Q": q, "K": k, "V": v}
    found = ALGORITHM.twin(given, config, ALGORITHM.log(config), kept)
    back = BACKWARD.twin(given | found | {"dO": d_o}, config, BACKWARD.log(config), Kept.of(config, (), stats=False))
    (row,) = kept.snapshots().values()
    return Exercise(
        q=q[0, 0, 0], k=_tiles(k), v=_tiles(v), s=row.s[:, 0], p=row.p[:, 0], m=row.m[:, 0], l=row.l[:, 0], alpha=row.alpha[:, 0],
        acc=row.acc[:, 0], o=found["O"][0, 0, 0], lse=float(found["LSE"][0, 0, 0]),
        d_o=d_o[0, 0, 0], d_q=back["dQ"][0, 0, 0],
    )  # fmt: skip


def _tiles(rows: np.ndarray) -> np.ndarray:
    """[1, 1, N_k, d] cut into [T, B_c, d]."""
    return rows.reshape(-1, TILE, rows.shape[-1])
