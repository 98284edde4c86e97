"""ReferencesScene: one full grid and one empty one, one O minus the other; papers and repository as they are cited."""

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
from flashviz.palette import spread
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
    for text in (
        "O: the output, N = 512",
        *(f"scores S and weights P stored: {nbytes:,} KiB" for nbytes in (2 * 512 * 512 * 2 // 1024, 0)),
    ):
        assert film.drawn_at[text] <= 1.0
    first, place = references.ReferencesFilm(film, run), film.shot("references")
    assert len(first.sheets) == 2
    assert all(place["left grid"].contains(sheet.rect) for sheet in first.sheets)


def outputs() -> tuple[np.ndarray, np.ndarray]:
    """O as both algorithms write it."""
    standard, flash = (run(AttentionConfig(), source="numpy", algorithm=name).o[0, 0].astype(np.float64) for name in ("standard", "fa2"))
    return standard, flash


@pytest.mark.parametrize("aspect", ASPECTS)
def test_an_equation_of_equal_shapes(aspect: Aspect) -> None:
    """Both O's in one row with what is left of them, under the same colours; the signs stand between."""
    film = scene(FILM, aspect)
    end, place = at(film, "same"), film.shot("references")
    minus, equals = (next(item for item in end.shown if item.text == text) for text in ("−", "="))
    left, right, both = (place[name] for name in ("left", "right", "both"))
    assert left.x1 <= minus.box[0] < minus.box[2] <= right.x0 < right.x1 <= equals.box[0] < equals.box[2] <= both.x0
    assert len({(round(each.width, 6), round(each.height, 6), round(each.y0, 6)) for each in (left, right, both)}) == 1
    values = {item.values for item in end.shown if item.name == "O" and item.values}
    for o in outputs():
        assert written(o.ravel()).replace(f"({o.size},)", str(o.shape)) in values


def test_the_difference_is_seen_as_it_is_and_then_magnified_with_its_largest_number() -> None:
    """Of the outputs as both algorithms write them; nothing is added back; a share of O's largest value says whether it is much."""
    film = scene(FILM)
    standard, flash = outputs()
    apart, (low, high) = np.abs(standard - flash), spread(standard)
    times, most = magnification(apart, (low, high)), np.abs(standard).max()
    share = f"{100 * apart.max() / most:.1g} %"
    assert f"at most {figures.power(apart.max())}: {share} of O's largest value, {most:.2f}" in said(at(film, "same"), "title")
    assert film.drawn_at["× 1"] + 1.0 <= film.drawn_at[f"magnified × {times:,}"]
    assert said(at(film, "same"), "ramp") == ["0", f"≥ {figures.power((high - low) / times)}"]
    assert apart.max() > (high - low) / times, "some are beyond the ramp"
    for beat in ("same", "read"):
        left = written((apart * times).ravel()).replace(f"({standard.size},)", str(standard.shape))
        assert left in {item.values for item in at(film, beat).shown if item.name == "O"}
        assert any(f"× {times:,}" in text for text in said(at(film, beat), "title"))


def test_beside_what_to_read_the_difference_alone_is_left() -> None:
    """Small, and it stays; the list is whole for three seconds."""
    for aspect in ASPECTS:
        film = scene(FILM, aspect)
        (left,) = [part for top in film.mobjects for part in top.get_family() if isinstance(part, Matrix)]
        place = film.shot("references")
        assert left.rect.edges == pytest.approx(place["thumbnail"].edges)
        assert left.rect.width < place["list"].width / 2
        whole = next(time for text, time in film.drawn_at.items() if REPOSITORY in text)
        assert film.now - whole >= 2.9


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
