"""L2: durable before visible. L3: gapless and ordered."""

import asyncio
import sqlite3

import pytest

from backend.tests.journal.opening import WAIT_S, Gate, Watched, open_journal, watched
from backend.tests.journal.world import World
from holdfast_protocol.errors import IllegalTransition, OffsetGap
from holdfast_protocol.events import PartDelta
from holdfast_server.journal.commands import ChangeThread, CreateThread, Owner, WriteRun
from holdfast_server.journal.json_text import load
from holdfast_server.journal.refusals import Fenced, NotFound, StoreUnavailable
from holdfast_server.journal.writer import Writer


async def test_L2_nobody_learns_of_an_entry_before_its_commit(tmp_path):
    journal = await open_journal(tmp_path, connect=watched)
    world = World(journal)
    thread = await world.create()
    place = await journal.head("local")
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(journal.wait(place, WAIT_S))
    await asyncio.sleep(0)
    known = []

    def before_commit() -> None:
        # Two turns of the loop: whatever was to be told has been told after them.
        for _ in range(2):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(WAIT_S)
        head = asyncio.run_coroutine_threadsafe(journal.head("local"), loop).result(WAIT_S)
        known.append((waiting.done(), appending.done(), head == place))

    journal._connection.before_commit = before_commit
    appending = asyncio.create_task(world.do(ChangeThread(thread, {"muted": True})))
    receipt = await appending
    assert known == [(False, False, True)]
    assert await waiting is True
    assert await journal.head("local") == receipt.cursor
    journal._connection.before_commit = lambda: None
    await journal.close()


async def test_L2_a_wake_up_finds_something_to_read(journal, world):
    place = await journal.head("local")

    async def reads() -> str:
        assert await journal.wait(place, WAIT_S)
        return (await journal.entries(place)).entries[0]

    readers = [asyncio.create_task(reads()) for _ in range(20)]
    await asyncio.sleep(0)
    await world.create()
    assert all("thread.created" in entry for entry in await asyncio.gather(*readers))


async def test_L2_waiting_ends_when_the_time_is_up_or_there_is_something_already(journal, world):
    start = await journal.head("local")
    await world.create()
    assert await journal.wait(start, WAIT_S) is True
    assert await journal.wait(await journal.head("local"), 0) is False
    assert await journal.wait(await journal.head("other"), 0) is False
    assert journal._wakeups._waiting == {}


async def test_L3_many_writers_leave_no_gap_and_one_order(journal):
    """Tasks here, and threads besides: each writes its own thread, all one journal."""
    writers, each = 12, 25

    async def write(number: int) -> list[int]:
        world = World(journal, first_id=number * 10_000)
        thread = await world.create()
        changes = [ChangeThread(thread, {"title": str(n)}) for n in range(each)]
        return [(await world.do(change)).cursor.seq for change in changes]

    loop = asyncio.get_running_loop()

    def from_a_thread(number: int) -> list[int]:
        return asyncio.run_coroutine_threadsafe(write(number), loop).result(WAIT_S)

    tasks = [write(number) for number in range(1, writers)]
    threads = [
        asyncio.to_thread(from_a_thread, number) for number in range(writers, 2 * writers - 1)
    ]
    seqs = await asyncio.gather(*tasks, *threads)
    world = World(journal)
    entries = await world.entries()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert all(own == sorted(own) for own in seqs)
    assert sorted(seq for own in seqs for seq in own) == [
        entry.seq for entry in entries if entry.type == "thread.changed"
    ]


async def test_L3_a_reader_beside_the_writers_never_sees_a_gap(journal):
    writers, entries_each = 20, 7

    async def write(number: int) -> None:
        await World(journal, first_id=number * 10_000).answered()

    async def read() -> None:
        cursor, seen = await journal.head("local"), []
        while len(seen) < writers * entries_each:
            assert await journal.wait(cursor, WAIT_S)
            page = await journal.entries(cursor)
            seen += [load(text)["seq"] for text in page.entries]
            cursor = page.cursor
            assert seen == list(range(1, cursor.seq + 1))

    await asyncio.gather(read(), *(write(number) for number in range(1, writers + 1)))


async def test_L3_an_append_that_fails_does_not_touch_its_neighbours(tmp_path):
    gate = Gate()
    journal = await open_journal(tmp_path, clock_ms=gate, connect=watched)
    world = World(journal)
    answer, part = await world.streaming()
    head = await world.head()
    commits = []
    journal._connection.before_commit = lambda: commits.append(None)
    gap = PartDelta(answer.thread, answer.message, answer.run, part, offset=99, text="x")
    group = [
        world.create(),
        world.do(answer.write(answer.opens(world.id()), gap)),
        world.do(WriteRun(Owner(answer.run, 7, journal.epoch), ())),
        world.do(ChangeThread(world.id(), {})),
        world.do(answer.write(answer.opens(part))),
        world.create(),
    ]
    gate.shut()
    first = asyncio.create_task(world.create())
    await asyncio.to_thread(gate.reached.wait, WAIT_S)
    others = [asyncio.create_task(one) for one in group]
    await asyncio.sleep(0)
    gate.open()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [str, str, OffsetGap, Fenced, NotFound, IllegalTransition, str]
    assert len(commits) == 2, "the failing appends did not share their neighbours' commit"
    assert await world.types(after=head) == ["thread.created"] * 3
    assert await world.head() == head + 3
    await journal.close()


