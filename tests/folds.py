"""What is on chip after some events, as it was told until schema 2: by folding them, with tables of kinds. A reference and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from flashviz.trace import Event, Kind

FLOAT32 = 4
Tile = tuple[int, int, int, int, int, int, int]  # i, j, r0, r1, c0, c1, bytes

IN_SHARED_MEMORY = frozenset({"Q", "K", "V"})
OPERANDS = frozenset({"Q", "K", "V", "P"})  # stay in the inputs' dtype when they are loaded
COMPUTES: dict[Kind, str] = {
    Kind.QK_DOT: "S",
    Kind.MASK: "S",
    Kind.SOFTMAX_M: "M",
    Kind.ALPHA: "ALPHA",
    Kind.SOFTMAX_P: "P",
    Kind.SOFTMAX_L: "L",
    Kind.RESCALE_ACC: "ACC",
    Kind.PV_DOT: "ACC",
    Kind.NORMALIZE: "ACC",
}
DIES_AFTER: dict[str, dict[Kind, tuple[str, ...]]] = {
    "fa2": {Kind.QK_DOT: ("K",), Kind.SOFTMAX_P: ("S",), Kind.PV_DOT: ("V", "P")},
    "fa1": {
        Kind.QK_DOT: ("Q",),
        Kind.SOFTMAX_P: ("S",),
        Kind.PV_DOT: ("P",),
        Kind.STORE_O: ("ACC",),
        Kind.STORE_L: ("L",),
        Kind.STORE_M: ("M", "ALPHA"),
    },
    "standard": {
        Kind.QK_DOT: ("K",),
        Kind.STORE_S: ("S",),
        Kind.SOFTMAX_P: ("S",),
        Kind.PV_DOT: ("P", "V"),
    },
}


def is_load(kind: Kind) -> bool:
    return kind.name.startswith("LOAD_")


def is_store(kind: Kind) -> bool:
    return kind.name.startswith(("STORE_", "INIT_"))


def tensor_of(kind: Kind) -> str:
    return COMPUTES[kind] if kind in COMPUTES else kind.name.split("_", 1)[1]


def held_after(events: Iterable[Event], algorithm: str) -> dict[str, Tile]:
    """Tiles on chip after these events of one program, by product."""
    held: dict[str, Tile] = {}
    for event in events:
        step(held, event, DIES_AFTER[algorithm])
    return held


def step(held: dict[str, Tile], event: Event, dies: dict[Kind, tuple[str, ...]]) -> None:
    """What an event brings or computes arrives, what it used up leaves."""
    kind = event.kind
    if not is_store(kind):
        tensor = "ACC" if tensor_of(kind) == "O" else tensor_of(kind)
        c0 = event.c0
        if kind == Kind.LOAD_S and "S" in held:  # standard softmax gathers whole rows
            c0 = held["S"][4]
        operand = is_load(kind) and tensor in OPERANDS
        nbytes = event.nbytes if operand else (event.r1 - event.r0) * (event.c1 - c0) * FLOAT32
        held[tensor] = (event.i, event.j, event.r0, event.r1, c0, event.c1, nbytes)
    for tensor in dies.get(kind, ()):
        held.pop(tensor, None)
