"""A film in words: what is said in each beat, and what the picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flashviz.storyboard import Told


def transcript(subject: str, about: str, told: Sequence[Told], shown: Mapping[str, str]) -> str:
    """Markdown.

    Args:
        subject: The film's name.
        about: One sentence.
        told: Its beats.
        shown: What moves in a beat, by the beat's name; a beat may be missing.
    """
    parts = [f"# {subject}", about]
    for beat in told:
        parts.append(f"## {clock(beat.start)} {beat.title}")
        if beat.caption:
            parts.append(beat.caption)
        if beat.name in shown:
            parts.append(f"*Picture: {shown[beat.name]}*")
    return "\n\n".join(parts) + "\n"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
