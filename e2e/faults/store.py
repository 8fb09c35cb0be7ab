"""The journal as it lies on the disk: the script's own look into the SQLite file, read-only, beside
the running server.
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from e2e.api import Json

FILE = "holdfast.db"
ACCOUNT = "local"


@dataclass(frozen=True, slots=True)
class Stored:
    """One look. `entries` are those after the place asked for; the rest is of the whole journal."""

    entries: tuple[Json, ...]
    keys: tuple[int, ...]
    count: int
    first: int
    last: int
    head: int


def read(folder: Path, *, after: int = 0) -> Stored:
    """Return the journal after this sequence, all in one transaction."""
    with sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True) as store:
        store.execute("BEGIN")
        whole = "SELECT count(*), min(seq), max(seq) FROM entries WHERE account = ?"
        count, first, last = store.execute(whole, (ACCOUNT,)).fetchone()
        head = store.execute("SELECT head FROM accounts WHERE account = ?", (ACCOUNT,)).fetchone()
        since = "SELECT seq, body FROM entries WHERE account = ? AND seq > ? ORDER BY seq"
        rows = store.execute(since, (ACCOUNT, after)).fetchall()
    store.close()
    return Stored(
        tuple(json.loads(body) for _, body in rows),
        tuple(seq for seq, _ in rows),
        count,
        first or 0,
        last or 0,
        head[0] if head else 0,
    )
