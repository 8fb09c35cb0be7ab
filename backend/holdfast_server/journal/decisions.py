"""What a command comes to: `decide` turns it into events and an answer, or refuses it.

Pure, as every file named after decisions: it reads what the transaction sees through `Rows` and
changes nothing. Ids and whether a thread is in front come from outside; the text in a command
is clean by now.
"""

from typing import assert_never

from holdfast_server.journal.commands import (
    ChangeThread,
    Command,
    ContinueReply,
    CreateThread,
    DeleteMessage,
    DeleteThread,
    EndOrphans,
    EndRun,
    Send,
    StartRun,
    StopReply,
    WriteRun,
)
from holdfast_server.journal.decision import Decision, InFront, Repetition, Rows
from holdfast_server.journal.message_decisions import delete_message, send
from holdfast_server.journal.run_decisions import (
    continue_reply,
    end_orphans,
    end_run,
    start_run,
    stop_reply,
    write_run,
)
from holdfast_server.journal.thread_decisions import change_thread, create_thread, delete_thread


def decide(rows: Rows, command: Command, in_front: InFront) -> Decision | Repetition:
    """Return what the command comes to. Raises a Refusal."""
    match command:
        case WriteRun():
            return write_run(rows, command)
        case StartRun():
            return start_run(rows, command)
        case EndRun():
            return end_run(rows, command, in_front)
        case Send():
            return send(rows, command)
        case StopReply():
            return stop_reply(rows, command, in_front)
        case ContinueReply():
            return continue_reply(rows, command)
        case CreateThread():
            return create_thread(rows, command)
        case ChangeThread():
            return change_thread(rows, command)
        case DeleteThread():
            return delete_thread(rows, command, in_front)
        case DeleteMessage():
            return delete_message(rows, command, in_front)
        case EndOrphans():
            return end_orphans(rows, command, in_front)
        case _:
            assert_never(command)
