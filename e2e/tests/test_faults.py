"""The judge of the fault script can fail: every way in which a kill could make the server lie is
made here by hand, in records of one small story, and is found.
"""

from collections.abc import Callable
from typing import Any

import pytest

from e2e.api import Json
from e2e.faults import checks
from e2e.faults.checks import Accepted, Faults
from e2e.faults.script import Ask, Hold, Say, Script
from e2e.faults.store import Stored
from e2e.faults.told import Told

OF_RUN = {"thread": "T", "message": "A", "run": "R"}
SCRIPT = Script(
    (
        (Say("text", ("one ", "two ")), Ask("clock", ("{", "}"))),
        (Say("text", ("three ",)), Hold()),
    )
)
QUESTION = {"id": "P", "kind": "text", "text": "Why?"}
SENT = Accepted("T", "Q", "A", "R", "Why?")


def journal() -> list[Json]:
    """A question, its answer as far as the tool, a kill, and the end that the restart wrote."""
    events: list[Json] = [
        {"type": "thread.created", "thread": "T", "title": "Why?"},
        {"type": "message.created", "thread": "T", "message": "Q", "role": "user",
         "parent": None, "status": "complete", "parts": [QUESTION]},
        {"type": "message.created", "thread": "T", "message": "A", "role": "assistant",
         "parent": "Q", "status": "pending", "run": "R"},
        {"type": "run.started", **OF_RUN, "attempt": 1},
        {"type": "part.started", **OF_RUN, "part": "A1", "kind": "text"},
        {"type": "part.delta", **OF_RUN, "part": "A1", "offset": 0, "text": "one "},
        {"type": "part.delta", **OF_RUN, "part": "A1", "offset": 4, "text": "two "},
        {"type": "part.ended", **OF_RUN, "part": "A1", "kind": "text"},
        {"type": "part.started", **OF_RUN, "part": "A2", "kind": "tool", "name": "clock"},
        {"type": "part.delta", **OF_RUN, "part": "A2", "offset": 0, "text": "{}"},
        {"type": "run.ended", **OF_RUN, "status": "interrupted", "notify": True, "error": None},
    ]  # fmt: skip
    return [{"seq": seq, "at": 1000 + seq, **event} for seq, event in enumerate(events, start=1)]


def told(entries: list[Json]) -> Told:
    state = Told()
    for entry in entries:
        state.apply(entry)
    return state


def history() -> list[Json]:
    """The thread as a server tells it that lost nothing."""
    return told(journal()).path("T")


def messages(path: list[Json]) -> dict[str, Json]:
    return {message["id"]: message for message in path}


def stored(entries: list[Json], **other: Any) -> Stored:
    sequences = tuple(entry["seq"] for entry in entries)
    whole = {"count": len(entries), "first": sequences[0], "last": sequences[-1]}
    return Stored(tuple(entries), **{"keys": sequences, **whole, "head": sequences[-1], **other})


def by_seq(entries: list[Json]) -> dict[int, Json]:
    return {entry["seq"]: entry for entry in entries}


def the_only(faults: Faults, law: str, *words: str) -> None:
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"{law}: ")
    assert all(word in faults[0] for word in words), faults[0]


def test_a_server_that_lost_nothing_has_no_faults() -> None:
    entries, path = journal(), history()
    assert checks.received_is_kept("r", entries, by_seq(entries)) == []
    assert checks.tokens_are_told("r", entries, messages(path)) == []
    assert checks.store_is_gapless(stored(entries)) == []
    assert checks.replays("p", entries, entries) == []
    assert checks.ends_once(entries) == []
    assert checks.is_there(SENT, messages(path)) == []
    assert checks.is_as_said(path[1], SCRIPT) == []
    assert checks.goes_on("r", told(entries), "T", path) == []
    row = {"run": None, "leaf": "A", "version": 11}
    assert checks.is_settled(told(entries), "T", row) == []


# --- L2: what a reader had is there -----------------------------------------------------------


def test_L2_a_token_that_a_reader_had_and_the_journal_lost_is_found() -> None:
    kept = by_seq(journal())
    del kept[7]
    the_only(checks.received_is_kept("stream 1", journal(), kept), "L2", "stream 1", "two ")


def test_L2_an_entry_that_another_one_replaced_is_found() -> None:
    kept = by_seq(journal())
    kept[7] = {**kept[7], "text": "zwei"}
    the_only(checks.received_is_kept("r", journal(), kept), "L2", "two ", "zwei")


@pytest.mark.parametrize("text", ["one ", "one zwo ", "two one ", ""])
def test_L2_a_token_that_the_history_lost_or_changed_is_found(text: str) -> None:
    path = history()
    path[1]["parts"][0]["text"] = text
    faults = checks.tokens_are_told("r", journal(), messages(path))
    assert faults
    assert all(fault.startswith("L2: r had read") for fault in faults)


def test_L2_a_token_of_a_part_or_message_that_is_gone_is_found() -> None:
    path = history()
    path[1]["parts"].pop(0)
    assert len(checks.tokens_are_told("r", journal(), messages(path))) == 2
    assert len(checks.tokens_are_told("r", journal(), {})) == 3


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (0, {"text": "one two two "}),
        (0, {"text": "one "}),
        (0, {"kind": "reasoning"}),
        (1, {"arguments": "{}}"}),
    ],
    ids=["more", "less, and a part after it", "another kind", "other arguments"],
)
def test_L2_an_answer_that_is_not_what_the_model_said_is_found(part: int, change: Json) -> None:
    reply = history()[1]
    reply["parts"][part] |= change
    assert checks.is_as_said(reply, SCRIPT)[0].startswith("L2: ")


