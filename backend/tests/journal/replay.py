"""The oracle: an old snapshot, and the entries since, are what a fresh snapshot is (L5).

`Replay` stands between whoever appends and a journal. After each append it reads everything,
and folds every earlier reading forward to the same place: each must come out equal. So it judges
generated scripts and recorded real runs alike; `verify_folder` judges a store that is closed.
"""

import asyncio
from pathlib import Path

from backend.tests.journal.world import World
from holdfast_protocol.cursor import Cursor
from holdfast_protocol.events import Entry
from holdfast_protocol.fold import fold
from holdfast_protocol.state import Message, State, Thread, Window, chosen_path
from holdfast_server.journal.commands import Command
from holdfast_server.journal.port import Journal, Receipt
from holdfast_server.journal.sqlite import SqliteJournal

EARLIER_MAX = 16
"""Earlier readings kept at hand; past it every second one is dropped, never the first."""


class Replay:
    """A Journal of one account that is verified after every append. Delegates all else."""

    def __init__(self, journal: Journal, account: str = "local") -> None:
        self._journal = journal
        self._account = account
        self._world = World(journal, account)
        self._turn = asyncio.Lock()
        self._earlier: list[State] = []
        self._first: int | None = None

    def __getattr__(self, name: str):
        return getattr(self._journal, name)

    async def append(self, account: str, command: Command) -> Receipt:
        """Append, then hold the whole state against every earlier one."""
        async with self._turn:
            if not self._earlier:
                await self._look()
            try:
                return await self._journal.append(account, command)
            finally:
                await self._look()

    async def reopened(self, journal: Journal) -> "Replay":
        """Go on with the journal that the same folder was opened as again."""
        self._journal, self._world = journal, World(journal, self._account)
        await self._look()
        return self

    def assert_moved(self) -> None:
        """Refuse a script that changed nothing: it has verified nothing."""
        last = self._earlier[-1].seq if self._earlier else None
        assert last != self._first, f"this script changes nothing: head {self._first} to {last}"

    async def _look(self) -> None:
        fresh = await read_state(self._world)
        if self._first is None:
            self._first = fresh.seq
        entries = await self._world.entries()
        for earlier in self._earlier:
            assert_same(folded(earlier, entries), fresh, since=earlier)
        self._earlier.append(fresh)
        if len(self._earlier) > EARLIER_MAX:
            del self._earlier[1::2]


async def verify_folder(folder: Path, account: str = "local") -> int:
    """Hold a closed store's journal, folded from nothing, against what its rows say.

    Returns how many entries were folded.
    """
    journal = await SqliteJournal.open(folder)
    try:
        world = World(journal, account)
        entries = await world.entries()
        assert entries, f"the journal of {account} in {folder} is empty"
        nothing = State(seq=0)
        assert_same(folded(nothing, entries), await read_state(world), since=nothing)
        return len(entries)
    finally:
        await journal.close()


async def read_state(world: World) -> State:
    """Read an account whole, as a browser would: the list, and every thread's chosen path."""
    before = await world.journal.head(world.account)
    threads = await world.threads()
    assert_listed(threads)
    windows = {thread.id: await _window(world, thread, before) for thread in threads}
    after = await world.journal.head(world.account)
    assert before == after, "somebody else wrote while the oracle read"
    return State(before.seq, {thread.id: thread for thread in threads}, windows)


async def _window(world: World, thread: Thread, cursor: Cursor) -> Window:
    path = await world.path(thread.id)
    return Window(thread.id, cursor.seq, {message.id: message for message in path})


def folded(state: State, entries: list[Entry]) -> State:
    """Return the state with what came after it applied."""
    for entry in entries[state.seq :]:
        state = fold(state, entry)
    return state


def assert_listed(threads: list[Thread]) -> None:
    """The list is pinned first, then by `active`, without repeats."""
    order = [(thread.pinned, thread.active) for thread in threads]
    assert order == sorted(order, reverse=True), f"listed out of order: {order}"
    assert len({thread.id for thread in threads}) == len(threads)


def assert_same(got: State, fresh: State, since: State) -> None:
    """What a reader has at the end is what a new reader is given."""
    where = f"folded from {since.seq} to {fresh.seq}"
    assert got.seq == fresh.seq, where
    assert dict(got.threads) == dict(fresh.threads), where
    assert not got.strangers, where
    assert set(got.windows) == set(fresh.windows), where
    for name, thread in fresh.threads.items():
        held, read = got.windows[name], fresh.windows[name]
        assert held.fresh, where
        for message in chosen_path(read, thread.leaf):
            if message.id in held.messages:
                assert held.messages[message.id] == message, where
            else:
                assert was_hidden(message, since), f"{where}: lacks {message}"


def was_hidden(message: Message, since: State) -> bool:
    """Whether a reader may lack a message of the path: only one that was off the path, and so
    unread, at its reading. The person then went to another branch, and the reader sees that the
    path it holds ends at a parent it does not have.
    """
    window = since.windows.get(message.thread)
    return window is not None and message.seq <= since.seq and message.id not in window.messages
