"""Sphinx extension: pages that nobody types. One a film, from its manifest, with its maths, its question and a player of its traces; the
commands, from their ``--help``; the README; the modules.

They are written into ``pages/`` beside the typed ones before Sphinx reads any.
"""

from __future__ import annotations

import os
import re
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import chapter
import click
import door
import posters
import traces

from flashviz.cli import main
from flashviz.cli.films import SceneSource, every_scene
from flashviz.cli.scenes import Scene, describe
from flashviz.delivery.embedding import video_tag, within
from flashviz.delivery.manifest import MANIFEST, Manifest, read_manifest
from flashviz.export.player import MODULE
from flashviz.files import partial_name
from flashviz.settings import load_settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGES = "pages"  # generated, beside the typed pages
FILMS = "_films"  # where the site keeps them
HOME = ("FlashAttentionScene", "DigestScene")  # before the chapters
MODULES = (
    "config", "inputs", "device", "memory", "trace", "export", "storyboard", "layout", "generic", "citations", "catalogue", "delivery",
    "delivery.manifest", "delivery.embedding", "settings", "errors",
)  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.add_config_value("films_folder", "../media/delivered", "env", str)
    app.connect("builder-inited", write_pages)
    app.connect("env-get-outdated", lambda *_: ["index"])  # it shows a film that its file does not name
    app.connect("source-read", dress)
    app.connect("build-finished", copy_films)
    app.connect("build-finished", write_beside)
    return {"parallel_read_safe": True}


def films_folder(app: Sphinx) -> Path:
    """Where delivered films are looked for; a path relative to the pages, or an absolute one."""
    return Path(app.srcdir) / str(app.config.films_folder)


def delivered(app: Sphinx) -> dict[str, Manifest]:
    """Each delivered film by its scene."""
    return {path.parent.name: read_manifest(path.parent) for path in sorted(films_folder(app).glob(f"*/{MANIFEST}"))}


def known(app: Sphinx) -> dict[str, SceneSource]:
    """Each film that there is, by its scene: the main ones, then as the chapters' page has them."""
    rows = [*HOME, *chapter.rows_of((Path(app.srcdir) / "chapters.md").read_text(encoding="utf-8"))]
    found = {source.name: source for source in every_scene(load_settings(environ={}, folder=Path(app.srcdir)))}
    return {name: found[name] for name in sorted(found, key=lambda name: rows.index(name) if name in rows else len(rows))}


def write_pages(app: Sphinx) -> None:
    """Write what is generated; a page that says what it said keeps its time, so that Sphinx leaves it."""
    source = Path(app.srcdir)
    films, files = delivered(app), known(app)
    scenes = {name: describe(file) for name, file in files.items()}
    names = [*scenes, *(name for name in films if name not in scenes)]
    chapters = (source / "chapters.md").read_text(encoding="utf-8")
    pages = {f"{name}.md": film_page(name, app, scenes.get(name), films.get(name), chapters, files.get(name)) for name in names}
    pages |= {
        "films.md": films_page(names, scenes, films),
        "commands.md": commands_page(),
        "modules.md": modules_page(),
        "readme.md": readme_page((source.parent / "README.md").read_text(encoding="utf-8")),
    }
    folder = source / PAGES
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.glob("*.md")} - set(pages):
        (folder / stale).unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def readme_page(text: str) -> str:
    """The README with its links as a page in ``pages/`` has them; what is linked to besides pages is taken along."""
    text = re.sub(rf"\]\(docs/{chapter.MATHS}/", "](docs/pages/", text)  # a film's page has its maths
    return re.sub(r"\]\((?!https?:|#)(?:(docs/)|(?!docs/))", lambda found: "](../" if found[1] else "](../../", text)


