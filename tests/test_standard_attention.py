"""StandardAttentionScene: each part of the bar is what the trace moved, by closed forms; sheets fill as the kernels run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flashviz.chapters.folded import one_head
from flashviz.chapters.standard_attention import STROKES, WAYS, gather
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import kib
from flashviz.trace import Kind
from flashviz_kernels.recorder import run
from tests.directed import at, said, scene, shown, values_of, written
from tests.test_directed import FILMS

FILM = FILMS["standard"]
CONFIGS: dict[str, dict[str, Any]] = {"default": {}, **FILM.configs}
every = pytest.mark.parametrize("name", CONFIGS)


def expected(c: AttentionConfig) -> dict[str, int]:
    """N M numbers of S out, back, of P out, back; Q and O once, K and V once a row block."""
    grid, once = c.seq_q * c.seq_k * c.itemsize, c.seq_q * c.head_dim * c.itemsize
    again = c.row_blocks * c.seq_k * c.head_dim * c.itemsize
    return {"Q": once, "K": again} | dict.fromkeys(STROKES, grid) | {"V": again, "O": once}


@every
def test_what_moved_is_the_closed_form(name: str) -> None:
    c = one_head(AttentionConfig(**CONFIGS[name]))
    found = gather(c, run)
    assert found.moved == expected(c)
    total = sum(expected(c).values())
    scores = 4 * c.seq_q * c.seq_k * c.itemsize
    assert at(scene(FILM, **CONFIGS[name]), "bill").caption == f"Of {kib(total)} that crossed, {kib(scores)} were S and P."


@every
def test_the_bar_is_unwrapped_and_on_one_scale(name: str) -> None:
    """Parts one after another, each as long as its bytes; a way is there from its own kernel on."""
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    place, moved = film.shot("standard")["bar"], expected(c)
    total, left = sum(moved.values()), place.x0
    for way, nbytes in moved.items():
        (box,) = [item.box for item in shown(at(film, "bill"), f"bar {way}")]
        wide = place.width * nbytes / total
        assert box[0] == pytest.approx(left, abs=0.02)
        assert box[2] - box[0] == pytest.approx(wide, abs=0.04)
        assert box[3] - box[1] == pytest.approx(place.height, abs=0.02)
        left += wide
    there = {beat: [way for way in moved if shown(at(film, beat), f"bar {way}")] for beat in ("kernels", "s-out", "s-back", "p-back")}
    assert there == {
        "kernels": [], "s-out": ["Q", "K", "S out"], "s-back": ["Q", "K", "S out", "S back", "P out"], "p-back": list(WAYS),
    }  # fmt: skip


@every
def test_sheets_fill_as_their_kernels_run(name: str) -> None:
    film = scene(FILM, **CONFIGS[name])
    tiles = int(np.prod(gather(AttentionConfig(**CONFIGS[name]), run).grid))
    for beat, (s, p) in {"kernels": (0, 0), "s-out": (tiles, 0), "s-back": (tiles, tiles), "bill": (tiles, tiles)}.items():
        assert values_of(at(film, beat), "stored S") == [written([s])], beat
        assert values_of(at(film, beat), "stored P") == [written([p])], beat
    assert not shown(at(film, "s-back"), "stored O")
    assert shown(at(film, "p-back"), "stored O")
    assert not [item for snapshot in film.snapshots for item in snapshot.shown if item.name == "in flight"], "all have landed"


def test_each_kernel_ends_with_what_it_writes() -> None:
    found = gather(AttentionConfig(), run)
    kinds = found.trace.columns["kind"]
    assert [kinds[cut - 1] for cut in found.cuts[1:]] == [Kind.STORE_S, Kind.STORE_P, Kind.STORE_O]
    film = scene(FILM)
    assert [at(film, beat).event for beat in ("s-out", "s-back", "p-back")] == list(found.cuts[1:])


def test_numbers_stand_at_what_they_count() -> None:
    last = at(scene(FILM), "bill")
    assert said(last, "bar bytes") == ["512 KiB"] * 6
    assert said(last, "bar names") == ["Q", "K × 8", "S out", "S back", "P out", "P back", "V × 8", "O"]
    assert said(last, "setting") == ["N = 512, d = 64, fp16"]
    assert sorted(said(last, "sum")) == ["2,048 KiB", "3,200 KiB", "S and P:", "in all:"]
    for words in ("bar names", "bar bytes"):
        for text, bar in zip(shown(last, words), WAYS if words == "bar names" else list(WAYS)[1:-1], strict=True):
            (box,) = [item.box for item in shown(last, f"bar {bar}")]
            assert box[0] - 0.02 <= text.box[0] < text.box[2] <= box[2], text


def test_without_keys_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
