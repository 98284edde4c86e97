"""``flashviz quiz``: questions on a configuration, for a learning platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import cloup

from flashviz.cli import options, screen


@cloup.command()
@cloup.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Gets both files.")
@options.with_config
def quiz(out: Path, **flags: Any) -> None:
    """Make a quiz on a configuration, its answers computed: Moodle GIFT and QTI 2.1."""
    from flashviz.delivery.quiz import write_quiz
    from flashviz.delivery.quiz.questions import BOOK, make_questions
    from flashviz.settings import load_settings
    from flashviz_kernels.recorder import run

    settings = load_settings(**flags)
    with screen.status("quiz"):
        questions = make_questions(settings.config, run)
        made = write_quiz(questions, out)
    click.echo("\n".join(str(path) for path in made))
    asked = {question.name for question in questions}
    left = [words.name for words in BOOK.questions if words.name not in asked]
    if left:
        click.echo(f"left out, since too few wrong answers differ from the right one here: {', '.join(left)}", err=True)
