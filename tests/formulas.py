"""LaTeX formulas of docs/maths and docs/gradients.md as numbers: fractions, powers, roots, ceilings, max, min, log, juxtaposed products."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from tests.conftest import ROOT

MATHS = ROOT / "docs" / "maths"
PAGES = sorted([*MATHS.glob("*.md"), ROOT / "docs" / "gradients.md"])
LABELLED = re.compile(r"^\$\$\n([^$]+)\n\$\$ \(([\w-]+)\)$", re.MULTILINE)
SPACES = {"\\,", "\\quad", "\\qquad"}
GREEK = {"\\ell": "l", "\\beta": "beta", "\\pi": "pi", "\\alpha": "alpha"}
CALLED: dict[str, Callable[..., float]] = {"\\max": max, "\\min": min, "\\log": math.log}
CLOSING = {"\\left(": "\\right)", "\\left\\lceil": "\\right\\rceil", "\\left\\lfloor": "\\right\\rfloor"}


def labelled() -> dict[str, str]:
    """By label: each formula that has one, as it stands on the page of a film or of the gradients."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    found = [(label, formula) for text in texts for formula, label in LABELLED.findall(text)]
    assert len(found) == len(dict(found)), "two formulas have one label"
    return dict(found)


def value(formula: str, names: Mapping[str, float]) -> float:
    """The right-hand side of ``name = formula``, with ``names`` for its letters: ``N_q`` is N_q, ``\\ell_1`` is l_1.

    Raises:
        ValueError: It has something that is not understood, or a name that was not given.
    """
    return Reader(formula.partition("=")[2], names).all()


class Reader:
    """Recursive descent: a sum of products of powers."""

    def __init__(self, text: str, names: Mapping[str, float]) -> None:
        text = re.sub(r"\\(left|right)\s*(\\[a-z]+|.)", r"\\\1\2", text)
        tokens = re.findall(r"\\(?:left|right)(?:\\[a-z]+|.)|\\[A-Za-z]+|\\.|\d+|[A-Za-z]|\S", text)
        self.tokens = [token for token in tokens if token not in SPACES]
        self.at, self.names = 0, names

    def all(self) -> float:
        found = self.sum()
        if self.at < len(self.tokens):
            raise ValueError(f"expected an end, got {self.tokens[self.at]}")
        return found

    def ahead(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.ahead()
        if not token or (expected is not None and token != expected):
            raise ValueError(f"expected {expected or 'more'}, got {token or 'the end'}")
        self.at += 1
        return token

    def sum(self) -> float:
        sign = -1 if self.ahead() == "-" and self.take() else 1
        found = sign * self.product()
        while self.ahead() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            found += sign * self.product()
        return found

    def product(self) -> float:
        found = self.power()
        while self.ahead() and (self.ahead() == "/" or self.begins()):
            if self.ahead() == "/":
                self.take()
                found /= self.power()
            else:
                found *= self.power()
        return found

    def begins(self) -> bool:
        token = self.ahead()
        return token.isalnum() or token in ("{", "(", "\\frac", "\\sqrt", "\\text", *GREEK, *CALLED, *CLOSING)

    def power(self) -> float:
        base = self.atom()
        while self.ahead() == "^":
            self.take()
            base **= self.group()
        return base

    def group(self) -> float:
        """An argument: one token, or several in braces."""
        if self.ahead() != "{":
            return self.atom()
        self.take("{")
        found = self.sum()
        self.take("}")
        return found

    def atom(self) -> float:
        token = self.take()
        if token.isdigit():
            return float(token)
        if token == "\\frac":
            above = self.group()
            return above / self.group()
        if token == "\\sqrt":
            return math.sqrt(self.group())
        if token == "(" or token in CLOSING:
            found = self.sum()
            self.take(CLOSING.get(token, ")"))
            return {"\\left\\lceil": math.ceil, "\\left\\lfloor": math.floor}.get(token, float)(found)
        if token in CALLED:
            return self.called(CALLED[token])
        return self.named(token)

    def called(self, function: Callable[..., float]) -> float:
        if self.ahead() != "(":
            return function(self.power())
        self.take("(")
        arguments = [self.sum()]
        while self.ahead() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        return function(*arguments)

    def named(self, token: str) -> float:
        name = self.text() if token == "\\text" else GREEK.get(token, token)
        if self.ahead() == "_":
            self.take()
            name += f"_{self.index()}"
        if name == "e":
            return math.e
        if name not in self.names:
            raise ValueError(f"expected a name that is given, got {name}; given are {', '.join(self.names)}")
        return self.names[name]

    def index(self) -> str:
        """A subscript's letters, whatever they are set in."""
        if self.ahead() != "{":
            return self.text() if self.ahead() == "\\text" and self.take() else self.take()
        self.take("{")
        found = ""
        while self.ahead() != "}":
            token = self.take()
            found += self.text() if token == "\\text" else token
        self.take("}")
        return found

    def text(self) -> str:
        self.take("{")
        found = ""
        while self.ahead() != "}":
            found += self.take()
        self.take("}")
        return found
