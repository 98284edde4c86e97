"""The last beats of the main film, about the bill: the other row blocks before it, the difference and the card behind it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from manim import Group, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, Source
from flashviz.device import KIB, Resources
from flashviz.director.film.held import AtWork, Held
from flashviz.director.film.parts import heading, label, matrix_to, put, show_rows
from flashviz.director.film.stage import Film
from flashviz.director.film.standard import CrossedBar, chip_name, on_machine
from flashviz.director.film.sweeping import CROSSED, WATCHED, Passing, stored_rows, sweep
from flashviz.director.pictures import card_lines
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.sweep import crossed
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, labelled, middle
from flashviz.figures import number, power
from flashviz.layout import Rect
from flashviz.lettering import NOTE_PX, Face, em, text_width, wrap
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, box
from flashviz.storyboard import crossed_bytes
from flashviz.trace import Kind, replay, state_at

ZERO_PX = 150  # the number that matters
VALUES_FROM = {"snapshot": "kept by the traced code itself", "recomputed": "recomputed from the inputs that the trace names"}
STAYS, OTHERS = ("one program: Q, m, ℓ, acc stay", "Q, m, ℓ, acc stay"), ("the others, shown faster", "the others, faster")
AT_WORK, QUICKENS = 0.7, 1.6  # of the rest's time, what one program is watched for; the power of its pace
MAGNIFIED = 1024  # the difference, so that it is seen


@beat("strips")
def strips(film: Film) -> None:
    """Row blocks part: each has its own rows of Q and O, independent of the others."""
    place = film.scene.shot("strips")
    whole = film.outputs[1]
    film.move(*film.leave(film.hbm, whole), seconds=TEXT)
    start = film.hbm.rect

    def come(share: float) -> None:
        film.hbm.place(start.toward(place["hbm"], share)).display(lit={}, cursor=None)
        put(whole, film.hbm.cross.strip("O"))

    count = film.config.row_blocks
    figure = Word(f"{count:,}", ZERO_PX, film.skin.ink, place["stored"].x0, place["stored"].y0 + em(20), "programs")
    said = [
        label(place[part], text, film.skin.ink, NAME)
        for part, text in (("stored name", "programs for one head of many:"), ("crossed name", "side by side on the cores (SMs)"))
    ]
    with film.scene.telling():
        if film.scene.on_stage(film.hbm):
            film.move(Shows(Group(film.hbm, whole), come, rate_func=ease_in_out_cubic), seconds=MOVE)
        else:
            come(1.0)
            film.move(FadeIn(film.hbm, whole), seconds=0.4)
        film.hbm.display(written=frozenset({film.hbm.cross.row_of(film.material.chosen.program[0])}))
        film.scene.remove(whole)
        film.move(FadeIn(figure, *said), seconds=TEXT)
        film.move(Shows(film.hbm, lambda share: film.hbm.display(apart=share), rate_func=ease_in_out_cubic), seconds=1.0)
        film.hold(1.0)
    film.move(Shows(film.hbm, lambda share: film.hbm.display(apart=1 - share), rate_func=ease_in_out_cubic), seconds=0.4)


@beat("rest")
def rest(film: Film) -> None:
    """All row blocks, on the machine that standard attention ran on: K and V come again and again, O goes out, the grid stays empty."""
    place, skin, trace, whole = film.scene.shot("rest"), film.skin, film.material.fa2, film.outputs[1]
    film.hbm.display(apart=0.0, lit={}, cursor=None, written=frozenset(), seam=1.0)
    first = film.scene.event or 0
    there = film.scene.on_stage(film.hbm)
    film.move(*film.leave(film.hbm), seconds=TEXT)
    film.hbm.place(place["hbm"])
    put(whole, film.hbm.cross.strip("O"))
    show_rows(whole, stored_rows(film, state_at(trace, first)))
    film.scene.add(whole)
    stored = int(np.isin(trace.columns["kind"], [Kind.STORE_S, Kind.STORE_P]).sum())
    name = labelled(place["hbm name"], ("HBM", skin.ink), ("scores stored", skin.ink))
    zero = Word(f"{stored}", NUMBER, skin.ink, name[1].left + name[1].wide + em(20), name[1].baseline, "stored")
    standard = crossed_bytes(film.material.standard) / film.square
    most = max(standard, crossed_bytes(trace) / film.square)
    film.ledger = bar = CrossedBar(film, trace, CROSSED, most, place["bar"], place["crossed"])
    so_far = label(place["crossed name"], "tiles crossed", skin.ink)
    limit, mark = room_of(film, place["bar"], place["bar names"], standard / most)
    count = partial(fill_bar, bar)
    count(crossed(state_at(trace, first)))
    held = Held(film, place["held"])
    watched = watched_program(film, first)
    words = (f"{sum(1 for _ in trace.programs):,} programs, shown in turn",) if watched is None else STAYS
    chip = on_machine(film, place, *words)
    film.move(*([] if there else [FadeIn(film.hbm)]), FadeIn(*chip, held, Named(*name, tag="name"), zero, so_far, bar.counter), seconds=0.4)
    film.scene.add(bar)
    film.move(FadeIn(limit, mark), seconds=TEXT)
    way = partial(Passing, film, inside=held.way, pipe=place["pipe"])
    with film.scene.telling():
        seconds_left = max(2.0, film.scene.motion - 2 * TEXT)
        if watched is not None:
            events, work = trace.program(*watched), AtWork(film, replay(trace, watched), held)
            passing, taken = way(first, events.stop, computed=WATCHED), AT_WORK * seconds_left
            sweep(film, first, events.stop, taken, count, bar, written=whole, passing=passing, at_work=work, pace=quickening)
            first, seconds_left = events.stop, seconds_left - taken
            others = FadeOut(chip[-1], rate_func=early), FadeIn(chip_name(film, place, *OTHERS), rate_func=late)
            film.move(*others, *held.fill(), seconds=TEXT)
        sweep(film, first, len(trace), seconds_left, count, bar, written=whole, passing=way(first, len(trace)))
    film.hbm.display(lit={}, cursor=None)
    film.move(FadeIn(*bar.names(place["bar names"], *bar.parts)), seconds=TEXT)
    film.scene.event = len(trace)


def watched_program(film: Film, first: int) -> tuple[int, int] | None:
    """The program that begins with event ``first``, if others follow it: the values that it holds are seen."""
    trace = film.material.fa2
    if first == len(trace):
        return None
    block, head = (int(trace.columns[name][first]) for name in trace.header.program[1:])
    events = trace.program(block, head)
    followed = head == film.material.chosen.program[1] and events.start == first and events.stop < len(trace)
    return (block, head) if followed and len(trace.key_tiles(block, head)) else None


def quickening(share: float) -> float:
    """What repeats speeds up."""
    return float(share**QUICKENS)


def fill_bar(bar: CrossedBar, nbytes: Mapping[str, int]) -> None:
    """What has crossed of each tensor."""
    whole = {kind: bar.squares[kind] * bar.film.square for kind, _, _ in bar.crossings}
    bar.display({kind: min(1.0, nbytes.get(tensor, 0) / whole[kind]) for kind, tensor, _ in bar.crossings if whole[kind]})


def room_of(film: Film, bar: Rect, names: Rect, share: float) -> tuple[VMobject, Word]:
    """How long standard attention's bar was, on the same scale."""
    room = box(bar.left(share * bar.width).inset(-em(4)), stroke=film.skin.quiet, width=theme.OUTLINE)
    text = f"standard attention: {film.crossed_by(film.material.standard)}"
    wide = text_width(text, LABEL)
    return room, Word(text, LABEL, film.skin.ink, bar.x0 + share * bar.width - wide, middle(names, LABEL), "limit", Face.TEXT)


