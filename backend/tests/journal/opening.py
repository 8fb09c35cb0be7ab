"""Journals for tests: time goes by one millisecond a look, randomness counts, and the writer can
be watched and stopped.
"""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

from holdfast_server.journal.connections import WriterConnection, connect_writer
from holdfast_server.journal.sqlite import SqliteJournal

FIRST_MS = 1_700_000_000_000
WAIT_S = 10


class Clock:
    """A clock that is looked at from any thread and never stands still."""

    def __init__(self, first_ms: int = FIRST_MS) -> None:
        self._next = itertools.count(first_ms)
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            return next(self._next)


def numbered_random() -> Callable[[int], bytes]:
    """Bytes that count: the same ids in every run of a test."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def connect_unsynced(path: Path, **options: object) -> WriterConnection:
    """Commits that do not wait for the disk: no test pulls the plug, and every test commits."""
    connection = connect_writer(path, **options)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


async def open_journal(folder: Path, **options: object) -> SqliteJournal:
    """Open the folder's journal with a clock and randomness of our own."""
    return await SqliteJournal.open(
        folder,
        **{
            "clock_ms": Clock(),
            "random": numbered_random(),
            "connect": connect_unsynced,
            **options,
        },
    )


class Watched(WriterConnection):
    """A connection that calls `before_commit` just before each commit, on the writer's thread."""

    before_commit = staticmethod(lambda: None)

    def execute(self, sql, *values):
        if sql == "COMMIT":
            self.before_commit()
        return super().execute(sql, *values)


def watched(path: Path) -> Watched:
    return connect_unsynced(path, factory=Watched)


class Gate:
    """A clock that stops the writer at its next look, until it is opened."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._open = threading.Event()
        self._open.set()
        self.reached = threading.Event()

    def __call__(self) -> int:
        self.reached.set()
        assert self._open.wait(WAIT_S)
        return self._clock()

    def shut(self) -> None:
        self._open.clear()
        self.reached.clear()

    def open(self) -> None:
        self._open.set()
