"""The journal on SQLite: the port, put together from a writer, a reader and one door.

Opening takes the data folder, brings the store to this version, and starts it: in one
transaction the store takes its next epoch and the runs that earlier starts left are ended as
interrupted (L8). From then on whatever an older start of the store still tries is fenced.
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
from holdfast_server.journal.commands import Command, EndOrphans
from holdfast_server.journal.connections import WriterConnection, connect_writer
from holdfast_server.journal.door import Door
from holdfast_server.journal.folder import Claim, claim
from holdfast_server.journal.port import (
    History,
    MessagesOf,
    Page,
    Receipt,
    ThreadList,
    Threads,
)
from holdfast_server.journal.reader import Reader
from holdfast_server.journal.refusals import StoreUnavailable, Superseded
from holdfast_server.journal.schema import migrate
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
        self._connection = connection
        self._door = door
        self._wakeups = Wakeups()
        self._reader = Reader(held.folder / FILE, self.id, self.epoch)
        self._writer = Writer(connection, self._require_present, self._tell_readers)
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
        await self._writer.submit(self._touch)
        await self._reader.check()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._wakeups.wake_all()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._reader.close()
        self._connection.close()
        self._held.release()

    def _require_present(self) -> None:
        """Law L6, its fence between processes: a later start of the store ends this one."""
        (epoch,) = self._connection.execute("SELECT epoch FROM store").fetchone()
        if epoch != self.epoch:
            raise Superseded(
                f"start {self.epoch} of the store is over: another process began start {epoch}"
            )

    def _tell_readers(self, values: Sequence[Any]) -> None:
        self._wakeups.committed(value.cursor for value in values if isinstance(value, Receipt))

    def _touch(self) -> None:
        self._connection.execute("UPDATE store SET checks = checks + 1")


def _start(
    folder: Path,
    clock_ms: Callable[[], int],
    random: Callable[[int], bytes],
    in_front: InFront,
    connect: Callable[[Path], WriterConnection],
) -> tuple[Claim, WriterConnection, Door]:
    held = claim(folder)
    connection = None
    try:
        connection = connect(folder / FILE)
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
        held.release()
        if isinstance(failed, sqlite3.Error):
            raise StoreUnavailable(f"its store cannot be opened ({failed})") from failed
        raise
    return held, connection, door


def _take_epoch(connection: WriterConnection, new_journal: str) -> tuple[str, int]:
    """Start the store, minted now if it is new; return the journal's id and the epoch."""
    connection.execute(
        "INSERT INTO store (only, journal, epoch) VALUES (1, ?, 1)"
        " ON CONFLICT (only) DO UPDATE SET epoch = epoch + 1",
        (new_journal,),
    )
    return connection.execute("SELECT journal, epoch FROM store").fetchone()
