"""Ways in which a real store takes no writes, each genuine and each lifted again at the end.

with fault(folder, journal): …
"""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backend.tests.journal.opening import Watched, connect_unsynced
from holdfast_server.journal.refusals import (
    DiskFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnavailable,
)
from holdfast_server.journal.sqlite import FILE, SqliteJournal

BUSY_S = 0.01


def impatient(path: Path) -> Watched:
    """A writer's connection that hardly waits for whoever holds the store."""
    return connect_unsynced(path, factory=Watched, busy_s=BUSY_S)


def fill(journal: SqliteJournal, room_pages: int = 0) -> None:
    """Leave the store room for so many pages more: SQLite itself says that it is full."""
    store = journal._connection
    (pages,) = store.execute("PRAGMA page_count").fetchone()
    store.execute(f"PRAGMA max_page_count = {pages + room_pages}")


def make_room(journal: SqliteJournal) -> None:
    journal._connection.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def full(folder: Path, journal: SqliteJournal) -> Iterator[None]:
    fill(journal)
    yield
    make_room(journal)


@contextmanager
def locked(folder: Path, journal: SqliteJournal) -> Iterator[None]:
    """Somebody else writes, and takes long over it."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only(folder: Path, journal: SqliteJournal) -> Iterator[None]:
    journal._connection.execute("PRAGMA query_only = ON")
    yield
    journal._connection.execute("PRAGMA query_only = OFF")


@contextmanager
def failing(folder: Path, journal: SqliteJournal) -> Iterator[None]:
    """The system refuses to let the log grow: writes come back with an error of the disk."""
    size = (folder / f"{FILE}-wal").stat().st_size
    none, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (none, hard))


FAULTS = {
    "full": (full, DiskFull),
    "locked": (locked, StoreLocked),
    "read only": (read_only, StoreReadOnly),
    "failing": (failing, StoreUnavailable),
}
