"""The states of a reply, and what may happen in each.

A reply is born `queued` (another one of its thread runs) or `pending` (accepted, its run not yet
begun). A run makes it `streaming`, and ends it exactly once: `complete`, `stopped`, `failed` or
`interrupted`. From an ended state only a *new* run, asked for by a person, leads on. That is law
L6, **terminal once**, and the half of L8 that concerns a reply: whatever it waits for, it can end.

            message.changed         run.started            run.ended
    queued ────────────────▶ pending ─────────▶ streaming ──────────▶ terminal
       └──────────────────────────────────────▶     ▲                    │
       └───────── run.ended ─────────────────────── │ ─────▶ terminal    │
                                                    └──── run.started ───┘  (another run)

The table below is that picture. The append door raises on what it forbids, because there it is
our own bug; the fold leaves the message as it is, because there it is an old attempt's echo.
"""

from collections.abc import Sequence

from holdfast_protocol.errors import IllegalTransition
from holdfast_protocol.state import STATUSES, TERMINAL, RunMark, Status

_WAITING = ("queued", "pending")

ALLOWED: frozenset[tuple[str, str, str]] = frozenset(
    # (status, what happens, next status)
    [("queued", "message.changed", "pending"), ("pending", "message.changed", "queued")]
    + [(status, "message.changed", status) for status in _WAITING]
    + [(status, "run.started", "streaming") for status in STATUSES]
    + [("streaming", event, "streaming") for event in ("part.started", "part.delta", "part.ended")]
    + [(status, "run.ended", end) for status in (*_WAITING, "streaming") for end in TERMINAL]
)


def is_allowed(status: Status, event: str, becomes: Status) -> bool:
    """Whether a message in `status` may become `becomes` through this event."""
    return (status, event, becomes) in ALLOWED


def may_start(status: Status, run: str | None, attempt: int, new_run: str, new: int) -> bool:
    """Whether attempt `new` of `new_run` may write a message that `(run, attempt)` wrote last.

    The run that the reply was made for while it waits; the same run again only with a greater
    attempt and only while it has not ended; another run only when the last one has. A message
    remembers its last run only: that an ended one never starts again is the append door's care.
    """
    if status in _WAITING:
        return run in (None, new_run)
    if status == "streaming":
        return run == new_run and new > attempt
    return run != new_run


def may_end(status: Status, run: str | None, ended: str) -> bool:
    """Whether the end of run `ended` ends a message that `run` is to write, or writes."""
    return status not in TERMINAL and run in (None, ended)


def wait_for_person(runs: Sequence[RunMark]) -> bool:
    """Whether a thread has unfinished replies and none of them goes on by itself."""
    return bool(runs) and all(mark.status == "queued" for mark in runs)


def require(status: Status, event: str, becomes: Status, *, message: str) -> None:
    """Raise IllegalTransition unless the table allows it."""
    if not is_allowed(status, event, becomes):
        raise IllegalTransition(
            f"cannot apply {event} (to {becomes}) to message {message}: it is {status}"
        )
