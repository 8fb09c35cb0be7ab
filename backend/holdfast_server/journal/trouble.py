"""What an error of the database means: which kind of trouble the store has.

Knows nothing of what was being done, and of no command.
"""

import sqlite3

from holdfast_server.journal.refusals import (
    DiskFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnavailable,
)

KINDS: dict[int, type[StoreUnavailable]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
}
"""By primary result code. What is not listed (a disk that fails, no handles left) has no kind of
its own: the store is unavailable."""

_PRIMARY = 0xFF
"""The bits of a result code that are left when its finer distinctions are taken off."""


def trouble_of(failed: Exception, doing: str) -> StoreUnavailable:
    """Return what to tell everybody who waited for the store while `doing` this."""
    if isinstance(failed, StoreUnavailable):
        return type(failed)(str(failed))  # each waits for an exception of its own
    code = getattr(failed, "sqlite_errorcode", None)  # not every error comes from the database
    kind = StoreUnavailable if code is None else KINDS.get(code & _PRIMARY, StoreUnavailable)
    return kind(f"the store cannot be {doing}: {failed}")
