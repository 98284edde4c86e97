"""Both skins: contrast on every ground, hues that stay apart for colour-blind eyes, and the bundled fonts."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import manimpango
import numpy as np
import pytest
from coloraide import Color

from flashviz import theme
from flashviz.errors import MissingPartError
from flashviz.layout import LABELLED
from flashviz.lettering import FONTS_DIR, LABEL_PX, NOTE_PX, TITLE_PX, Face, em, text_width
from flashviz.outlines import register_fonts
from flashviz.palette import DARK, LIGHT, THEMES, Theme
from tests.conftest import ROOT

GROUNDS = ("ground", "panel", "chip", "registers")
HUES = ("q", "k", "v", "o", "stats")
TEXT = 4.5  # WCAG 2.1, 1.4.3: contrast of text
SHAPES = 3.0  # 1.4.11: contrast of shapes that carry meaning
APART = 8.0  # CIEDE2000: plainly different beside each other

skins = pytest.mark.parametrize("skin", THEMES.values(), ids=lambda skin: skin.name)


def contrast(first: str, second: str) -> float:
    return float(Color(first).contrast(Color(second), method="wcag21"))


@skins
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", ["ink", "quiet", "stats", "q", "k", "v", "o", "scores"])
def test_text_is_readable_on_every_ground(skin: Theme, ink: str, ground: str) -> None:
    """Words in ink and quiet; names of tensors, formulas and ledger rows in the tensors' own hues."""
    assert contrast(getattr(skin, ink), getattr(skin, ground)) >= TEXT


@skins
def test_reversed_text_of_the_pill_is_readable(skin: Theme) -> None:
    assert contrast(skin.ground, skin.ink) >= TEXT


@skins
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("hue", [*HUES, "scores", "warn"])
def test_tiles_stand_out_from_what_they_lie_on(skin: Theme, hue: str, ground: str) -> None:
    assert contrast(getattr(skin, hue), getattr(skin, ground)) >= SHAPES


@skins
@pytest.mark.parametrize("ground", GROUNDS)
def test_further_hues_are_readable_on_every_ground(skin: Theme, ground: str) -> None:
    assert min(contrast(hue, getattr(skin, ground)) for hue in skin.further) >= TEXT


@skins
@pytest.mark.parametrize("sight", [None, "protan", "deutan", "tritan"])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(range(8), 2)))
def test_hues_stay_apart_for_every_eye(skin: Theme, first: int, second: int, sight: str | None) -> None:
    """The five of attention's tensors, and three more for a kernel with eight."""
    a, b = Color(skin.hues[first]), Color(skin.hues[second])
    if sight is not None:
        a, b = a.filter(sight), b.filter(sight)
    assert a.delta_e(b, method="2000") >= APART


@skins
def test_scores_are_nobodys_hue(skin: Theme) -> None:
    """S and P are a neutral ramp: next to no chroma, while the tensors have much."""
    assert Color(skin.scores).convert("oklch")["c"] < 0.04
    assert min(Color(getattr(skin, hue)).convert("oklch")["c"] for hue in HUES) > 0.06


@skins
def test_grounds_are_told_apart(skin: Theme) -> None:
    """HBM, the chip and its registers are three surfaces."""
    grounds = [getattr(skin, name) for name in ("ground", "panel", "registers")]
    for a, b in itertools.combinations(grounds, 2):
        assert Color(a).delta_e(Color(b), method="2000") > 1.5


def test_skins_are_light_and_dark() -> None:
    assert contrast(DARK.ground, LIGHT.ground) > 15
    assert set(THEMES) == {"dark", "light"}
    assert all(THEMES[name].name == name for name in THEMES)


