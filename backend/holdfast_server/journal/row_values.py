"""Rows of the tables and the protocol's values, one into the other. Knows no SQL statement."""

from dataclasses import dataclass

from holdfast_protocol.shapes import record_out
from holdfast_protocol.state import Failure, Message, ReadMark, RunMark, Thread
from holdfast_server.journal.json_text import dump, load

THREAD_COLUMNS = (
    "id, title, created_at, version, active, leaf, pinned, muted, archived, model, instructions,"
    " read_through, runs"
)
MESSAGE_COLUMNS = (
    "id, thread, parent, role, status, seq, model, created_at, started_at, ended_at, error,"
    " usage, run, attempt"
)
RUN_COLUMNS = "id, thread, message, epoch, ended"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the store keeps it: whose it is, the start it belongs to, whether it has ended.

    Its attempt is its message's: a message has one run at a time.
    """

    id: str
    thread: str
    message: str
    epoch: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What created an id, by digest; the place after it, and what its sender was answered."""

    digest: str
    seq: int
    answer: dict


def thread_row(thread: Thread) -> tuple:
    return (
        thread.id,
        thread.title,
        thread.created_at,
        thread.version,
        thread.active,
        thread.leaf,
        thread.pinned,
        thread.muted,
        thread.archived,
        thread.model,
        thread.instructions,
        _json_or_none(thread.read_through),
        dump([(mark.message, mark.status) for mark in thread.runs]),
    )


def message_row(message: Message) -> tuple:
    return (
        message.id,
        message.thread,
        message.parent,
        message.role,
        message.status,
        message.seq,
        message.model,
        message.created_at,
        message.started_at,
        message.ended_at,
        _json_or_none(message.error),
        _json_or_none(message.usage),
        message.run,
        message.attempt,
    )


def thread_of(row: tuple) -> Thread:
    *plain, pinned, muted, archived, model, instructions, mark, runs = row
    return Thread(
        *plain,
        bool(pinned),
        bool(muted),
        bool(archived),
        model,
        instructions,
        ReadMark(**load(mark)) if mark else None,
        tuple(RunMark(message, status) for message, status in load(runs)),
    )


def message_of(row: tuple) -> Message:
    id, thread, parent, role, status, seq, model, created, started, ended, error, usage, *of = row
    run, attempt = of
    return Message(
        id=id,
        thread=thread,
        parent=parent,
        role=role,
        status=status,
        seq=seq,
        model=model,
        created_at=created,
        started_at=started,
        ended_at=ended,
        error=Failure(**load(error)) if error else None,
        usage=load(usage) if usage else None,
        run=run,
        attempt=attempt,
    )


def run_of(row: tuple) -> RunRow:
    *plain, ended = row
    return RunRow(*plain, bool(ended))


def _json_or_none(value: object) -> str | None:
    return None if value is None else dump(record_out(value))
