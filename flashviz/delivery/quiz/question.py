"""What a question is: one right answer, wrong ones that people are known to give, and to each what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One choice, and what who chose it is told."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with one right answer.

    Args:
        name: Unique in a quiz; letters, digits and hyphens.
        text: What is asked.
        answers: In the order in which they are written; exactly one is right, and no two read alike.
    """

    name: str
    text: str
    answers: tuple[Answer, ...]

    @property
    def right(self) -> Answer:
        (answer,) = (answer for answer in self.answers if answer.right)
        return answer


def choices(right: Answer, wrong: Iterable[Answer], place: int) -> tuple[Answer, ...]:
    """The right answer and those wrong ones that do not read as it or as each other, the right one at ``place`` (modulo their number).

    A learning platform may keep the order: the right answer must not always stand first.
    """
    others: dict[str, Answer] = {}
    for answer in wrong:
        if answer.text != right.text:
            others.setdefault(answer.text, answer)
    at = place % (len(others) + 1)
    return (*list(others.values())[:at], right, *list(others.values())[at:])
