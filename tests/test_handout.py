"""The handout: its key is float64 attention, and who computes with the printed digits gets the printed digits."""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from flashviz.cli import main
from flashviz.cli.handout import PAPERS, by_hand
from flashviz.delivery import handout
from flashviz.delivery.handout import Exercise, Paper, said, write_handout
from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz_kernels.reference import gradients, naive

LAST_DIGIT = Decimal("0.001")
POINTS = {"a4": (595, 842), "us-letter": (612, 792)}


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return by_hand()


@pytest.fixture(scope="module")
def pages(exercise: Exercise, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return {paper: write_handout(exercise, tmp_path_factory.mktemp(paper), paper) for paper in get_args(Paper)}


# ------------------------------------------------------------------------------------------------------------------ the values


def test_the_result_is_that_of_float64_attention(exercise: Exercise) -> None:
    q, k, v = (array.reshape(1, 1, -1, 2) for array in (exercise.q, exercise.k, exercise.v))
    o, lse = naive(q, k, v, scale=1.0)
    assert np.allclose(exercise.o, o[0, 0, 0], rtol=1e-6, atol=0)
    assert exercise.lse == pytest.approx(lse[0, 0, 0], rel=1e-6)


def test_each_step_is_what_its_symbols_mean(exercise: Exercise) -> None:
    scores = exercise.k.astype(np.float64) @ exercise.q
    assert np.array_equal(exercise.s, scores)  # exact: halves and wholes
    for tile, (l_sum, acc) in enumerate(zip(exercise.l, exercise.acc, strict=True)):
        seen = scores[: tile + 1]
        terms = np.exp(seen - seen.max())
        assert exercise.m[tile] == seen.max()
        assert l_sum == pytest.approx(terms.sum(), rel=1e-6)
        assert np.allclose(acc, (terms[..., None] * exercise.v[: tile + 1]).sum(axis=(0, 1)), rtol=1e-5)
        assert np.allclose(exercise.p[tile], terms[-1], rtol=1e-6)
        before = scores[:tile].max(initial=-np.inf)
        assert exercise.alpha[tile] == pytest.approx(np.exp(before - seen.max()), rel=1e-6)


def test_the_maximum_rises_at_tile_2_and_not_at_tile_3(exercise: Exercise) -> None:
    assert len(exercise.m) == 3
    assert exercise.m[0] < exercise.m[1] == exercise.m[2]


def test_without_the_rescale_the_first_tile_counts_too_much(exercise: Exercise) -> None:
    weights = np.exp(exercise.k.astype(np.float64) @ exercise.q)
    weights[0] /= np.exp(exercise.m[0] - exercise.m[1])  # what the key's last answer says
    wrong = (weights[..., None] * exercise.v).sum(axis=(0, 1)) / weights.sum()
    l_sum, acc = exercise.without_rescale
    assert np.allclose(acc / l_sum, wrong, rtol=1e-6)
    assert np.abs(wrong - exercise.o).min() > 0.1  # nobody takes it for rounding


def test_the_way_back_is_that_of_float64_attention(exercise: Exercise) -> None:
    """What the twin made, and what the sheet's own symbols make: dQ, and of dV what this row adds."""
    q, k, v, d_o = (array.reshape(1, 1, -1, 2) for array in (exercise.q, exercise.k, exercise.v, exercise.d_o))
    o, lse = naive(q, k, v, scale=1.0)
    d_q, _, d_v = gradients(q, k, v, d_o, o, lse, scale=1.0, causal=False)
    assert np.allclose(exercise.d_q, d_q[0, 0, 0], rtol=1e-5)
    assert np.allclose(np.einsum("tc,tcd->d", exercise.d_s, exercise.k), d_q[0, 0, 0], rtol=1e-5)
    assert np.allclose(exercise.weights.reshape(-1, 1) * exercise.d_o, d_v[0, 0], rtol=1e-5)
    assert exercise.d_s.sum() == pytest.approx(0, abs=1e-6)


# ------------------------------------------------------------------------------------------------------------------ the digits


def rounded(value: Decimal) -> Decimal:
    """As a person rounds."""
    return value.quantize(LAST_DIGIT, ROUND_HALF_UP)


def read(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace("∞", "Infinity"))


def vector(text: str) -> list[Decimal]:
    return [read(part) for part in text.strip("()").split(",")]


def agree(mine: Any, printed: str) -> None:
    """Within one in the last digit."""
    pairs = zip(mine, vector(printed), strict=True) if isinstance(mine, list) else [(mine, read(printed))]
    for got, there in pairs:
        assert abs(got - there) <= LAST_DIGIT, (got, there)


@pytest.mark.parametrize("carried", [True, False], ids=["with their own digits", "with the key's digits"])
def test_a_student_gets_the_key(exercise: Exercise, carried: bool) -> None:
    key = said(exercise, "a4", solved=True)
    q = vector(key["q"])
    m, l_sum, acc = read("−∞"), Decimal(0), [Decimal(0), Decimal(0)]
    for step in key["steps"]:
        k, v = ([vector(one[name]) for one in step["keys"]] for name in "kv")
        s = [rounded(sum((a * b for a, b in zip(q, one, strict=True)), Decimal(0))) for one in k]
        m_new = max(m, *s)
        alpha = rounded((m - m_new).exp())
        p = [rounded((one - m_new).exp()) for one in s]
        l_scaled, l_added = rounded(alpha * l_sum), rounded(sum(p, Decimal(0)))
        acc_scaled = [rounded(alpha * old) for old in acc]
        acc_added = [rounded(sum((w * one[axis] for w, one in zip(p, v, strict=True)), Decimal(0))) for axis in range(2)]
        l_new, acc_new = rounded(l_scaled + l_added), [rounded(a + b) for a, b in zip(acc_scaled, acc_added, strict=True)]
        mine = {
            "m": m_new, "alpha": alpha, "l_scaled": l_scaled, "l_added": l_added, "l": l_new,
            "acc_scaled": acc_scaled, "acc_added": acc_added, "acc": acc_new,
        }  # fmt: skip
        for name, value in mine.items():
            agree(value, step[name])
        for one, score, weight in zip(step["keys"], s, p, strict=True):
            agree(score, one["s"])
            agree(weight, one["p"])
        m, l_sum, acc = (m_new, l_new, acc_new) if carried else (read(step["m"]), read(step["l"]), vector(step["acc"]))
    agree([rounded(value / l_sum) for value in acc], key["o"])
    agree(rounded(m + l_sum.ln()), key["lse"])


def test_a_student_gets_the_way_back(exercise: Exercise) -> None:
    """From the printed O and LSE, with their own digits from there."""
    key = said(exercise, "a4", solved=True)
    back, d_o, lse = key["back"], vector(key["back"]["d_o"]), read(key["lse"])
    d = rounded(sum((a * b for a, b in zip(d_o, vector(key["o"]), strict=True)), Decimal(0)))
    agree(d, back["d"])
    d_q = [Decimal(0), Decimal(0)]
    for one in back["keys"]:
        p = rounded((read(one["s"]) - lse).exp())
        d_p = rounded(sum((a * b for a, b in zip(d_o, vector(one["v"]), strict=True)), Decimal(0)))
        d_s = rounded(p * (d_p - d))
        for name, mine in (("p", p), ("dp", d_p), ("ds", d_s)):
            agree(mine, one[name])
        d_q = [total + d_s * part for total, part in zip(d_q, vector(one["k"]), strict=True)]
    agree([rounded(part) for part in d_q], back["d_q"])
    weight = max(read(one["p"]) for one in back["keys"])
    assert read(back["keys"][back["most"] - 1]["p"]) == weight
    agree([rounded(weight * part) for part in d_o], back["d_v"])


def test_the_last_question_checks_by_hand_too(exercise: Exercise) -> None:
    key = said(exercise, "a4", solved=True)
    weights = [(read(one["p"]), vector(one["v"])) for step in key["steps"] for one in step["keys"]]
    l_sum = sum((weight for weight, _ in weights), Decimal(0))
    acc = [sum((weight * v[axis] for weight, v in weights), Decimal(0)) for axis in range(2)]
    agree(l_sum, key["wrong"]["l"])
    agree(acc, key["wrong"]["acc"])
    agree([rounded(value / l_sum) for value in acc], key["wrong"]["o"])
    (rise,) = (step for step in key["steps"][1:] if read(step["alpha"]) < 1)
    assert (1 / read(rise["alpha"])).quantize(Decimal("0.01"), ROUND_HALF_UP) == read(key["wrong"]["times"])


# ------------------------------------------------------------------------------------------------------------------ the pages


@pytest.mark.parametrize("paper", get_args(Paper))
def test_pages_are_tagged_and_at_most_three(pages: dict[str, list[Path]], paper: str) -> None:
    for file, ending in zip(pages[paper], ("", " (key)"), strict=True):
        document = PdfReader(file)
        assert len(document.pages) <= 3
        assert all((round(page.mediabox.width), round(page.mediabox.height)) == POINTS[paper] for page in document.pages)
        root: Any = document.trailer["/Root"]
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en-GB", True)
        assert document.metadata is not None
        assert document.metadata.title == f"FlashAttention by hand: one row, 3 key tiles{ending}"
        fonts = {font["/BaseFont"].partition("+")[2] for page in document.pages for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]
        assert {"FlashvizSans-Regular", "FlashvizSans-SemiBold"} <= {font.removesuffix("-Identity-H") for font in fonts}
        assert "CC BY 4.0" in text_of(file)


def text_of(file: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


def test_the_key_has_the_answers_and_the_sheet_has_none(exercise: Exercise, pages: dict[str, list[Path]]) -> None:
    sheet, key = (text_of(file) for file in pages["a4"])
    values = said(exercise, "a4", solved=True)
    computed = [values["o"], values["lse"], values["wrong"]["o"], values["wrong"]["times"]]
    back = values["back"]
    computed += [back[name] for name in ("d", "d_q", "d_v")] + [one[name] for one in back["keys"] for name in ("p", "ds")]
    assert back["d_o"] in sheet
    for step in values["steps"]:
        computed += [step[name] for name in ("alpha", "l_scaled", "l_added", "l", "acc_scaled", "acc_added", "acc")]
        computed += [one[name] for one in step["keys"] for name in "sp"]
        for one in step["keys"]:
            assert one["k"] in sheet
            assert one["v"] in sheet
    for answer in computed:
        assert answer in key
        assert answer not in sheet


# ------------------------------------------------------------------------------------------------------------------ what is refused


def test_what_cannot_be_written_is_said(exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"choose another$"):
        write_handout(exercise, tmp_path / "file", "a4")
    with pytest.raises(UsageError, match="expected paper a4 or us-letter, got 'a5'"):
        write_handout(exercise, tmp_path, "a5")  # type: ignore[arg-type]
    calm = replace(exercise, m=np.full(3, exercise.m[1]))
    with pytest.raises(UsageError, match=r"got \[\]; choose other keys"):
        write_handout(calm, tmp_path / "calm", "a4")
    broken = tmp_path / "broken.typ"
    broken.write_text("#nothing", encoding="utf-8")
    monkeypatch.setattr(handout, "TEMPLATE", broken)
    with pytest.raises(FlashvizError, match=r"expected typst to set handout\.pdf"):
        write_handout(exercise, tmp_path / "broken", "a4")
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingPartError, match="pip install flashviz"):
        write_handout(exercise, tmp_path / "broken", "a4")
    assert not list((tmp_path / "broken").iterdir())


def test_the_command_writes_both(tmp_path: Path) -> None:
    assert get_args(Paper) == PAPERS
    result = CliRunner().invoke(main, ["handout", "--out", str(tmp_path / "out"), "--paper", "us-letter"])
    assert result.exit_code == 0, result.stderr
    assert [Path(line).name for line in result.stdout.splitlines()] == ["handout.pdf", "handout-key.pdf"]
    assert all(Path(line).is_file() for line in result.stdout.splitlines())
    refused = CliRunner().invoke(main, ["handout", "--out", str(tmp_path / "out"), "--paper", "a5"])
    assert refused.exit_code == 2
