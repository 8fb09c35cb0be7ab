"""Connections to the store's file: one that writes, some that can only read.

Knows nothing of what the tables hold.
"""

import sqlite3
from pathlib import Path

from holdfast_protocol.limits import STORE_BUSY_S_MAX

WAL_BYTES_KEPT = 64 * 1024 * 1024

_OF_A_WRITER = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "temp_store = MEMORY",
    f"journal_size_limit = {WAL_BYTES_KEPT}",
)


class WriterConnection(sqlite3.Connection):
    """The connection that may write. `door_open` tells whether the append function is at work:
    a test's authorizer refuses every write to a visible table while it is not (L1).
    """

    door_open = False


def connect_writer(
    path: Path,
    factory: type[WriterConnection] = WriterConnection,
    cached_statements: int = 128,
    busy_s: float = STORE_BUSY_S_MAX,
) -> WriterConnection:
    """Open the store for writing: a commit returns when it is on the disk (L2).

    What is deleted is overwritten in the file, not merely unlinked. A store that somebody else
    holds is waited for, `busy_s` seconds at each transaction.
    """
    connection = _connect(path, factory, cached_statements, busy_s)
    try:
        for setting in _OF_A_WRITER:
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the store so that nothing can be written through this connection."""
    connection = _connect(path, sqlite3.Connection, 128, STORE_BUSY_S_MAX)
    connection.execute("PRAGMA query_only = ON")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    return connection


def _connect(
    path: Path, factory: type, cached_statements: int, busy_s: float
) -> sqlite3.Connection:
    # Each connection is used by one thread at a time, though not always by the same one.
    return sqlite3.connect(
        path,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
        factory=factory,
        cached_statements=cached_statements,
    )