def test_L2_a_complete_answer_that_lacks_something_is_found() -> None:
    reply = {**history()[1], "status": "complete"}
    the_only(checks.is_as_said(reply, SCRIPT), "L2", "complete")


def test_L2_a_question_that_was_changed_is_found() -> None:
    path = history()
    path[0]["parts"][0]["text"] = "Who?"
    the_only(checks.is_there(SENT, messages(path)), "L2", "Why?", "Who?")


# --- L3: gapless and ordered ------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        stored([entry for entry in journal() if entry["seq"] != 7]),
        stored(journal()[1:]),
        stored(journal(), head=12),
        stored(journal(), count=12),
        stored(journal(), keys=(*range(1, 11), 12)),
    ],
    ids=["gap", "beginning gone", "head ahead", "one more", "other key"],
)
def test_L3_a_store_with_a_gap_is_found(broken: Stored) -> None:
    faults = checks.store_is_gapless(broken)
    assert faults
    assert all(fault.startswith("L3: ") for fault in faults)


@pytest.mark.parametrize(
    "sequences", [(1, 3), (1, 2, 2, 3), (2, 1, 3), (2, 3)], ids=["gap", "twice", "order", "late"]
)
def test_L3_a_reader_with_a_gap_a_repeat_or_a_swap_is_found(sequences: tuple[int, ...]) -> None:
    faults = checks.follows("r", sequences, first=1)
    assert faults
    assert faults[0].startswith("L3: r has ")
    assert checks.follows("r", (1, 2, 3), first=1) == checks.follows("r", (), first=1) == []


# --- L5: from the cursor or anew, the same ----------------------------------------------------


def change_status(path: list[Json]) -> None:
    path[1]["status"] = "streaming"


def change_part(path: list[Json]) -> None:
    path[1]["parts"][1]["outcome"] = None


def lose_part(path: list[Json]) -> None:
    path[1]["parts"].pop()


def lose_message(path: list[Json]) -> None:
    path.pop()


@pytest.mark.parametrize("deed", [change_status, change_part, lose_part, lose_message])
def test_L5_a_client_that_holds_other_than_the_history_is_found(
    deed: Callable[[list[Json]], None],
) -> None:
    path = history()
    deed(path)
    the_only(checks.goes_on("r", told(journal()), "T", path), "L5", "r ")


def test_L5_a_client_that_knows_nothing_of_a_thread_is_found() -> None:
    the_only(checks.goes_on("r", Told(), "T", history()), "L5", "nothing of thread T")


def test_L5_a_replay_that_differs_is_found() -> None:
    the_only(checks.replays("p", journal()[:-1], journal()), "L5", "10", "11")
    the_only(checks.replays("p", [{**journal()[0], "at": 0}], journal()[:1]), "L5", "'at': 0")


def test_L5_L8_a_row_that_is_not_settled_is_found() -> None:
    state, row = told(journal()), {"run": None, "leaf": "A", "version": 11}
    the_only(checks.is_settled(state, "T", None), "L5", "not listed")
    the_only(checks.is_settled(state, "T", {**row, "version": 10}), "L5", "version")
    running = {**row, "run": {"message": "A", "status": "streaming"}}
    the_only(checks.is_settled(state, "T", running), "L8", "streaming")


def test_a_client_refuses_what_does_not_continue_its_text() -> None:
    with pytest.raises(ValueError, match="does not continue the 0 characters"):
        told([entry for entry in journal() if entry["seq"] != 6])


# --- L6: one end, and all is closed -----------------------------------------------------------


def test_L6_a_run_that_ended_twice_is_found() -> None:
    entries = [*journal(), {**journal()[-1], "seq": 12}]
    the_only(checks.ends_once(entries), "L6", "R", "2 times")


def test_L6_an_entry_of_a_run_after_its_end_is_found() -> None:
    late = {**journal()[6], "seq": 12}
    the_only(checks.ends_once([*journal(), late]), "L6", "after the end", "two ")


@pytest.mark.parametrize("outcome", [None, "ok", "error"])
def test_L6_a_tool_without_result_that_is_not_unknown_is_found(outcome: str | None) -> None:
    path = history()
    path[1]["parts"][1]["outcome"] = outcome
    the_only(checks.is_there(SENT, messages(path)), "L6", "tool A2", str(outcome))


def test_L6_a_part_left_open_is_found() -> None:
    path = history()
    path[1]["parts"][1]["open"] = True
    the_only(checks.is_there(SENT, messages(path)), "L6", "A2", "open")


# --- L8: nothing is left hanging --------------------------------------------------------------


def test_L8_a_run_without_an_end_is_found() -> None:
    the_only(checks.ends_once(journal()[:-1]), "L8", "R", "without an end")


@pytest.mark.parametrize(("missing", "called"), [("Q", "question"), ("A", "reply")])
def test_L8_a_message_that_was_accepted_and_is_gone_is_found(missing: str, called: str) -> None:
    there = messages(history())
    del there[missing]
    the_only(checks.is_there(SENT, there), "L8", called, "gone")


@pytest.mark.parametrize("status", ["queued", "pending", "streaming"])
def test_L8_a_reply_left_without_a_terminal_status_is_found(status: str) -> None:
    path = history()
    path[1]["status"] = status
    the_only(checks.is_there(SENT, messages(path)), "L8", status)


def test_L8_a_reply_with_another_run_than_was_accepted_is_found() -> None:
    path = history()
    path[1]["run"] = "R2"
    the_only(checks.is_there(SENT, messages(path)), "L8", "R2")


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_L8_a_reply_that_ended_as_nobody_asked_is_found(status: str) -> None:
    reply = {**history()[1], "status": status}
    the_only(checks.is_as_said(reply, SCRIPT), "L8", status)
