"""A dialect's keys written as a table -> their shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runbook.machine_config.shape import Free, Items, Keys, Scalar, Shape

TEXT = Scalar(("text",))
FLAG = Scalar(("flag",))
WHOLE = Scalar(("whole",))
KINDS: dict[str, Shape] = {
    "text": TEXT,
    "flag": FLAG,
    "whole": WHOLE,
    "number": Scalar(("number", "whole")),
    "map": Free(),
    "maps": Free(Free()),
    "pairs": Free(TEXT),
    "flags": Free(FLAG),
}


@dataclass
class _Place:
    """One key of the table while it is read: its shape, or the keys below it."""

    shape: Shape | None = None
    note: str = ""
    below: dict[str, _Place] = field(default_factory=dict)


def key_table(
    table: str,
    kinds: Mapping[str, Shape],
    *,
    has: Callable[[str], bool] = lambda mark: True,
    note: Callable[[str], str] = lambda mark: "",
) -> Keys:
    """The shape that a table says, one line each: MARK PATH KIND NAMES...

    PATH is `.` or keys with dots between; `[]` behind a key or a name: a list of these; `{}`: a
    map with any names. MARK is for the caller: `has` leaves the line out, `note` warns of it.
    """
    root = _Place()
    for line in table.strip().splitlines():
        mark, path, kind, *names = line.split()
        if not has(mark):
            continue
        place = root
        for part in path.split(".") if path != "." else ():
            place = place.below.setdefault(part, _Place())
        for name in names:
            place.below[name] = _Place(kinds[kind], note(mark))
    return _keys(root)


def _keys(place: _Place) -> Keys:
    shapes = {name.rstrip("[]{}"): _wrapped(name, below) for name, below in place.below.items()}
    notes = {name.rstrip("[]{}"): below.note for name, below in place.below.items() if below.note}
    return Keys(shapes, notes)


def _wrapped(name: str, place: _Place) -> Shape:
    shape = place.shape or _keys(place)
    while name.endswith(("[]", "{}")):
        shape = Items(shape) if name.endswith("[]") else Free(shape)
        name = name[:-2]
    return shape
