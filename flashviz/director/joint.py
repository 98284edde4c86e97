"""How one picture becomes the next, in a film of films: what both have moves from place to place, all else leaves and comes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from manim import Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.layout import Rect
from flashviz.mobjects.motion import Shows, dimmed, early, late, looks_of

MACHINE = "machine"  # its name on stage
Pace = Callable[[float], float]
Place = Callable[[float], Rect]


class Way:
    """Things that go together: how much of them is seen, and in which rectangle they stand, after a share of the time.

    Args:
        leaves: What is drawn.
        own: Where they stand as they are.
    """

    def __init__(self, leaves: Sequence[Mobject], own: Rect, seen: Pace, place: Place) -> None:
        self.own, self.seen, self.place = own, seen, place
        self.full = [(leaf, looks_of(leaf), leaf.points) for leaf in leaves]

    def show(self, share: float) -> None:
        opacity, to = self.seen(share), self.place(share)
        for leaf, full, points in self.full:
            for name, value in full.items():
                setattr(leaf, name, dimmed(value, opacity))
            leaf.points = points if to == self.own else mapped(points, self.own, to)


def mapped(points: np.ndarray, own: Rect, to: Rect) -> np.ndarray:
    """[n, 3] points by the affine map of one rectangle to another; what has no width or height keeps none."""
    scale = [to.width / own.width if own.width else 1.0, to.height / own.height if own.height else 1.0, 1.0]
    return np.asarray((points - own.center) * scale + to.center)


def grids(left: str, right: str) -> tuple[tuple[str, str], ...]:
    """The parts of two crosses side by side, by the names that these have: what pictures of the same matrices have in common."""
    return tuple((f"{side} {part}", f"{name} {part}") for side, name in (("left", left), ("right", right)) for part in ("grid", *"QKVO"))


def drawn(things: Iterable[Mobject]) -> list[Mobject]:
    """What is drawn of them, each once, in drawing order."""
    return list({id(part): part for thing in things for part in thing.get_family() if len(part.points)}.values())


def tagged(things: Iterable[Mobject], name: str) -> list[Mobject]:
    """All that has this name."""
    return [part for thing in things for part in thing.get_family() if vars(part).get("tag") == name]


def named(things: Iterable[Mobject], name: str) -> list[Mobject]:
    """What is drawn of all that has this name."""
    return drawn(tagged(things, name))


def text_of(things: Iterable[Mobject]) -> str:
    """What the machine among them is called."""
    return str(vars(tagged(things, MACHINE)[0])["text"])


def around(leaves: Sequence[Mobject]) -> Rect:
    """The rectangle that they fill."""
    points = np.concatenate([leaf.points for leaf in leaves])
    (x0, y0, _), (x1, y1, _) = points.min(0), points.max(0)
    return Rect(float(x0), float(y0), float(x1), float(y1))


class Joint:
    """What stands becomes what comes.

    A part that both have goes from its place in the first to its place in the second; it is drawn as it was, and as it will be over that.
    All else of the first fades before all else of the second comes. Where they share nothing, the first leaves past the left edge and the
    second follows it from the right, so that neither is seen through the other. A machine's name keeps to its corner.

    Args:
        old: What stands.
        arrives: What comes, as it will stand.
        grows: What comes and shows its own growth; nothing of it is moved.
        shared: Of each part that both may have: its name in the first and in the second.
        whole: The frame.
    """

    def __init__(
        self, old: Sequence[Mobject], arrives: Sequence[Mobject], grows: Sequence[Shows],
        shared: Sequence[tuple[str, str]], whole: Rect,
    ) -> None:  # fmt: skip
        self.old, self.arrives = Group(*drawn(old)), arrives
        ways: list[tuple[list[Mobject], list[Mobject], Rect]] = []  # of each part that both have: as it is, as it will be, and where
        for first, second in shared:
            leaving, coming = named(old, first), named(arrives, second)
            target = around(coming) if coming else goal(grows, second)
            if leaving and target is not None:
                ways.append((leaving, coming, target))
        still = partial(between, whole, whole)
        goes, comes = (still, still) if ways else pan(whole)
        fades, appears = (before, late) if ways else (always, always)
        machines = named(old, MACHINE), named(arrives, MACHINE)
        if all(machines) and text_of(old) == text_of(arrives):
            ways.append((*machines, around(machines[1])))
        apart = {id(leaf) for leaving, coming, _ in ways for leaf in (*leaving, *coming)}
        gone, new = ([leaf for leaf in some if id(leaf) not in apart] for some in machines)
        apart |= {id(leaf) for some in machines for leaf in some}
        rest, others = ([leaf for leaf in drawn(things) if id(leaf) not in apart] for things in (old, arrives))
        self.leaves = [Way(rest, whole, fades, goes), Way(gone, whole, before, still)]
        self.comes = [Way(others, whole, appears, comes), Way(new, whole, late, still)]
        for leaving, coming, target in ways:
            start = around(leaving)
            self.leaves.append(Way(leaving, start, last, partial(between, start, target)))
            self.comes.append(Way(coming, target, late, partial(between, start, target)))

    def animations(self) -> list[Shows]:
        """Both sides; what arrives comes onto the stage."""
        leaves = Shows(self.old, partial(show, self.leaves))
        comes = [Shows(thing, partial(show, self.comes if thing is self.arrives[0] else ()), introducer=True) for thing in self.arrives]
        return [leaves, *comes]


def show(ways: Sequence[Way], share: float) -> None:
    """All of them."""
    for way in ways:
        way.show(share)


def goal(grows: Sequence[Shows], name: str) -> Rect | None:
    """Where a part that grows stands in the end; it is as before."""
    for growth in grows:
        found = tagged([growth.mobject], name)
        if found:
            growth.show(1.0)
            leaves = drawn(found)
            target = around(leaves) if leaves else None
            growth.show(0.0)
            return target
    return None


def between(start: Rect, stop: Rect, share: float) -> Rect:
    """So far on its way."""
    return start.toward(stop, ease_in_out_cubic(share)) if share < 1 else stop


def pan(whole: Rect) -> tuple[Place, Place]:
    """Where the frame's first picture stands, and its second one, as the second follows the first."""

    def goes(share: float) -> Rect:
        return whole.shifted(-whole.width * ease_in_out_cubic(share), 0.0)

    def comes(share: float) -> Rect:
        return whole.shifted(whole.width * (1 - ease_in_out_cubic(share)), 0.0) if share < 1 else whole

    return goes, comes


def before(share: float) -> float:
    """A pace: what goes is gone when half of the time has passed."""
    return 1 - early(share)


def always(_share: float) -> float:
    """A pace: all is seen."""
    return 1.0


def last(share: float) -> float:
    """A pace: what was there goes when what comes in its place is half there."""
    return min(1.0, 4 * (1 - share))
