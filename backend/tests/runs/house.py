"""A supervisor over a real journal and a model of the test's."""

from backend.tests.runs.fakes import FakeModel
from backend.tests.store import entry_where, text_reaches, until
from holdfast_server.journal.commands import Send
from holdfast_server.models.port import TextDelta
from holdfast_server.runs.clock import LoopClock
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.supervisor import Supervisor

ACCOUNT = "local"


class House:
    """A supervisor over a real journal and a model of the test's."""

    def __init__(self, journal, clock=None) -> None:
        self.journal = journal
        self.model = FakeModel()
        self.runs = Supervisor(
            journal, self.model, journal.epoch, clock=clock, context_chars=1000, ending_s_max=2
        )

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


class SteppedClock(LoopClock):
    """The loop's clock, so much ahead. Calls are made when the loop reaches their moment."""

    ahead_ms = 0.0

    def now_ms(self) -> float:
        return super().now_ms() + self.ahead_ms

    def call_at(self, when_ms, callback):
        return super().call_at(when_ms - self.ahead_ms, callback)
