"""Posters as a gallery shows them: small pictures of those that were delivered."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from flashviz.errors import FlashvizError
from flashviz.files import beside

FOLDER = "_posters"  # of the site
WIDTH, HEIGHT = 640, 360
MOST = 40_000  # bytes


def small(poster: Path, out: Path) -> None:
    """Write ``poster`` as a small WebP. Raises ``FlashvizError`` where that is still large."""
    with Image.open(poster) as picture, beside(out) as partial:
        fitted = picture.convert("RGB")
        fitted.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        fitted.save(partial, "WEBP", quality=82, method=6)
    if out.stat().st_size > MOST:
        raise FlashvizError(f"expected a poster of at most {MOST:,} bytes, got {out.stat().st_size:,} of {out}; choose a plainer picture")


def committed(poster: Path, out: Path) -> None:
    """Copy one of the README's. Raises ``FlashvizError`` where it has none of a film."""
    if not poster.is_file():
        raise FlashvizError(f"expected a poster at {poster}, got none; deliver the film, then ./run.sh docs --no-films --posters")
    shutil.copyfile(poster, out)
