"""What commands about runs come to.

Law L6, its home on the server: a run is written by its owner only, the latest attempt of the
present start of the store, from its start to its one end. Anybody else is Fenced, and so is
whoever comes after the end.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast_protocol.events import MessageCreated, RunEnded, RunEvent, RunStarted
from holdfast_protocol.limits import STOPS_REMEMBERED_MS
from holdfast_protocol.notify import EndFacts
from holdfast_protocol.notify import decide as decide_notification
from holdfast_protocol.run_state import may_start
from holdfast_protocol.state import Failure, Message, Terminal, Thread
from holdfast_server.journal.commands import (
    ContinueReply,
    EndOrphans,
    EndRun,
    Owner,
    StartRun,
    StopReply,
    WriteRun,
)
from holdfast_server.journal.decision import Decision, InFront, RememberedStop, Rows
from holdfast_server.journal.refusals import Conflict, Fenced
from holdfast_server.journal.requirements import require_message
from holdfast_server.journal.waiting import let_go_on

INTERRUPTED = Failure(
    "interrupted",
    "The server stopped before this answer was finished. What was written of it, if anything,"
    " is kept. Ask again for a whole answer.",
    retryable=True,
)


def start_run(rows: Rows, command: StartRun) -> Decision:
    """The owner begins: with a later attempt than any before it, a run that has not ended."""
    owner = command.owner
    message = _require_open(rows, owner)
    if not may_start(message.status, message.run, message.attempt, owner.run, owner.attempt):
        raise Fenced(f"attempt {owner.attempt} of run {owner.run} is not the next one")
    return Decision({}, (RunStarted(message.thread, message.id, owner.run, owner.attempt),))


def write_run(rows: Rows, command: WriteRun) -> Decision:
    message = _require_open(rows, command.owner)
    _require_writing(message, command.owner)
    return Decision({}, _require_own(message, command))


def end_run(rows: Rows, command: EndRun, in_front: InFront) -> Decision:
    """The one end of a run, with what was pending of it; one that never began may end too."""
    message = _require_open(rows, command.owner)
    if message.status == "streaming":
        _require_writing(message, command.owner)
    thread = rows.thread(message.thread)
    end = _end(message, thread, command.status, in_front, command.error, command.usage)
    events = (*_require_own(message, command), end)
    if command.status != "complete":  # what waits behind it waits for the person from now on
        return Decision({}, events)
    behind = tuple(mark for mark in thread.runs if mark.message != message.id)
    moved, begins = let_go_on(rows, thread.id, behind)
    return Decision({}, (*events, *moved), begins=begins)


def stop_reply(rows: Rows, command: StopReply, in_front: InFront) -> Decision:
    """End a reply that has not begun. One that is yet to come is remembered; any other is left
    alone: it has ended, or its owner ends it.

    One that is `pending` may be about to begin: its owner finds the run ended, and asks no model.
    """
    reply = rows.head_of(command.message)
    if reply is None and not rows.is_deleted(command.message):
        until = rows.now_ms + STOPS_REMEMBERED_MS
        return Decision({}, stop=RememberedStop(command.message, until))
    if reply is None or reply.status not in ("queued", "pending"):
        return Decision({})
    return Decision({}, (_end(reply, rows.thread(reply.thread), "stopped", in_front),))


def continue_reply(rows: Rows, command: ContinueReply) -> Decision:
    """Let a reply go on that waits for the person; one that goes on already, or has ended with
    this run, is left as it is.
    """
    reply = require_message(rows, command.message)
    if reply.run != command.run:
        raise Conflict(f"message {reply.id} is not written by run {command.run}")
    answer = {"message": reply.id, "run": command.run}
    if reply.status != "queued":
        return Decision(answer)
    moved, begins = let_go_on(rows, reply.thread, rows.thread(reply.thread).runs)
    return Decision(answer, moved, begins=begins)


def end_orphans(rows: Rows, command: EndOrphans, in_front: InFront) -> Decision:
    """Law L8, its decision: what earlier starts of the store left unfinished is interrupted."""
    orphans = rows.open_runs(before_epoch=command.epoch)
    ends = tuple(
        _end(
            rows.head_of(run.message),
            rows.thread(run.thread),
            "interrupted",
            in_front,
            INTERRUPTED,
        )
        for run in orphans
    )
    return Decision({"ended": [run.id for run in orphans]}, ends)


def stopped(heads: Iterable[Message], thread: Thread, in_front: InFront) -> tuple[RunEnded, ...]:
    """Return the ends of those replies' runs that have not ended: a deletion stops them."""
    return tuple(_end(head, thread, "stopped", in_front) for head in heads if not head.is_terminal)


def stopped_early(reply: MessageCreated) -> RunEnded:
    """Return the end of a reply that was stopped before it came."""
    notify = decide_notification(EndFacts("stopped", in_front=False, muted=False))
    return RunEnded(reply.thread, reply.message, reply.run, "stopped", notify)


def _end(
    message: Message,
    thread: Thread,
    status: Terminal,
    in_front: InFront,
    error: Failure | None = None,
    usage: Mapping[str, Any] | None = None,
) -> RunEnded:
    """Return the end of a message's run, with the notification it calls for (L22)."""
    facts = EndFacts(status, in_front=in_front(thread.id), muted=thread.muted)
    notify = decide_notification(facts)
    return RunEnded(thread.id, message.id, message.run, status, notify, error, usage)


def _require_open(rows: Rows, owner: Owner) -> Message:
    """Return the head of the message whose run this is, unless it is over or not theirs."""
    run = rows.run(owner.run)
    if run is None or run.ended:
        raise Fenced(f"run {owner.run} has ended")
    if owner.epoch != rows.epoch:
        raise Fenced(f"run {owner.run}: start {owner.epoch} of the store is over")
    return rows.head_of(run.message)


def _require_writing(message: Message, owner: Owner) -> None:
    if (message.run, message.attempt) != (owner.run, owner.attempt):
        raise Fenced(f"attempt {owner.attempt} of run {owner.run} is not the one that writes")


def _require_own(message: Message, command: WriteRun | EndRun) -> tuple[RunEvent, ...]:
    """Return the command's events: our own bug if one is about another run."""
    here = (message.thread, message.id, command.owner.run)
    for event in command.events:
        if (event.thread, event.message, event.run) != here:
            raise ValueError(f"a {event.TYPE} of another run came with run {command.owner.run}")
    return command.events
