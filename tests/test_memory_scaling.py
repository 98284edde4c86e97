"""MemoryScalingScene: areas are the closed forms on one scale, numbers are what was measured, the frame zooms out, then squares fill it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from flashviz.chapters.measured import sweep_of
from flashviz.chapters.memory_scaling import gather, mib
from flashviz.director.memory_scaling import hull
from flashviz.inputs import make_inputs
from flashviz.layout import ASPECTS, Aspect, shot
from flashviz.layout.scaling import BESIDE, BETWEEN, Areas
from flashviz.lettering import em
from flashviz_kernels.bench.measured import measured as measurement
from tests.chapters import BENCH, FLASH, bench, measured
from tests.directed import at, said, scene, settings, shown
from tests.films import played
from tests.test_directed import FILMS

FILM = FILMS["scaling"]
LENGTHS = [256 * 2**k for k in range(7)]


def found() -> Any:
    return gather(sweep_of(measurement()))


def test_what_was_measured_is_what_the_areas_say_to_the_byte() -> None:
    """Torch counts 2 N^2 + N d numbers of 16 bits a head; this project's kernel N d of them, and an LSE of 32 bits a row."""
    row = bench()[0]
    heads, d = row["heads"], row["d"]
    for (n, standard), (_, flash) in zip(measured("standard", "peak_memory"), measured(FLASH, "peak_memory"), strict=True):
        assert standard == heads * (2 * n * n + n * d) * 2
        assert flash == heads * (n * d * 2 + n * 4)
    assert found().lengths == LENGTHS
    assert found().extra == pytest.approx(2)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_areas_are_numbers_on_one_scale_and_fit(aspect: Aspect) -> None:
    place = shot(settings().config, aspect, "scaling")
    areas = Areas(place["standard"], place["flash"], 64, 2.0)
    for n in LENGTHS:
        drawn = areas.at(n, n)
        unit = areas.unit(n)
        for name, count in (("S", n * n), ("P", n * n), ("O", n * 64), ("flash O", n * 64), ("LSE", 2 * n)):
            assert drawn[name].width * drawn[name].height == pytest.approx(count * unit**2)
            assert place["flash" if name in ("flash O", "LSE") else "standard"].contains(drawn[name], slack=1e-6), (n, name)
        assert not any(drawn[a].overlaps(drawn[b]) for a in drawn for b in drawn if a < b)
        grown = areas.at(2 * n, n)
        assert grown["S"].width == pytest.approx(2 * drawn["S"].width), "twice as wide and as high"
        assert grown["O"].width == pytest.approx(drawn["O"].width), "longer, and no wider"
        assert grown["S"].y1 == pytest.approx(drawn["S"].y1), "from its upper left corner"
        assert grown["S"].x0 == pytest.approx(drawn["S"].x0)
        folds = areas.folds(n)
        for folded in (areas.folded(n, share) for share in (0.0, 0.4, folds)):
            for name, rects in folded.items():
                area = drawn[name].width * drawn[name].height
                assert sum(rect.width * rect.height for rect in rects) == pytest.approx(area), "cut, and no smaller"
        for name, rects in areas.folded(n, 0.0).items():
            assert hull(rects).edges == pytest.approx(drawn[name].edges)
        block = hull(areas.folded(n, folds)["flash O"])
        assert abs(np.log2(block.width / block.height)) < 1 + 1e-9, "as near to a square as it can be cut"
    assert max(BETWEEN, BESIDE) < em(20)


def test_values_are_those_of_the_inputs_and_a_shorter_length_begins_a_longer() -> None:
    config = settings().config
    pictures = found().pictures(config)
    q, k, _ = make_inputs(replace(config, batch=1, heads=1, kv_heads=1, seq_q=LENGTHS[-1], seq_k=LENGTHS[-1]))
    scores = q[0, 0, :256].astype(np.float32) @ k[0, 0, :256].astype(np.float32).T / 8
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    for drawn, whole in zip(pictures[0], (scores, weights), strict=True):
        assert drawn == pytest.approx(whole[::2, ::2], abs=1e-4), "every second query and key"
    for (short, _), (long, _) in pairwise(pictures):
        assert long[:64, :64] == pytest.approx(short[::2, ::2], abs=1e-4)


