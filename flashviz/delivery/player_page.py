"""Pages with the trace player: everything in one file, or a gallery of traces to choose from. No request leaves either."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from flashviz.delivery.manifest import LICENCE
from flashviz.delivery.policy import guarded
from flashviz.export.player import MODULE
from flashviz.files import beside

TITLE = "FlashAttention, step by step"
PLAYER = "player.html"
MODULE_NAME, TRACES = "flash-trace-player.js", "traces"
STYLE = """
:root { color-scheme: light dark; } body { margin: 0 auto; padding: 12px; max-width: 1320px; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 8px; }
form { display: flex; flex-wrap: wrap; gap: 12px; margin-bottom: 12px; }
select { font: inherit; min-height: 36px; }
footer { margin-top: 12px; font-size: 0.9rem; }
"""
CHOOSING = """
const { choices, made } = JSON.parse(document.querySelector('#made').textContent);
const form = document.querySelector('form'), player = document.querySelector('flash-trace-player');
const chosen = () => Object.keys(choices).map((name) => form.elements[name].value);
const named = (values) => values.join('-');
function update() {
  Object.entries(choices).forEach(([name, values], at) => values.forEach((value, index) => {
    const other = chosen().with(at, value);
    form.elements[name].options[index].disabled = !made.includes(named(other));
  }));
  if (made.includes(named(chosen()))) player.src = `traces/${named(chosen())}.json`;
}
form.addEventListener('change', update);
update();
"""


@dataclass(frozen=True)
class Choice:
    """A trace under a control of the player: ``control`` has ``value``. ``trace`` is the player's JSON."""

    control: str
    value: str
    trace: bytes


def single_page(traces: Sequence[Choice]) -> str:
    """A page that needs no other file: the first trace as recorded, the others under their controls."""
    scripts = "\n".join(_inline(choice) for choice in traces)
    module = MODULE.read_text(encoding="utf-8")
    return _page(f"<flash-trace-player>\n{scripts}\n</flash-trace-player>", f'<script type="module">\n{module}</script>')


def write_gallery(folder: Path, choices: Mapping[str, Sequence[str]], traces: Mapping[tuple[str, ...], bytes]) -> Path:
    """Write a page that changes one thing at a time among ``traces``, which lie beside it.

    Args:
        folder: Made where it is missing.
        choices: Values by the name of what is chosen, in the order of the page.
        traces: The player's JSON by one value a choice. A combination without a trace cannot be chosen.

    Returns:
        The page.
    """
    (folder / TRACES).mkdir(parents=True, exist_ok=True)
    for values, trace in traces.items():
        with beside(folder / TRACES / f"{'-'.join(values)}.json") as partial:
            partial.write_bytes(trace)
    with beside(folder / MODULE_NAME) as partial:
        partial.write_bytes(MODULE.read_bytes())
    selects = " ".join(_select(name, values) for name, values in choices.items())
    offered = {"choices": {name: [*values] for name, values in choices.items()}, "made": ["-".join(values) for values in traces]}
    made = json.dumps(offered).replace("<", "\\u003c")
    scripts = f'<script type="module" src="{MODULE_NAME}"></script>\n<script type="application/json" id="made">{made}</script>'
    body = f'<form>{selects}</form>\n<flash-trace-player src="{TRACES}/{"-".join(next(iter(traces)))}.json"></flash-trace-player>'
    with beside(folder / "index.html") as partial:
        partial.write_text(_page(body, f'{scripts}\n<script type="module">{CHOOSING}</script>'), encoding="utf-8")
    return folder / "index.html"


def _page(body: str, scripts: str) -> str:
    return guarded(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{TITLE}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{TITLE}</h1>
{body}
</main>
<footer>Recorded and drawn by flashviz. Pictures and text: {LICENCE}; code: MIT.</footer>
{scripts}
</body>
</html>
""")


def _inline(choice: Choice) -> str:
    """A trace within the page; a ``<`` of the kernel's text cannot end its element."""
    data = choice.trace.decode("utf-8").replace("<", "\\u003c")
    control = f' data-control="{escape(choice.control)}" data-value="{escape(choice.value)}"'
    return f'<script type="application/json"{control}>{data}</script>'


def _select(name: str, values: Sequence[str]) -> str:
    field, options = escape(name), "".join(f"<option>{escape(value)}</option>" for value in values)
    return f'<span><label for="{field}">{field}</label> <select name="{field}" id="{field}">{options}</select></span>'
