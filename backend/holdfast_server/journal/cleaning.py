"""The door's cleaning: every text in a command passes `text.clean` before anything is decided.

So what is compared, stored and journalled is the same clean text, whoever sent it (L24). Every
append passes here, so what is usual is asked first.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from operator import is_
from typing import Any

from holdfast_protocol.text import clean


def cleaned(value: Any) -> Any:
    """Return the value with every text in it clean; itself, where there is nothing to clean."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, tuple | list):
        items = [cleaned(item) for item in value]
        if all(map(is_, items, value)):
            return value
        return type(value)(items)
    if is_dataclass(value):
        return _with_clean_fields(value)
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    return value


def _with_clean_fields(value: Any) -> Any:
    changed = {}
    for name in value.__slots__:  # all of ours are slotted: their slots are their fields
        old = getattr(value, name)
        new = cleaned(old)
        if new is not old:
            changed[name] = new
    return replace(value, **changed) if changed else value
