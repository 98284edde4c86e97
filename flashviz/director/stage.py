"""The stage of a FlashAttention film and what can happen on it: load, score, measure, sum, blend, rise, finish, sweep.

Each move stands for events of the trace: ``reach(kind, t)`` sets the film's clock to the event, and every number that the move
shows is read from ``state_at`` at that clock or from the values that the traced kernel left for the followed program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from manim import Animation, Mobject, VGroup, VMobject

from flashviz import palette
from flashviz.director.scene import TraceScene, veil
from flashviz.director.sweep import Sample, StateSweep, Traffic, crossed, place
from flashviz.figures import kib, number, total
from flashviz.layout import Stage, stage
from flashviz.lettering import KEY_PX, NOTE_PX
from flashviz.mobjects.chip import ChipPanel, RowMark
from flashviz.mobjects.code import CodePane
from flashviz.mobjects.hbm import CrossView, HbmPanel, Slot
from flashviz.mobjects.ledger import Ledger
from flashviz.mobjects.lens import KeyNumber, Pill, RowLens, headroom
from flashviz.mobjects.motion import LAND, LIFT, TRAVEL, Enlarge, FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix
from flashviz.palette import spread
from flashviz.storyboard import Follow, tile_unit
from flashviz.trace import Kind, ProgramValues, State, Trace, state_at

FLY = LIFT + TRAVEL + LAND
FADE_SCORES = 0.4


@dataclass(frozen=True)
class Material:
    """What a film is made of: the traces, the followed program and row, and the errors that verification found."""

    fa2: Trace
    standard: Trace
    chosen: Follow
    values: ProgramValues
    errors: Mapping[str, float]
    sheet_s: np.ndarray  # S and P of the first head as pictures, shares 0..1
    sheet_p: np.ndarray
    first_tiles: Mapping[str, np.ndarray]  # Q, K, S of tile (0, 0)
    o_standard: np.ndarray  # [rows, d]: the followed block's O as standard attention has it


class StageScene(TraceScene):
    """Actors of the stage, built once from the layout, and the moves."""

    def set_stage(self, material: Material) -> None:
        """Build the actors. Nothing is shown yet."""
        self.material = material
        self.config_ = material.fa2.config
        self.set: Stage = stage(self.config_, self.settings.aspect)
        s, skin = self.set, self.skin
        self.hbm = HbmPanel(s.hbm, s.hbm_title, skin, self.hbm_name())
        self.cross = CrossView(s.cross, skin)
        self.slot = Slot(s.slot, skin)
        self.chip = ChipPanel(s.chip, s.chip_title, s.tiles, skin, material.fa2.header.resources)
        self.final = {t.header.algorithm: crossed(state_at(t, len(t))) for t in (material.fa2, material.standard)}
        self.most = max(max(final.values()) for final in self.final.values())  # one scale of squares for both bills
        self.ledger = Ledger(s.ledger, self.final["fa2"], tile_unit(material.fa2), skin, most=self.most)
        self.veils = {"hbm": veil(s.hbm, skin), "chip": veil(s.chip, skin), "lens": veil(s.lens.rect, skin)}
        for cover in self.veils.values():
            cover.set_z_index(5)
        self.on_chip: dict[str, Matrix] = {}
        self.labels: dict[str, VGroup] = {}
        self.code: CodePane | None = None
        self.lens: RowLens | None = None
        self.row_mark: RowMark | None = None
        self.row_label = Named(tag="formula")
        self.strip_shown: Matrix | None = None
        self.sum_shown: Readout | None = None
        self.numbers: dict[str, KeyNumber | Pill] = {}
        self.standard_left: list[Mobject] = []  # the standard film's bill and sheets
        self.step_words = Named(tag="note")
        self.broken = False  # whether the tile that breaks the ceiling has been loaded
        self.event = 0
        self.cues = cues(material.fa2, material.chosen.program)
        for trace in (material.fa2, material.standard):
            trace.spill()

    def end_beat(self) -> None:
        """As any beat ends; what was read of large traces goes out of memory."""
        super().end_beat()
        for trace in (self.material.fa2, self.material.standard):
            trace.let_go()

    def hbm_name(self) -> str:
        """HBM, and what of it is shown: one head of several, bands where there are too many tiles to show."""
        heads, cross = self.config_.batch * self.config_.heads, self.set.cross
        words = ["HBM"]
        if heads > 1:
            words.append(f"one of {heads:,} heads")
        if cross.band_rows * cross.band_cols > 1:
            words.append(f"cell = {cross.band_rows} × {cross.band_cols} tiles")
        return ", ".join(words)

    # ------------------------------------------------------------------------------------------------------- the clock

    def reach(self, kind: Kind, t: int = -1) -> State:
        """Set the clock just after event ``kind`` of visited tile ``t`` of the followed program; light its kernel line."""
        index = self.cues[kind, t]
        self.event = index + 1
        self.show_line(index)
        return state_at(self.material.fa2, self.event)

    def show_line(self, index: int) -> None:
        if self.set.code is None or not self.code_wanted:
            return
        excerpt = kernel_excerpt(self.material.fa2, index)
        pane = CodePane(self.set.code, excerpt, int(self.material.fa2[index].line), self.skin)
        if self.code is not None:
            self.remove(self.code)
        self.code = pane
        self.add(pane)

    code_wanted = False

    def tally(self, state: State) -> list[Animation]:
        """Step the ledger to the state's bytes: squares at once, digits flip."""
        flips: list[Animation] = []
        bytes_now = crossed(state)
        for tensor, row in self.ledger.rows.items():
            if row.shown != bytes_now.get(tensor, 0):
                row.display(bytes_now.get(tensor, 0))
                flips.append(row.bytes.turn(kib(bytes_now.get(tensor, 0))))
        if flips:
            flips.append(self.ledger.total.turn(kib(sum(bytes_now.values()))))
        return flips

    def sweep(self, trace: Trace, bill: Ledger, first: int, stop: int, seconds: float, *more: Animation) -> None:
        """Events first..stop at a linear pace: sampled transfers fly, counters and O are true at every frame."""
        nbytes = np.asarray(trace.columns["nbytes"][first:stop])
        traffic = Traffic.of(nbytes, first, seconds, lambda k, start: self.sampled(trace, k, start), self.skin.hue)
        self.add(traffic)

        def state_of(share: float) -> State:
            trace.let_go()  # a sweep passes all of a large trace
            return state_at(trace, first + round(share * (stop - first)))

        states = StateSweep(self.cross, bill, state_of, self.head)
        self.move(states, traffic.run(), *more, seconds=seconds)
        self.remove(traffic)

    def sampled(self, trace: Trace, index: int, start: float) -> Sample:
        """The flight of event ``index``."""
        event = trace[index]
        where = place(self.set.cross, event.tensor, event.i, event.j)
        path = self.route(np.array(where.center), self.set.tiles.of(event.tensor).center)
        return Sample(event.tensor, start, path if event.is_load else path[::-1], where.width, where.height)

    @property
    def head(self) -> int:
        """The batch entry and head whose matrices the HBM shows: the followed program's."""
        return self.material.chosen.program[1]

    # ----------------------------------------------------------------------------------------------------------- moves

    @property
    def rising(self) -> int:
        """The visited tile whose rise is shown slowly; only beats that are on the board of a row with a rise ask for it."""
        assert self.material.chosen.rise is not None
        return self.material.chosen.rise

    def followed_j(self, t: int) -> int:
        return int(self.material.values.j[t])

    def picture(self, tensor: str, t: int) -> np.ndarray:
        """Values of a tile as the chip's cross shows them: keys run along x, the head dimension along y for K and V."""
        values = self.material.values
        match tensor:
            case "Q":
                tile = values.q
            case "K":
                tile = values.k[t].T
            case "V":
                tile = values.v[t].T
            case _:
                tile = {"S": values.s, "P": values.p, "ACC": values.acc_new}[tensor][t]
        return np.asarray(tile, dtype=np.float64)

    def matrix(self, tensor: str, values: np.ndarray, scale: np.ndarray | None = None) -> Matrix:
        low, high = spread(values if scale is None else scale)
        return Matrix(values, self.set.tiles.of(tensor), self.skin, tensor, low, high)

    def load(self, tensor: str, t: int = -1, *, seconds: float | None = None) -> None:
        """Tile ``t`` of Q, K or V leaves HBM, passes the slot and is enlarged in its place on the chip."""
        index = self.material.chosen.program[0] if tensor == "Q" else self.followed_j(t)
        if tensor != "Q":
            self.cross.point_at(self.material.chosen.program[0], index).set_stroke(opacity=1)
        state = self.reach({"Q": Kind.LOAD_Q, "K": Kind.LOAD_K, "V": Kind.LOAD_V}[tensor], t)
        source = self.cross.tile(tensor, index)
        source.set_fill(opacity=palette.LIT)
        tile = self.flyer(source)
        target = self.set.tiles.of(tensor)
        total = FLY + 0.35 if seconds is None else seconds
        self.play(Flight(tile, self.route(source.get_center(), target.center), run_time=total * 0.7))
        picture = self.matrix(tensor, self.picture(tensor, max(t, 0)))
        self.remove(tile)
        self.put(tensor, picture, f"{tensor}_{index}" + ("^top" if tensor == "K" else ""))
        grow = Enlarge(picture, tile.width, tile.height)
        self.move(grow, *self.tally(state), seconds=total * 0.3)

    def flyer(self, source: VMobject) -> VMobject:
        """A copy of a tile that leaves the board; the tile stays behind."""
        tile: VMobject = source.copy()
        tile.set_fill(opacity=palette.LIT)
        tile.set_z_index(8)
        self.add(tile)
        return tile

    def route(self, start: np.ndarray, end: tuple[float, float, float]) -> np.ndarray:
        """Corner points from a tile in HBM through the slot to its place on the chip."""
        slot = self.set.slot
        if slot.width >= slot.height or self.set.aspect != "9:16":
            gates = [(slot.x0, slot.center[1], 0.0), (slot.x1, slot.center[1], 0.0)]
        else:
            gates = [(slot.center[0], slot.y1, 0.0), (slot.center[0], slot.y0, 0.0)]
        return np.array([start, *gates, end], dtype=float)

    def put(self, tensor: str, picture: Matrix, formula: str | None) -> None:
        """Let ``picture`` take the place of what stood there; its name follows."""
        self.vacate(tensor)
        self.on_chip[tensor] = picture
        self.add(picture)
        if formula is not None:
            self.labels[tensor] = self.chip.label(tensor, formula)
            self.add(self.labels[tensor])

    def vacate(self, tensor: str) -> None:
        for held in (self.on_chip, self.labels):
            if tensor in held:
                self.remove(held.pop(tensor))

    def retire(self, *tensors: str) -> list[Animation]:
        """Fade what has been used; the next tile takes the same place."""
        gone = [held.pop(t) for t in tensors for held in (self.on_chip, self.labels) if t in held]
        return [FadeOut(thing) for thing in gone]

    def rest_tile(self, tensor: str, t: int) -> None:
        self.cross.tile(tensor, self.followed_j(t)).set_fill(opacity=palette.RESTING)

    def score(self, t: int, *, seconds: float) -> None:
        """S = Q K^T * scale fills, column by column."""
        self.reach(Kind.QK_DOT, t)
        scores = self.picture("S", t)
        if (Kind.MASK, t) in self.cues:
            self.reach(Kind.MASK, t)
        picture = self.matrix("S", scores, self.material.values.s[np.isfinite(self.material.values.s)])
        self.put("S", picture, "S")
        self.move(Columns(picture), seconds=seconds * 0.7)
        self.rest_tile("K", t)
        self.move(*self.retire("K"), seconds=seconds * 0.3)  # a K tile is dead after its product

    def weigh(self, t: int, *, seconds: float) -> None:
        """S becomes P = e^(S - m) in the same registers."""
        self.reach(Kind.SOFTMAX_P, t)
        weights = self.matrix("P", self.picture("P", t), np.array([0.0, 1.0]))
        weights.low, weights.high = 0.0, 1.0
        weights.display(weights.values)
        old = self.on_chip.pop("S", None)
        label = self.labels.pop("S", None)
        self.put("P", weights, "tilde(P)")
        fading = [FadeOut(thing) for thing in (old, label) if thing is not None]
        self.move(FadeIn(weights), *fading, seconds=seconds)

    def column(self, tensor: str, values: np.ndarray, scale: np.ndarray) -> Matrix:
        """m or l of all rows as a thin column."""
        low, high = spread(scale)
        return Matrix(np.asarray(values, dtype=float)[:, None], self.set.tiles.of(tensor), self.skin, tensor, low, high)

    def blend(self, t: int, *, seconds: float) -> None:
        """acc = acc + P V; the scores fade: they are done."""
        state = self.reach(Kind.PV_DOT, t)
        values, fade = self.picture("ACC", t), min(FADE_SCORES, 0.5 * seconds)
        if "ACC" not in self.on_chip:
            acc = Matrix(np.zeros_like(values), self.set.tiles.acc, self.skin, "ACC", *spread(self.material.values.acc_new))
            acc.low, acc.high = min(acc.low, -abs(acc.high)), max(acc.high, abs(acc.low))
            self.put("ACC", acc.display(np.full_like(values, acc.low)), '"acc"')
        self.move(self.on_chip["ACC"].to(values), *self.tally(state), seconds=seconds - fade)
        self.rest_tile("V", t)
        self.move(*self.retire("P", "V"), seconds=fade)

    # -------------------------------------------------------------------------------------------------------- the lens

    def open_lens(self) -> None:
        """The followed row, magnified: chart and numbers are empty until the kernel has them."""
        values, chosen = self.material.values, self.material.chosen
        alpha = float(values.alpha[chosen.rise, chosen.row]) if chosen.rise is not None else 1.0
        slow = 1 + (chosen.rise if chosen.rise is not None else 0)
        l_most = float(values.l_new[:slow, chosen.row].max())
        n_keys = values.s.shape[2]
        title = f"scores of row {chosen.row}"
        self.lens = RowLens(self.set.lens, title, n_keys, l_most, headroom(alpha), self.skin)
        self.numbers = {}
        mark = RowMark(self.set.tiles.s, chosen.row, values.s.shape[1], self.skin)
        self.row_mark = mark
        self.move(FadeIn(self.lens), FadeIn(mark), seconds=0.6)

    def bars(self, t: int, reference: float) -> np.ndarray:
        """Terms e^(s - reference) of the followed row's keys in tile t; keys outside the matrix or masked are 0."""
        scores = self.material.values.s[t, self.material.chosen.row].astype(np.float64)
        return np.where(np.isfinite(scores), np.exp(np.where(np.isfinite(scores), scores, 0.0) - reference), 0.0)

    def show_total(self, value: float) -> list[Animation]:
        """The running denominator l."""
        return self.show_number("l", "ell", value, total(value))

    def show_number(self, name: str, symbol: str, value: float, text: str | None = None) -> list[Animation]:
        """A key number appears, or its digits flip to the new value."""
        text = number(value) if text is None else text
        if name in self.numbers:
            return [self.numbers[name].number.turn(text)]
        rect = getattr(self.set.lens, name)
        self.numbers[name] = KeyNumber(symbol, rect, text, name, KEY_PX, self.skin)
        return [FadeIn(self.numbers[name])]

    def show_alpha(self, value: float) -> list[Animation]:
        text = number(value)
        if "alpha" in self.numbers:
            return [self.numbers["alpha"].number.turn(text)]
        self.numbers["alpha"] = Pill(self.set.lens.alpha, text, self.skin)
        return [FadeIn(self.numbers["alpha"])]

    def sum_line(self, text: str) -> Readout:
        """The arithmetic of l in small digits beneath it."""
        line = Readout(text, NOTE_PX, self.skin.quiet, name="sum").at(self.set.lens.sum)
        self.add(line)
        return line


