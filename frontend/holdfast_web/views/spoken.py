"""What a screen reader says: that an answer started, how it ended and that the next one waits for
the person; never its text.
"""

from holdfast_web.core.select import Timeline, Turn

BEFORE = ("queued", "pending")


def spoken(before: Timeline, now: Timeline) -> str | None:
    """Return what the step from one picture to the next gives to say; None: nothing new.

    Opening a thread says nothing of its answers: they are there to be read.
    """
    if before.thread != now.thread:
        return None
    known = {turn.id: turn for turn in before.turns}
    sentences = [_of_statuses(known, now), _of_waiting(known, now)]
    return " ".join(sentence for sentence in sentences if sentence) or None


def _of_statuses(known: dict[str, Turn], now: Timeline) -> str | None:
    for turn in reversed(now.turns):
        was = known.get(turn.id, turn).status
        if turn.role == "assistant" and was != turn.status:
            sentence = _sentence(turn, was in BEFORE)
            if sentence is not None:
                return sentence
    return None


def _of_waiting(known: dict[str, Turn], now: Timeline) -> str | None:
    """It has not changed by itself, and nobody would look for it."""
    for turn in now.turns:
        if turn.waits == "person" and known.get(turn.id, turn).waits == "":
            return "The next answer waits for you."
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
