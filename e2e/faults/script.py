"""What a model says in one run: written down before, spoken by the scripted provider, and recorded
with its times, so that it can be said afterwards how far it had come at a given moment.

Must not know: Holdfast's journal, and that anybody is killed.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from e2e.provider_call import Call

Kind = Literal["text", "reasoning", "tool"]
Note = Callable[[str], object]
"""Told what happens as it happens: `asked`, `said text`, `round over`."""


@dataclass(frozen=True, slots=True)
class Say:
    """Text or reasoning, a chunk for each token, and how long the model thinks before each."""

    kind: Literal["text", "reasoning"]
    tokens: tuple[str, ...]
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ask:
    """A tool call, a chunk for each piece of its arguments."""

    name: str
    tokens: tuple[str, ...]
    pause_s: float = 0.0
    kind: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True)
class Rest:
    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing more, and no end: until the connection is gone."""


Step = Say | Ask | Rest | Hold
Round = tuple[Step, ...]
"""One response. After one that calls tools the next round answers with their results."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """A part of the message as it has to become."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """All rounds of one run. Steps of one kind never stand side by side, unless they call."""

    rounds: tuple[Round, ...]

    @property
    def parts(self) -> tuple[Scripted, ...]:
        return tuple(Scripted(step.kind, "".join(step.tokens)) for step in self.speaking)

    @property
    def tokens(self) -> int:
        return sum(len(step.tokens) for step in self.speaking)

    @property
    def chars(self) -> int:
        return sum(len(part.text) for part in self.parts)

    @property
    def speaking(self) -> tuple[Say | Ask, ...]:
        """The steps that become a part, in order."""
        return tuple(step for one in self.rounds for step in one if isinstance(step, Say | Ask))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a model had come: requests that reached it, tokens sent, responses ended."""

    asked: int
    tokens: int
    rounds: int


@dataclass(slots=True)
class Said:
    """The record of one run, in seconds of `time.perf_counter`."""

    script: Script
    asked: list[float] = field(default_factory=list)
    tokens: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)

    def before(self, at_s: float) -> Progress:
        """Return how far it had come. What was sent then may not have arrived."""
        return Progress(
            *(bisect_left(times, at_s) for times in (self.asked, self.tokens, self.rounds))
        )


class Speaker:
    """Answers each call by the script of its question; for anything else it has no word."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[Said, Note]] = {}

    def expect(self, question: str, script: Script, note: Note = lambda _: None) -> Said:
        """Answer this question so. `note` is called on the provider's thread."""
        said = Said(script)
        self._runs[question] = (said, note)
        return said

    async def answer(self, call: Call) -> None:
        if call.text not in self._runs:
            call.put_end("stop")
            return
        said, note = self._runs[call.text]
        said.asked.append(time.perf_counter())
        note("asked")
        rounds = said.script.rounds[len(said.asked) - 1 :]
        call.put({"role": "assistant", "content": ""})
        steps = rounds[0] if rounds else ()
        for number, step in enumerate(steps):
            await _speak(call, step, number, said, note)
        calls = any(isinstance(step, Ask) for step in steps)
        said.rounds.append(time.perf_counter())
        call.put_end("tool_calls" if calls else "stop")
        note("round over")


async def _speak(call: Call, step: Step, number: int, said: Said, note: Note) -> None:
    match step:
        case Rest(seconds):
            await asyncio.sleep(seconds)
            return
        case Hold():
            await asyncio.Event().wait()
        case Ask(name):
            function = {"name": name, "arguments": ""}
            head = {"index": number, "id": f"call-{number}", "type": "function"}
            call.put({"tool_calls": [{**head, "function": function}]})
    for token in step.tokens:
        await asyncio.sleep(step.pause_s)
        said.tokens.append(time.perf_counter())
        call.put(_delta(step, number, token))
        note(f"said {step.kind}")


def _delta(step: Say | Ask, number: int, token: str) -> dict:
    match step.kind:
        case "text":
            return {"content": token}
        case "reasoning":
            return {"reasoning_content": token}
        case "tool":
            return {"tool_calls": [{"index": number, "function": {"arguments": token}}]}
