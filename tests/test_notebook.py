"""The notebook page's cells run, in a kernel of their own, and what they show plays in a browser with its captions."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import flashviz
from flashviz.errors import UsageError
from tests.conftest import ROOT
from tests.test_embedding import PLAY
from tests.test_slides import browser_page, needs_browser

CELL = re.compile(r"^```ipython\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The page's cells after they have run on the twin's traces, with small matrices."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "flashviz.toml").write_text('source = "numpy"\nseq-len = 256\nencode = "fast"\n', encoding="utf-8")
    page = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELL.findall(page)])
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    cells: list[Any] = notebook.cells
    return cells


def shown(cell: Any) -> dict[str, Any]:
    """What a cell displays last."""
    data: dict[str, Any] = cell.outputs[-1].data
    return data


def test_a_cell_shows_a_film_and_another_manims_own(cells: list[Any]) -> None:
    show, _, magic = cells
    assert re.match(r"Query heads that share keys and values: \d+ s, /.+GroupedQueryScene.mp4", shown(show)["text/plain"])
    assert re.search(r'<video src="media/jupyter/Hook@[^"]+\.mp4"', shown(magic)["text/html"])
    assert not [output for cell in cells for output in cell.outputs if "Warning" in str(output)]


@needs_browser
def test_what_it_shows_plays_with_captions_and_nothing_beside_it(cells: list[Any]) -> None:
    asked: list[str] = []
    with browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(shown(cells[0])["text/html"])
        found = page.evaluate(PLAY, 1.0)
    assert found["mode"] == "showing"
    assert found["said"].replace("\n", " ") == "Multi-head: each head has its own keys and values."
    assert all(url.startswith("data:") for url in asked), [url[:80] for url in asked]


def test_importing_flashviz_waits_for_nothing() -> None:
    loaded = "import flashviz, sys; print([name for name in ('manim', 'numpy', 'av', 'click') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_what_cannot_be_shown_is_refused_in_one_line() -> None:
    for request, complaint in (
        ({"quality": "8k"}, "one of l, m, h, k"),
        ({"colour": 1}, "is not a setting"),
        ({"scene": "Flsh"}, "no scene"),
    ):
        with pytest.raises(UsageError, match=complaint):
            flashviz.show(**request)
