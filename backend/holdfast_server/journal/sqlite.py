"""The journal on SQLite: the port, put together from a writer, a reader and one door.

Opening takes the data folder, brings the store to this version, and starts it: in one
transaction the store takes its next epoch and the runs that earlier starts left are ended as
interrupted (L8). From then on whatever an older start of the store still tries is fenced, and
the older process learns of it by looking (`lost`).
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.ids import RANDOM_BYTES, mint
from holdfast_protocol.limits import (
    CHECK_BALLAST_BYTES,
    STORE_CLOSING_S_MAX,
    TAKEOVER_WATCH_S,
)
from holdfast_server.journal import takeover
from holdfast_server.journal.checking import Checking
from holdfast_server.journal.commands import Command, EndOrphans
from holdfast_server.journal.connections import WriterConnection, connect_writer
from holdfast_server.journal.door import Door
from holdfast_server.journal.folder import Claim, Place, claim
from holdfast_server.journal.port import (
    History,
    MessagesOf,
    Page,
    Receipt,
    ThreadList,
    Threads,
)
from holdfast_server.journal.reader import Reader
from holdfast_server.journal.refusals import StoreLocked, StoreUnavailable, Superseded
from holdfast_server.journal.schema import migrate
from holdfast_server.journal.trouble import trouble_of
from holdfast_server.journal.wakeups import Wakeups
from holdfast_server.journal.writer import Writer

FILE = "holdfast.db"


InFront = Callable[[str, str], bool]
"""Whether some browser of the account has the thread in front now (L22)."""


def nobody_in_front(account: str, thread: str) -> bool:
    """No browser has reported presence."""
    return False


def system_clock_ms() -> int:
    """The server's time, as entries bear it."""
    return time.time_ns() // 1_000_000


class SqliteJournal:
    """A Journal (see `port`) in one file of a data folder. Use it from one event loop."""

    def __init__(self, held: Claim, connection: WriterConnection, door: Door) -> None:
        self.id = door.journal
        self.epoch = door.epoch
        self._held = held
        self._place = Place(held.folder / FILE)
        self._connection = connection
        self._door = door
        self._wakeups = Wakeups()
        self._reader = Reader(held.folder / FILE, self.id, self.epoch)
        self._writer = Writer(connection, self._require_present, self._tell_readers)
        self.counts = self._writer.counts
        self._checking = Checking(self._look, lambda: self._writer.trouble)
        self._closed = False

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        clock_ms: Callable[[], int] = system_clock_ms,
        random: Callable[[int], bytes] = os.urandom,
        in_front: InFront = nobody_in_front,
        connect: Callable[[Path], WriterConnection] = connect_writer,
    ) -> "SqliteJournal":
        """Open the folder's store, making it if there is none, and start it.

        `clock_ms` gives the server's time, `random(n)` n bytes of the system's randomness.
        Raises StoreUnavailable with what is wrong with the folder.
        """
        start = partial(_start, folder, clock_ms, random, in_front, connect)
        return cls(*await asyncio.to_thread(start))

    async def append(self, account: str, command: Command) -> Receipt:
        return await self._writer.submit(partial(self._door.append, account, command))

    async def entries(self, cursor: Cursor) -> Page | None:
        return await self._reader.entries(cursor)

    async def snapshot(self, scope: Threads | MessagesOf) -> ThreadList | History:
        return await self._reader.snapshot(scope)

    async def head(self, account: str) -> Cursor:
        return await self._reader.head(account)

    async def wait(self, cursor: Cursor, timeout_s: float) -> bool:
        if cursor.journal != self.id:
            return True
        if not self._wakeups.knows(cursor.account):
            self._wakeups.committed([await self.head(cursor.account)])
        return await self._wakeups.wait(cursor.account, cursor.seq, timeout_s)

    async def check(self) -> None:
        await self._checking.check()

    async def lost(self) -> str:
        while await self._is_present():  # noqa: ASYNC110  another process tells us nothing
            await asyncio.sleep(TAKEOVER_WATCH_S)
        return f"another Holdfast has taken over the data folder {self._held.folder}; this one ends"

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._wakeups.wake_all()
        await self._checking.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        has_ended = self._writer.close(STORE_CLOSING_S_MAX / 2)
        self._reader.close(STORE_CLOSING_S_MAX / 2)
        if has_ended:  # else it is in use still, and ends with the process
            self._connection.close()
        self._held.release()

    async def _is_present(self) -> bool:
        try:
            self._place.require()
            return await self._reader.epoch() == self.epoch
        except Superseded:
            return False
        except StoreUnavailable:
            return True  # it does not tell now; it is asked again, and whoever uses it complains

    def _require_present(self) -> None:
        """Law L6, its fence between processes: a later start of the store ends this one.

        So does another store in its place; and nothing is written where a start would not find it.
        """
        self._place.require()
        (epoch,) = self._connection.execute("SELECT epoch FROM store").fetchone()
        if epoch != self.epoch:
            raise Superseded(
                f"start {self.epoch} of the store is over: another process began start {epoch}"
            )

    def _tell_readers(self, values: Sequence[Any]) -> None:
        receipts = [value for value in values if isinstance(value, Receipt)]
        self.counts.appends += len(receipts)
        self._wakeups.committed(receipt.cursor for receipt in receipts)

    async def _look(self) -> None:
        """Write and read. A small row may find room where an append does not: once one failed,
        only a write as large as a large append proves that the store takes them again.
        """
        if self._writer.trouble is not None:
            await self._writer.submit(self._fill, is_proof=True)
        await self._writer.submit(self._touch)
        await self._reader.check()
        if (trouble := self._writer.trouble) is not None:  # an append failed meanwhile
            raise trouble_of(trouble, "written")

    def _fill(self) -> None:
        # Not zeros, for which a file system that compresses would find room on a full disk.
        self._connection.execute("UPDATE store SET ballast = randomblob(?)", (CHECK_BALLAST_BYTES,))

    def _touch(self) -> None:
        self._connection.execute("UPDATE store SET checks = checks + 1, ballast = NULL")


