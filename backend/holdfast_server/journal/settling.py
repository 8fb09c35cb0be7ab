"""Writing: the rows that entries settle, by the fold that every reader uses.

The server has no second meaning of entries: thread rows, message heads and parts are what
`fold_thread`, `fold_head`, `start_part` and `fold_part` make of them. What would leave a hole in
a part's text is our own bug here: it raises, and the whole append is undone. Only the door calls
this.

An open part's text is not in its row, so that journalling a delta touches neither the part nor
the message, however long the answer is (L1); the end of the part, or of the run, joins it.
"""

from operator import attrgetter

from holdfast_protocol.codec import encode_part
from holdfast_protocol.errors import IllegalTransition, OffsetGap
from holdfast_protocol.events import (
    Entry,
    MessageCreated,
    MessageDeleted,
    PartDelta,
    PartEnded,
    PartStarted,
    RunEnded,
    RunStarted,
    ThreadCreated,
    ThreadDeleted,
)
from holdfast_protocol.fold import fold_head, fold_part, fold_thread, start_part
from holdfast_protocol.state import Message, Part, Thread
from holdfast_server.journal.erasing import erase_message, erase_thread
from holdfast_server.journal.json_text import dump
from holdfast_server.journal.legality import require_legal
from holdfast_server.journal.row_values import (
    MESSAGE_COLUMNS,
    THREAD_COLUMNS,
    message_row,
    thread_row,
)
from holdfast_server.journal.rows import AccountRows

_ALL_BUT_VERSION = attrgetter(*(name for name in Thread.__slots__ if name != "version"))


class Settling:
    """Settles the entries of one append, whose first sequence is `first`.

    Threads and heads are folded here and written once, by `write`.
    """

    def __init__(self, rows: AccountRows, first: int) -> None:
        self._rows = rows
        self._first = first
        self._threads: dict[str, tuple[Thread | None, Thread | None]] = {}
        self._heads: dict[str, tuple[Message | None, Message | None]] = {}

    def settle(self, entry: Entry) -> None:
        """Fold one entry, which is in the journal already, into the rows. In sequence order."""
        if entry.thread is None:
            return
        self._settle_thread(entry)
        if entry.message is not None:
            self._settle_message(entry)

    def write(self) -> None:
        """Write the threads and heads that changed."""
        for stored, thread in self._threads.values():
            self._write_thread(stored, thread)
        for stored, head in self._heads.values():
            if head is not None and head is not stored:
                self._put("messages", MESSAGE_COLUMNS, message_row(head))

    # --- threads -----------------------------------------------------------------------------

    def _settle_thread(self, entry: Entry) -> None:
        name = entry.thread
        if name not in self._threads:
            held = self._rows.thread(name)
            self._threads[name] = (held, held)
        stored, thread = self._threads[name]
        if (thread is None) != isinstance(entry.event, ThreadCreated):
            there = "is there already" if thread else "is not there"
            raise IllegalTransition(f"cannot apply {entry.type} to thread {name}: it {there}")
        self._threads[name] = (stored, fold_thread(thread, entry))
        if isinstance(entry.event, ThreadDeleted):
            erase_thread(self._rows, name, self._first)
            self._heads = {
                id: held for id, held in self._heads.items() if held[1] and held[1].thread != name
            }

    def _write_thread(self, stored: Thread | None, thread: Thread | None) -> None:
        if thread is None:
            return
        if stored is not None and _ALL_BUT_VERSION(thread) == _ALL_BUT_VERSION(stored):
            self._execute(
                "UPDATE threads SET version = ? WHERE account = ? AND id = ?",
                thread.version,
                self._rows.account,
                thread.id,
            )
        else:
            self._put("threads", THREAD_COLUMNS, thread_row(thread))

    # --- messages ----------------------------------------------------------------------------

    def _settle_message(self, entry: Entry) -> None:
        event = entry.event
        if event.message not in self._heads:
            held = self._rows.head_of(event.message)
            self._heads[event.message] = (held, held)
        stored, head = self._heads[event.message]
        folded = fold_head(head, entry)
        require_legal(head, folded, entry)
        self._heads[event.message] = (stored, folded)
        match event:
            case MessageCreated():
                for ordinal, part in enumerate(event.parts):
                    self._put_part(event.message, part, ordinal, entry.seq)
                if event.run is not None:
                    self._put_run(event, event.run)
            case MessageDeleted():
                erase_message(self._rows, event.thread, event.message, self._first)
            case RunStarted():
                self._put_run(event, event.run)
            case PartStarted():
                self._start_part(entry, event)
            case PartDelta():
                self._require_next(entry, event)
            case PartEnded():
                self._end_part(entry, event)
            case RunEnded():
                self._end_run(entry, event)

    def _put_run(self, event: MessageCreated | RunStarted, run: str) -> None:
        self._execute(
            "INSERT OR REPLACE INTO runs (account, id, thread, message, epoch, ended)"
            " VALUES (?, ?, ?, ?, ?, 0)",
            self._rows.account,
            run,
            event.thread,
            event.message,
            self._rows.epoch,
        )

    def _end_run(self, entry: Entry, event: RunEnded) -> None:
        for part, started in self._rows.open_parts(event.message):
            self._close_part(part, started, entry)
        self._execute(
            "UPDATE runs SET ended = 1 WHERE account = ? AND id = ?", self._rows.account, event.run
        )

    # --- parts -------------------------------------------------------------------------------

    def _start_part(self, entry: Entry, event: PartStarted) -> None:
        if self._rows.part(event.message, event.part) is not None:
            raise IllegalTransition(f"cannot start part {event.part}: it was started before")
        ordinal = self._rows.part_count(event.message)
        self._put_part(event.message, start_part(entry, event), ordinal, entry.seq)

    def _require_next(self, entry: Entry, event: PartDelta) -> None:
        """A delta begins where the text ends: a gap would be a hole for ever, an overlap a bug."""
        chars = self._rows.open_chars(event.thread, event.message, event.part, entry.seq)
        if chars is None:
            raise IllegalTransition(f"cannot apply {event.TYPE} to part {event.part}: not open")
        if event.offset != chars:
            raise OffsetGap(part=event.part, expected=chars, got=event.offset)

    def _end_part(self, entry: Entry, event: PartEnded) -> None:
        row = self._rows.part(event.message, event.part)
        if row is None or not row[0].open:
            raise IllegalTransition(f"cannot apply {event.TYPE} to part {event.part}: not open")
        self._close_part(*row, entry)

    def _close_part(self, part: Part, started: int, entry: Entry) -> None:
        whole = self._rows.grown(part, entry.thread, entry.message, started)
        self._execute(
            "UPDATE parts SET open = 0, body = ? WHERE account = ? AND message = ? AND id = ?",
            dump(encode_part(fold_part(whole, entry))),
            self._rows.account,
            entry.message,
            part.id,
        )

    def _put_part(self, message: str, part: Part, ordinal: int, seq: int) -> None:
        self._execute(
            "INSERT INTO parts (account, message, id, ordinal, open, started, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self._rows.account,
            message,
            part.id,
            ordinal,
            part.open,
            seq,
            dump(encode_part(part)),
        )

    def _put(self, table: str, columns: str, row: tuple) -> None:
        marks = ", ".join("?" * len(row))
        self._execute(
            f"INSERT OR REPLACE INTO {table} (account, {columns}) VALUES (?, {marks})",
            self._rows.account,
            *row,
        )

    def _execute(self, sql: str, *values: object) -> None:
        self._rows.connection.execute(sql, values)
