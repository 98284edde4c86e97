"""A row by hand: an exercise sheet and its key, two tagged PDFs set by typst with the bundled fonts, offline.

Who knows the values (a twin of the kernel) hands them over as an ``Exercise``; here they are only written down.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from flashviz.errors import FlashvizError, MissingPartError, UsageError
from flashviz.figures import number
from flashviz.files import beside, make_folder

Paper = Literal["a4", "us-letter"]

SHEET, KEY = "handout.pdf", "handout-key.pdf"
DECIMALS = 3  # of all that is computed; what is given is exact
FONTS = Path(__file__).parents[1] / "fonts"
TEMPLATE = Path(__file__).with_name("handout.typ")


@dataclass(frozen=True, eq=False)
class Exercise:
    """One query against T key tiles of B_c keys, with every value as a kernel kept it after each tile; the scale is in ``q``.

    Args:
        q: [d], times 1 / sqrt(d).
        k: [T, B_c, d], as ``v``.
        v: Values.
        s: [T, B_c] scores.
        p: [T, B_c], e^(s - m) with the m of that tile.
        m: [T], after each tile, as ``l``.
        l: Denominators.
        alpha: [T]; 0 at the first tile, where m was -inf.
        acc: [T, d].
        o: [d].
        lse: m + ln l at the end.
        d_o: [d], what comes back from a loss.
        d_q: [d], what a kernel's twin made of it.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    s: np.ndarray
    p: np.ndarray
    m: np.ndarray
    l: np.ndarray
    alpha: np.ndarray
    acc: np.ndarray
    o: np.ndarray
    lse: float
    d_o: np.ndarray
    d_q: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """[T, B_c], e^(s - LSE): P again."""
        return np.asarray(np.exp(self.s - self.lse))

    @property
    def d(self) -> float:
        """D = dO . O."""
        return float(self.d_o @ self.o)

    @property
    def d_p(self) -> np.ndarray:
        """[T, B_c], dO . v."""
        return np.asarray(self.v @ self.d_o)

    @property
    def d_s(self) -> np.ndarray:
        """[T, B_c], P (dP - D)."""
        return self.weights * (self.d_p - self.d)

    @property
    def without_rescale(self) -> tuple[float, np.ndarray]:
        """l and acc [d] where no tile is measured anew: sum p and sum p v over all tiles. Wrong on purpose."""
        return float(self.p.sum()), np.einsum("tc,tcd->d", self.p, self.v)

    @property
    def risen(self) -> list[int]:
        """Tiles after the first at which the maximum rose."""
        return [tile for tile in range(1, len(self.m)) if self.m[tile] > self.m[tile - 1]]


def write_handout(exercise: Exercise, folder: Path, paper: Paper) -> list[Path]:
    """Write the sheet and the key into ``folder``, which is made where it is not there.

    Args:
        exercise: The row; the maximum must rise at one tile after the first, and not at another.
        folder: Gets ``handout.pdf`` and ``handout-key.pdf``.
        paper: ``a4`` or ``us-letter``.

    Returns:
        Both files.

    Raises:
        UsageError: No such paper, an exercise whose questions have no answer, or a folder that cannot be written.
        MissingPartError: typst is not installed.
        FlashvizError: typst could not set the pages.
    """
    if paper not in get_args(Paper):
        raise UsageError(f"expected paper {' or '.join(get_args(Paper))}, got {paper!r}; try a4")
    if len(exercise.risen) != 1 or len(exercise.m) < 3:
        risen = [tile + 1 for tile in exercise.risen]
        raise UsageError(f"expected a maximum that rises at one tile after the first of three or more, got {risen}; choose other keys")
    make_folder(folder)
    return [_set(said(exercise, paper, solved=solved), folder / name) for name, solved in ((SHEET, False), (KEY, True))]


