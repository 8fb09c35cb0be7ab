"""What the door refuses to journal: what the run-state table forbids (L6).

The fold leaves a message as it is when an entry does not fit; here the same is our own bug.
"""

from holdfast_protocol.errors import IllegalTransition
from holdfast_protocol.events import (
    Entry,
    MessageChanged,
    MessageCreated,
    MessageDeleted,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunStarted,
)
from holdfast_protocol.run_state import require
from holdfast_protocol.state import Message


def require_legal(head: Message | None, folded: Message | None, entry: Entry) -> None:
    """Hold the entry against the run-state table, which the fold only ignores what breaks."""
    event = entry.event
    if isinstance(event, MessageCreated):
        if head is not None:
            raise IllegalTransition(f"cannot create message {event.message}: it is there already")
        return
    if head is None:
        raise IllegalTransition(f"cannot apply {event.TYPE} to {event.message}: it is not there")
    match event:
        case MessageDeleted():
            return
        case MessageChanged():
            require(head.status, event.TYPE, event.status or head.status, message=head.id)
        case RunStarted() | RunEnded():
            becomes = "streaming" if isinstance(event, RunStarted) else event.status
            require(head.status, event.TYPE, becomes, message=head.id)
            if folded is head:
                raise IllegalTransition(
                    f"cannot apply {event.TYPE} of run {event.run} to message {head.id}:"
                    f" it belongs to run {head.run}, attempt {head.attempt}"
                )
        case PartStarted() | PartDelta() | PartEnded():
            require(head.status, event.TYPE, "streaming", message=head.id)
            if head.run != event.run:
                raise IllegalTransition(
                    f"cannot apply {event.TYPE} of run {event.run} to message {head.id}:"
                    f" run {head.run} writes it"
                )
