"""PROTOCOL.md and the code say the same: changing either alone goes red."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

import holdfast_protocol
from holdfast_protocol import limits
from holdfast_protocol.codec import (
    CHANGE_SHAPES,
    EVENT_SHAPES,
    HEAD_SHAPE,
    MESSAGE_SHAPE,
    THREAD_SHAPE,
    decode_entry,
)
from holdfast_protocol.cursor import parse_cursor
from holdfast_protocol.errors import MalformedEntry
from holdfast_protocol.events import EVENT_TYPES
from holdfast_protocol.ids import is_id
from holdfast_protocol.notify import EndFacts, decide
from holdfast_protocol.run_state import ALLOWED
from holdfast_protocol.shapes import (
    FAILURE,
    PART,
    READ_MARK,
    REQUIRED,
    RUN_MARK,
    Shape,
    Spec,
)
from holdfast_protocol.sse import BEAT, FrameDecoder
from holdfast_protocol.state import OUTCOMES, PART_KINDS, ROLES, STATUSES

from .script import counted_id

HOME = Path(holdfast_protocol.__file__).parent
DOCUMENT = (HOME / "PROTOCOL.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """What stands under one heading, down to the next."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", DOCUMENT, re.M | re.S)
    assert found, f"PROTOCOL.md has no section {heading!r}"
    return found[1]


