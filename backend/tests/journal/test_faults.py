"""The store under faults: what is told to whom, and that it takes writes again (L3, L10, L12)."""

import asyncio
import sqlite3
import threading

import pytest

from backend.tests.journal.faults import FAULTS, fill, full, impatient, make_room
from backend.tests.journal.opening import WAIT_S, Gate, open_journal, watched
from backend.tests.journal.world import World
from holdfast_protocol.limits import APPENDS_QUEUED_MAX, CHECK_BALLAST_BYTES
from holdfast_server.journal.checking import Checking
from holdfast_server.journal.commands import ChangeThread
from holdfast_server.journal.json_text import load
from holdfast_server.journal.refusals import (
    DiskFull,
    NotFound,
    StoreLocked,
    StoreMissing,
    StoreReadOnly,
    StoreUnavailable,
)
from holdfast_server.journal.trouble import KINDS, trouble_of
from holdfast_server.journal.writer import Writer

LONG = "x" * 100_000
"""A question that needs pages of its own."""


async def is_gapless(world: World) -> bool:
    seqs = [entry.seq for entry in await world.entries()]
    return seqs == list(range(1, len(seqs) + 1))


def stored(journal, what: str) -> object:
    """Read one value of the store's own row."""
    return journal._connection.execute(f"SELECT {what} FROM store").fetchone()[0]


@pytest.mark.parametrize("name", FAULTS)
async def test_L3_a_store_that_takes_no_writes_says_how_and_takes_them_again(tmp_path, name):
    fault, kind = FAULTS[name]
    journal = await open_journal(tmp_path, connect=impatient)
    world = World(journal)
    thread = await world.create()
    head = await world.head()
    with fault(tmp_path, journal):
        asked = [world.send(text=LONG) for _ in range(5)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [kind] * 5
        assert len(set(map(id, outcomes))) == 5, "two were told by one exception"
        assert (await world.thread(thread)).id == thread, "reading ended with writing"
        with pytest.raises(kind):
            await journal.check()
    await journal.check()
    await world.send(thread, text=LONG)
    assert await world.head() > head
    assert await is_gapless(world)
    assert journal.counts.failed >= 2
    await journal.close()


async def test_L2_nothing_is_journalled_where_the_next_start_would_not_find_it(tmp_path):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    journal = await open_journal(here)
    world = World(journal)
    thread = await world.create()
    here.rename(elsewhere)
    with pytest.raises(StoreMissing):
        await world.send(thread)
    with pytest.raises(StoreMissing):
        await journal.check()
    elsewhere.rename(here)
    await journal.check()
    await world.send(thread)
    assert await is_gapless(world)
    await journal.close()


async def test_L3_of_a_group_that_the_disk_had_no_room_for_nothing_is_there(tmp_path):
    """SQLite undoes the whole transaction by itself at some of these errors, not at others."""
    gate = Gate()
    journal = await open_journal(tmp_path, clock_ms=gate)
    world = World(journal)
    thread = await world.create()
    head = await world.head()
    gate.shut()
    first = asyncio.create_task(world.do(ChangeThread(thread, {"muted": True})))
    await asyncio.to_thread(gate.reached.wait, WAIT_S)
    group = [
        world.do(ChangeThread(thread, {"title": "small"})),
        world.send(text=LONG),
        world.do(ChangeThread(thread, {"pinned": True})),
    ]
    others = [asyncio.create_task(one) for one in group]
    await asyncio.sleep(0)
    fill(journal)
    gate.open()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[1:]] == [DiskFull] * 3
    assert await world.head() == head + 1
    assert not (await world.thread(thread)).pinned
    make_room(journal)
    await world.do(ChangeThread(thread, {"pinned": True}))
    assert await is_gapless(world)
    await journal.close()


