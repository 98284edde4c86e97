"""ReferencesScene: papers and repository as they are cited, over one full grid and one empty one with the same O."""

from __future__ import annotations

from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, REPOSITORY
from tests.directed import at, said, scene, shown
from tests.test_directed import FILMS

FILM = FILMS["references"]


def test_papers_and_repository_stand_as_they_are_cited() -> None:
    lines = said(at(scene(FILM), "read"), "reference")
    assert sorted(lines) == [
        "FlashAttention-2: Dao 2023, arXiv 2307.08691",
        "FlashAttention: Dao et al. 2022, arXiv 2205.14135",
        "github.com/Dao-AILab/flash-attention",
    ]
    for source in (FLASH_ATTENTION, FLASH_ATTENTION_2):
        assert sum(source.short in line and source.arxiv in line for line in lines) == 1
    assert REPOSITORY in lines


def test_one_grid_is_full_and_one_is_empty_and_both_have_an_output() -> None:
    film = scene(FILM)
    last, place = at(film, "read"), film.shot("references")
    for name in "SP":
        (sheet,) = shown(last, f"sheet {name}")
        assert place["left"].x0 <= sheet.box[0] < sheet.box[2] <= place["left"].x1
    left, right = shown(last, "O")
    assert (left.box[3] - left.box[1], left.values) != (0, "")
    assert right.box[0] - left.box[0] > place["left"].width
    assert [item.values.split()[0:3] for item in (left, right)] == [["(512,", "64)", "sum"]] * 2
