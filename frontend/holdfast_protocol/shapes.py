"""Checks for one field each, and records made of them.

A check takes what JSON gave and returns the value, or raises ValueError with the end of a
sentence that begins with the field's name ("is not a number"). A value that passes comes back
unchanged or cleaned, so a value that comes back changed was not fit to be written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from holdfast_protocol.errors import MalformedEntry, UnfitValue
from holdfast_protocol.ids import is_id
from holdfast_protocol.limits import NESTING_MAX, NUMBER_MAX
from holdfast_protocol.state import (
    OUTCOMES,
    PART_KINDS,
    STATUSES,
    Failure,
    Part,
    ReadMark,
    RunMark,
)
from holdfast_protocol.text import clean

Check = Callable[[object], Any]

REQUIRED: Any = object()
"""The default of a field that has none."""


@dataclass(frozen=True, slots=True)
class Spec:
    """How one field is checked, and what it is when it is absent."""

    check: Check
    default: Any = REQUIRED


Shape = Mapping[str, Spec]


def identifier(value: object) -> str:
    if not is_id(value):
        raise ValueError("is not an id")
    return value  # type: ignore[return-value]


def id_or_none(value: object) -> str | None:
    return None if value is None else identifier(value)


def text(value: object) -> str:
    """Any text, cleaned: what comes from outside may hold what no store can (L24)."""
    if not isinstance(value, str):
        raise ValueError("is not text")
    return clean(value)


def text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= NUMBER_MAX:
        raise ValueError(f"is not a whole number from 0 to {NUMBER_MAX}")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """An object of free form, every text in it cleaned (L24)."""
    if not isinstance(value, dict):
        raise ValueError("is not an object")
    return _clean_json(value, 0)


def mapping_or_none(value: object) -> Mapping[str, Any] | None:
    return None if value is None else mapping(value)


def _clean_json(value: Any, depth: int) -> Any:
    if depth > NESTING_MAX:
        raise ValueError(f"is nested deeper than {NESTING_MAX}")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {text(key): _clean_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean_json(item, depth + 1) for item in value]
    if isinstance(value, int | float) and not abs(value) <= NUMBER_MAX:  # so is NaN caught
        raise ValueError("holds a number that stores cannot keep")
    return value


def one_of(words: frozenset[str]) -> Check:
    """A check for one of these words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"is none of {', '.join(sorted(words))}")
        return value

    return check


def nothing_or(check: Check) -> Check:
    """The same check, with null allowed."""
    return lambda value: None if value is None else check(value)


def tuple_of(check: Check) -> Check:
    """A check for a list whose every item passes `check`."""

    def items(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError("is not a list")
        return tuple(check(item) for item in value)

    return items


def record(shape: Shape, make: Callable[..., Any], obj: object, where: str) -> Any:
    """Build `make(**fields)` from an object of this shape. Raises MalformedEntry.

    Fields that the shape does not name are ignored: a later version may have sent them.
    """
    if not isinstance(obj, dict):
        raise MalformedEntry(f"{where} is an object, not {type(obj).__name__}")
    values = {}
    for name, spec in shape.items():
        if name in obj:
            try:
                values[name] = spec.check(obj[name])
            except ValueError as wrong:
                raise MalformedEntry(f"{where}: {name} {wrong}") from None
            except MalformedEntry as inner:
                raise MalformedEntry(f"{where}: {name}: {inner}") from None
        elif spec.default is REQUIRED:
            raise MalformedEntry(f"{where}: {name} is missing")
        else:
            values[name] = spec.default
    return make(**values)


@dataclass(frozen=True, slots=True)
class Nested:
    """A check for a record inside another."""

    shape: Shape
    make: Callable[..., Any]
    where: str

    def __call__(self, value: object) -> Any:
        return record(self.shape, self.make, value, self.where)


FAILURE = Nested(
    {"code": Spec(text), "message": Spec(text), "retryable": Spec(flag)}, Failure, "an error"
)

READ_MARK = Nested(
    {"message": Spec(identifier), "part": Spec(identifier), "chars": Spec(number)},
    ReadMark,
    "a read mark",
)

RUN_MARK = Nested(
    {"message": Spec(identifier), "status": Spec(one_of(STATUSES))}, RunMark, "a run mark"
)

PART = Nested(
    {
        "id": Spec(identifier),
        "kind": Spec(one_of(PART_KINDS)),
        "open": Spec(flag, False),
        "text": Spec(text, ""),
        "started_at": Spec(nothing_or(number), None),
        "ended_at": Spec(nothing_or(number), None),
        "name": Spec(text_or_none, None),
        "arguments": Spec(text, ""),
        "result": Spec(text_or_none, None),
        "outcome": Spec(nothing_or(one_of(OUTCOMES)), None),
        "media_type": Spec(text_or_none, None),
        "size": Spec(nothing_or(number), None),
        "url": Spec(text_or_none, None),
    },
    Part,
    "a part",
)


def shape_out(shape: Shape, value: object, where: str) -> dict[str, Any]:
    """Return the fields of a value of ours as plain JSON material. Raises UnfitValue."""
    return {name: fit(spec, name, getattr(value, name), where) for name, spec in shape.items()}


def fit(spec: Spec, name: str, value: object, where: str) -> Any:
    """Return one field's value as plain JSON material. Raises UnfitValue if reading it back
    would fail, or give anything else.
    """
    out = record_out(value)
    try:
        read = spec.check(out)
    except (ValueError, MalformedEntry) as wrong:
        raise UnfitValue(f"cannot write {where}: {name} {wrong}") from None
    if read is not value and read != value:
        raise UnfitValue(f"cannot write {where}: {name} is not clean, or not in its plainest form")
    return out


def record_out(value: Any) -> Any:
    """Return a value of ours as plain JSON material: dataclasses as objects, tuples as lists."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if is_dataclass(value):  # all of ours are slotted: their slots are their fields, in order
        return {name: record_out(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, Mapping):
        return {key: record_out(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [record_out(item) for item in value]
    raise TypeError(f"cannot write a {type(value).__name__}: it is no part of the vocabulary")
