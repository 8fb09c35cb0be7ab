"""What a screen reader says: that an answer started and how it ended, never its text."""

from holdfast_web.core.select import Timeline, Turn

BEFORE = ("queued", "pending")


def spoken(before: Timeline, now: Timeline) -> str | None:
    """Return what the step from one picture to the next gives to say; None: nothing new.

    Opening a thread says nothing of its answers: they are there to be read.
    """
    if before.thread != now.thread:
        return None
    statuses = {turn.id: turn.status for turn in before.turns}
    for turn in reversed(now.turns):
        was = statuses.get(turn.id, turn.status)
        if turn.role == "assistant" and was != turn.status:
            return _sentence(turn, was in BEFORE)
    return None


def _sentence(turn: Turn, begins: bool) -> str | None:
    match turn.status:
        case "streaming":
            return "The answer starts." if begins else "The answer goes on."
        case "complete":
            return "The answer is complete."
        case "stopped":
            return "The answer was stopped."
        case "failed":
            return f"The answer failed. {turn.reason}".strip()
        case "interrupted":
            return "The answer was interrupted."
    return None
