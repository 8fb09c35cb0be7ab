"""A real journal whose disk is in the test's hands: commits wait, or fail, when told to."""

import asyncio
import json
import sqlite3
import threading
from pathlib import Path

from backend.tests.journal.opening import connect_unsynced
from backend.tests.store import BOUND_S
from holdfast_server.journal.connections import WriterConnection
from holdfast_server.journal.sqlite import FILE, SqliteJournal


class Disk:
    """What the writer's connection meets at each COMMIT."""

    def __init__(self, journal: SqliteJournal, folder: Path) -> None:
        self.journal = journal
        self.folder = folder
        self.commits = self.failed = 0
        self._fail = self._once = False
        self._free, self._reached = threading.Event(), threading.Event()
        self._free.set()
        journal._connection.before_commit = self._before_commit

    def hold(self) -> None:
        """Let the next commit wait, and all after it, until all is well again."""
        self._reached.clear()
        self._free.clear()

    async def is_reached(self) -> None:
        """Return once a commit waits."""
        assert await asyncio.to_thread(self._reached.wait, BOUND_S), "nothing came to be written"

    def let_one_pass(self) -> None:
        """Let the commit that waits go through, and hold the next one."""
        self._once = True
        self._free.set()

    def break_down(self) -> None:
        """Let every commit fail."""
        self._fail = True

    def heal(self) -> None:
        """All is well again: whatever waits, goes on."""
        self._fail = False
        self._free.set()

    def entries(self) -> list[dict]:
        """Return what is committed at this very moment: nobody else takes a step meanwhile."""
        connection = sqlite3.connect(self.folder / FILE)
        rows = connection.execute("SELECT body FROM entries ORDER BY seq").fetchall()
        connection.close()
        return [json.loads(body) for (body,) in rows]

    def _before_commit(self) -> None:
        self._reached.set()
        assert self._free.wait(BOUND_S)
        if self._once:
            self._once = False
            self.hold()
        if self._fail:
            self.failed += 1
            raise sqlite3.OperationalError("disk I/O error")
        self.commits += 1


class Held(WriterConnection):
    """Asks before each commit, on the writer's thread."""

    before_commit = staticmethod(lambda: None)

    def execute(self, sql, *values):
        if sql == "COMMIT":
            self.before_commit()
        return super().execute(sql, *values)


async def open_on_disk(folder: Path) -> Disk:
    """Open the folder's store with a disk of the test's."""
    return Disk(await SqliteJournal.open(folder, connect=held), folder)


def held(path: Path) -> WriterConnection:
    return connect_unsynced(path, factory=Held)