def test_the_glossary_says_what_each_colour_means() -> None:
    """Every colour of the palette once, in both skins, each with a meaning of its own."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Colours")[2]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")]
    colours = {field.name for field in fields(Theme)} - {"name"}
    assert sorted(name.strip("`") for name, *_ in table) == sorted(colours)
    for name, dark, light, meaning in table:
        for skin, written in ((DARK, dark), (LIGHT, light)):
            given = getattr(skin, name.strip("`"))
            assert written == ", ".join(f"`{colour}`" for colour in ([given] if isinstance(given, str) else given))
        assert meaning
    assert len({meaning for *_, meaning in table}) == len(table)


@skins
def test_every_tensor_has_a_hue(skin: Theme) -> None:
    assert skin.hue("P") == skin.hue("S") == skin.scores
    assert skin.hue("ACC") == skin.hue("O") == skin.o
    assert skin.hue("M") == skin.hue("L") == skin.hue("LSE") == skin.stats
    assert len({skin.hue(tensor) for tensor in "QKVOSM"}) == 6
    with pytest.raises(KeyError):
        skin.hue("X")


# ------------------------------------------------------------------------------------------------------------- fonts


@pytest.mark.parametrize("face", Face)
def test_fonts_are_bundled(face: Face) -> None:
    assert (FONTS_DIR / face).stat().st_size > 50_000


def test_licence_of_the_fonts_lies_beside_them() -> None:
    text = (FONTS_DIR / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    for family in ("Inter", "JetBrains Mono"):
        assert family in text


def test_fonts_are_registered() -> None:
    register_fonts()
    assert {"Flashviz Sans", "Flashviz Mono"} <= set(manimpango.list_fonts())


def test_a_font_that_pango_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """manim itself would draw another font and warn."""
    monkeypatch.setattr(manimpango, "register_font", lambda _path: False)
    with pytest.raises(MissingPartError, match=r"expected the bundled font .*; reinstall flashviz"):
        register_fonts.__wrapped__()


@pytest.mark.parametrize("face", Face)
def test_each_face_is_drawn_in_its_own_font(face: Face) -> None:
    """Another family or weight has another width: the drawn line is as wide as its own file says."""
    text = "mmmmmmmmmm WWWWW" + (" != => <=" if face in (Face.MONO, Face.MONO_STRONG) else "")
    drawn = theme.line(text, LABEL_PX, "#FFFFFF", face)
    measured = {other: text_width(text, LABEL_PX, other) for other in Face}
    nearest = min(measured.values(), key=lambda width: abs(width - drawn.width))
    assert measured[face] == nearest
    assert drawn.width == pytest.approx(measured[face], abs=0.2 * em(LABEL_PX))


def test_lines_share_baselines() -> None:
    """Ragged heights do not move them."""
    block = theme.lines(["xxxx", "Hgjp", "oooo"], NOTE_PX, "#FFFFFF")
    first, third = block[0].get_bottom()[1], block[2].get_bottom()[1]
    assert first - third == pytest.approx(2 * 1.36 * em(NOTE_PX), abs=0.02 * em(NOTE_PX))


@pytest.mark.parametrize(
    ("formula", "room"),
    [("Q_31", 0.39), ("K_31^top", 0.48), ("V_31", 0.31), ("S", 0.2), ("m", 0.22), ("ell", 0.11), ('"acc"', 0.36)],
)
def test_formulas_are_no_wider_than_layout_reserves(formula: str, room: float) -> None:
    """test_layout reckons with these widths."""
    drawn = theme.maths(formula, TITLE_PX, "#FFFFFF")
    assert drawn.width <= room
    assert drawn.height <= 0.31 < LABELLED[1]


# -------------------------------------------------------------------------------------------------------------- ramps


def test_ramp_goes_from_low_to_high() -> None:
    pixels = theme.ramp(np.array([[0.0, 0.5, 1.0, np.nan, -np.inf, np.inf, 2.0]]), "#000000", "#FF8000")
    assert pixels.dtype == np.uint8
    assert pixels[0, :, 0].tolist() == [0, 128, 255, 0, 0, 255, 255]
    assert pixels[0, 2].tolist() == [255, 128, 0, 255]
    assert (pixels[..., 3] == 255).all()


def test_another_version_that_is_installed_is_not_drawn_instead(tmp_path: Path) -> None:
    """A machine whose own Inter is another font: here glyphs of the other face, under that name. Blanks do not count in a family's name."""
    fonts = tmp_path / ".fonts"
    fonts.mkdir()
    for face in (Face.MONO, Face.MONO_STRONG):
        content = (FONTS_DIR / face).read_bytes()
        for encoding in ("utf-16-be", "latin-1"):
            content = content.replace("Flashviz Mono".encode(encoding), "Inter".ljust(13).encode(encoding))
        (fonts / f"Inter-{face.name}.ttf").write_bytes(content)
    program = (
        "import sys, numpy as np\nfrom flashviz.lettering import Face\nfrom flashviz.outlines import outline\n"
        "sys.stdout.buffer.write(b''.join(outline('mmm WWW 0123', face).tobytes() for face in Face))\n"
    )
    drawn = {
        home: subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=os.environ | {"HOME": str(home)}).stdout
        for home in (tmp_path, tmp_path / "none")
    }
    assert drawn[tmp_path] == drawn[tmp_path / "none"] != b""


def test_text_before_the_fonts_are_registered_is_an_error_and_not_another_font(tmp_path: Path) -> None:
    """As in a notebook that drew a text of its own first: Pango keeps the fonts that it found then."""
    program = (
        "from manim import Text\nfrom flashviz import theme\nfrom flashviz.errors import MissingPartError\n"
        "Text('mine')\n"
        "try: theme.line('ours', 28, '#FFFFFF')\n"
        "except MissingPartError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path)
    assert "call flashviz.outlines.register_fonts() before the first text of this process" in told.stdout
