"""StandardAttentionScene: each part of the bar is what the trace moved, by closed forms; sheets fill as the kernels run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flashviz.chapters.folded import one_head
from flashviz.chapters.standard_attention import STROKES, WAYS, gather
from flashviz.config import AttentionConfig
from flashviz.director.standard import LEAST, StandardAttentionFilm
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
    for beat, (s, p) in {"kernels": (0, 0), "s-out": (tiles, 0), "s-back": (tiles, tiles), "p-back": (tiles, tiles)}.items():
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
    assert said(last, "setting") == ["N = 512, d = 64, 2 bytes a number"]
    for words, ways in (("bar names", list(WAYS)[1:-1]), ("bar bytes", list(WAYS)[1:-1])):
        found = [item for item in shown(last, words) if item.text not in ("Q", "O", "64 KiB")]
        for text, bar in zip(found, ways, strict=True):
            (box,) = [item.box for item in shown(last, f"bar {bar}")]
            assert box[0] - 0.02 <= text.box[0] < text.box[2] <= box[2], text


@every
def test_k_and_v_come_in_passes_that_are_counted(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    for beat, tensor in (("s-out", "K"), ("p-back", "V")):
        assert said(at(film, beat), "passes") == [gather(c, run).passes(tensor, c.row_blocks)]
    if 2 < c.row_blocks == gather(c, run).grid[0]:
        texts = ("one block of Q needs all of K", "the next one: all of K again", f"block {c.row_blocks} of {c.row_blocks}: all of K again")
        times = [film.drawn_at[text] for text in texts]
        assert times == sorted(times)
    assert [item.text for item in at(film, "p-back").shown if item.name == "kernel"] == ["kernel 3"]


@every
def test_a_rows_terms_are_softmaxs_of_the_row_blocks_that_are_shown_last(name: str) -> None:
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    found = gather(c, run)
    q, k, v = (each[0, 0].astype(np.float64) for each in found.trace.inputs)
    scores = q @ k.T * c.scale
    if c.causal:
        scores[~np.tri(c.seq_q, c.seq_k, c.seq_k - c.seq_q, dtype=bool)] = -np.inf
    terms = np.exp(scores - scores.max(1, keepdims=True))
    last = terms[found.rows("Q", found.grid[0] - 1)]
    assert values_of(at(film, "s-back"), "terms") == [written(max(last, key=np.sum))]
    assert found.output(slice(None)) == pytest.approx(terms / terms.sum(1, keepdims=True) @ v)
    half = slice(0, c.seq_k // 2)
    assert found.output(slice(None), half) == pytest.approx(terms[:, half] / terms.sum(1, keepdims=True) @ v[half])


@every
def test_s_and_p_stand_beside_the_least_on_one_scale(name: str) -> None:
    """Bars as long as their bytes: S and P as they crossed, Q, K, V and O each once."""
    film, c = scene(FILM, **CONFIGS[name]), one_head(AttentionConfig(**CONFIGS[name]))
    end, moved, place = at(film, "bill"), expected(c), film.shot("standard")
    once = {"Q": c.seq_q, "K": c.seq_k, "V": c.seq_k, "O": c.seq_q}
    nbytes = {way: once[way] * c.head_dim * c.itemsize if way in once else moved[way] for way in moved}
    boxes = {way: shown(end, f"bar {way}")[0].box for way in moved}
    for way, box in boxes.items():
        bar = place["scores bar" if way in STROKES else "least bar"]
        assert (box[1], box[3]) == pytest.approx((bar.y0, bar.y1), abs=0.02)
        if nbytes[way] > max(nbytes.values()) / 40:
            scale = (boxes["S out"][2] - boxes["S out"][0]) / nbytes["S out"]
            assert box[2] - box[0] == pytest.approx(nbytes[way] * scale, abs=0.05), way
    assert said(end, "scores sum") == [kib(4 * moved["S out"])]
    assert said(end, "least sum") == [kib(2 * (c.seq_q + c.seq_k) * c.head_dim * c.itemsize)]
    assert (LEAST[0] in said(end, "what") or LEAST[1] in said(end, "what")) == (c.row_blocks > 1)


def test_o_leaves_when_all_of_its_rows_have_come() -> None:
    """No row of O is on its way before the last tile of V for it is there."""
    film = StandardAttentionFilm(scene(FILM), gather(AttentionConfig(), run))
    tile = film.place["tile"]
    film.leave(tile, 2, [1.0, 0.5, -0.5])
    assert len(film.flying["O"].points) == 16
    assert film.bars["O"].points[:, 0].max() <= film.segment("O").x0 + 3 / 8 * film.segment("O").width


def test_the_gate_is_lit_while_something_crosses() -> None:
    film = StandardAttentionFilm(scene(FILM), gather(AttentionConfig(), run))
    way: dict[str, Any] = {"share": 0.5, "tile": film.place["k"], "start": 0, "stop": 8}
    film.pour("K", **way)
    assert [bool(len(film.gate[out].points)) for out in (False, True)] == [True, False]
    film.pour("S out", **{**way, "tile": film.place["tile"]}, out=True)
    assert [bool(len(film.gate[out].points)) for out in (False, True)] == [True, True]
    film.pour("K", **{**way, "share": 1.0})
    assert [bool(len(film.gate[out].points)) for out in (False, True)] == [False, True]
    assert not [item for snapshot in scene(FILM).snapshots for item in snapshot.shown if item.name == "gate"], "dark when a beat ends"


def test_without_keys_there_is_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="seq_k must be at least 1"):
        scene(FILM, seq_k=0)