async def test_L3_an_error_of_the_database_that_is_one_appends_own_fails_it_alone(tmp_path):
    store = sqlite3.connect(tmp_path / "store", isolation_level=None, check_same_thread=False)
    store.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, text TEXT)")
    store.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
    gate = Gate()
    writer = Writer(store, lambda: None, lambda values: None)

    def write(number: int, text: str = "") -> asyncio.Task:
        def work() -> None:
            gate()
            store.execute("INSERT INTO kept VALUES (?, ?)", (number, text))

        return asyncio.create_task(writer.submit(work))

    gate.shut()
    first = write(0)
    await asyncio.to_thread(gate.reached.wait, WAIT_S)
    others = [write(1), write(1), write(2, "x" * 1001), write(3)]
    await asyncio.sleep(0)
    gate.open()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [
        type(None),
        type(None),
        sqlite3.IntegrityError,
        sqlite3.DataError,
        type(None),
    ]
    assert store.execute("SELECT number FROM kept").fetchall() == [(0,), (1,), (3,)]
    assert (writer.counts.commits, writer.counts.refused, writer.counts.failed) == (2, 2, 0)
    assert writer.trouble is None
    writer.close()
    store.close()


async def test_L3_a_check_says_ok_only_when_an_append_of_size_would_find_room(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    thread = await world.create()
    with full(tmp_path, journal):
        await journal.check()  # nothing has failed yet, and its own small row finds room
        with pytest.raises(DiskFull):
            await world.send(text=LONG)
        for _ in range(2):
            with pytest.raises(DiskFull):
                await journal.check()
            await world.do(ChangeThread(thread, {"muted": True}))  # finds room, and hides nothing
        fill(journal, room_pages=CHECK_BALLAST_BYTES // 4096 // 2)
        with pytest.raises(DiskFull):
            await journal.check()
    await journal.check()
    assert stored(journal, "ballast") is None
    await journal.close()


async def test_L3_a_check_that_finds_no_room_takes_no_append_with_it(tmp_path):
    gate = Gate()
    journal = await open_journal(tmp_path, clock_ms=gate)
    world = World(journal)
    thread = await world.create()
    fill(journal)
    with pytest.raises(DiskFull):
        await world.send(text=LONG)
    gate.shut()
    one = asyncio.create_task(world.do(ChangeThread(thread, {"muted": True})))
    await asyncio.to_thread(gate.reached.wait, WAIT_S)
    two = asyncio.create_task(world.do(ChangeThread(thread, {"title": "two"})))
    await asyncio.sleep(0)
    check = asyncio.create_task(journal.check())
    for _ in range(3):  # the check's own task comes to the door
        await asyncio.sleep(0)
    three = asyncio.create_task(world.do(ChangeThread(thread, {"title": "three"})))
    await asyncio.sleep(0)
    assert journal._writer.queued == 3
    gate.open()
    await asyncio.gather(one, two, three)
    with pytest.raises(DiskFull):
        await check
    assert (await world.thread(thread)).title == "three"
    await journal.close()


async def test_what_a_check_left_of_its_ballast_is_gone_with_the_next(tmp_path):
    journal = await open_journal(tmp_path)
    journal._connection.execute("UPDATE store SET ballast = zeroblob(9)")
    await journal.check()
    assert stored(journal, "ballast") is None
    await journal.close()


async def test_L12_checks_at_one_moment_are_one_look_at_the_store(tmp_path):
    journal = await open_journal(tmp_path)
    before = stored(journal, "checks")
    await asyncio.gather(*(journal.check() for _ in range(100)))
    assert stored(journal, "checks") == before + 1
    await journal.check()
    assert stored(journal, "checks") == before + 2
    await journal.close()


async def test_L12_a_check_of_a_store_that_does_not_answer_ends_and_names_its_trouble():
    answered, looks, known = asyncio.Event(), [], [None]

    async def look() -> None:
        looks.append(None)
        await answered.wait()

    checking = Checking(look, lambda: known[0], s_max=0.01)
    for trouble in (None, DiskFull("of late")):
        known[0] = trouble
        with pytest.raises(StoreUnavailable, match="has not answered") as refused:
            async with asyncio.timeout(WAIT_S):
                await checking.check()
        assert type(refused.value) is (DiskFull if trouble else StoreUnavailable)
    assert len(looks) == 1, "a look was begun beside one that hangs"
    answered.set()
    await checking.check()
    await checking.close()


async def test_a_check_that_nobody_waits_for_any_longer_ends_with_the_store(tmp_path):
    free = threading.Event()
    journal = await open_journal(tmp_path, connect=watched)
    journal._connection.before_commit = free.wait
    check = asyncio.create_task(journal.check())
    while not journal._writer.counts.queued:  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0)
    closing = asyncio.create_task(journal.close())
    with pytest.raises(StoreUnavailable, match="closed"):
        await check
    free.set()
    await closing


async def test_L10_a_store_that_hangs_does_not_keep_the_process_from_ending(tmp_path):
    free, reached = threading.Event(), threading.Event()
    journal = await open_journal(tmp_path, connect=watched)
    world = World(journal)

    def hang() -> None:
        reached.set()
        free.wait()

    journal._connection.before_commit = hang
    asked = asyncio.create_task(world.create())
    await asyncio.to_thread(reached.wait, WAIT_S)
    try:
        async with asyncio.timeout(WAIT_S):
            await journal.close()
    finally:
        free.set()
    await asked
    assert journal._writer.close(WAIT_S)
    journal._connection.close()


async def test_L10_a_read_that_hangs_does_not_keep_the_store_from_closing(tmp_path):
    journal = await open_journal(tmp_path)
    begun, goes_on = threading.Event(), threading.Event()

    def hangs(rows):
        begun.set()
        goes_on.wait(WAIT_S)

    reading = asyncio.create_task(journal._reader._read("local", hangs))
    await asyncio.to_thread(begun.wait, WAIT_S)
    await journal.close()
    assert not reading.done(), "it was waited for"
    goes_on.set()
    await reading


async def test_L12_behind_a_slow_disk_appends_wait_up_to_the_bound_then_at_the_door(tmp_path):
    """The real writer, with a commit that is held up, and one append more than may wait."""
    free, reached = threading.Event(), threading.Event()
    journal = await open_journal(tmp_path, connect=watched)
    world = World(journal)
    thread = await world.create()
    head = await world.head()

    def slow() -> None:
        reached.set()
        assert free.wait(6 * WAIT_S)

    journal._connection.before_commit = slow
    many = APPENDS_QUEUED_MAX + 2
    changes = [ChangeThread(thread, {"title": str(number)}) for number in range(many)]
    first = asyncio.create_task(world.do(changes[0]))
    await asyncio.to_thread(reached.wait, WAIT_S)
    others = [asyncio.create_task(world.do(change)) for change in changes[1:]]
    await asyncio.sleep(0)
    assert journal._writer.queued == APPENDS_QUEUED_MAX - 1, "one is being written"
    assert journal.counts.queued == many
    free.set()
    receipts = await asyncio.gather(first, *others)
    assert [receipt.cursor.seq for receipt in receipts] == list(range(head + 1, head + many + 1))
    titles = [load(text)["title"] for text in await texts(journal, head)]
    assert titles == [str(number) for number in range(many)]
    assert journal.counts.queued == 0
    await journal.close()


async def texts(journal, after: int) -> list[str]:
    """Read all entries after a sequence, as they were written."""
    cursor, found, more = (await journal.head("local")).at(after), [], True
    while more:
        page = await journal.entries(cursor)
        found += page.entries
        cursor, more = page.cursor, page.more
    return found


async def test_the_store_counts_what_it_did(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    await world.create()
    with pytest.raises(NotFound):
        await world.do(ChangeThread(world.id(), {}))
    with full(tmp_path, journal), pytest.raises(DiskFull):
        await world.send(text=LONG)
    counts = journal.counts
    assert (counts.appends, counts.refused, counts.commits, counts.failed) == (1, 1, 2, 1)
    assert counts.queued == 0
    assert counts.commit_s > 0
    await journal.check()
    assert counts.appends == 1, "a check is no append"
    await journal.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreLocked),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreReadOnly),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (None, StoreUnavailable),
    ],
)
def test_L3_an_error_of_the_database_has_its_kind_also_in_its_finer_forms(code, kind):
    failed = sqlite3.OperationalError("something")
    if code is not None:
        failed.sqlite_errorcode = code
    assert type(trouble_of(failed, "written")) is kind


def test_every_kind_of_trouble_says_what_to_do_and_names_nothing_of_the_machine():
    sentences = {kind.sentence for kind in {*KINDS.values(), StoreMissing, StoreUnavailable}}
    assert len(sentences) == 5
    for sentence in sentences:
        assert sentence.endswith("."), sentence
        assert "/" not in sentence
        assert "SQLite" not in sentence
        assert "ry again" in sentence