async def test_L3_a_commit_that_fails_is_told_to_all_of_it_and_leaves_no_gap(tmp_path):
    journal = await open_journal(tmp_path, connect=watched)
    world = World(journal)
    await world.create()
    head = await world.head()

    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    journal._connection.before_commit = full
    outcomes = await asyncio.gather(*(world.create() for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    journal._connection.before_commit = lambda: None
    assert await world.head() == head
    await world.create()
    assert [entry.seq for entry in await world.entries()] == [head, head + 1]
    await journal.close()


async def test_an_append_whose_sender_has_gone_is_carried_out(tmp_path):
    gate = Gate()
    journal = await open_journal(tmp_path, clock_ms=gate)
    world = World(journal)
    gate.shut()
    sending = asyncio.create_task(world.create())
    await asyncio.to_thread(gate.reached.wait, WAIT_S)
    sending.cancel()
    gate.open()
    await world.create()
    assert sending.cancelled()
    assert await world.types() == ["thread.created", "thread.created"]
    await journal.close()


class Store:
    """A writer of its own, whose work stops at a gate and tells how it was grouped."""

    def __init__(self, **bounds: int) -> None:
        connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=Watched
        )
        connection.before_commit = self._commit
        self.gate = Gate()
        self.commits: list[list[int]] = []
        self._group: list[int] = []
        self.writer = Writer(connection, lambda: None, lambda values: None, **bounds)

    def write(self, number: int) -> asyncio.Task:
        def work() -> int:
            self.gate()
            self._group.append(number)
            return number

        return asyncio.create_task(self.writer.submit(work))

    def _commit(self) -> None:
        self.commits.append(self._group)
        self._group = []


async def test_L12_one_append_more_than_may_wait_waits_at_the_door():
    store = Store(queued_max=3)
    store.gate.shut()
    first = store.write(0)
    await asyncio.to_thread(store.gate.reached.wait, WAIT_S)
    others = [store.write(number) for number in range(1, 8)]
    await asyncio.sleep(0)
    assert store.writer.queued == 2, "one is being written, two may wait"
    store.gate.open()
    assert await asyncio.gather(first, *others) == list(range(8))
    store.writer.close()


async def test_L12_a_sender_who_left_still_takes_room_until_its_append_is_done():
    store = Store(queued_max=2)
    store.gate.shut()
    first = store.write(0)
    await asyncio.to_thread(store.gate.reached.wait, WAIT_S)
    left = store.write(1)
    await asyncio.sleep(0)
    left.cancel()
    late = store.write(2)
    await asyncio.sleep(0)
    assert store.writer.queued == 1, "the third came in by the room of one that is still queued"
    store.gate.open()
    assert await asyncio.gather(first, late) == [0, 2]
    assert [number for group in store.commits for number in group] == [0, 1, 2]
    store.writer.close()


async def test_L12_a_commit_holds_a_bounded_number_of_appends():
    store = Store(per_commit_max=2)
    store.gate.shut()
    first = store.write(0)
    await asyncio.to_thread(store.gate.reached.wait, WAIT_S)
    others = [store.write(number) for number in range(1, 6)]
    await asyncio.sleep(0)
    store.gate.open()
    await asyncio.gather(first, *others)
    assert store.commits == [[0], [1, 2], [3, 4], [5]]
    store.writer.close()


async def test_closing_finishes_what_was_accepted_and_takes_no_more(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    accepted = [asyncio.create_task(world.create()) for _ in range(50)]
    await asyncio.sleep(0)
    await journal.close()
    await asyncio.gather(*accepted)
    with pytest.raises(StoreUnavailable):
        await world.create()
    with pytest.raises(StoreUnavailable):
        await world.head()
    await journal.close()
    journal = await open_journal(tmp_path)
    assert await World(journal).head() == 50
    await journal.close()


async def test_two_accounts_have_a_journal_each(journal):
    mine, yours = World(journal), World(journal, "you", first_id=500)
    answer = await mine.answered()
    await yours.do(CreateThread(answer.thread, "The same id, another account", None, None))
    assert [entry.seq for entry in await yours.entries()] == [1]
    assert [thread.title for thread in await yours.threads()] == ["The same id, another account"]
    with pytest.raises(NotFound):
        await yours.do(ChangeThread(answer.question.thread, {"leaf": answer.message}))
    assert (await mine.thread(answer.thread)).title == "Why?"
