"""FlashAttention, replayed from a real kernel's own trace as an explainer film of HBM and SRAM."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def show(scene: str = "DigestScene", *, quality: str = "l", media_dir: str = "media", **settings: Any) -> Any:
    """Render a film and show it in a notebook, with captions that can be switched off.

    Args:
        scene: A film by name, as the command line names it.
        quality: l, m, h or k: 480, 720, 1080 or 2160 lines.
        media_dir: Where films are kept; an unchanged one is not rendered again.
        settings: Any setting by its name, with ``_`` for ``-``: ``seq_len=256``, ``causal=True``, ``theme="light"``.

    Returns:
        What a notebook displays as a video; ``path`` is its file.

    Raises:
        UsageError: No such scene, quality or setting.
        MissingPartError: A part that the film needs is not installed.
    """
    notebook = import_module("flashviz.cli.notebook")  # manim comes with it: importing flashviz must not wait for that
    return notebook.show(scene, quality, media_dir, settings)
