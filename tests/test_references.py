"""ReferencesScene: papers and repository as they are cited, over one full grid and one empty one with the same O."""

from __future__ import annotations

import numpy as np

from flashviz.citations import REPOSITORY, SOURCES
from flashviz.director import references
from flashviz.palette import DARK
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["references"]


def test_papers_and_repository_stand_as_they_are_cited() -> None:
    """Every source that any film quotes."""
    lines = said(at(scene(FILM), "read"), "reference")
    assert sorted(lines) == [
        "Attention: Vaswani et al. 2017, arXiv 1706.03762",
        "FlashAttention-2: Dao 2023, arXiv 2307.08691",
        "FlashAttention-3: Shah et al. 2024, arXiv 2407.08608",
        "FlashAttention: Dao et al. 2022, arXiv 2205.14135",
        "GQA: Ainslie et al. 2023, arXiv 2305.13245",
        "Online softmax: Milakov & Gimelshein 2018, arXiv 1805.02867",
        "github.com/Dao-AILab/flash-attention",
    ]
    drawn = scene(FILM).drawn_at
    assert min(lines[:-1], key=drawn.__getitem__).startswith("Attention"), "as they came out"
    assert [source.arxiv for source in SOURCES] == sorted(source.arxiv for source in SOURCES)
    for source in SOURCES:
        assert sum(source.short in line and source.arxiv in line for line in lines) == 1
    assert REPOSITORY in lines


def test_one_grid_is_full_and_one_is_empty_and_both_have_an_output() -> None:
    film = scene(FILM)
    last, place = at(film, "read"), film.shot("references")
    for name in "SP":
        (sheet,) = shown(last, f"sheet {name}")
        assert place["left small"].x0 <= sheet.box[0] < sheet.box[2] <= place["left small"].x1
    assert said(last, "scores") == [f"S and P stored: {2 * 512 * 512 * 2 // 1024:,} KiB", "S and P stored: 0 KiB"]
    (overlay,) = shown(last, "overlay")
    assert overlay.box[2] - overlay.box[0] > place["left small"].width, "both O's in their places again"


def test_where_both_outputs_are_their_difference_is_seen_and_it_is_the_ground() -> None:
    """Where one O lies over the other it is dark to a step of 255 for rounding, and was not before."""
    film = scene(FILM)
    read = references.ReferencesFilm(film, run)
    both = film.shot("references")["both"]
    ground = np.array([int(DARK.panel[at : at + 2], 16) for at in (1, 3, 5)])
    bright = {}
    for name, places in (("apart", read.terms), ("over", [both, both])):
        pixels = read.overlay.place(*places).image.pixel_array.astype(float)
        bright[name] = np.abs(pixels[pixels[:, :, 3] > 0][:, :3] - ground).max()
    assert bright["apart"] > 60
    assert bright["over"] <= 6
    assert not np.array_equal(read.overlay.pictures[0], read.overlay.pictures[1]), "only rounding differs, but it does"


def test_both_sides_of_the_equation_are_named() -> None:
    film = scene(FILM)
    assert {"standard's O", "FlashAttention's O", "−", "N = 512"} <= set(film.drawn_at)
    assert film.drawn_at["standard's O = FlashAttention's O, up to rounding"] > film.drawn_at["−"]
