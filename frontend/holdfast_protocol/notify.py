"""Law L22, its decision: does the end of a run call for a notification?

Run where `run.ended` is journalled; the result goes into the entry. No other flag gates it.
"""

from dataclasses import dataclass
from typing import Literal

from holdfast_protocol.state import Terminal


@dataclass(frozen=True, slots=True)
class EndFacts:
    """What is known when a run ends.

    `in_front`: some browser reported presence with this thread open, visible and focused.
    """

    status: Terminal
    in_front: bool
    muted: bool


def decide(facts: EndFacts) -> Literal[True] | str:
    """Return True, or the reason why no notification is due."""
    if facts.status == "stopped":
        return "stopped by the person"
    if facts.muted:
        return "muted"
    if facts.in_front:
        return "in front"
    return True
