"""The tables, as numbered steps that any older store is taken through, one by one.

The account is in every key from the first table on. A step that has been released is never
changed: the next one changes what it made.
"""

import sqlite3

from holdfast_server.journal.refusals import StoreUnavailable

APPLICATION_ID = 0x486F6C64
"""Written into the file's head ("Hold"), so that no other program's database is mistaken for
a store, nor a store for anything else."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE store (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        journal TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        checks INTEGER NOT NULL DEFAULT 0
    );
    -- `head`: the account's last sequence. `floor`: the last one that is no longer kept.
    CREATE TABLE accounts (
        account TEXT PRIMARY KEY,
        head INTEGER NOT NULL,
        floor INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    -- `body` is the entry's complete JSON, as readers get it.
    CREATE TABLE entries (
        account TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        thread TEXT,
        message TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (account, seq)
    ) WITHOUT ROWID;
    CREATE INDEX entries_of ON entries (account, thread, message, seq) WHERE thread IS NOT NULL;
    CREATE TABLE threads (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        title TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        version INTEGER NOT NULL,
        active INTEGER NOT NULL,
        leaf TEXT,
        pinned INTEGER NOT NULL,
        muted INTEGER NOT NULL,
        archived INTEGER NOT NULL,
        model TEXT,
        instructions TEXT,
        read_through TEXT,
        runs TEXT NOT NULL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    CREATE INDEX threads_listed ON threads (account, pinned DESC, active DESC);
    -- A message without its parts.
    CREATE TABLE messages (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        thread TEXT NOT NULL,
        parent TEXT,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        seq INTEGER NOT NULL,
        model TEXT,
        created_at INTEGER,
        started_at INTEGER,
        ended_at INTEGER,
        error TEXT,
        usage TEXT,
        run TEXT,
        attempt INTEGER NOT NULL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    CREATE INDEX messages_below ON messages (account, thread, parent);
    -- An open part's row is the part as it began at `started`; its text is in its entries since.
    CREATE TABLE parts (
        account TEXT NOT NULL,
        message TEXT NOT NULL,
        id TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        open INTEGER NOT NULL,
        started INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, message, id)
    );
    CREATE TABLE runs (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        thread TEXT NOT NULL,
        message TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    CREATE INDEX runs_of ON runs (account, message);
    CREATE INDEX runs_open ON runs (account, epoch) WHERE ended = 0;
    CREATE TABLE tombstones (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    -- What created `id`, by digest, and what its sender was answered.
    CREATE TABLE requests (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        digest TEXT NOT NULL,
        seq INTEGER NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    """,
    """
    -- Stops of replies that are not known yet, each until that server time (ms).
    CREATE TABLE stops (
        account TEXT NOT NULL,
        message TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (account, message)
    ) WITHOUT ROWID;
    -- What a check writes to see whether a store that failed takes writes again.
    ALTER TABLE store ADD COLUMN ballast BLOB;
    """,
)

VISIBLE = (
    "accounts",
    "entries",
    "threads",
    "messages",
    "parts",
    "runs",
    "tombstones",
    "requests",
    "stops",
)
"""The tables that only the door writes (L1)."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the store to this version, each step in one transaction; a new one from nothing.

    Raises StoreUnavailable for a file that is no store of ours or of a later version.
    """
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") != APPLICATION_ID:
        if _pragma(connection, "schema_version") != 0:
            raise StoreUnavailable("it holds a database of another program")
        version = 0
    if version > len(MIGRATIONS):
        raise StoreUnavailable(
            f"it was written by a later version of Holdfast (store {version},"
            f" this version knows up to {len(MIGRATIONS)})"
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {step}"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