@beat("difference")
def difference(film: Film) -> None:
    """Both O's slide over each other: nothing is left. Magnified, it is speckle; float64 is nearer to one of them. Then both HBMs again."""
    hook, place, skin = film.scene.shot("hook"), film.scene.shot("difference"), film.skin
    film.standard.place(hook["left"]).display(seam=1.0)
    film.hbm.place(hook["right"]).display(lit={}, cursor=None, seam=1.0, apart=0.0)
    for sheet in film.sheets.values():
        sheet.place(film.standard.cross).display(film.cells)
    panels, outputs = (film.standard, film.hbm), film.outputs
    homes = [panel.cross.strip("O") for panel in panels]
    for output, home in zip(outputs, homes, strict=True):
        put(output, home)
        show_rows(output, np.ones(len(output.values), dtype=bool))
    names = (("left", "standard attention"), ("right", "FlashAttention"))
    titles = [heading(hook[f"{side} name"], text, skin.ink) for side, text in names]
    standing = [*panels, *film.sheets.values()]
    film.move(*film.leave(), FadeIn(*standing, *titles, *outputs, rate_func=late), seconds=0.5)
    film.move(
        *(FadeOut(each) for each in standing),
        *(matrix_to(output, place[side]) for output, side in zip(outputs, ("left", "right"), strict=True)), seconds=MOVE,
    )  # fmt: skip
    apart = np.nan_to_num(film.outputs_.apart)
    left = Matrix(apart, place["middle"], skin, "O", 0.0, outputs[0].high - outputs[0].low)
    film.move(*(matrix_to(output, place["middle"]) for output in outputs), *(FadeOut(title) for title in titles), seconds=MOVE)
    film.scene.add(left)
    film.scene.remove(*outputs)
    note = heading(place["note"], "their difference × 1", skin.ink)
    larger = heading(place["note"], f"their difference × {MAGNIFIED:,}", skin.ink)
    error, largest = float(apart.max()), float(np.abs(np.nan_to_num(film.outputs_.standard)).max())
    share = f", {100 * error / largest:.2g} % of the largest of O" if largest else ""
    most = heading(place["most"], f"at most {small(error)}{share}", skin.ink, LABEL)
    standard, flash = (number(error, 4) if min(film.off) >= 1e-4 else small(error) for error in film.off)  # in one notation
    texts = [f"off from float64: {name} {standard}, FlashAttention {flash}" for name in ("standard attention", "standard")]
    off = heading(place["most"], first_that_fits([*texts, f"off: {standard}, {flash}"], LABEL, place["most"].width), skin.ink, LABEL)
    with film.scene.telling():
        film.move(FadeIn(note), seconds=TEXT)
        film.hold(0.6)
        film.move(FadeOut(note, rate_func=early), FadeIn(larger, most, rate_func=late), left.to(apart * MAGNIFIED), seconds=0.8)
        film.hold(0.3)
        film.move(FadeOut(most, rate_func=early), FadeIn(off, rate_func=late), seconds=TEXT)


