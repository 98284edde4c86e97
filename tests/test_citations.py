"""Quoted figures are what the papers print, as FACTS.md took them down; nothing quoted is typed anywhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from flashviz import citations
from flashviz.citations import ERRATUM, FIGURE_2, MEMORY_SPEEDS, SOURCES
from flashviz.config import SHARED_LIMIT

ROOT = Path(__file__).parent.parent

# The sentences of the papers, as printed: units and all.
A100 = {  # Dao et al. 2022, arXiv 2205.14135: Fig. 1 (A100-40GB) and section 2.1
    "hbm_size": "40 GB",
    "hbm_speed": "1.5 TB/s",
    "sram_size": "192 KB per SM",
    "sram_speed": "19 TB/s, all SMs",  # of the 20 MB, the sum over the chip
}
H100 = {  # Shah et al. 2024, arXiv 2407.08608: Table 1 (H100 SXM5); SMEM 31 TB/s per GPU
    "hbm_size": "80 GiB",
    "hbm_speed": "3.35 TB/s",
    "sram_size": "228 KiB per SM",
    "sram_speed": "31 TB/s, all SMs",
}


@pytest.mark.parametrize(
    ("arch", "device", "printed", "arxiv", "place"),
    [
        ("sm_80", "A100", A100, "2205.14135", "Fig. 1 and section 2.1"),
        ("sm_90", "H100", H100, "2407.08608", "Table 1"),
    ],
)
def test_memory_speeds_are_as_printed(arch: str, device: str, printed: dict[str, str], arxiv: str, place: str) -> None:
    speeds = MEMORY_SPEEDS[arch]
    assert speeds.device == device
    for name, value in printed.items():
        assert getattr(speeds, name) == value, name
    assert speeds.quote.source.arxiv == arxiv
    assert speeds.quote.place == place
    assert speeds.citation == f"{speeds.quote.source.short}, {place}"


@pytest.mark.parametrize("arch", MEMORY_SPEEDS)
def test_quote_holds_every_number_of_the_card(arch: str) -> None:
    speeds = MEMORY_SPEEDS[arch]
    for shown in (speeds.hbm_size, speeds.hbm_speed, speeds.sram_size, speeds.sram_speed):
        figure = re.search(r"[\d.]+ [A-Za-z/]+", shown)
        assert figure is not None, shown
        assert figure.group() in speeds.quote.text


def test_the_papers_measurement_is_as_printed() -> None:
    """Dao et al. 2022, Fig. 2 left: GPT-2 medium, forward and backward, on an A100. Quoted, never derived."""
    assert FIGURE_2.quote.citation == "Dao et al. 2022, Fig. 2 left"
    assert FIGURE_2.rows == (("GFLOPs", "66.6", "75.2"), ("HBM reads and writes", "40.3 GB", "4.4 GB"), ("runtime", "41.7 ms", "7.3 ms"))
    assert FIGURE_2.setting == "GPT-2 medium, N = 1,024, d = 64, 16 heads, batch 64, forward and backward, on an A100"
    for figure in (text for row in FIGURE_2.rows for text in row[1:]):
        assert figure in FIGURE_2.quote.text


def test_an_architecture_without_a_source_of_its_own_is_not_quoted() -> None:
    assert set(MEMORY_SPEEDS) <= set(SHARED_LIMIT)
    assert "sm_86" not in MEMORY_SPEEDS


def test_papers() -> None:
    assert {(source.short, source.arxiv) for source in SOURCES} == {
        ("Dao et al. 2022", "2205.14135"),
        ("Dao 2023", "2307.08691"),
        ("Shah et al. 2024", "2407.08608"),
        ("Milakov & Gimelshein 2018", "1805.02867"),
        ("Vaswani et al. 2017", "1706.03762"),
        ("Ainslie et al. 2023", "2305.13245"),
    }
    assert citations.FLASH_ATTENTION.title == ("FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness")
    assert citations.FLASH_ATTENTION_2.title == ("FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning")
    assert citations.ONLINE_SOFTMAX.title == "Online normalizer calculation for softmax"


def test_the_corrected_line_gives_attention_and_the_printed_one_does_not() -> None:
    """The two formulas carried out over tiles of a row whose max rises, against softmax of the whole row."""
    s, v = np.array([0.0, 1.0, 3.0, 2.0]), np.array([1.0, -2.0, 0.5, 4.0])
    whole = np.exp(s) @ v / np.exp(s).sum()

    def blended(power: int) -> float:
        m, total, acc = -np.inf, 0.0, 0.0
        for tile in (slice(0, 2), slice(2, 4)):
            new = max(m, s[tile].max())
            alpha = np.exp(m - new) if np.isfinite(m) else 1.0  # there is no past yet
            p = np.exp(s[tile] - new)
            m, total, acc = new, total * alpha + p.sum(), acc * alpha**power + p @ v[tile]
        return float(acc / total)

    assert blended(+1) == pytest.approx(whole)
    assert abs(blended(-1) - whole) > 0.1
    assert ERRATUM.printed.replace("^(-1)", "") == ERRATUM.correct
    assert "^(-1)" in ERRATUM.printed
    assert "line 10" in ERRATUM.where


@pytest.mark.parametrize(
    "path", [*(ROOT / "flashviz" / "director").glob("*.py"), *(ROOT / "scenes").glob("*.py")], ids=lambda path: path.name
)
def test_no_quoted_figure_is_typed_where_it_is_shown(path: Path) -> None:
    """Bytes, rates and devices are read from citations; docstrings are no film."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            assert not re.search(r"\d\s?([KMGT]i?B|[TG]B/s|TFLOP|GFLOP)|[AH]100", node.value), node.value
