"""The port between a run and whatever answers it.

Nothing provider-shaped passes here: no chunk, no status code, no id of the provider. Text passes
as it came, NULs and lone surrogates included; the runner cleans it at its door.
Must not know: the journal, parts, offsets, and how a model is reached.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["user", "assistant"]
Outcome = Literal["ok", "error"]


@dataclass(frozen=True, slots=True)
class TurnMessage:
    """One earlier message, or the question itself, as text."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model is asked. `model` None means: the one that was configured, or the first."""

    model: str | None
    instructions: str | None
    messages: tuple[TurnMessage, ...]


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model began to call a tool. `call` is unique within the turn."""

    call: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolArguments:
    """More of a call's arguments: JSON text as received, maybe not valid."""

    call: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """The tool has run, or could not: then `result` says why. Exactly one per call."""

    call: str
    outcome: Outcome
    result: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole. Always the last event, exactly once.

    `usage` sums over the turn: `input_tokens`, `output_tokens`; `cut` is True where the model
    stopped at its own limit of length. None when the provider said nothing of it.
    """

    usage: Mapping[str, int | bool] | None


ModelEvent = ReasoningDelta | TextDelta | ToolCalled | ToolArguments | ToolReturned | Finished


class ModelError(Exception):
    """The peer's fault: no answer, or not a whole one.

    `code` is stable and for programs, `message` is a sentence for the person that says what
    happened and what to do. Neither holds a key, nor text that a person or a model wrote.
    `retryable` says whether the same question may work a little later.
    """

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class Model(Protocol):
    """Something that answers turns, any number of them at once."""

    @property
    def name(self) -> str:
        """What the person reads: `demo`, or the host and port of the model's server."""
        ...

    @property
    def demo(self) -> bool:
        """Whether the answers are only a demonstration. The page says so."""
        ...

    async def list_models(self) -> tuple[str, ...]:
        """Return the names a turn may choose from. Raises ModelError."""
        ...

    def answer(self, turn: Turn) -> AsyncGenerator[ModelEvent, None]:
        """Answer one turn. Raises ModelError; `aclose()` and cancellation hang up at once."""
        ...

    async def aclose(self) -> None:
        """Give back connections. No answer may be under way."""
        ...
