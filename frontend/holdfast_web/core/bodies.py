"""What changes inside the bodies of messages, as operations for the module that draws them.

A body is a plain element outside the views' reach: an answer may grow a thousand times without
any of its text being rendered, or crossing to JavaScript, twice. The operations are documented
in static/js/body.js.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast_protocol.state import Part
from holdfast_web.core.select import Turn

Operation = dict[str, Any]


def operations(drawn: Mapping[str, Turn], turns: Iterable[Turn]) -> list[Operation]:
    """Return what leads from the turns that are drawn to these."""
    made: list[Operation] = []
    for turn in turns:
        before = drawn.get(turn.id)
        if before is None or before.parts is not turn.parts:
            made += _body(turn, before.parts if before is not None else None)
    return made


def _body(turn: Turn, before: tuple[Part, ...] | None) -> list[Operation]:
    ids = [part.id for part in turn.parts]
    if before is None or [part.id for part in before] != ids[: len(before)]:
        return [whole(turn)]
    made: list[Operation] = []
    for old, new in zip(before, turn.parts, strict=False):
        if old is not new:
            made += _part(turn.id, old, new)
    for part in turn.parts[len(before) :]:
        made.append({"op": "part", "message": turn.id, "part": _fields(part)})
    return made


def whole(turn: Turn) -> Operation:
    """Return the operation that makes a body exactly this."""
    return {"op": "parts", "message": turn.id, "parts": [_fields(part) for part in turn.parts]}


def _part(message: str, old: Part, new: Part) -> list[Operation]:
    have, source = len(old.source), new.source
    if len(source) < have:  # another reading of it; never seen in a fold
        return [{"op": "part", "message": message, "part": _fields(new)}]
    made: list[Operation] = []
    if len(source) > have:
        added = source[have:]
        made.append(
            {"op": "append", "message": message, "part": new.id, "offset": have, "text": added}
        )
    before, after = _fields(old), _fields(new)
    changed = {name: value for name, value in after.items() if value != before[name]}
    changed = {name: changed[name] for name in changed if name not in ("text", "arguments")}
    if changed:
        made.append({"op": "part", "message": message, "part": {"id": new.id, **changed}})
    return made


def _fields(part: Part) -> dict[str, Any]:
    shared = {
        "id": part.id,
        "kind": part.kind,
        "open": part.open,
        "started_at": part.started_at,
        "ended_at": part.ended_at,
    }
    match part.kind:
        case "tool":
            own = {"name": part.name, "arguments": part.arguments}
            return {**shared, **own, "result": part.result, "outcome": part.outcome}
        case "file":
            about = {"name": part.name, "media_type": part.media_type, "size": part.size}
            return {**shared, **about, "text": part.text}
    return {**shared, "text": part.text}