def small(error: float) -> str:
    """With four decimals, where these show two digits of it."""
    return number(error, 4) if error >= 1e-3 else power(error)


@beat("how")
def how(film: Film) -> None:
    """Both HBMs as at the beginning: a full grid; one that stays empty while all of the trace passes and O is written; and the answer."""
    hook, skin = film.scene.shot("hook"), film.skin
    names = (("left", "standard attention"), ("right", "FlashAttention"))
    titles = [heading(hook[f"{side} name"], text, skin.ink) for side, text in names]
    for output, panel in zip(film.outputs, (film.standard, film.hbm), strict=True):
        put(output, panel.cross.strip("O"))
    traces = {"left": film.material.standard, "right": film.material.fa2}
    notes = [
        heading(hook[f"{side} note"], f"{film.crossed_by(trace)} tiles crossed", skin.ink, LABEL)
        for side, trace in traces.items()
        if f"{side} note" in hook
    ]
    left, right = film.outputs
    show_rows(right, np.zeros(len(right.values), dtype=bool))
    comes = FadeIn(film.standard, film.hbm, *film.sheets.values(), *titles, *notes, left, rate_func=late)
    film.move(*film.leave(), comes, seconds=0.5)
    film.scene.add(right)
    with film.scene.telling():
        sweep(film, 0, len(film.material.fa2), film.scene.motion - TEXT, lambda _: None, written=right)
    film.hbm.display(lit={}, cursor=None)


@beat("card")
def card(film: Film) -> None:
    """Where everything came from."""
    place, skin = film.scene.shot("card")["card"], film.skin
    film.move(*film.leave(), seconds=0.4)
    sources = [f"{s.short}: {s.title}. arXiv {s.arxiv}" for s in sources_of(film)]
    first, last = (
        ["flashviz: what moved is what the kernel did", "", *provenance_lines(film)],
        ["", *sources, "", "Film CC BY 4.0, code MIT"],
    )
    lines = [
        (line, NOTE_PX, color)
        for texts, color in ((first, skin.ink), (last, skin.quiet))
        for text in texts
        for line in (wrap(text, place.width, NOTE_PX) or [""])
    ]
    film.move(FadeIn(Named(card_lines(lines, place), tag="card", text="\n".join(text for text, _, _ in lines))), seconds=0.5)


def sources_of(film: Film) -> tuple[Source, ...]:
    """What the film rests on, and whose figures it quotes."""
    times = film.times
    return tuple(dict.fromkeys((FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX, *(times.sources if times is not None else ()))))


def used_of(resources: Resources) -> str:
    """As ``41 of 228 KiB``, with what the system reserves for each program."""
    _, shared = resources.rooms
    return f"{shared.each / KIB:,.4g} of {shared.whole / KIB:,.4g} KiB"


def provenance_lines(film: Film) -> list[str]:
    """Configuration, and of each trace its algorithm, source and hash; what the compiler gave a program, or that it was not asked."""
    c, found = film.config, film.material.fa2.header.resources
    mask = "causal" if c.causal else "not causal"
    problem = f"N = {c.seq_q} × {c.seq_k}, d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, {mask}"
    heads = f"batch {c.batch}, heads {c.heads} / {c.kv_heads}"
    compiled = "On-chip bytes are those of the tiles; no compiler was asked."
    if found is not None:
        compiled = (
            f"Compiled for {found.arch}: {used_of(found)} of shared memory and {found.registers} registers a thread for one program, "
            f"{found.programs} programs on one SM."
        )
    return [
        f"{problem}, scale {number(c.scale)}, {heads}, {c.arch}, {c.stages} stages, {c.inputs} inputs, seed {c.seed}",
        *(
            f"{i['algorithm']}: {i['source']}, {i['events']:,} events, trace {i['hash']}, kernel {i['kernel']}"
            for i in film.scene.provenance
        ),
        f"Values of block {film.material.chosen.program[0]}: {VALUES_FROM[film.material.values.source]}.",
        compiled,
        "Logical transfers: caches are not counted. The order shown is the program's, not hardware time.",
    ]