class Columns(Act):
    """A matrix fills column by column, linearly: what a product computes is not there before."""

    def __init__(self, matrix: Matrix, **kwargs: object) -> None:
        self.goal = matrix.values
        super().__init__(matrix, **kwargs)  # type: ignore[arg-type]

    def interpolate_mobject(self, alpha: float) -> None:
        shown = np.arange(self.goal.shape[1]) < alpha * self.goal.shape[1]
        self.mobject.display(np.where(shown[None, :] | (alpha >= 1), self.goal, np.nan))
        self.mobject.values = self.goal


def cues(trace: Trace, program: tuple[int, int]) -> dict[tuple[Kind, int], int]:
    """Event index of (kind, visited tile) in one program; tile -1 for what happens once."""
    found: dict[tuple[Kind, int], int] = {}
    visit: dict[int, int] = {-1: -1}  # key tile j -> when it is visited
    for index in trace.program(*program):
        j = int(trace.columns["j"][index])
        found[Kind(int(trace.columns["kind"][index])), visit.setdefault(j, len(visit) - 1)] = index
    return found


def kernel_excerpt(trace: Trace, index: int, count: int = 3) -> list[tuple[int, str]]:
    """The statement of event ``index`` and its neighbours as (line number, text): comments and trace calls are left out."""
    first, lines = trace.header.kernel_first_line, trace.header.kernel_source.splitlines()
    statements = [(first + k, bare(text)) for k, text in enumerate(lines) if worth_showing(text)]
    numbers = [n for n, _ in statements]
    line = int(trace[index].line)
    at = numbers.index(line) if line in numbers else max(0, sum(n <= line for n in numbers) - 1)
    start = min(max(0, at - count // 2), max(0, len(statements) - count))
    chosen = statements[start : start + count]
    indent = min(len(text) - len(text.lstrip()) for _, text in chosen)
    return [(n, text[indent:]) for n, text in chosen]


def bare(line: str) -> str:
    """A source line without its trailing comment."""
    return line.split("  #", maxsplit=1)[0].rstrip()


def worth_showing(line: str) -> bool:
    """Whether a source line is the algorithm's own: no comment, no docstring, no trace call."""
    text = line.strip()
    return bool(text) and not text.startswith(("#", '"""', "@", "log(")) and "trace" not in text.lower()
