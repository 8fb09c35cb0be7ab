"""What commands about a thread as a whole come to."""

from holdfast_protocol.codec import CHANGE_SHAPES
from holdfast_protocol.events import ThreadChanged, ThreadCreated, ThreadDeleted
from holdfast_server.journal.commands import ChangeThread, CreateThread, DeleteThread
from holdfast_server.journal.decision import Decision, InFront, Repetition, Rows
from holdfast_server.journal.refusals import Invalid
from holdfast_server.journal.requirements import (
    creation,
    fit_change,
    repetition,
    require_lengths,
    require_message_of,
    require_new_thread,
    require_thread,
)
from holdfast_server.journal.run_decisions import stopped

UNTITLED = "New thread"
"""The title of a thread until its first question gives it one."""


def create_thread(rows: Rows, command: CreateThread) -> Decision | Repetition:
    asked = creation(command.thread, "thread", command.title, command.model, command.instructions)
    if again := repetition(rows, asked):
        return again
    require_new_thread(rows, command.thread)
    require_lengths(title=command.title, model=command.model, instructions=command.instructions)
    title = UNTITLED if command.title is None else command.title
    created = ThreadCreated(command.thread, title, command.model, command.instructions)
    return Decision({"thread": command.thread}, (created,), asked)


def change_thread(rows: Rows, command: ChangeThread) -> Decision:
    """Journal what differs: changing nothing journals nothing, unknown fields are ignored."""
    thread = require_thread(rows, command.thread)
    wanted = {
        name: fit_change(name, value)
        for name, value in command.changes.items()
        if name in CHANGE_SHAPES
    }
    changes = {name: value for name, value in wanted.items() if value != getattr(thread, name)}
    require_lengths(**{name: changes.get(name) for name in ("title", "model", "instructions")})
    if "leaf" in changes:
        if changes["leaf"] is None:
            raise Invalid("leaf must name a message of the thread")
        require_message_of(rows, changes["leaf"], thread.id)
    return Decision({"thread": thread.id}, (ThreadChanged(thread.id, changes),) if changes else ())


def delete_thread(rows: Rows, command: DeleteThread, in_front: InFront) -> Decision:
    """End the thread's runs, then delete it. Deleting a deleted thread is harmless."""
    if rows.is_deleted(command.thread):
        return Decision({"thread": command.thread, "ended": []})
    thread = require_thread(rows, command.thread)
    ends = stopped((rows.head_of(mark.message) for mark in thread.runs), thread, in_front)
    answer = {"thread": thread.id, "ended": [end.run for end in ends]}
    return Decision(answer, (*ends, ThreadDeleted(thread.id)))
