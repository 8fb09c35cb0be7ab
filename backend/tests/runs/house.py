"""A supervisor over a real journal and a model of the test's."""

import asyncio

from backend.tests.runs.fakes import FakeModel, settle
from backend.tests.store import BOUND_S, all_entries, entry_where, text_reaches, until
from holdfast_server.journal.commands import Send
from holdfast_server.models.port import Finished, ModelError, TextDelta
from holdfast_server.runs.clock import LoopClock
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.supervisor import Supervisor

ACCOUNT = "local"


class House:
    """A supervisor over a real journal and a model of the test's."""

    def __init__(self, journal, clock=None, model=None, **more) -> None:
        self.journal = journal
        self.clock = clock
        self.model = model or FakeModel()
        options = {"clock": clock, "context_chars": 1000, "ending_s_max": 2, **more}
        self.runs = Supervisor(journal, self.model, journal.epoch, **options)

    async def asks(self, text: str, thread: str | None = None, **more) -> Send:
        """Send a question and return it."""
        command = question(text, thread, **more)
        await self.runs.send(ACCOUNT, command)
        return command

    async def asks_and_hears(self, text: str, thread: str | None = None) -> Send:
        """Send a question whose answer has begun."""
        command = await self.asks(text, thread)
        self.model.says(TextDelta("so"), to=text)
        await text_reaches(self.journal, command.reply, "so")
        # The journal tells of it before the run's own task has heard that it is written.
        runner = self.runs._runners[ACCOUNT, command.reply]
        await until(lambda: runner.is_clean)
        return command


def question(text: str, thread: str | None = None, **more) -> Send:
    ids = {name: new_id() for name in ("message", "reply", "run", "part")}
    fields = {"parent": None, "model": None, **ids, **more}
    return Send(thread=thread or new_id(), text=text, **fields)


async def started(journal, message: str) -> None:
    await entry_where(journal, lambda e: e["type"] == "run.started" and e["message"] == message)


def fields_of(command: Send) -> dict:
    return {name: getattr(command, name) for name in command.__dataclass_fields__}


async def text_or_turn(house: House, turns: int) -> None:
    """Return once the model was asked so often."""
    await until(lambda: len(house.model.turns) >= turns)


async def nothing_runs(house: House) -> None:
    await until(lambda: not house.runs.is_active(ACCOUNT))


async def said(house: House, reply: str) -> str:
    """All of a reply's text that is journalled; its deltas must fit together."""
    text = ""
    for entry in await all_entries(house.journal):
        if entry["type"] == "part.delta" and entry["message"] == reply:
            assert entry["offset"] == len(text), f"{entry} after {text!r}"
            text += entry["text"]
    return text


async def flush(house: House) -> None:
    """Have what is held written, as a read does."""
    await asyncio.wait_for(house.runs.flush(ACCOUNT), BOUND_S)


async def says(house: House, *events, to: str) -> None:
    """Have the model say it, and the run take it."""
    house.model.says(*events, to=to)
    await until(lambda: not house.model.unread(to))
    await settle()


class Attentive(FakeModel):
    """Says the steps, and looks after each at what is on the disk when it is asked for more."""

    def __init__(self, disk, steps) -> None:
        super().__init__()
        self.disk = disk
        self.steps = steps
        self.seen: list[list[dict]] = []

    async def answer(self, turn):
        for step in self.steps:
            yield step
            self.seen.append(self.disk.entries())
        yield Finished({"output_tokens": 3})


def refused() -> ModelError:
    return ModelError("refused", "The model refused. Is it running?", retryable=True)


ENDINGS = {
    "finish": (lambda house, sent: house.model.finishes(to="why?"), "complete"),
    "error": (lambda house, sent: house.model.says(refused(), to="why?"), "failed"),
    "exception": (lambda house, sent: house.model.says(KeyError("x"), to="why?"), "failed"),
    "stop": (lambda house, sent: house.runs.stop(ACCOUNT, sent.reply), "stopped"),
    "shutdown": (lambda house, sent: house.runs.close(), "interrupted"),
}
"""How to end the run that answers "why?", and what it is then. To await where it is a person's."""


class SteppedClock(LoopClock):
    """The loop's clock, so much ahead. Calls are made when the loop reaches their moment."""

    ahead_ms = 0.0

    def now_ms(self) -> float:
        return super().now_ms() + self.ahead_ms

    def call_at(self, when_ms, callback):
        return super().call_at(when_ms - self.ahead_ms, callback)
