"""ReferencesScene: one full grid and one empty one, their O's and what is left of them; papers and repository as they are cited."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashviz import figures
from flashviz.chapters.exactness import magnification
from flashviz.citations import REPOSITORY, SOURCES
from flashviz.config import AttentionConfig
from flashviz.director import references
from flashviz.layout import ASPECTS, Aspect
from flashviz.mobjects.tiles import Matrix
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import DARK, spread
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, written
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
    lines, two = said(end, "reference"), (expected[0][1] in said(end, "reference"))
    assert sorted(lines) == sorted(where if two else f"{name}: {where}" for name, where in expected)
    assert not two or {name for name, _ in expected} <= set(said(end, "name"))
    times = [film.drawn_at[where if two else f"{name}: {where}"] for name, where in expected]
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
    assert len(first.sheets) == 2
    assert all(place["left"].x0 < sheet.rect.x0 < sheet.rect.x1 < place["left"].x1 for sheet in first.sheets)


def test_both_grids_stay_beside_what_to_read() -> None:
    """The full one with its sheets, and what each has stored."""
    for aspect in ASPECTS:
        film = scene(FILM, aspect)
        place = film.shot("references")
        panels, sheets = (
            [part for top in film.mobjects for part in top.get_family() if isinstance(part, kind)] for kind in (HbmPanel, Sheet)
        )
        for panel, end in zip(panels, ("left end", "right end"), strict=True):
            assert panel.rect.edges == pytest.approx(place[end].edges)
        assert all(place["left end"].contains(sheet.rect, slack=1e-6) for sheet in sheets)
        assert len(sheets) == 2
        stored = [text for text in said(at(film, "read"), "title") if text.startswith("S")]
        assert sorted(text.split(": ")[1] for text in stored) == ["0 KiB", "1,024 KiB"]
        assert len({text.split(": ")[0] for text in stored}) == 1


def test_what_is_left_stays_with_its_largest_number() -> None:
    """Of the outputs as both algorithms write them; nothing is added back."""
    film = scene(FILM)
    standard, flash = (
        run(AttentionConfig(), source="numpy", algorithm=name).o[0, 0].astype(np.float64) for name in ("standard", "fa2")
    )  # fmt: skip
    most, values = figures.power(np.abs(standard - flash).max()), f"{np.abs(standard).max():.2f}"
    assert f"where O reaches {values}" in said(at(film, "same"), "title")
    for beat in ("same", "read"):
        assert any(text.endswith(f"at most {most}") for text in said(at(film, beat), "title"))
    low, high = spread(standard)
    times = magnification(np.abs(standard - flash), (low, high))
    for beat in ("same", "read"):
        (left,) = [item for item in at(film, beat).shown if item.name == "O" and item.values]
        assert left.values == written((np.abs(standard - flash) * times).ravel()).replace(f"({standard.size},)", str(standard.shape))
        assert any(f"shown × {times:,}" in text for text in said(at(film, beat), "title"))
    (difference,) = [part for top in film.mobjects for part in top.get_family() if isinstance(part, Matrix)]
    assert difference.rect == film.shot("references")["both end"], "in the last frame, too"


def test_where_both_outputs_are_their_difference_is_seen_and_it_is_the_ground() -> None:
    """Where one O lies over the other it is dark to a step of 255 for rounding, and was not before."""
    film = scene(FILM)
    read = references.ReferencesFilm(film, run)
    both = film.shot("references")["both"]
    ground = np.array([int(DARK.panel[at : at + 2], 16) for at in (1, 3, 5)])
    bright = {}
    for name, places in (("apart", read.strips), ("over", [both, both])):
        pixels = read.overlay.place(*places).image.pixel_array.astype(float)
        bright[name] = np.abs(pixels[pixels[:, :, 3] > 0][:, :3] - ground).max()
    assert bright["apart"] > 60
    assert bright["over"] <= 6
    assert not np.array_equal(read.overlay.pictures[0], read.overlay.pictures[1]), "only rounding differs, but it does"


@given(st.lists(st.just(0.0) | st.floats(1e-9, 1e-2), min_size=1, max_size=30), st.floats(0.5, 3.0))
def test_magnification_keeps_all_but_the_outermost_percent_on_the_ramp(apart: list[float], high: float) -> None:
    """And twice as much would not; where nothing differs it is none."""
    values = np.array(apart)
    times = magnification(values, (0.0, high))
    if not values.any():
        assert times == 1
        return
    outermost = np.percentile(values[values > 0], 99)
    assert outermost * times <= high < outermost * times * 2
