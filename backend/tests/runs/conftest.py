"""One run on a table: time, model and journal in the test's hands."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.tests.runs.disk import Disk, open_on_disk
from backend.tests.runs.fakes import FakeClock, FakeJournal, FakeModel, numbered_ids, settle
from backend.tests.runs.house import ACCOUNT, House
from backend.tests.store import open_journal
from holdfast_protocol.events import PartDelta, PartStarted
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_server.journal.commands import EndRun, Owner, StartRun, WriteRun
from holdfast_server.models.port import Turn
from holdfast_server.runs.runner import Job, Runner


class Bench:
    """A runner with all that is around it."""

    def __init__(self, window_ms: float = WINDOW_MS_MAX) -> None:
        self.clock = FakeClock()
        self.model = FakeModel()
        self.journal = FakeJournal()
        new_id = numbered_ids()
        self.job = Job("local", new_id(), new_id(), Owner(new_id(), 1, 1))
        self.runner = Runner(
            self.job, self.journal, self.model, self._ask, self.clock, new_id, window_ms
        )
        self.task: asyncio.Task | None = None

    async def _ask(self, job: Job) -> Turn:
        return Turn(None, None, ())

    async def start(self) -> None:
        self.task = asyncio.create_task(self.runner.run())
        await settle()

    async def hears(self, *events) -> None:
        self.model.says(*events)
        await settle()

    async def ended(self) -> EndRun:
        """Return the run's end, once it is over."""
        await asyncio.wait_for(self.task, 5)
        end = self.journal.commands[-1]
        assert isinstance(end, EndRun)
        return end

    @property
    def unread(self) -> int:
        """How many of the model's events nobody has taken yet."""
        return self.model.unread()

    def writes(self) -> list[str]:
        """What was appended, one word or the text of each command."""
        return [
            "start" if isinstance(command, StartRun) else text_of(command)
            for command in self.journal.commands
        ]

    def text(self) -> str:
        """All text that was appended."""
        return "".join(text_of(c) for c in self.journal.commands if not isinstance(c, StartRun))


def text_of(command: WriteRun | EndRun) -> str:
    return "".join(event.text for event in command.events if isinstance(event, PartDelta))


def parts_of(command: WriteRun | EndRun) -> list[str]:
    return [event.kind for event in command.events if isinstance(event, PartStarted)]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await dispose(made)


@pytest.fixture
async def unhurried_bench() -> AsyncIterator[Bench]:
    """The same with no window at all."""
    made = Bench(window_ms=0)
    yield made
    await dispose(made)


async def dispose(made: Bench) -> None:
    if made.task is not None and not made.task.done():
        made.runner.abandon()
        await made.journal.release()
        await asyncio.wait_for(made.task, 5)
    assert made.model.open == 0, "the model's connection is still open"
    assert made.clock.pending == 0, "a timer outlives its run"


@pytest.fixture
async def journal(tmp_path):
    opened = await open_journal(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def house(journal):
    made = House(journal)
    yield made
    await made.runs.close()
    assert made.model.open == 0, "a model's connection is still open"
    assert not made.runs.is_active(ACCOUNT)


@pytest.fixture
async def disk(tmp_path) -> AsyncIterator[Disk]:
    """A real journal whose commits wait, or fail, when the test says so."""
    made = await open_on_disk(tmp_path)
    yield made
    made.heal()
    await made.journal.close()


@pytest.fixture
async def still(disk) -> AsyncIterator[House]:
    """A house on that disk in which time stands still: what is written there was flushed."""
    made = House(disk.journal, FakeClock())
    yield made
    disk.heal()
    await made.runs.close()
