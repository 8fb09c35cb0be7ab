"""The run-state table: every status × event, each legal case beside its illegal neighbours."""

from itertools import product

import pytest

from holdfast_protocol.errors import IllegalTransition
from holdfast_protocol.events import (
    Entry,
    Event,
    MessageChanged,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunStarted,
)
from holdfast_protocol.fold import fold_message
from holdfast_protocol.run_state import ALLOWED, is_allowed, may_end, may_start, require
from holdfast_protocol.state import STATUSES, TERMINAL, Message

from .script import counted_id

WAITING = {"message.changed": {"queued", "pending"}, "run.started": {"streaming"}}
ENDS = {"complete", "stopped", "failed", "interrupted"}
TABLE = {
    "queued": {**WAITING, "run.ended": ENDS},
    "pending": {**WAITING, "run.ended": ENDS},
    "streaming": {
        "run.started": {"streaming"},
        "part.started": {"streaming"},
        "part.delta": {"streaming"},
        "part.ended": {"streaming"},
        "run.ended": ENDS,
    },
    "complete": {"run.started": {"streaming"}},
    "stopped": {"run.started": {"streaming"}},
    "failed": {"run.started": {"streaming"}},
    "interrupted": {"run.started": {"streaming"}},
}
EVENTS = (
    *("message.created", "message.changed", "message.deleted", "run.started"),
    *("part.started", "part.delta", "part.ended", "run.ended", "erased", ""),
)
CASES = list(product(sorted(STATUSES), EVENTS, sorted(STATUSES)))


@pytest.mark.parametrize(("status", "event"), list(product(sorted(STATUSES), EVENTS)))
def test_the_table_allows_this_and_nothing_else(status, event):
    allowed = {becomes for becomes in STATUSES if is_allowed(status, event, becomes)}
    assert allowed == TABLE[status].get(event, set())


def test_the_table_speaks_of_known_statuses_only():
    assert {status for status, _, _ in ALLOWED} | {becomes for _, _, becomes in ALLOWED} <= STATUSES


def test_require_raises_what_the_table_forbids_and_says_in_which_state():
    for status, event, becomes in CASES:
        if is_allowed(status, event, becomes):
            require(status, event, becomes, message="m_1")
        else:
            with pytest.raises(IllegalTransition, match=f"{event} .to {becomes}.*m_1.*{status}"):
                require(status, event, becomes, message="m_1")


@pytest.mark.parametrize("status", sorted(STATUSES - TERMINAL))
def test_L8_every_unfinished_reply_can_end_as_interrupted(status):
    assert is_allowed(status, "run.ended", "interrupted")
    held = reply(status)
    ended = fold_message(held, Entry(9, 9, run_ended("interrupted")))
    assert ended.status == "interrupted"


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_L6_an_ended_reply_cannot_end_again(status):
    assert not any(is_allowed(status, "run.ended", becomes) for becomes in STATUSES)
    assert not may_end(status, RUN, RUN)
    held = reply(status)
    for end in TERMINAL:
        assert fold_message(held, Entry(9, 9, run_ended(end))) is held


@pytest.mark.parametrize(
    ("status", "run", "ended", "allowed"),
    [
        ("streaming", "r1", "r1", True),
        ("streaming", "r1", "r0", False),
        ("pending", "r1", "r1", True),
        ("pending", "r1", "r0", False),
        ("queued", None, "r1", True),
        ("complete", "r1", "r1", False),
        ("complete", None, "r1", False),
    ],
)
def test_L6_a_reply_ends_with_its_own_run_and_once(status, run, ended, allowed):
    assert may_end(status, run, ended) is allowed


@pytest.mark.parametrize(
    ("status", "run", "attempt", "new_run", "new", "allowed"),
    [
        ("queued", "r1", 0, "r1", 1, True),
        ("pending", "r1", 0, "r1", 1, True),
        ("pending", None, 0, "r1", 1, True),
        ("pending", "r1", 0, "r2", 1, False),
        ("streaming", "r1", 1, "r1", 2, True),
        ("streaming", "r1", 2, "r1", 2, False),
        ("streaming", "r1", 2, "r1", 1, False),
        ("streaming", "r1", 1, "r2", 2, False),
        *((end, "r1", 1, "r2", 1, True) for end in sorted(TERMINAL)),
        *((end, "r1", 1, "r1", 2, False) for end in sorted(TERMINAL)),
    ],
)
def test_L6_who_may_write_a_reply(status, run, attempt, new_run, new, allowed):
    assert may_start(status, run, attempt, new_run, new) is allowed


THREAD, MESSAGE, RUN, PART = (counted_id(n) for n in range(1, 5))


def reply(status: str) -> Message:
    return Message(MESSAGE, THREAD, None, "assistant", status, 1, run=RUN, attempt=1)


def run_ended(status: str) -> RunEnded:
    return RunEnded(THREAD, MESSAGE, RUN, status, True)


MOVES: list[Event] = [
    MessageChanged(THREAD, MESSAGE, status="queued"),
    MessageChanged(THREAD, MESSAGE, status="pending"),
    MessageChanged(THREAD, MESSAGE, model="other"),
    RunStarted(THREAD, MESSAGE, RUN, 2),
    RunStarted(THREAD, MESSAGE, counted_id(9), 1),
    PartStarted(THREAD, MESSAGE, RUN, PART, "text"),
    *(run_ended(end) for end in sorted(TERMINAL)),
]


@pytest.mark.parametrize("status", sorted(STATUSES))
@pytest.mark.parametrize("event", MOVES, ids=lambda event: event.TYPE)
def test_the_fold_moves_a_reply_only_as_the_table_allows(status, event):
    held = reply(status)
    folded = fold_message(held, Entry(9, 9, event))
    assert folded is held or (status, event.TYPE, folded.status) in ALLOWED


@pytest.mark.parametrize("status", sorted(STATUSES - {"streaming"}))
@pytest.mark.parametrize(
    "event",
    [
        PartStarted(THREAD, MESSAGE, RUN, PART, "text"),
        PartDelta(THREAD, MESSAGE, RUN, PART, 0, "x"),
        PartEnded(THREAD, MESSAGE, RUN, PART, "text"),
    ],
    ids=lambda event: event.TYPE,
)
def test_L6_nothing_is_written_to_a_reply_that_is_not_streaming(status, event):
    held = reply(status)
    assert fold_message(held, Entry(9, 9, event)) is held


def test_a_question_never_runs():
    asked = Message(MESSAGE, THREAD, None, "user", "complete", 1)
    assert fold_message(asked, Entry(9, 9, RunStarted(THREAD, MESSAGE, RUN, 1))) is asked
