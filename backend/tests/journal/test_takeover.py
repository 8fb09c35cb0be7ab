"""A later start takes the store over, whatever the older process is doing (L6, L8)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.tests.journal.faults import impatient
from backend.tests.journal.opening import WAIT_S, open_journal
from backend.tests.journal.world import World
from holdfast_server.journal.refusals import StoreLocked, StoreUnavailable, Superseded
from holdfast_server.journal.sqlite import FILE

STRANGER = """
import sqlite3, sys
from pathlib import Path
from holdfast_server.journal.folder import claim
held = claim(Path(sys.argv[2]))
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("holds", flush=True)
sys.stdin.readline()
"""


class Process:
    """Another process, told what to do by lines."""

    def __init__(self, *arguments: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self.hears()

    def hears(self) -> str:
        return self.child.stdout.readline().strip()

    def tells(self, order: str) -> None:
        self.child.stdin.write(f"{order}\n")
        self.child.stdin.flush()

    def has_stopped(self) -> None:
        """Return once the process is stopped."""
        os.waitid(os.P_PID, self.child.pid, os.WSTOPPED)

    def stop(self) -> None:
        self.child.send_signal(signal.SIGSTOP)
        self.has_stopped()

    def goes_on(self) -> None:
        self.child.send_signal(signal.SIGCONT)


@contextmanager
def process(*arguments: str) -> Iterator[Process]:
    running = Process(*arguments)
    try:
        yield running
    finally:
        running.child.kill()
        running.child.communicate()


def older(folder: Path):
    """A Holdfast on that folder, whose journal can be stopped inside a transaction."""
    return process("-m", "backend.tests.journal.stopped", str(folder))


async def titles(journal) -> list[str]:
    return [thread.title for thread in await World(journal).threads()]


async def test_L6_the_older_of_two_starts_can_append_nothing_and_learns_of_it(tmp_path):
    old = await open_journal(tmp_path)
    thread = await World(old).create()
    lost = asyncio.create_task(old.lost())
    await World(old, first_id=100).answered()
    assert not lost.done()
    new = await open_journal(tmp_path)
    assert new.epoch == old.epoch + 1
    head = await World(new).head()
    for write in (World(old, first_id=500).create(), World(old, first_id=600).send(thread)):
        with pytest.raises(Superseded):
            await write
    with pytest.raises(Superseded):
        await old.check()
    assert await World(new).head() == head
    async with asyncio.timeout(WAIT_S):
        said = await lost
    assert said == f"another Holdfast has taken over the data folder {tmp_path}; this one ends"
    assert (await World(old).thread(thread)).id == thread, "what is there can still be read"
    await old.close()
    await World(new, first_id=700).create()
    await new.check()
    await new.close()


async def test_L6_a_store_that_was_replaced_under_a_process_ends_it(tmp_path):
    old = await open_journal(tmp_path / "here")
    await World(old).create()
    (tmp_path / "here").rename(tmp_path / "moved")
    new = await open_journal(tmp_path / "here")
    with pytest.raises(Superseded):
        await World(old, first_id=500).create()
    async with asyncio.timeout(WAIT_S):
        assert str(tmp_path / "here") in await old.lost()
    await old.close()
    await World(new, first_id=700).create()
    await new.close()


async def test_L6_a_store_that_cannot_be_read_for_a_while_is_not_called_lost(tmp_path):
    journal = await open_journal(tmp_path)
    read, failed = journal._reader.epoch, asyncio.Event()

    async def fails_once() -> int:
        if not failed.is_set():
            failed.set()
            raise StoreUnavailable("not now")
        return await read()

    journal._reader.epoch = fails_once
    lost = asyncio.create_task(journal.lost())
    await failed.wait()
    await asyncio.sleep(0)
    assert not lost.done()
    await (await open_journal(tmp_path)).close()
    async with asyncio.timeout(WAIT_S):
        assert "another Holdfast" in await lost
    await journal.close()


async def test_L6_a_process_that_was_stopped_while_idle_cannot_append_when_it_goes_on(tmp_path):
    with older(tmp_path) as old:
        old.stop()
        journal = await open_journal(tmp_path, connect=impatient)
        assert journal.epoch == int(old.first) + 1
        head = await World(journal).head()
        old.goes_on()
        old.tells("append")
        assert old.hears() == "Superseded"
        assert await World(journal).head() == head
        assert await titles(journal) == ["before"]
        await journal.close()


@pytest.mark.parametrize("place", ["SAVEPOINT", "COMMIT"])
async def test_L6_a_process_that_was_stopped_inside_a_transaction_leaves_nothing_of_it(
    tmp_path, place
):
    with older(tmp_path) as old:
        old.tells(place)
        old.has_stopped()
        journal = await open_journal(tmp_path, connect=impatient)
        assert old.child.wait(WAIT_S) == -signal.SIGKILL
        assert journal.epoch == int(old.first) + 1
        assert await titles(journal) == ["before"]
        world = World(journal, first_id=9000)
        await world.create("since")
        assert [entry.seq for entry in await world.entries()] == [1, 2]
        await journal.close()


async def test_L6_who_took_over_can_be_taken_over_while_the_first_is_still_there(tmp_path):
    with older(tmp_path) as first:
        first.stop()
        with older(tmp_path) as second:
            second.tells("COMMIT")
            second.has_stopped()
            journal = await open_journal(tmp_path, connect=impatient)
            assert second.child.wait(WAIT_S) == -signal.SIGKILL
            assert journal.epoch == int(second.first) + 1 == int(first.first) + 2
        first.goes_on()
        first.tells("append")
        assert first.hears() == "Superseded"
        assert await titles(journal) == ["before", "before"]
        await journal.close()


async def test_L6_a_process_that_goes_on_in_time_is_waited_for_and_keeps_what_it_wrote(tmp_path):
    with older(tmp_path) as old:
        old.tells("COMMIT")
        old.has_stopped()
        opening = asyncio.create_task(open_journal(tmp_path))
        await asyncio.sleep(0)
        old.goes_on()
        assert old.hears() == "done"
        journal = await opening
        assert await titles(journal) == ["after"]
        old.tells("append")
        assert old.hears() == "Superseded"
        await journal.close()


@pytest.mark.parametrize("uses", ["around", "elsewhere"])
async def test_L6_a_program_that_is_no_holdfast_on_this_folder_is_named_and_left_alone(
    tmp_path, uses
):
    folder, around = tmp_path / "data", tmp_path / uses
    await (await open_journal(folder)).close()
    with process("-c", STRANGER, str(folder / FILE), str(around)) as other:
        assert other.first == "holds"
        with pytest.raises(StoreLocked, match=rf"process {other.child.pid} \(\w+") as refused:
            await open_journal(folder, connect=impatient)
        assert "\n" not in str(refused.value)
        assert other.child.poll() is None
        other.tells("end")
        assert other.child.wait(WAIT_S) == 0
    journal = await open_journal(folder)
    assert journal.epoch == 2
    await journal.close()
