"""Names on the stage: what a structural snapshot reads, and typed bases for our own animations."""

from __future__ import annotations

from typing import Any

from manim import Animation, Mobject, VGroup, VMobject


class Named(VGroup):
    """A group with a ``tag``, and the ``text`` that it shows."""

    def __init__(self, *parts: Mobject, tag: str, text: str = "") -> None:
        self.tag, self.text = tag, text
        super().__init__(*parts)  # type: ignore[arg-type]  # our parts are vectorised throughout


class NamedPath(VMobject):
    """One outline with a ``tag``."""

    def __init__(self, tag: str, **style: Any) -> None:
        self.tag = tag
        super().__init__(**style)


class Act(Animation):
    """An animation whose picture is a pure function of its alpha: a skipped play leaves what a played one leaves."""

    mobject: Any
    starting_mobject: Any
