"""The walk over everything that can be journalled, and what must hold after each append (L1).

`CASES` has a way to journal each entry type; a type without one fails the walk. `assert_marked`
asks nothing of how something was brought about, so that a walk over routes, runs or sweeps can
use it as well: give it the list of threads before and after, and the entries between.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from backend.tests.journal.replay import assert_listed
from backend.tests.journal.world import World
from holdfast_protocol.events import AccountChanged, Entry, Event, MessageChanged
from holdfast_protocol.state import Thread
from holdfast_server.journal.commands import ChangeThread, Command, DeleteMessage, DeleteThread
from holdfast_server.journal.port import Receipt
from holdfast_server.journal.rows import AccountRows
from holdfast_server.journal.sqlite import SqliteJournal


def assert_marked(
    before: Sequence[Thread], after: Sequence[Thread], entries: Sequence[Entry]
) -> None:
    """Each thread that entries are about bears their mark and stands in its place; no other
    thread has changed.
    """
    assert_listed(list(after))
    old = {thread.id: thread for thread in before}
    new = {thread.id: thread for thread in after}
    touched = {entry.thread for entry in entries} - {None}
    for name in touched:
        own = [entry for entry in entries if entry.thread == name]
        if own[-1].type == "thread.deleted":
            assert name not in new, f"{name} was deleted and is still listed"
            continue
        assert new[name].version == own[-1].seq, f"{own[-1].type} did not move the version"
        about = [entry.seq for entry in own if entry.type.startswith(("message.", "run."))]
        still = old[name].active if name in old else own[0].seq
        assert new[name].active == (about[-1] if about else still), (
            f"{own[-1].type}: active is {new[name].active}"
        )
    for name in (old.keys() | new.keys()) - touched:
        assert old.get(name) == new.get(name), f"{name} changed without an entry"


class Walk:
    """A journal that holds every append against the law. `seen`: the entry types it met."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self._world = World(journal)
        self.seen: set[str] = set()

    def __getattr__(self, name: str):
        return getattr(self._journal, name)

    async def append(self, account: str, command: Command) -> Receipt:
        return await self._watched(lambda: self._journal.append(account, command))

    async def record(self, event: Event) -> None:
        """Journal an event that no command brings about yet."""

        def work() -> None:
            rows = AccountRows(self._journal._connection, "local", self._journal.epoch)
            with self._journal._door._opened():
                self._journal._door.record(rows, (event,))

        await self._watched(lambda: self._journal._writer.submit(work))

    async def _watched(self, act: Callable[[], Awaitable[Receipt]]) -> Receipt:
        before, head = await self._world.threads(), await self._world.head()
        receipt = await act()
        entries = await self._world.entries(after=head)
        assert_marked(before, await self._world.threads(), entries)
        self.seen |= {entry.type for entry in await self._world.entries()}
        return receipt


Case = Callable[[World], Awaitable[object]]


async def _deleted_message(world: World) -> None:
    answer, _ = await world.streaming()
    await world.do(DeleteMessage(answer.question.message))


async def _deleted_thread(world: World) -> None:
    answer, _ = await world.streaming()
    await world.do(DeleteThread(answer.thread))


async def _changed_thread(world: World) -> None:
    thread = (await world.answered()).thread
    for changes in ({"title": "Other"}, {"pinned": True}, {"muted": True}, {"archived": True}):
        await world.do(ChangeThread(thread, changes))
    answer = await world.answered(thread)
    message = await world.message(answer)
    mark = {"message": message.id, "part": message.parts[0].id, "chars": 3}
    await world.do(ChangeThread(thread, {"read_through": mark}))
    await world.do(ChangeThread(thread, {"leaf": answer.question.message}))


async def _changed_message(world: World) -> None:
    answer = await world.send()
    await world.journal.record(MessageChanged(answer.thread, answer.message, "queued"))


async def _ended_part(world: World) -> None:
    answer, part = await world.streaming()
    tool = world.id()
    await world.do(
        answer.write(answer.closes(part), answer.opens(tool, "tool", "clock")),
        answer.write(answer.says(tool, "{}"), answer.closes(tool, "tool", outcome="ok")),
    )


CASES: Mapping[str, Case] = {
    "thread.created": lambda world: world.create("Named"),
    "thread.changed": _changed_thread,
    "thread.deleted": _deleted_thread,
    "account.changed": lambda world: world.journal.record(AccountChanged({"theme": "dark"})),
    "message.created": lambda world: world.send(),
    "message.changed": _changed_message,
    "message.deleted": _deleted_message,
    "run.started": lambda world: world.streaming(),
    "part.started": lambda world: world.streaming(),
    "part.delta": lambda world: world.streaming(),
    "part.ended": _ended_part,
    "run.ended": lambda world: world.answered(),
    "erased": _deleted_message,
}
"""By entry type: something that journals one."""
