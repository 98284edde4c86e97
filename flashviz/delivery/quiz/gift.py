"""Moodle's GIFT: plain text, one question a paragraph. https://docs.moodle.org/en/GIFT_format"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flashviz.delivery.manifest import LICENCE
from flashviz.delivery.quiz.question import Question


def gift(questions: Sequence[Question]) -> str:
    """The questions as a GIFT file."""
    head = f"// FlashAttention: a quiz by flashviz. Licence: {LICENCE}\n$CATEGORY: FlashAttention\n"
    return "\n".join([head, *(_question(question) for question in questions)])


def _question(question: Question) -> str:
    answers = (f"\t{'=' if answer.right else '~'}{escaped(answer.text)}#{escaped(answer.feedback)}" for answer in question.answers)
    return "\n".join([f"::{escaped(question.name)}::[plain]{escaped(question.text)} {{", *answers, "}", ""])


def escaped(text: str) -> str:
    r"""``~ = # { } :`` and the backslash have a meaning of their own, and a blank line would end the question."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", r"\n")
