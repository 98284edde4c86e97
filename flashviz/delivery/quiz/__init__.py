"""A quiz on FlashAttention: questions whose answers, right and wrong, were computed; as Moodle GIFT and as QTI 2.1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flashviz.delivery.quiz.gift import gift
from flashviz.delivery.quiz.qti import package
from flashviz.delivery.quiz.question import Answer, Question
from flashviz.errors import UsageError
from flashviz.files import beside, make_folder

__all__ = ["GIFT", "QTI", "Answer", "Question", "write_quiz"]

GIFT, QTI = "quiz-gift.txt", "quiz-qti.zip"  # Moodle takes GIFT from a .txt


def write_quiz(questions: Sequence[Question], folder: Path) -> list[Path]:
    """Write ``quiz-gift.txt`` and ``quiz-qti.zip`` into ``folder``, which is made where it is not there.

    Args:
        questions: At least one; their names are all different.
        folder: Files of these names in it are replaced.

    Returns:
        Both files.

    Raises:
        UsageError: No question, two of one name, or a folder that cannot be written.
    """
    names = [question.name for question in questions]
    if not names or len(set(names)) < len(names):
        raise UsageError(f"expected questions of different names, got {', '.join(names) or 'none'}; name each once")
    make_folder(folder)
    with beside(folder / GIFT) as partial:
        partial.write_text(gift(questions), encoding="utf-8")
    with beside(folder / QTI) as partial:
        partial.write_bytes(package(questions))
    return [folder / GIFT, folder / QTI]
