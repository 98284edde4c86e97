"""FlashAttention, replayed from a real kernel's own trace as an explainer film of HBM and SRAM."""

from typing import Any

from flashviz.version import __version__

__all__ = ["__version__", "show"]


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
    from flashviz.cli import notebook  # manim comes with it: importing flashviz must not wait for that

    return notebook.show(scene, quality, media_dir, settings)