def _set(page: dict[str, Any], file: Path) -> Path:
    """Typeset one PDF (PDF/UA-1)."""
    try:
        import typst
    except ImportError as error:
        raise MissingPartError("a handout needs typst, which is not installed; pip install flashviz, which brings it") from error
    with beside(file) as partial:
        try:
            typst.compile(
                TEMPLATE, output=partial, font_paths=[FONTS], sys_inputs={"page": json.dumps(page)}, format="pdf", pdf_standards="ua-1"
            )
        except typst.TypstError as error:
            raise FlashvizError(f"expected typst to set {file.name}, got: {error}; report it") from error
    return file


def said(exercise: Exercise, paper: Paper, *, solved: bool) -> dict[str, Any]:
    """All that the template writes, as text; the sheet and the key differ in ``solved`` alone."""
    x = exercise
    wrong_l, wrong_acc = x.without_rescale
    (rise,) = x.risen
    return {
        "paper": paper, "solved": solved, "d": len(x.q), "tiles": len(x.m), "keys": x.k.shape[1], "q": _given(x.q),
        "steps": [_step(x, tile) for tile in range(len(x.m))],
        "o": _vector(x.o), "lse": _shown(x.lse), "kept": len(x.q) + 2, "rise": rise + 1,
        "calm": [tile + 1 for tile in range(1, len(x.m)) if tile != rise],
        "wrong": {
            "l": _shown(wrong_l), "acc": _vector(wrong_acc), "o": _vector(wrong_acc / wrong_l), "times": number(1 / x.alpha[rise], 2),
        },
        "back": _back(x),
    }  # fmt: skip


def _back(x: Exercise) -> dict[str, Any]:
    """The same row in the backward pass; the key whose dV is asked for is the one that weighs most."""
    most = int(x.weights.argmax())
    computed = {"s": x.s, "p": x.weights, "dp": x.d_p, "ds": x.d_s}
    return {
        "d_o": _given(x.d_o), "d": _shown(x.d), "d_q": _vector(x.d_q), "most": most + 1, "d_v": _vector(x.weights.ravel()[most] * x.d_o),
        "keys": [
            {"number": c + 1, "k": _given(k), "v": _given(v)} | {name: _shown(values.ravel()[c]) for name, values in computed.items()}
            for c, (k, v) in enumerate(zip(x.k.reshape(-1, len(x.q)), x.v.reshape(-1, len(x.q)), strict=True))
        ],
    }  # fmt: skip


def _step(x: Exercise, tile: int) -> dict[str, Any]:
    """One tile: what is given, what m, l and acc were, and what they become."""
    alpha = x.alpha[tile]
    m_old, l_old, acc_old = (x.m[tile - 1], x.l[tile - 1], x.acc[tile - 1]) if tile else (-np.inf, 0.0, np.zeros(len(x.q)))
    first = tile * x.k.shape[1] + 1
    return {
        "keys": [
            {"number": first + c, "k": _given(k), "v": _given(v), "s": _shown(s), "p": _shown(p)}
            for c, (k, v, s, p) in enumerate(zip(x.k[tile], x.v[tile], x.s[tile], x.p[tile], strict=True))
        ],
        "m_old": _shown(m_old), "m": _shown(x.m[tile]), "alpha": _shown(alpha),
        "l_scaled": _shown(alpha * l_old), "l_added": _shown(x.p[tile].sum()), "l": _shown(x.l[tile]),
        "acc_scaled": _vector(alpha * acc_old), "acc_added": _vector(x.p[tile] @ x.v[tile]), "acc": _vector(x.acc[tile]),
    }  # fmt: skip


def _shown(value: float) -> str:
    """A computed number, to ``DECIMALS``."""
    return number(value, DECIMALS)


def _vector(values: np.ndarray) -> str:
    return f"({', '.join(_shown(value) for value in values)})"


def _given(values: np.ndarray) -> str:
    """Numbers of the exercise, exact: as short as they are."""
    return f"({', '.join(f'{value:g}'.replace('-', '−') for value in values.tolist())})"
