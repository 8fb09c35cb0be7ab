"""What is sent to the model, chosen by one pure function from the history.

Knows neither the journal nor how a model is asked.
"""

from collections.abc import Iterable

from holdfast_protocol.state import Message
from holdfast_server.models.port import Turn, TurnMessage


def said(message: Message) -> str:
    """Return what a message tells a model: its text, without reasoning and tools."""
    return "".join(part.text for part in message.parts if part.kind == "text")


def choose(
    newest_first: Iterable[Message],
    *,
    model: str | None,
    instructions: str | None,
    chars_max: int,
) -> Turn:
    """Return the turn that answers the newest message.

    Newest first, whole messages are kept while they fit into `chars_max` together with the
    instructions; the newest is always kept. A message without text says nothing and is left out.
    """
    room = chars_max - len(instructions or "")
    kept: list[TurnMessage] = []
    for message in newest_first:
        text = said(message)
        if not text:
            continue
        room -= len(text)
        if room < 0 and kept:
            break
        kept.append(TurnMessage(message.role, text))
    return Turn(model=model, instructions=instructions, messages=tuple(reversed(kept)))
