"""L1: one door."""

import re
import sqlite3
from pathlib import Path

import pytest

import holdfast_server
from backend.tests.journal.opening import connect_unsynced, open_journal
from backend.tests.journal.walk import CASES, Walk, assert_marked
from backend.tests.journal.world import World
from holdfast_protocol.events import EVENT_TYPES
from holdfast_server.journal.connections import WriterConnection, connect_reader
from holdfast_server.journal.schema import VISIBLE
from holdfast_server.journal.sqlite import FILE

WRITES = {
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
}
DOOR = {"door.py", "stops.py", "settling.py", "erasing.py", "schema.py"}


def guarded(path: Path) -> WriterConnection:
    """A writing connection that refuses every write to a visible table past the door.

    Without a statement cache: the authorizer is asked when a statement is prepared.
    """
    connection = connect_unsynced(path, cached_statements=0)

    def authorize(action, table, *_):
        is_write = action in WRITES and table in VISIBLE
        return sqlite3.SQLITE_DENY if is_write and not connection.door_open else sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
    return connection


@pytest.mark.parametrize("type", EVENT_TYPES)
async def test_L1_every_entry_marks_its_thread_and_goes_through_the_door(tmp_path, type):
    assert type in CASES, f"there is no case for {type} in the walk"
    journal = await open_journal(tmp_path, connect=guarded)
    walk = Walk(journal)
    await World(journal, first_id=1000).answered()  # a bystander, which nothing may touch
    await CASES[type](World(walk))
    assert type in walk.seen
    await journal.close()


async def test_L1_a_restart_marks_the_threads_whose_runs_it_ends(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    await world.answered()
    await world.streaming()
    await world.answered()
    before, head = await world.threads(), await world.head()
    await journal.close()

    world = World(await open_journal(tmp_path, connect=guarded))
    entries = await world.entries(after=head)
    assert [entry.type for entry in entries] == ["run.ended"]
    assert_marked(before, await world.threads(), entries)
    await world.journal.close()


@pytest.mark.parametrize("table", VISIBLE)
@pytest.mark.parametrize("statement", ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"])
async def test_L1_no_other_path_writes_a_visible_table(tmp_path, table, statement):
    journal = await open_journal(tmp_path, connect=guarded)
    await World(journal).answered()
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        journal._connection.execute(statement.format(table))
    await journal.close()


async def test_L1_no_other_path_changes_a_visible_table(tmp_path):
    journal = await open_journal(tmp_path, connect=guarded)
    await World(journal).answered()
    for table in VISIBLE:
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            journal._connection.execute(f"UPDATE {table} SET account = 'other'")
    await journal.close()


async def test_L1_readers_cannot_write(tmp_path, journal):
    reader = connect_reader(tmp_path / FILE)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("UPDATE accounts SET head = 7")
    reader.close()


def test_L1_no_other_file_has_a_statement_that_writes_a_visible_table():
    writes = re.compile(
        rf"\b(INSERT(\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)"
        rf"\s+({'|'.join(VISIBLE)}|\{{)\b"
    )
    package = Path(holdfast_server.__file__).parent
    files = {path for path in package.rglob("*.py") if writes.search(path.read_text())}
    assert {path.name for path in files} <= DOOR
    assert files, "the pattern finds nothing: it proves nothing"


async def test_L1_a_delta_touches_the_head_its_entry_and_its_threads_version(tmp_path):
    touched = set()

    def connect(path: Path) -> WriterConnection:
        connection = connect_unsynced(path, cached_statements=0)

        def authorize(action, table, column, *_):
            if action in WRITES and not table.startswith("sqlite_"):
                touched.add((WRITES[action], table, column))
            return sqlite3.SQLITE_OK

        connection.set_authorizer(authorize)
        return connection

    journal = await open_journal(tmp_path, connect=connect)
    world = World(journal)
    answer, part = await world.streaming()
    touched.clear()
    await world.do(answer.write(answer.says(part, "se.")))
    assert touched == {
        ("INSERT", "entries", None),
        ("INSERT", "accounts", None),
        ("UPDATE", "accounts", "head"),
        ("UPDATE", "threads", "version"),
    }
    await journal.close()


async def test_L1_a_delta_costs_the_same_however_long_the_answer_is(tmp_path):
    """Counted in steps of the database's virtual machine, which no other load changes."""
    journal = await open_journal(tmp_path)
    world = World(journal)
    answer, part = await world.streaming()
    short = await _steps(world, answer.write(answer.says(part, "more")))
    for _ in range(40):
        await world.do(answer.write(*(answer.says(part, "x" * 50) for _ in range(50))))
    long = await _steps(world, answer.write(answer.says(part, "more")))
    assert long <= short * 1.1, f"{short} steps after 5 characters, {long} after 100,000"
    await journal.close()


async def _steps(world: World, command) -> int:
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    world.journal._connection.set_progress_handler(count, 1)
    await world.do(command)
    world.journal._connection.set_progress_handler(None, 0)
    return steps
