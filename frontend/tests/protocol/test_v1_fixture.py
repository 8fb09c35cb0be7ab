"""The journal of version 1: every later version must open it, and see in it the same."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from holdfast_protocol.codec import (
    decode_entry,
    decode_message,
    decode_thread,
    encode_message,
    encode_thread,
)
from holdfast_protocol.events import EVENT_TYPES
from holdfast_protocol.state import State

from .folding import fold_all

V1 = Path(__file__).parent / "fixtures" / "v1"
TYPES_OF_V1 = frozenset(
    {
        *("thread.created", "thread.changed", "thread.deleted", "account.changed", "erased"),
        *("message.created", "message.changed", "message.deleted"),
        *("run.started", "part.started", "part.delta", "part.ended", "run.ended"),
    }
)


def records() -> list[dict[str, Any]]:
    text = (V1 / "entries.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def expected() -> dict[str, Any]:
    return json.loads((V1 / "state.json").read_text(encoding="utf-8"))


def as_json(state: State) -> dict[str, Any]:
    """The state as state.json has it."""
    return {
        "seq": state.seq,
        "threads": {id: encode_thread(thread) for id, thread in state.threads.items()},
        "messages": {
            id: {key: encode_message(message) for key, message in window.messages.items()}
            for id, window in state.windows.items()
        },
    }


def assert_has(found: Any, expected: Any, where: str) -> None:
    """Whether what was expected is there; fields that a later version adds may be too."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        for key, value in expected.items():
            assert key in found, f"{where}.{key} is gone"
            assert_has(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for place, value in enumerate(expected):
            assert_has(found[place], value, f"{where}[{place}]")
    else:
        assert found == expected, where


def test_a_journal_of_version_1_folds_to_what_version_1_saw():
    state = fold_all(decode_entry(record) for record in records())
    found, wanted = as_json(state), expected()
    assert_has(found, wanted, "state")
    assert found["threads"].keys() == wanted["threads"].keys()
    for id, messages in wanted["messages"].items():
        assert list(found["messages"][id]) == list(messages)
    assert all(window.fresh for window in state.windows.values())


def test_state_of_version_1_can_be_read_from_a_store():
    state = fold_all(decode_entry(record) for record in records())
    for id, obj in expected()["threads"].items():
        assert decode_thread(obj) == state.threads[id]
    for id, messages in expected()["messages"].items():
        for key, obj in messages.items():
            assert decode_message(obj) == state.windows[id].messages[key]


def test_the_journal_of_version_1_has_every_type_of_its_time_and_one_of_a_later():
    assert {record["type"] for record in records()} == TYPES_OF_V1 | {"comet.seen"}
    assert EVENT_TYPES.keys() >= TYPES_OF_V1, "a type of version 1 is never taken away"


def test_the_files_are_as_they_were_made():
    made = runpy.run_path(str(V1 / "make.py"))["lines"]()
    assert "\n".join(made) + "\n" == (V1 / "entries.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("complete", ["reasoning", "tool", "text", "tool", "text"]),
        ("failed", ["file"]),
        ("streaming", []),
    ],
)
def test_what_version_1_saw_was_checked_by_hand(status, kinds):
    """Some of what state.json must say, so that it cannot have been made from a broken fold."""
    (reply,) = [
        message
        for messages in expected()["messages"].values()
        for message in messages.values()
        if (message["role"], message["status"]) == ("assistant", status)
    ]
    assert [part["kind"] for part in reply["parts"]] == kinds
    assert not any(part["open"] for part in reply["parts"])
    if status == "complete":
        tools = [part for part in reply["parts"] if part["kind"] == "tool"]
        assert [tool["outcome"] for tool in tools] == ["ok", "unknown"]
        assert tools[0]["arguments"] == '{"zone": "UTC"}'
        texts = [part["text"] for part in reply["parts"] if part["kind"] == "text"]
        assert "".join(texts) == "Half of an answer \U0001f600 and its other half."
