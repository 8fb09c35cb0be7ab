"""The two reads (L5): what came after a cursor, and state together with its cursor.

Each runs in one read transaction of a connection that cannot write, on a thread of its own.

Law L4, its home on the server: a cursor of another journal, ahead of the head, or older than
what is kept is no place here; the reader is told so instead of being given a silent hole.
"""

import asyncio
import queue
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.limits import (
    ENTRIES_PER_READ_MAX,
    ENTRY_BYTES_PER_READ_MAX,
    MESSAGES_PER_PAGE_MAX,
    STORE_READERS,
    THREADS_PER_PAGE_MAX,
)
from holdfast_protocol.state import Thread
from holdfast_server.errands import Hands
from holdfast_server.journal.cleaning import cleaned
from holdfast_server.journal.connections import connect_reader
from holdfast_server.journal.port import History, MessagesOf, Page, ThreadList, Threads
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.journal.requirements import require_message_of, require_thread
from holdfast_server.journal.rows import AccountRows
from holdfast_server.journal.trouble import trouble_of


class Reader:
    """A few connections to the store that read, and the threads they read on."""

    def __init__(self, path: Path, journal: str, epoch: int) -> None:
        self._journal = journal
        self._epoch = epoch
        self._hands = Hands(STORE_READERS, "holdfast-reader")
        self._is_closed = False
        self._connections: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for _ in range(STORE_READERS):
            self._connections.put(connect_reader(path))

    async def entries(self, cursor: Cursor) -> Page | None:
        """Return the entries after the cursor, a bounded page; None if it is no place here."""
        return await self._read(cursor.account, lambda rows: self._entries(rows, cursor))

    async def snapshot(self, scope: Threads | MessagesOf) -> ThreadList | History:
        """Return state with the cursor it was read at. Raises NotFound or Gone."""
        scope = cleaned(scope)
        read = self._history if isinstance(scope, MessagesOf) else self._thread_list
        return await self._read(scope.account, lambda rows: read(rows, scope))

    async def head(self, account: str) -> Cursor:
        """Return the cursor of the account's last entry."""
        return await self._read(account, self._place)

    async def epoch(self) -> int:
        """Return the number of the store's last start, whichever process made it (L8)."""
        return await self._read(
            "", lambda rows: rows.connection.execute("SELECT epoch FROM store").fetchone()[0]
        )

    async def check(self) -> None:
        """Read the store once. Raises StoreUnavailable."""
        await self._read("", AccountRows.head)

    def close(self, timeout_s: float) -> None:
        """Let reads end, then close the connections. Blocks.

        A read that takes longer than that in all is left to end with the process: a disk that
        hangs must not keep it (L10).
        """
        self._is_closed = True
        self._hands.let_go()
        until = time.monotonic() + timeout_s
        with suppress(queue.Empty):
            for _ in range(STORE_READERS):
                self._connections.get(timeout=max(0, until - time.monotonic())).close()

    async def _read(self, account: str, read: Callable[[AccountRows], Any]) -> Any:
        if self._is_closed:
            raise StoreUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._hands, self._in_transaction, account, read)

    def _in_transaction(self, account: str, read: Callable[[AccountRows], Any]) -> Any:
        connection = self._connections.get()
        try:
            connection.execute("BEGIN")
            try:
                return read(AccountRows(connection, account, self._epoch))
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as failed:
            raise trouble_of(failed, "read") from failed
        finally:
            self._connections.put(connection)

    def _place(self, rows: AccountRows) -> Cursor:
        return Cursor(self._journal, rows.account, rows.head())

    def _entries(self, rows: AccountRows, cursor: Cursor) -> Page | None:
        head, floor = rows.bounds()
        if cursor.journal != self._journal or not floor <= cursor.seq <= head:
            return None
        entries: list[str] = []
        size = 0
        for body in rows.entries_after(cursor.seq):
            size += len(body) if body.isascii() else len(body.encode())
            if entries and size > ENTRY_BYTES_PER_READ_MAX:
                break
            entries.append(body)
            if len(entries) == ENTRIES_PER_READ_MAX:
                break
        last = cursor.seq + len(entries)
        return Page(cursor.at(last), entries, more=last < head)

    def _thread_list(self, rows: AccountRows, scope: Threads) -> ThreadList:
        limit = min(scope.limit, THREADS_PER_PAGE_MAX)
        after: Thread | None = None if scope.before is None else require_thread(rows, scope.before)
        threads = rows.listed(after, scope.q or "", limit + 1)
        return ThreadList(self._place(rows), threads[:limit], len(threads) > limit)

    def _history(self, rows: AccountRows, scope: MessagesOf) -> History:
        limit = min(scope.limit, MESSAGES_PER_PAGE_MAX)
        thread = require_thread(rows, scope.thread)
        leaf = thread.leaf
        if scope.before is not None:
            leaf = require_message_of(rows, scope.before, thread.id).parent
        path = rows.path(thread.id, leaf, limit + 1)
        return History(self._place(rows), thread, path[:limit], len(path) > limit)