def table(heading: str) -> list[list[str]]:
    """The rows of the section's table, without its head; backticks taken off."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [
        [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines[2:]
    ]


# --- fields ---

WORDS = sorted(STATUSES | ROLES | PART_KINDS | OUTCOMES)
ID = counted_id(1)
PROBES = {
    "null": None,
    "id": ID,
    "other text": "zzz",
    "5": 5,
    "0": 0,
    "true": True,
    "false": False,
    "[]": [],
    "[part]": [{"id": ID, "kind": "text"}],
    "[run mark]": [{"message": ID, "status": "queued"}],
    "{}": {},
    "error object": {"code": "", "message": "", "retryable": False},
    "read mark": {"message": ID, "part": ID, "chars": 0},
    **{word: word for word in WORDS},
}
TEXT = {"id", "other text", *WORDS}
VALUES = {
    "id": {"id"},
    "text": TEXT,
    "any text": TEXT,
    "number": {"0", "5"},
    "number from 1": {"5"},
    "flag": {"true", "false"},
    "object": {"{}", "error object", "read mark"},
    "error": {"error object"},
    "read mark": {"read mark"},
    "list of parts": {"[]", "[part]"},
    "list of run marks": {"[]", "[run mark]"},
    "true or text": {"true", *TEXT},
}
"""What each way to describe a value lets through, of the probes."""


def described(value: str) -> set[str]:
    """Which probes the document lets through."""
    plain = value.removesuffix(" or null")
    accepted = {"null"} if plain != value else set()
    if plain.startswith("one of "):
        return accepted | set(plain.removeprefix("one of ").split(", "))
    return accepted | VALUES[plain]


def accepted(spec: Spec) -> set[str]:
    """Which probes the code lets through."""
    return {name for name, probe in PROBES.items() if _passes(spec, probe)}


def _passes(spec: Spec, probe: object) -> bool:
    try:
        spec.check(probe)
    except (ValueError, MalformedEntry):
        return False
    return True


def default_in_words(spec: Spec, absent: bool) -> str:
    if absent:
        return "absent"
    return "yes" if spec.default is REQUIRED else json.dumps(spec.default)


SHAPES: list[tuple[str, Shape]] = [
    ("every entry", HEAD_SHAPE),
    *((f"`{kind}`", shape) for kind, shape in EVENT_SHAPES.items() if shape),
    ("`thread.changed`", CHANGE_SHAPES),
    ("Thread", THREAD_SHAPE),
    ("Message", MESSAGE_SHAPE),
    ("Part", PART.shape),
    ("Run mark", RUN_MARK.shape),
    ("Read mark", READ_MARK.shape),
    ("Error", FAILURE.shape),
]


@pytest.mark.parametrize(("heading", "shape"), SHAPES, ids=[heading for heading, _ in SHAPES])
def test_the_fields_of_the_document_are_those_of_the_code(heading, shape):
    rows = table(heading)
    assert [name for name, *_ in rows] == list(shape)
    for name, value, required, _ in rows:
        spec = shape[name]
        assert described(value) == accepted(spec), f"{name} is {value}"
        assert required == default_in_words(spec, absent=shape is CHANGE_SHAPES), name


def test_every_type_has_its_section_and_every_section_its_type():
    assert set(re.findall(r"^### `([a-z]+(?:\.[a-z]+)?)`$", DOCUMENT, re.M)) == EVENT_TYPES.keys()


# --- tables ---


def test_the_run_states_of_the_document_are_those_of_the_code():
    documented = {
        (status, event, becomes)
        for status, event, after in table("Run states")
        for becomes in after.split(", ")
    }
    assert documented == ALLOWED


def test_the_notifications_of_the_document_are_those_of_the_code():
    rows = {
        (status, muted == "yes", in_front == "yes"): decision
        for statuses, muted, in_front, decision in table("Notifications")
        for status in statuses.split(", ")
    }
    ends = ("complete", "failed", "interrupted", "stopped")
    assert rows.keys() == set(product(ends, [False, True], [False, True]))
    for (status, muted, in_front), decision in rows.items():
        decided = decide(EndFacts(status, in_front=in_front, muted=muted))
        assert decision == ("true" if decided is True else decided)


def test_the_limits_of_the_document_are_those_of_the_code():
    rows = {name: float(value.replace(",", "")) for name, value, _ in table("Limits")}
    assert rows == {name: getattr(limits, name, None) for name in rows}
    source = (HOME / "limits.py").read_text(encoding="utf-8")
    met_by_peers = re.findall(r"^([A-Z_]+) =", source[: source.index("# --- writing")], re.M)
    assert set(met_by_peers) - {"STORE_WINDOW_MS_MAX"} == rows.keys()


def test_the_laws_are_all_named_and_each_is_stated_at_its_home():
    rows = table("The laws")
    assert [law.split()[0] for law, *_ in rows] == [f"L{n}" for n in range(1, 25)]
    for law, _, homes in rows:
        for file in re.findall(r"`?(\w+\.py)`?", homes):
            source = (HOME / file).read_text(encoding="utf-8")
            assert re.search(rf"\b{law.split()[0]}\b", source), f"{file} does not name {law}"


# --- prose ---


def test_the_version_of_the_document_is_that_of_the_code():
    assert DOCUMENT.startswith(
        f"# The Holdfast protocol, version {holdfast_protocol.PROTOCOL_VERSION}\n"
    )


def test_the_examples_of_the_document_can_be_read():
    assert is_id(re.search(r"such as `(.+?)`", section("Values"))[1])
    assert parse_cursor(re.search(r"Example: `(.+?)`", section("Cursors"))[1]).seq == 42
    assert decode_entry(json.loads(section("Example"))).type == "part.delta"
    stream = re.findall(r"^    (.*)$", section("Event stream"), re.M)
    (frame,) = FrameDecoder().feed("\n".join([*stream, "", ""]))
    assert (frame.event, parse_cursor(frame.id).seq) == ("journal", 12)
    assert [decode_entry(obj).type for obj in json.loads(frame.data)] == ["erased"]
    assert f"`{BEAT.decode().strip()}`" in section("Event stream")


def test_bounds_in_the_prose_are_those_of_the_code():
    values, stream, poll = section("Values"), section("Event stream"), section("Poll")
    assert f"{limits.NUMBER_MAX:,}" in values
    assert f"nest at most {limits.NESTING_MAX} deep" in values
    assert f"1 to {limits.ACCOUNT_CHARS_MAX} of" in values
    beats = (
        f"every {limits.BEAT_ACTIVE_S:g} s while a run is active and every {limits.BEAT_IDLE_S:g} s"
    )
    assert beats in " ".join(stream.split())
    assert f"({limits.POLL_WAIT_S_MAX:g} at most)" in poll
    assert f"{limits.STOPS_REMEMBERED_MS // 60_000} minutes" in section("HTTP, version 1")
