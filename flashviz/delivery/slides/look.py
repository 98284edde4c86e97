"""What slides of every kind take from the film beside its sections: its colours, and the lines that end it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from flashviz.delivery.manifest import Manifest

WEIGHTS = (0.2126, 0.7152, 0.0722)  # of red, green and blue in luma (ITU-R BT.709)


@dataclass(frozen=True)
class Look:
    """Colours as ``#rrggbb``, and who made what under which licence."""

    ground: str
    ink: str
    colophon: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest, still: Path) -> Look:
        """The ground is the picture's: its upper left corner. The ink is what can be read on it."""
        with Image.open(still) as picture:
            red, green, blue = picture.convert("RGB").getpixel((0, 0))  # type: ignore[misc]  # three of them, in RGB
        light = sum(weight * part for weight, part in zip(WEIGHTS, (red, green, blue), strict=True)) > 127
        return cls(f"#{red:02x}{green:02x}{blue:02x}", "#000000" if light else "#ffffff", colophon(manifest))


def colophon(manifest: Manifest) -> tuple[str, ...]:
    """Licence and provenance."""
    traces = [f"{trace['source']}, trace {trace['hash'][:12]}" for trace in manifest.traces if "source" in trace and "hash" in trace]
    return (f"Made with flashviz. {manifest.licence}.", *traces)
