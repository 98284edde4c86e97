"""Errors become one line on standard error and an exit code: here, once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click
import cloup
from click.exceptions import NoArgsIsHelpError

from flashviz.cli.manim_cfg import refused_by_manim
from flashviz.cli.screen import printable
from flashviz.errors import FlashvizError, UsageError
from flashviz.interrupts import INTERRUPTED
from flashviz.settings import check_epoch

END = 1000  # letters of a long message that are shown of either end


class Flashviz(cloup.Group):
    """A command group whose errors, wherever they come from, are one line: ``flashviz: expected, got, remedy``."""

    # click overloads main on standalone_mode, to say that it does not return; here both return alike
    def main(self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command line; in standalone mode, exit with its code."""
        code = self._run(args, extra)
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, args: Sequence[str] | None, extra: dict[str, Any]) -> int:  # noqa: PLR0911  # one return an error
        try:
            check_epoch(os.environ)
            code = super().main(args, standalone_mode=False, **extra)
        except FlashvizError as error:
            return _complain(str(error), error.exit_code)
        except NoArgsIsHelpError as error:
            click.echo(error.message, err=True)
            return error.exit_code
        except click.ClickException as error:
            return _complain(error.format_message(), error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            return _complain("interrupted", INTERRUPTED)
        except MemoryError as error:
            return _complain(f"expected enough memory, got none left ({error}); ask for less", FlashvizError.exit_code)
        except OSError as error:
            return _complain(f"{error.filename or 'file'}: {error.strerror or error}", FlashvizError.exit_code)
        except Exception as error:
            said = refused_by_manim(error)
            if said is None:
                raise
            return _complain(said, UsageError.exit_code)
        return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    """One line, of which the middle is left out where somebody's file or number makes it longer than anyone reads; no sign in it steers the
    terminal."""
    said = printable(" ".join(message.split()))
    click.echo("flashviz: " + (said if len(said) <= 2 * END else f"{said[:END]} ... {said[-END:]}"), err=True)
    return code
