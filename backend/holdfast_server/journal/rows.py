"""Reading: rows of the visible tables as the protocol's values.

One `AccountRows` is what one transaction sees of one account. Decisions, the door and the reader
all read through it, so a row has one meaning. Nothing here writes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace

from holdfast_protocol.codec import decode_part
from holdfast_protocol.events import Entry, PartDelta
from holdfast_protocol.fold import fold_part
from holdfast_protocol.state import Message, Part, Thread
from holdfast_server.journal.json_text import load
from holdfast_server.journal.row_values import (
    MESSAGE_COLUMNS,
    RUN_COLUMNS,
    THREAD_COLUMNS,
    Request,
    RunRow,
    message_of,
    run_of,
    thread_of,
)


class AccountRows:
    """What a transaction sees of one account. `epoch` is the store's present start, `now_ms` the
    server's time, which matters only to who writes.
    """

    def __init__(
        self, connection: sqlite3.Connection, account: str, epoch: int, now_ms: int = 0
    ) -> None:
        self.connection = connection
        self.account = account
        self.epoch = epoch
        self.now_ms = now_ms

    def head(self) -> int:
        """Return the account's last sequence, 0 before its first entry."""
        row = self._one("SELECT head FROM accounts WHERE account = ?")
        return row[0] if row else 0

    def bounds(self) -> tuple[int, int]:
        """Return the account's last sequence, and the last one that is no longer kept."""
        row = self._one("SELECT head, floor FROM accounts WHERE account = ?")
        return row or (0, 0)

    def is_deleted(self, id: str) -> bool:
        """Whether the id is a tombstone (L9)."""
        return self._one("SELECT 1 FROM tombstones WHERE account = ? AND id = ?", id) is not None

    def request(self, id: str) -> Request | None:
        row = self._one("SELECT digest, seq, answer FROM requests WHERE account = ? AND id = ?", id)
        return Request(row[0], row[1], load(row[2])) if row else None

    def is_stop_remembered(self, message: str) -> bool:
        """Whether a reply that is yet to come was stopped, not too long ago."""
        found = self._one(
            "SELECT 1 FROM stops WHERE account = ? AND message = ? AND until > ?",
            message,
            self.now_ms,
        )
        return found is not None

    def thread(self, id: str) -> Thread | None:
        row = self._one(f"SELECT {THREAD_COLUMNS} FROM threads WHERE account = ? AND id = ?", id)
        return thread_of(row) if row else None

    def head_of(self, message: str) -> Message | None:
        """Return the message without its parts."""
        row = self._one(
            f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE account = ? AND id = ?", message
        )
        return message_of(row) if row else None

    def below(self, message: Message) -> tuple[Message, ...]:
        """Return the message and all that hang below it, newest first, without parts."""
        rows = self._named(
            f"""
            WITH RECURSIVE below (id) AS (
                VALUES (:message)
                UNION ALL
                SELECT m.id FROM below b JOIN messages m
                    ON m.account = :account AND m.thread = :thread AND m.parent = b.id
            )
            SELECT {MESSAGE_COLUMNS} FROM messages
            WHERE account = :account AND id IN (SELECT id FROM below) ORDER BY seq DESC
            """,
            thread=message.thread,
            message=message.id,
        )
        return tuple(message_of(row) for row in rows)

    def run(self, id: str) -> RunRow | None:
        row = self._one(f"SELECT {RUN_COLUMNS} FROM runs WHERE account = ? AND id = ?", id)
        return run_of(row) if row else None

    def open_runs(self, *, before_epoch: int) -> tuple[RunRow, ...]:
        """Return the runs that have not ended, of starts of the store before this epoch."""
        rows = self._all(
            f"SELECT {RUN_COLUMNS} FROM runs WHERE account = ? AND ended = 0 AND epoch < ?"
            " ORDER BY id",
            before_epoch,
        )
        return tuple(run_of(row) for row in rows)

    def open_run_count(self) -> int:
        row = self._one("SELECT count(*) FROM runs WHERE account = ? AND ended = 0")
        return row[0]

    def entries_after(self, seq: int) -> Iterator[str]:
        """Return the JSON of the entries after `seq`, in order, read as they are asked for."""
        rows = self.connection.execute(
            "SELECT body FROM entries WHERE account = ? AND seq > ? ORDER BY seq",
            (self.account, seq),
        )
        return (body for (body,) in rows)

    # --- lists -------------------------------------------------------------------------------

    def listed(self, after: Thread | None, q: str, limit: int) -> tuple[Thread, ...]:
        """Return threads as they are listed, behind `after`; `q` is part of their titles."""
        pinned, active = (after.pinned, after.active) if after else (2, 0)
        rows = self._named(
            f"""
            SELECT {THREAD_COLUMNS} FROM threads
            WHERE account = :account AND (pinned, active) < (:pinned, :active)
                AND (:q = '' OR instr(casefold(title), :q))
            ORDER BY pinned DESC, active DESC LIMIT :limit
            """,
            pinned=pinned,
            active=active,
            q=q.casefold(),
            limit=limit,
        )
        return tuple(thread_of(row) for row in rows)

    def path(self, thread: str, leaf: str | None, limit: int) -> tuple[Message, ...]:
        """Return the messages from `leaf` upwards, parts and all, as they are now."""
        columns = ", ".join(f"m.{name}" for name in MESSAGE_COLUMNS.split(", "))
        rows = self._named(
            f"""
            WITH RECURSIVE path ({MESSAGE_COLUMNS}, depth) AS (
                SELECT {columns}, 1 FROM messages m
                WHERE m.account = :account AND m.thread = :thread AND m.id = :leaf
                UNION ALL
                SELECT {columns}, p.depth + 1 FROM path p JOIN messages m
                    ON m.account = :account AND m.id = p.parent
                WHERE p.depth < :limit
            )
            SELECT {MESSAGE_COLUMNS} FROM path ORDER BY depth
            """,
            thread=thread,
            leaf=leaf,
            limit=limit,
        )
        return self._with_parts([message_of(row) for row in rows])

    def _with_parts(self, heads: Sequence[Message]) -> tuple[Message, ...]:
        marks = ",".join("?" * len(heads))
        rows = self._all(
            "SELECT message, open, started, body FROM parts"
            f" WHERE account = ? AND message IN ({marks}) ORDER BY message, ordinal",
            *(head.id for head in heads),
        )
        parts: dict[str, list[Part]] = {head.id: [] for head in heads}
        threads = {head.id: head.thread for head in heads}
        for message, is_open, started, body in rows:
            part = decode_part(load(body))
            if is_open:
                part = self.grown(part, threads[message], message, started)
            parts[message].append(part)
        return tuple(replace(head, parts=tuple(parts[head.id])) for head in heads)

    # --- parts -------------------------------------------------------------------------------

    def part(self, message: str, id: str) -> tuple[Part, int] | None:
        """Return a part's row, and the sequence of its start."""
        row = self._one(
            "SELECT body, started FROM parts WHERE account = ? AND message = ? AND id = ?",
            message,
            id,
        )
        return (decode_part(load(row[0])), row[1]) if row else None

    def open_parts(self, message: str) -> list[tuple[Part, int]]:
        """Return the rows of the parts still open, each with the sequence of its start."""
        rows = self._all(
            "SELECT body, started FROM parts"
            " WHERE account = ? AND message = ? AND open = 1 ORDER BY ordinal",
            message,
        )
        return [(decode_part(load(body)), started) for body, started in rows]

    def grown(self, part: Part, thread: str, message: str, started: int) -> Part:
        """Return an open part with the text of its deltas since it began.

        They are joined before they are folded: any split of a text folds the same, and one
        step instead of thousands keeps this linear in the length of the text.
        """
        deltas = [
            entry
            for entry in self._bodies(thread, message, "seq > ? ORDER BY seq", started)
            if entry["type"] == PartDelta.TYPE and entry["part"] == part.id
        ]
        if not deltas:
            return part
        first = deltas[0]
        text = "".join(delta["text"] for delta in deltas)
        joined = PartDelta(thread, message, first["run"], part.id, first["offset"], text)
        return fold_part(part, Entry(first["seq"], first["at"], joined))

    def part_count(self, message: str) -> int:
        return self._one("SELECT count(*) FROM parts WHERE account = ? AND message = ?", message)[0]

    def open_chars(self, thread: str, message: str, part: str, before: int) -> int | None:
        """Return how much text an open part has before this sequence, in code points; None
        when it is not open.

        Read backwards from the message's last entry, which in practice tells it.
        """
        for entry in self._bodies(thread, message, "seq < ? ORDER BY seq DESC", before):
            match entry["type"]:
                case "part.delta" if entry["part"] == part:
                    return entry["offset"] + len(entry["text"])
                case "part.started" if entry["part"] == part:
                    return 0
                case "part.ended" if entry["part"] == part:
                    return None
                case "run.ended":
                    return None
        return None

    def _bodies(self, thread: str, message: str, where: str, seq: int) -> Iterator[dict]:
        cursor = self.connection.execute(
            "SELECT body FROM entries WHERE account = ? AND thread = ? AND message = ?"
            f" AND {where}",
            (self.account, thread, message, seq),
        )
        return (load(body) for (body,) in cursor)

    def _one(self, sql: str, *values: object) -> tuple | None:
        return self.connection.execute(sql, (self.account, *values)).fetchone()

    def _all(self, sql: str, *values: object) -> list[tuple]:
        return self.connection.execute(sql, (self.account, *values)).fetchall()

    def _named(self, sql: str, **values: object) -> list[tuple]:
        return self.connection.execute(sql, {"account": self.account, **values}).fetchall()
