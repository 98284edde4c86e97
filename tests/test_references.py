"""ReferencesScene: one full grid and one empty one, their O's and what is left of them; papers and repository as they are cited."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flashviz import figures
from flashviz.citations import REPOSITORY, SOURCES
from flashviz.config import AttentionConfig
from flashviz.director import references
from flashviz.layout import ASPECTS, Aspect
from flashviz.palette import DARK
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene
from tests.test_directed import FILMS

FILM = FILMS["references"]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_papers_and_repository_stand_as_they_are_cited(aspect: Aspect) -> None:
    """Every source that any film quotes, by what it introduces: on one line each, or on two where the list is narrow."""
    film = scene(FILM, aspect)
    end = at(film, "read")
    expected = [
        ("Attention", "Vaswani et al. 2017, arXiv 1706.03762"),
        ("Online softmax", "Milakov & Gimelshein 2018, arXiv 1805.02867"),
        ("FlashAttention", "Dao et al. 2022, arXiv 2205.14135"),
        ("GQA", "Ainslie et al. 2023, arXiv 2305.13245"),
        ("FlashAttention-2", "Dao 2023, arXiv 2307.08691"),
        ("FlashAttention-3", "Shah et al. 2024, arXiv 2407.08608"),
        ("Code", "github.com/Dao-AILab/flash-attention"),
    ]
    names, lines = said(end, "reference name"), said(end, "reference")
    found = list(zip(names, lines, strict=True)) if names else [tuple(line.split(": ")) for line in lines]
    assert sorted(found) == sorted(expected)
    times = [film.drawn_at[where if names else f"{name}: {where}"] for name, where in expected]
    assert times == sorted(times), "as they came out"
    assert [source.arxiv for source in SOURCES] == sorted(source.arxiv for source in SOURCES)
    for source in SOURCES:
        assert sum(source.short in where and source.arxiv in where for _, where in expected) == 1
    assert expected[-1][1] == REPOSITORY


def test_one_grid_is_full_and_one_is_empty_and_their_bytes_are_said() -> None:
    """From the first frame on."""
    film = scene(FILM)
    for text in ("N = 512", f"S and P stored: {2 * 512 * 512 * 2 // 1024:,} KiB", "S and P stored: 0 KiB"):
        assert film.drawn_at[text] <= 1.0
    first, place = references.ReferencesFilm(film, run), film.shot("references")
    sheets: list[Any] = [part for part in first.pictures if str(part.tag).startswith("sheet")]
    assert len(sheets) == 2
    assert all(place["left"].x0 < sheet.rect.x0 < sheet.rect.x1 < place["left"].x1 for sheet in sheets)


def test_what_is_left_stays_with_its_largest_number() -> None:
    """Of the outputs as both algorithms write them; nothing is added back."""
    film = scene(FILM)
    standard, flash = (
        run(AttentionConfig(), source="numpy", algorithm=name).o[0, 0].astype(np.float64) for name in ("standard", "fa2")
    )  # fmt: skip
    most, values = figures.power(np.abs(standard - flash).max()), f"{np.abs(standard).max():.2f}"
    for beat in ("same", "read"):
        assert {f"at most {most}", f"values of O reach {values}", "standard's O − FlashAttention's O"} <= set(said(at(film, beat), "title"))
    assert film.drawn_at[f"at most {most}"] > film.drawn_at["−"]
    (overlay,) = [part for part in film.mobjects if vars(part).get("tag") == "overlay"]
    for frame in overlay.frames:
        assert frame.get_center() == pytest.approx(film.shot("references")["both"].center), "in the last frame, too"


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


def test_both_sides_of_the_subtraction_are_named() -> None:
    assert {"standard's O", "FlashAttention's O", "−"} <= set(scene(FILM).drawn_at)
