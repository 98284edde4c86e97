"""The Content-Security-Policy of every page that is written: nothing from elsewhere, and no script but those that the page came with.

Names, source lines, catalogue entries and folder names are escaped where they are put into a page; should one slip through, a browser runs
nothing of it, since a script must be one whose SHA-256 the page's head names.
"""

from __future__ import annotations

import base64
import hashlib
import re

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL | re.IGNORECASE)
DATA = re.compile(r'type="application/(?:ld\+)?json"')
META = '<meta http-equiv="Content-Security-Policy"'
HEAD = re.compile(r'<meta charset="utf-8"\s*/?>')


def guarded(page: str, *, also: tuple[str, ...] = ()) -> str:
    """``page`` with its policy, behind the line that says its encoding.

    Args:
        page: HTML whose scripts stand in it or in files beside it.
        also: Hashes, as ``sha256-...``, of scripts that those write into a window of their own.

    Raises:
        ValueError: There is no such line.
    """
    found = [(match["attributes"], match["text"]) for match in SCRIPT.finditer(page)]
    inline = sorted({hashed(text) for attributes, text in found if "src=" not in attributes and not DATA.search(attributes)})
    beside = any("src=" in attributes for attributes, _ in found)
    scripts = " ".join([*(["'self'"] if beside else []), *(f"'{each}'" for each in (*inline, *also))]) or "'none'"
    rules = (
        "default-src 'none'", f"script-src {scripts}", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "media-src 'self' data:",
        "font-src 'self' data:", "connect-src 'self'", "frame-src 'self'", "base-uri 'none'", "form-action 'self'",
    )  # fmt: skip
    whole, heads = HEAD.subn(lambda charset: f'{charset[0]}\n{META} content="{"; ".join(rules)}">', page, count=1)
    if not heads:
        raise ValueError(f"expected a page with a line that says its encoding, got {page[:60]!r}")
    return whole


def hashed(script: str) -> str:
    """A script as a policy names it. HTML has line feeds alone."""
    text = script.replace("\r\n", "\n").encode()
    return f"sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}"