def film_page(
    name: str, app: Sphinx, scene: Scene | None, film: Manifest | None, chapters: str, file: SceneSource | None
) -> str:  # fmt: skip
    """A film, the question that it answers, the maths, a player of its traces, what it tells, and where its figures come from."""
    subject, about = ((film or scene).subject, (film or scene).about) if film or scene else (name, "")
    parts = [f"# {plain(subject)}", plain(about), shown(film, "../") if film else absent(name)]
    questions, idea = chapter.questions_of(chapters).get(name), chapter.rows_of(chapters).get(name)
    if idea:
        parts.append(f"It makes obvious: {idea[0]}.\n\nIts figures come from: {idea[1]}.")
    parts += [chapter.answered(questions, name)] if questions else []
    parts.append(chapter.maths_of(name, Path(app.srcdir)))
    parts.append(chapter.parts_of(film.beats if film else (), {describe(each).subject: other for other, each in known(app).items()}))
    offered = traces.shown_by(film) if film else []
    if offered:
        parts.append(stepped(offered))
    if film:
        parts += [transcript((films_folder(app) / name / film.files.transcript).read_text(encoding="utf-8")), *facts(film)]
    parts.append(chapter.sources("\n".join(parts)))
    parts.append(f"## Make it yourself\n\n```console\n$ flashviz render {name}\n```")
    if file is not None:
        parts.append(f"```{{literalinclude}} {os.path.relpath(file.file, Path(app.srcdir) / PAGES)}\n:language: python\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def stepped(offered: list[traces.Shown]) -> str:
    """The player, and the module that makes it one."""
    script = f'<script type="module" src="../_static/{MODULE.name}"></script>'
    return f"## Step through its trace\n\n```{{raw}} html\n{traces.player(offered, '../')}\n{script}\n```"


def plain(text: str) -> str:
    """Text in which Markdown sees no mark-up."""
    return re.sub(r"([\\`*_{}\[\]<>#|&])", r"\\\1", text)


def shown(film: Manifest, up: str) -> str:
    """The film on a page; ``up`` leads from the page to the site's root."""
    return f"```{{raw}} html\n{video_tag(film, within(f'{up}{FILMS}/{film.scene}'))}\n```"


def absent(name: str) -> str:
    """What stands in a film's place."""
    return f"```{{note}}\nThis site was built without the film. `./run.sh docs {name}` makes it.\n```"


def transcript(text: str) -> str:
    """The delivered transcript below its title and sentence, one level deeper; nothing in it is mark-up but what its writer set."""
    parts = ["## Transcript"]
    for part in text.strip().split("\n\n")[2:]:
        if part.startswith("## "):
            parts.append(f"### {plain(part[3:])}")
        elif part.startswith("*Picture: "):
            parts.append(f"*{plain(part[1:-1])}*")
        else:
            parts.append(plain(part))
    return "\n\n".join(parts)


def facts(film: Manifest) -> list[str]:
    """What was shown, and the files to take along."""
    folder = f"../{FILMS}/{film.scene}"
    names = {"film": film.files.film, "captions (WebVTT)": film.files.vtt, "captions (SubRip)": film.files.srt, "poster": film.files.poster}
    links = ", ".join(f'<a href="{folder}/{escape(name)}">{what}</a>' for what, name in (names | {"manifest": MANIFEST}).items())
    size = f"{film.width} by {film.height}, {film.fps:g} frames a second, {film.seconds:.1f} s"
    return [
        "## What is shown",
        "\n".join(f"- {line}" for line in [size, *dict.fromkeys(traces.facts(trace) for trace in film.traces), f"Licence: {film.licence}"]),
        f"```{{raw}} html\n<p>Files: {links}</p>\n```",
    ]


def films_page(names: list[str], scenes: dict[str, Scene], films: dict[str, Manifest]) -> str:
    """All films, with those that are not there marked."""
    told = {name: films.get(name) or scenes[name] for name in names}
    lines = [f"- [{plain(each.subject)}]({name}.md): {plain(each.about)}{'' if name in films else ' (not rendered here)'}"
             for name, each in told.items()]  # fmt: skip
    toctree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    posters = gallery({name: each.subject for name, each in told.items()}, "../")
    return "\n\n".join(["# Films", posters, "\n".join(lines), compared("../"), toctree]) + "\n"


def compared(up: str) -> str:
    """Where one changes N, tiles, mask and algorithm; ``up`` leads from the page to the site's root."""
    return (
        f'<a href="{up}{traces.FOLDER}/{traces.GALLERY}/index.html">Trace by trace</a>: change N, tiles, mask and algorithm in the player.'
    )


def gallery(subjects: dict[str, str], up: str) -> str:
    """A poster a film, each a link to its page; ``up`` leads from the page to the site's root."""
    size = f'alt="" width="{posters.WIDTH}" height="{posters.HEIGHT}" loading="lazy"'
    items = [
        f'<li><a href="{up}{PAGES}/{name}.html"><img src="{up}{posters.FOLDER}/{name}.webp" {size}>{escape(subject)}</a></li>'
        for name, subject in subjects.items()
    ]
    return "\n".join(["```{raw} html", '<ul class="gallery">', *items, "</ul>", "```"])


def commands_page() -> str:
    """Every command's own help."""
    parts = ["# Commands", "As each says with `--help`."]
    for path, command in walk(main, "flashviz"):
        with command.make_context(path, [], resilient_parsing=True, terminal_width=88) as context:
            parts.append(f"## {path}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"


def walk(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """The command and those below it, with what is typed for each."""
    below = command.commands if isinstance(command, click.Group) else {}
    return [(path, command), *(each for name in sorted(below) for each in walk(below[name], f"{path} {name}"))]


def modules_page() -> str:
    """What a program may import, from the docstrings."""
    parts = [f"## flashviz.{name}\n\n```{{eval-rst}}\n.. automodule:: flashviz.{name}\n   :members:\n```" for name in MODULES]
    return "\n\n".join(["# Modules", *parts]) + "\n"


def dress(app: Sphinx, docname: str, source: list[str]) -> None:
    """On the site the README and the films are pages, and the home page is the front door."""
    if docname.startswith(PAGES):
        return
    text = source[0].replace("](../README.md#films)", f"]({PAGES}/films.md)").replace("](../README.md)", f"]({PAGES}/readme.md)")
    if docname == "index":
        films, scenes = delivered(app), known(app)
        subjects = {name: describe(file).subject for name, file in scenes.items()} | {name: film.subject for name, film in films.items()}
        more = [
            f"- [Commands]({PAGES}/commands.md): as each says with `--help`.",
            f"- [Modules]({PAGES}/modules.md): what a program may import.",
        ]
        text = door.home(text, FILMS, films.get(door.MOVES), "\n\n".join([gallery(subjects, ""), compared("")]), more)
    source[0] = text


def copy_films(app: Sphinx, failed: Exception | None) -> None:
    """Films into the site; one that is there already, byte for byte as its manifest says, stays."""
    if failed is not None:
        return
    target = Path(app.outdir) / FILMS
    films = delivered(app)
    for stale in target.glob("*/"):
        if stale.name not in films:
            shutil.rmtree(stale)
    for name in films:
        source = films_folder(app) / name
        there = target / name / MANIFEST
        if there.exists() and there.read_bytes() == (source / MANIFEST).read_bytes():
            continue
        partial = partial_name(target / name)
        shutil.copytree(source, partial)
        shutil.rmtree(target / name, ignore_errors=True)
        partial.replace(target / name)
    (target / door.LOOP).unlink(missing_ok=True)
    if door.MOVES in films:
        door.write_loop(films[door.MOVES], films_folder(app) / door.MOVES, target / door.LOOP)


def write_beside(app: Sphinx, failed: Exception | None) -> None:
    """The traces that the pages' players show, and the posters of the galleries: of a film that is not there, the one of the README."""
    if failed is not None:
        return
    films, out = delivered(app), Path(app.outdir)
    traces.write_traces(films.values(), out / traces.FOLDER)
    (out / posters.FOLDER).mkdir(exist_ok=True)
    for name in {*known(app), *films}:
        picture = out / posters.FOLDER / f"{name}.webp"
        if name in films:
            posters.small(films_folder(app) / name / films[name].files.poster, picture)
        else:
            posters.committed(Path(app.srcdir).parent / "media" / "posters" / picture.name, picture)
