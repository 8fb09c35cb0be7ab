"""Which reply of a thread may begin: one at a time, in the order they were asked for.

    pending   it begins by itself; somebody is told to begin it in the receipt of this append
    queued    it waits: for the one before it, or, when that one was stopped or has failed, for
              the person, who lets it go on by sending again, by continuing it, or stops it

So the journal alone says whether a queued reply waits for another reply or for the person: the
first unfinished reply of a thread is queued only in the second case.
"""

from collections.abc import Sequence

from holdfast_protocol.events import MessageChanged
from holdfast_protocol.run_state import wait_for_person
from holdfast_protocol.state import Message, RunMark
from holdfast_server.journal.decision import Rows
from holdfast_server.journal.port import Due


def let_go_on(
    rows: Rows, thread: str, runs: Sequence[RunMark]
) -> tuple[tuple[MessageChanged, ...], tuple[Due, ...]]:
    """Return what lets the first of a thread's unfinished replies begin, if none is under way."""
    if not wait_for_person(runs):
        return (), ()
    first = rows.head_of(runs[0].message)
    return (MessageChanged(thread, first.id, "pending"),), (due(first),)


def due(reply: Message) -> Due:
    return Due(reply.thread, reply.id, reply.run, reply.model)
