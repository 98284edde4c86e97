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
        (box,) = [item.box for item in shown(at(film, "p-back"), f"bar {way}")]
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
    (whole,) = shown(at(film, "p-back"), "stored O")
    assert whole.box == pytest.approx(film.shot("standard")["O"].edges, abs=0.01)
    assert not [item for snapshot in film.snapshots for item in snapshot.shown if item.name == "in flight"], "all have landed"


def test_each_kernel_ends_with_what_it_writes() -> None:
    found = gather(AttentionConfig(), run)
    kinds = found.trace.columns["kind"]
    assert [kinds[cut - 1] for cut in found.cuts[1:]] == [Kind.STORE_S, Kind.STORE_P, Kind.STORE_O]
    film = scene(FILM)
    assert [at(film, beat).event for beat in ("s-out", "s-back", "p-back")] == list(found.cuts[1:])


def test_numbers_stand_at_what_they_count() -> None:
    last = at(scene(FILM), "p-back")
    assert said(last, "bar bytes") == ["512 KiB"] * 6
    names = ["Q", "64 KiB", "K × 8", "S out", "S back", "P out", "P back", "V × 8", "O", "64 KiB"]
    assert sorted(said(last, "bar names")) == sorted(names)
    assert said(last, "setting") == ["N = 512, d = 64, fp16"]
    for words, ways in (("bar names", list(WAYS)[1:-1]), ("bar bytes", list(WAYS)[1:-1])):
        found = [item for item in shown(last, words) if item.text not in ("Q", "O", "64 KiB")]
        for text, bar in zip(found, ways, strict=True):
            (box,) = [item.box for item in shown(last, f"bar {bar}")]
            assert box[0] - 0.02 <= text.box[0] < text.box[2] <= box[2], text


@every
def test_k_and_v_come_in_passes_that_are_counted(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    for beat, tensor in (("s-out", "K"), ("p-back", "V")):
        assert said(at(film, beat), "passes") == [f"{tensor}: pass {c.row_blocks} of {c.row_blocks}"]
    assert [item.text for item in at(film, "p-back").shown if item.name == "kernel"] == ["kernel 3"]


@every
def test_one_rows_terms_and_their_sum_are_softmaxs(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    found = gather(c, run)
    q, k, v = (each[0, 0].astype(np.float64) for each in found.trace.inputs)
    scores = q @ k.T * c.scale
    if c.causal:
        scores[~np.tri(c.seq_q, c.seq_k, c.seq_k - c.seq_q, dtype=bool)] = -np.inf
    terms = np.exp(scores - scores.max(1, keepdims=True))
    most = terms[: c.block_m].sum(1).max()
    assert said(at(film, "s-back"), "row sum") == [f"a row: exp(S − max), sum {most:.2f}"]
    assert found.output(slice(None)) == pytest.approx(terms / terms.sum(1, keepdims=True) @ v)


@every
def test_s_and_p_drop_out_of_the_bar_and_the_rest_closes_up(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    before, after, moved = at(film, "p-back"), at(film, "bill"), expected(c)
    box = {way: shown(after, f"bar {way}")[0].box for way in moved}
    for way in moved:
        (was,) = [item.box for item in shown(before, f"bar {way}")]
        assert box[way][2] - box[way][0] == pytest.approx(was[2] - was[0], abs=0.02), way
    chip = film.shot("standard")["chip"]
    assert all(chip.y0 < box[way][1] and box[way][3] < chip.y1 for way in STROKES)
    assert 0 < box["V"][0] - box["K"][2] < 0.06
    rest = sum(nbytes for way, nbytes in moved.items() if way not in STROKES)
    assert said(after, "left") == [f"= {kib(rest)}"]
    assert sorted(["S and P:", kib(sum(moved.values()) - rest)]) == sorted(said(after, "sum"))
    if c.row_blocks > 1:
        assert kib(2 * (c.seq_q + c.seq_k) * c.head_dim * c.itemsize) in said(after, "once")


def test_without_keys_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
