"""ReferencesScene: one full grid and one in which scores come and go; papers and repository as they are cited."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, REPOSITORY
from flashviz.config import AttentionConfig
from flashviz.director import references
from flashviz.director.material import sheets
from flashviz.inputs import make_inputs
from flashviz.layout import ASPECTS, Aspect, Rect
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, written
from tests.test_directed import FILMS

FILM = FILMS["references"]


def stage(aspect: Aspect = "16:9") -> references.ReferencesFilm:
    """Everything as it is made, before the first beat."""
    return references.ReferencesFilm(scene(FILM, aspect), run)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_papers_and_repository_stand_as_they_are_cited(aspect: Aspect) -> None:
    """As they came out, in the empty grid, name by name with who wrote it and where it is, for two seconds at least."""
    film = scene(FILM, aspect)
    entries = sorted(shown(at(film, "read"), "entry"), key=lambda item: -item.box[3])
    assert [item.text for item in entries] == [
        *("Online softmax", "Milakov & Gimelshein 2018", "arXiv 1805.02867"),
        *("FlashAttention", "Dao et al. 2022", "arXiv 2205.14135"),
        *("FlashAttention-2", "Dao 2023", "arXiv 2307.08691"),
        *("The authors' code", "github.com/Dao-AILab/", "flash-attention"),
    ]
    for source in (ONLINE_SOFTMAX, FLASH_ATTENTION, FLASH_ATTENTION_2):
        assert {source.short, f"arXiv {source.arxiv}"} <= {item.text for item in entries}
    assert entries[-2].text + entries[-1].text == REPOSITORY
    grid = stage(aspect).panels["right"].cross.grid
    assert all(grid.contains(Rect(*item.box)) for item in entries)
    assert film.now - film.drawn_at[entries[-1].text] >= 2.0


def test_one_grid_keeps_both_sheets_and_the_other_keeps_none() -> None:
    """At the end of either beat the only pictures are S and P in the left grid, and the O's."""
    film = scene(FILM)
    made = stage()
    left, right = (made.panels[side].cross.grid for side in ("left", "right"))
    for beat, outputs in (("same", 1), ("read", 2)):
        pictures = [Rect(*item.box) for item in at(film, beat).shown if item.name == "ImageMobject"]
        assert [left.contains(each) for each in pictures].count(True) == 2
        assert not any(right.contains(each) for each in pictures)
        assert len(pictures) == 2 + outputs


def test_both_outputs_are_what_the_algorithms_write() -> None:
    found = [item.values for item in at(scene(FILM), "read").shown if item.name == "O" and item.values]
    outputs = [run(AttentionConfig(), source="numpy", algorithm=name).o[0, 0].astype(float) for name in ("standard", "fa2")]
    assert found == [written(o.ravel()).replace(f"({o.size},)", str(o.shape)) for o in outputs]


@pytest.mark.parametrize(("entry", "share"), list(itertools.product(range(4), (0.0, 0.3, 0.99))))
def test_scores_that_pass_are_the_runs_and_only_one_tile_is_there(entry: int, share: float) -> None:
    """Of the entry's rows of tiles and of the column whose K and V are lit; their brightness is that of S in the left grid."""
    film = stage()
    references.light(film.panels["right"], entry, share)
    references.pass_by(film.passing, entry, share)
    cross, column = film.panels["right"].cross, int(share * 8)
    pixels = film.passing.image.pixel_array
    rows, columns = np.nonzero(pixels[..., 3])
    picture = sheets(AttentionConfig(), make_inputs(AttentionConfig()))[0]
    high, wide = picture.shape[0] // 4, picture.shape[1] // 8
    assert (rows.min(), rows.max() + 1) == (high * entry, high * (entry + 1))
    assert (columns.min(), columns.max() + 1) == (wide * column, wide * (column + 1))
    seen = picture[high * entry : high * (entry + 1), wide * column : wide * (column + 1)]
    brightness = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, :3].sum(2).astype(float)
    assert np.corrcoef(seen.ravel(), brightness.ravel())[0, 1] > 0.99
    lit = film.panels["right"].now.lit
    assert [set(lit[tensor]) for tensor in "QKV"] == [{2 * entry, 2 * entry + 1}, {column}, {column}]
    assert np.allclose(film.passing.rect.edges, cross.grid.edges)


def test_nothing_of_the_pass_is_left() -> None:
    """No tile of Q, K or V stays lit."""
    assert not [item for item in at(scene(FILM), "read").shown if item.name in ("right Q", "right K", "right V") and paints(item) == {0.92}]
    assert said(at(scene(FILM), "same"), "entry") == []


def paints(item: object) -> set[float]:
    """Opacities of what it is filled with."""
    return {paint.opacity for paint in vars(item)["paint"] if paint.how == "fill"}
