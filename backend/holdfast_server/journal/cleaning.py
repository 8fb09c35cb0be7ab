"""The door's cleaning: every text in a command passes `text.clean` before anything is decided.

So what is compared, stored and journalled is the same clean text, whoever sent it (L24).
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from holdfast_protocol.text import clean


def cleaned(value: Any) -> Any:
    """Return the value with every text in it clean; itself, where there is nothing to clean."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [cleaned(item) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(items)
    if is_dataclass(value):
        return _with_clean_fields(value)
    return value


def _with_clean_fields(value: Any) -> Any:
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = cleaned(old)
        if new is not old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value
