"""The one door: everything visible changes through `Door.append`, and nothing else writes.

Law L1, its home. Inside the caller's transaction it decides, takes sequences from the account's
row, writes the entries and the rows they settle (the thread's `version` and `active` among them,
by the fold), and remembers what a request created. An append that raises has done nothing: the
caller undoes its savepoint. Commits, threads and readers are not its business.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from holdfast_protocol.codec import encode_entry
from holdfast_protocol.cursor import Cursor
from holdfast_protocol.events import Entry, Event
from holdfast_protocol.state import Message
from holdfast_server.journal.cleaning import cleaned
from holdfast_server.journal.commands import Command
from holdfast_server.journal.connections import WriterConnection
from holdfast_server.journal.decision import Creation, Repetition
from holdfast_server.journal.decisions import decide
from holdfast_server.journal.json_text import dump
from holdfast_server.journal.port import Receipt
from holdfast_server.journal.rows import AccountRows
from holdfast_server.journal.settling import Settling
from holdfast_server.journal.stops import remember_stop


class RowsOfOneAppend(AccountRows):
    """What one append sees. Its decision and its settling ask for the same head: it is read once.

    Settling alone changes heads, keeps those it changed, and writes them when all is settled: so
    what was read stays true for as long as anybody asks here.
    """

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self._heads: dict[str, Message | None] = {}

    def head_of(self, message: str) -> Message | None:
        if message not in self._heads:
            self._heads[message] = super().head_of(message)
        return self._heads[message]


class Door:
    """Appends to every account's journal of one store, in its start number `epoch`.

    `clock_ms` gives the time that entries bear. `in_front(account, thread)` tells whether some
    browser has the thread in front now.
    """

    def __init__(
        self,
        connection: WriterConnection,
        journal: str,
        epoch: int,
        clock_ms: Callable[[], int],
        in_front: Callable[[str, str], bool],
    ) -> None:
        self._connection = connection
        self.journal = journal
        self.epoch = epoch
        self._clock_ms = clock_ms
        self._in_front = in_front

    def append(self, account: str, command: Command) -> Receipt:
        """Carry the command out inside the open transaction. Raises a Refusal."""
        rows = RowsOfOneAppend(self._connection, account, self.epoch, self._clock_ms())
        place = partial(Cursor, self.journal, account)
        decision = decide(rows, cleaned(command), partial(self._in_front, account))
        if isinstance(decision, Repetition):
            known = decision.request
            return Receipt(place(known.seq), known.answer, repeated=True)
        with self._opened():
            head = self.record(rows, decision.events)
            if decision.creation is not None:
                self._remember(rows, decision.creation, head, decision.answer)
            if decision.stop is not None:
                remember_stop(rows, decision.stop.message, decision.stop.until)
        return Receipt(place(head), decision.answer, begins=decision.begins)

    def record(self, rows: AccountRows, events: tuple[Event, ...]) -> int:
        """Journal the events and settle their rows. Return the account's last sequence."""
        head = rows.head()
        if not events:
            return head
        settling = Settling(rows, first=head + 1)
        for event in events:
            head += 1
            entry = Entry(head, rows.now_ms, event)
            self._write(rows, entry)
            settling.settle(entry)
        settling.write()
        self._connection.execute(
            "INSERT INTO accounts (account, head) VALUES (?, ?)"
            " ON CONFLICT (account) DO UPDATE SET head = excluded.head",
            (rows.account, head),
        )
        return head

    def _write(self, rows: AccountRows, entry: Entry) -> None:
        self._connection.execute(
            "INSERT INTO entries (account, seq, at, thread, message, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                rows.account,
                entry.seq,
                entry.at,
                entry.thread,
                entry.message,
                dump(encode_entry(entry)),
            ),
        )

    def _remember(self, rows: AccountRows, creation: Creation, head: int, answer: object) -> None:
        self._connection.execute(
            "INSERT INTO requests (account, id, digest, seq, answer) VALUES (?, ?, ?, ?, ?)",
            (rows.account, creation.id, creation.digest, head, dump(answer)),
        )

    @contextmanager
    def _opened(self) -> Iterator[None]:
        self._connection.door_open = True
        try:
            yield
        finally:
            self._connection.door_open = False