def _start(
    folder: Path,
    clock_ms: Callable[[], int],
    random: Callable[[int], bytes],
    in_front: InFront,
    connect: Callable[[Path], WriterConnection],
) -> tuple[Claim, WriterConnection, Door]:
    held = claim(folder)
    begin = partial(_begin, folder / FILE, clock_ms, random, in_front, connect)
    try:
        try:
            return held, *begin()
        except StoreLocked:
            takeover.free(held, folder / FILE)
            return held, *begin()
    except BaseException:
        held.release()
        raise


def _begin(
    store: Path,
    clock_ms: Callable[[], int],
    random: Callable[[int], bytes],
    in_front: InFront,
    connect: Callable[[Path], WriterConnection],
) -> tuple[WriterConnection, Door]:
    """Take the next epoch. When this raises, it has left no connection to the store."""
    connection = None
    try:
        connection = connect(store)
        migrate(connection)
        connection.execute("BEGIN IMMEDIATE")
        journal, epoch = _take_epoch(connection, mint(clock_ms(), random(RANDOM_BYTES)))
        door = Door(connection, journal, epoch, clock_ms, in_front)
        for (account,) in connection.execute("SELECT account FROM accounts").fetchall():
            door.append(account, EndOrphans(epoch))
        connection.execute("COMMIT")
    except Exception as failed:
        if connection is not None:
            connection.close()
        if isinstance(failed, sqlite3.Error):
            raise trouble_of(failed, "opened") from failed
        raise
    return connection, door


def _take_epoch(connection: WriterConnection, new_journal: str) -> tuple[str, int]:
    """Start the store, minted now if it is new; return the journal's id and the epoch."""
    connection.execute(
        "INSERT INTO store (only, journal, epoch) VALUES (1, ?, 1)"
        " ON CONFLICT (only) DO UPDATE SET epoch = epoch + 1",
        (new_journal,),
    )
    return connection.execute("SELECT journal, epoch FROM store").fetchone()