def test_what_the_parts_are_said_to_take_is_what_was_measured() -> None:
    film = scene(FILM)
    for index in range(len(LENGTHS)):
        parts = found().parts_at(index)
        assert parts["S"] + parts["P"] + parts["O"] == measured("standard", "peak_memory")[index][1]
        assert parts["flash O"] + parts["LSE"] == measured(FLASH, "peak_memory")[index][1]
    first, last = at(film, "lse"), at(film, "again")
    assert [said(first, f"name {name}") for name in ("S", "O", "LSE")] == [["S: scores, 4 MiB"], ["O: 1 MiB"], ["LSE: 32 KiB"]]
    assert [said(last, f"name {name}") for name in ("S", "flash O", "LSE")] == [["S: scores, 16,384 MiB"], ["O: 64 MiB"], ["LSE: 2 MiB"]]
    doubled = [item.text for item in at(film, "double").shown if item.text.startswith("×")]
    assert doubled == ["× 4", "× 4", "× 2", "× 2"], "S, P, O and what FlashAttention stores"


def test_each_beat_leaves_what_it_should() -> None:
    """After the first doubling the strips are half as wide beside squares of the same place."""
    film = scene(FILM)
    first, second = at(film, "lse"), at(film, "double")
    for name in ("O", "flash O"):
        before, after = (shown(snapshot, f"area {name}")[0].box for snapshot in (first, second))
        sides = [shown(snapshot, "area S")[0].box for snapshot in (first, second)]
        share = [(box[2] - box[0]) / (side[2] - side[0]) for box, side in zip((before, after), sides, strict=True)]
        assert share == pytest.approx([64 / 256, 64 / 512], abs=0.006)
    assert not shown(first, "was here")
    assert shown(second, "was here")
    assert not shown(at(film, "stored"), "area flash O")


def test_numbers_are_what_was_measured() -> None:
    film = scene(FILM)
    standard, flash = measured("standard", "peak_memory"), measured(FLASH, "peak_memory")
    for beat, index in (("lse", 0), ("double", 1), ("again", 6), ("gap", 6)):
        assert said(at(film, beat), "bytes standard") == [mib(standard[index][1])]
        assert said(at(film, beat), "bytes flash") == [mib(flash[index][1])]
        assert said(at(film, beat), "N") == [f"N = {LENGTHS[index]:,}"]
    last = at(film, "gap")
    assert last.caption == "Without S and P: 66 MiB instead of 32,832 MiB."
    assert said(last, "ratio") == ["497 times less"]
    assert standard[6][1] / flash[6][1] == pytest.approx(497, abs=0.5)
    assert (standard[6][1], flash[6][1]) == (32832 * 2**20, 66 * 2**20)
    assert said(last, "machine") == ["H100"], "the machine stands on screen"
    assert film.provenance == [found().sweep.provenance]


def test_two_lengths_double_once(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measurement()
    short = msgspec.structs.replace(report, attention=tuple(row for row in report.attention if row.n <= 512))
    module = __import__("sys").modules[FILM.scene_class.__module__]
    monkeypatch.setattr(module, "measured", lambda: short)
    film = played(FILM.scene_class, settings())
    assert [snapshot.beat for snapshot in film.snapshots] == ["stored", "flash", "lse", "double", "fold", "gap"]
    assert BENCH.is_file()


def test_no_part_is_said_to_hold_more_than_the_total_above_it() -> None:
    """As it comes, its bytes are counted: 4, 8 and 9 MiB, then 21, 33 and 34."""
    film = found()
    firsts = [film.total(dict.fromkeys("SPO"[: k + 1], 0)) for k in range(3)]
    seconds = [film.total({name: int(k <= last) for k, name in enumerate("SPO")}) for last in range(3)]
    assert (firsts, seconds) == (["4 MiB", "8 MiB", "9 MiB"], ["21 MiB", "33 MiB", "34 MiB"])
    drawn = scene(FILM).drawn_at
    times = [drawn[text] for text in (*firsts, *seconds)]
    assert times == sorted(times)
    assert drawn["S: scores, 4 MiB"] == pytest.approx(drawn["4 MiB"], abs=0.5)
