"""Any schedule: what may happen happens in any order, and the oracle looks after every step."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from frontend.tests.joined.joint import Joint, joint
from frontend.tests.shell.world import Tab

TABS_MAX = 3
WORDS = ("word ", "\U0001f600", "e\u0301 ", "x" * 40, "\n")


class Schedule:
    """Makes one kind of move at a time; a number picks among what there is."""

    def __init__(self, joined: Joint) -> None:
        self.joined = joined
        self.browser = joined.browser
        self.server = joined.server

    def _tab(self, number: int) -> Tab:
        return self.browser.tabs[number % len(self.browser.tabs)]

    def _threads(self) -> list[str | None]:
        return [None, *sorted(self.server.state.threads)]

    # --- what goes on by itself ---

    async def step(self, number: int) -> None:
        moves = self.browser.moves()
        if moves:
            moves[number % len(moves)].make()

    async def steps(self, number: int) -> None:
        for one in range(4):
            await self.step(number // 7 + one)

    async def respond(self, number: int) -> None:
        waiting = [(tab, request) for tab in self.browser.tabs for request in tab.http.pending]
        if waiting:
            tab, request = waiting[number % len(waiting)]
            if number % 11 == 0:
                tab.http.answer(request, 0)
            else:
                await self.server.respond(tab, request)

    async def stream(self, number: int) -> None:
        for tab in self.browser.tabs:
            await self.server.stream(tab)

    async def time(self, number: int) -> None:
        self.browser.now += number % 400

    # --- the server ---

    async def ask(self, number: int) -> None:
        if len(self.server.writing) < 3:
            thread = self._threads()[number % len(self._threads())]
            await self.server.ask(thread or await self.server.world.create("T"))

    async def say(self, number: int) -> None:
        writing = self._writing(number)
        if writing is not None:
            await self.server.say(writing, WORDS[number % len(WORDS)])

    async def end(self, number: int) -> None:
        writing = self._writing(number)
        if writing is not None:
            await self.server.end(writing, ("complete", "stopped", "interrupted")[number % 3])

    def _writing(self, number: int):
        """A run that may be written: the first that is not over in its thread."""
        first = {one.answer.thread: one for one in reversed(self.server.writing)}
        return list(first.values())[number % len(first)] if first else None

    async def delete(self, number: int) -> None:
        threads = self._threads()[1:]
        if threads and number % 4 == 0:
            await self.server.delete(threads[number % len(threads)])

    # --- the person ---

    async def open(self, number: int) -> None:
        if len(self.browser.tabs) < TABS_MAX:
            self.browser.open_tab(self._threads()[number % len(self._threads())])

    async def close(self, number: int) -> None:
        if len(self.browser.tabs) > 1:
            self.browser.close(self._tab(number))

    async def reload(self, number: int) -> None:
        self.browser.reload(self._tab(number))

    async def switch(self, number: int) -> None:
        threads = self._threads()
        self._tab(number).address.go(threads[number // 3 % len(threads)])

    async def submit(self, number: int) -> None:
        self._tab(number).submit("continue")

    async def cut(self, number: int) -> None:
        for tab in self.browser.tabs:
            tab.events.cut()

    async def hide(self, number: int) -> None:
        self._tab(number).page.hide()

    async def settle(self, number: int) -> None:
        await self.joined.pass_time(number % 20_000)


Move = Callable[[Schedule, int], Awaitable[None]]
OFTEN: tuple[Move, ...] = (Schedule.steps, Schedule.respond, Schedule.stream, Schedule.say)
MOVES: tuple[Move, ...] = (
    *(*OFTEN, *OFTEN, Schedule.step, Schedule.time, Schedule.ask, Schedule.end, Schedule.delete),
    *(Schedule.open, Schedule.close, Schedule.reload, Schedule.switch, Schedule.submit),
    *(Schedule.cut, Schedule.hide, Schedule.settle),
)

schedules = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 9_999)), max_size=80)


@settings(max_examples=60)
@given(schedules)
def test_any_schedule_ends_in_what_a_fresh_reader_is_given(schedule) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with joint(Path(folder)) as joined:
                joined.browser.open_tab(None)
                made = Schedule(joined)
                for move, number in schedule:
                    await move(made, number)
                    joined.verify_store()
                await joined.pass_time(60_000)
                for tab in joined.browser.tabs:
                    assert tab.app.sync == "live"
                    assert tab.app.retry_ms is None
                    assert not tab.app.unsent
                assert len(joined.browser.leaders) == 1

    asyncio.run(play())
