"""What sending a question and deleting a message come to."""

from holdfast_protocol.events import (
    Event,
    MessageCreated,
    MessageDeleted,
    ThreadChanged,
    ThreadCreated,
)
from holdfast_protocol.limits import RUNS_PER_ACCOUNT_MAX, TITLE_FROM_TEXT_CHARS_MAX
from holdfast_protocol.state import Part, Status, Thread
from holdfast_server.journal.commands import DeleteMessage, Send
from holdfast_server.journal.decision import Decision, InFront, Repetition, Rows
from holdfast_server.journal.port import Due
from holdfast_server.journal.refusals import Invalid, TooMany
from holdfast_server.journal.requirements import (
    creation,
    repetition,
    require_lengths,
    require_message,
    require_message_of,
    require_new_message,
    require_new_thread,
    require_thread,
)
from holdfast_server.journal.run_decisions import stopped, stopped_early
from holdfast_server.journal.thread_decisions import UNTITLED
from holdfast_server.journal.waiting import let_go_on

ELLIPSIS = "…"


def send(rows: Rows, command: Send) -> Decision | Repetition:
    """Question, reply and run in one; the thread too when it is new.

    The reply is `queued` while another one of its thread is unfinished, else `pending`. To send
    again is also how a person lets those go on that wait for one. A reply that was stopped before
    it came ends here.
    """
    asked = creation(
        command.message,
        "send",
        command.thread,
        command.reply,
        command.text,
        command.parent,
        command.model,
    )
    if again := repetition(rows, asked):
        return again
    thread = rows.thread(command.thread)
    _require_sendable(rows, command, thread)
    question, reply = _question_and_reply(thread, command)
    events = (*_about_thread(thread, command), question, reply)
    if rows.is_stop_remembered(command.reply):
        return Decision(_answer(command, "stopped"), (*events, stopped_early(reply)), asked)
    if thread and thread.runs:
        moved, begins = let_go_on(rows, thread.id, thread.runs)
    else:
        moved, begins = (), (Due(command.thread, command.reply, command.run, reply.model),)
    return Decision(_answer(command, reply.status), (*events, *moved), asked, begins)


def _answer(command: Send, status: Status) -> dict[str, str]:
    return {
        "thread": command.thread,
        "message": command.message,
        "reply": command.reply,
        "run": command.run,
        "status": status,
    }


def delete_message(rows: Rows, command: DeleteMessage, in_front: InFront) -> Decision:
    """End the runs of the message and of what hangs below it, then delete them, children first.

    If the thread's path ended among them, it ends at the message's parent from now on. What
    waited for a reply that is deleted waits for it no longer. Deleting a deleted message is
    harmless.
    """
    if rows.is_deleted(command.message):
        return Decision({"message": command.message, "ended": []})
    root = require_message(rows, command.message)
    thread = require_thread(rows, root.thread)
    doomed = rows.below(root)
    ends = stopped(doomed, thread, in_front)
    is_cut = any(message.id == thread.leaf for message in doomed)
    leaf = root.parent if is_cut else thread.leaf
    deletions = (MessageDeleted(thread.id, message.id, leaf) for message in doomed)
    answer = {"message": root.id, "ended": [end.run for end in ends]}
    moved, begins = (), ()
    if any(message.status in ("pending", "streaming") for message in doomed):
        gone = {message.id for message in doomed}
        behind = tuple(mark for mark in thread.runs if mark.message not in gone)
        moved, begins = let_go_on(rows, thread.id, behind)
    return Decision(answer, (*ends, *deletions, *moved), begins=begins)


def title_of(text: str) -> str:
    """Return the first words of a text, as many as such a title may have.

    Never half a word, unless the first is too long by itself. What is left out is marked "…".
    """
    limit = TITLE_FROM_TEXT_CHARS_MAX
    words = " ".join(text.split(maxsplit=limit)[:limit])
    if len(words) <= limit:
        return words or UNTITLED
    room = limit - len(ELLIPSIS)
    end = words.rfind(" ", 0, room + 1)
    return words[: end if end > 0 else room] + ELLIPSIS


def _require_sendable(rows: Rows, command: Send, thread: Thread | None) -> None:
    if command.message == command.reply:
        raise Invalid("message and reply must be two ids")
    if thread is None:
        require_new_thread(rows, command.thread)
    require_new_message(rows, command.message)
    require_new_message(rows, command.reply)
    require_lengths(text=command.text, model=command.model)
    if command.parent is not None:
        require_message_of(rows, command.parent, command.thread)
    if rows.open_run_count() >= RUNS_PER_ACCOUNT_MAX:
        raise TooMany(f"{RUNS_PER_ACCOUNT_MAX} answers are unfinished, the most there may be")


def _about_thread(thread: Thread | None, command: Send) -> tuple[Event, ...]:
    """What a question does to its thread: makes it, or names it if it is its first."""
    title = title_of(command.text)
    if thread is None:
        return (ThreadCreated(command.thread, title, command.model),)
    if thread.leaf is None and thread.title == UNTITLED != title:
        return (ThreadChanged(thread.id, {"title": title}),)
    return ()


def _question_and_reply(
    thread: Thread | None, command: Send
) -> tuple[MessageCreated, MessageCreated]:
    leaf = thread.leaf if thread else None
    question = MessageCreated(
        thread=command.thread,
        message=command.message,
        role="user",
        parent=leaf if command.parent is None else command.parent,
        status="complete",
        parts=(Part(command.part, "text", text=command.text),),
    )
    reply = MessageCreated(
        thread=command.thread,
        message=command.reply,
        role="assistant",
        parent=command.message,
        status="queued" if thread and thread.runs else "pending",
        model=command.model or (thread.model if thread else None),
        run=command.run,
    )
    return question, reply
