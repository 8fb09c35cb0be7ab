"""Deletion, its rows: what goes, what stays as a tombstone, what is emptied.

Earlier entries become `erased` and keep their sequence and time, so that the journal stays
gapless; entries of the deleting append itself stay, for readers must learn of it. The tombstone
keeps the id from ever being used again (L9). Only the door calls this.
"""

from holdfast_server.journal.rows import AccountRows

_ERASE = (
    """UPDATE entries SET body = '{"seq":' || seq || ',"at":' || at || ',"type":"erased"}',"""
    " thread = NULL, message = NULL WHERE account = :account AND thread = :thread"
)
_BURY_MESSAGE = (
    "INSERT OR IGNORE INTO tombstones (account, id) VALUES (:account, :message)",
    "DELETE FROM parts WHERE account = :account AND message = :message",
    "DELETE FROM runs WHERE account = :account AND message = :message",
    "DELETE FROM requests WHERE account = :account AND id = :message",
    "DELETE FROM messages WHERE account = :account AND id = :message",
    f"{_ERASE} AND message = :message AND seq < :before",
)
_MESSAGES = "(SELECT id FROM messages WHERE account = :account AND thread = :thread)"
_BURY_THREAD = (
    "INSERT OR IGNORE INTO tombstones (account, id)"
    " SELECT account, id FROM messages WHERE account = :account AND thread = :thread",
    "INSERT OR IGNORE INTO tombstones (account, id) VALUES (:account, :thread)",
    f"DELETE FROM parts WHERE account = :account AND message IN {_MESSAGES}",
    f"DELETE FROM runs WHERE account = :account AND message IN {_MESSAGES}",
    f"DELETE FROM requests WHERE account = :account AND (id = :thread OR id IN {_MESSAGES})",
    "DELETE FROM messages WHERE account = :account AND thread = :thread",
    "DELETE FROM threads WHERE account = :account AND id = :thread",
    f"{_ERASE} AND seq < :before",
)


def erase_message(rows: AccountRows, thread: str, message: str, before: int) -> None:
    """Leave of a message its tombstone, and of its entries before `before` their places."""
    _run(rows, _BURY_MESSAGE, thread=thread, message=message, before=before)


def erase_thread(rows: AccountRows, thread: str, before: int) -> None:
    """The same for a thread with all its messages."""
    _run(rows, _BURY_THREAD, thread=thread, before=before)


def _run(rows: AccountRows, statements: tuple[str, ...], **values: object) -> None:
    for statement in statements:
        rows.connection.execute(statement, {"account": rows.account, **values})
