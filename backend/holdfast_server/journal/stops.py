"""Stops of replies that are not known yet: kept for a stated time, no more than a stated number.

A send that creates such a reply ends it in the same append, so nothing can come between; and a
server that is killed meanwhile still knows. Only the door calls this.
"""

from holdfast_protocol.limits import RUNS_PER_ACCOUNT_MAX
from holdfast_server.journal.rows import AccountRows

_REMEMBER = (
    "DELETE FROM stops WHERE account = :account AND until <= :now",
    "INSERT OR REPLACE INTO stops (account, message, until) VALUES (:account, :message, :until)",
    """
    DELETE FROM stops WHERE account = :account AND message NOT IN (
        SELECT message FROM stops WHERE account = :account
        ORDER BY until DESC, message DESC LIMIT :most
    )
    """,
)


def remember_stop(rows: AccountRows, message: str, until: int) -> None:
    """Keep the stop; past the limit, one more than there may be runs, the oldest gives way."""
    values = {"message": message, "until": until, "most": RUNS_PER_ACCOUNT_MAX}
    for statement in _REMEMBER:
        rows.connection.execute(statement, {"account": rows.account, "now": rows.now_ms, **values})
