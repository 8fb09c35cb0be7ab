"""Opening a data folder: what is made, what is refused, and in which words."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import World
from holdfast_server.journal.connections import connect_writer
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.journal.schema import MIGRATIONS
from holdfast_server.journal.sqlite import FILE


def _a_file(folder: Path) -> None:
    folder.write_text("not a folder")


def _below_a_file(folder: Path) -> None:
    folder.parent.rmdir()
    folder.parent.write_text("not a folder")


def _no_database(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_text("These are words, and many of them. " * 100)


def _another_programs(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as store, store:
        store.execute("CREATE TABLE notes (text)")


def _of_a_later_version(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as store, store:
        store.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        store.execute(f"PRAGMA application_id = {0x486F6C64}")


def _a_folder_for_the_file(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_a_file, "it is not a folder"),
        (_below_a_file, "Not a directory"),
        (_no_database, "not a database"),
        (_another_programs, "another program"),
        (_of_a_later_version, "a later version of Holdfast"),
        (_a_folder_for_the_file, "cannot be opened"),
    ],
)
async def test_an_unusable_folder_is_refused_in_one_sentence(tmp_path, spoil, says):
    folder = tmp_path / "around" / "data"
    folder.parent.mkdir()
    spoil(folder)
    with pytest.raises(StoreUnavailable, match=says) as refused:
        await open_journal(folder)
    assert "\n" not in str(refused.value)


async def test_what_was_refused_can_be_opened_once_it_is_mended(tmp_path):
    folder = tmp_path / "data"
    _no_database(folder)
    with pytest.raises(StoreUnavailable):
        await open_journal(folder)
    (folder / FILE).unlink()
    journal = await open_journal(folder)
    await journal.close()


async def test_a_folder_is_made_for_its_owner_only(tmp_path):
    folder = tmp_path / "deep" / "data"
    journal = await open_journal(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await journal.close()


async def test_a_store_is_checked_by_a_read_and_a_write(tmp_path):
    journal = await open_journal(tmp_path)
    await journal.check()
    assert await World(journal).head() == 0
    await journal.close()
    with pytest.raises(StoreUnavailable):
        await journal.check()


async def test_everything_is_there_again_after_a_restart(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    answer = await world.answered()
    seen = (await world.threads(), await world.path(answer.thread), await world.entries())
    place = await journal.head("local")
    await journal.close()
    journal = await open_journal(tmp_path)
    world = World(journal)
    assert seen == (
        await world.threads(),
        await world.path(answer.thread),
        await world.entries(),
    )
    assert await journal.head("local") == place
    await journal.close()


async def test_L2_a_commit_waits_for_the_disk(tmp_path):
    journal = await open_journal(tmp_path, connect=connect_writer)
    asked = journal._connection
    (mode,), (synchronous,) = (
        asked.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous")
    )
    full = 2
    assert (mode, synchronous) == ("wal", full)
    await journal.close()


def write_and_kill(folder: Path) -> tuple[str, int]:
    """Have another process write into the folder, and kill it in the middle of it.

    Returns the thread it wrote, and the last number whose append it was told of.
    """
    writing = subprocess.Popen(
        [sys.executable, "-m", "backend.tests.journal.killed", str(folder)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    with writing:
        thread = writing.stdout.readline().strip()
        told = [int(writing.stdout.readline()) for _ in range(50)]
        writing.kill()
    return thread, told[-1]


async def test_L2_what_was_answered_is_there_after_a_kill(tmp_path):
    thread, told = write_and_kill(tmp_path)
    journal = await open_journal(tmp_path)
    _, reply = await World(journal).path(thread)
    numbers = [int(number) for number in reply.parts[0].text.split()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > told
    assert reply.status == "interrupted"
    await journal.close()
