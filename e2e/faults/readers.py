"""Readers outside the server: what each received is written down as it came, and outlives every
kill. Event streams and a poller; each goes on from its own cursor when the server is back.

Must not know: what is being killed, and what ought to be in the journal.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from e2e.api import Json

CATCH_UP_S_MAX = 20.0
POLL_WAIT_S = 2
TIMEOUT = httpx.Timeout(30)

NoteEntry = Callable[[Json], None]


@dataclass(slots=True)
class Receipt:
    """An entry, and when it was in this reader's hands."""

    entry: Json
    at_s: float


@dataclass(slots=True)
class Reader:
    """Everything one reader received. `note` is told each entry as it comes.

    `torn`: whole entries inside frames that the end of a connection cut off. The reader did not
    apply them and will be sent them again, but it has seen them.
    """

    name: str
    url: str
    cursor: str
    note: NoteEntry = lambda _: None
    receipts: list[Receipt] = field(default_factory=list)
    torn: list[Json] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    _task: asyncio.Task[None] | None = None
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seq(self) -> int:
        return int(self.cursor.rpartition(".")[2])

    def attach(self, http: httpx.AsyncClient) -> None:
        """Read on from the cursor, until the connection is lost."""
        self._task = asyncio.create_task(self._attached(http))

    async def lost(self) -> None:
        """Wait until the connection is lost and all that had come is written down."""
        if self._task is not None:
            await self._task

    async def detach(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def has_reached(self, seq: int) -> None:
        """Wait, for a bounded time, until the reader has this entry; what is missing is a fault."""
        try:
            async with asyncio.timeout(CATCH_UP_S_MAX):
                while self.seq < seq:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            self.faults.append(f"stands at {self.seq} and does not reach {seq}")

    def forget(self) -> None:
        """Start a new page of the record; the cursor stays."""
        for written in (self.receipts, self.torn, self.faults, self.raw):
            written.clear()

    async def _attached(self, http: httpx.AsyncClient) -> None:
        try:
            await self._read(http)
        except httpx.TransportError:
            pass  # what a kill does to its readers
        except AssertionError as fault:
            self.faults.append(str(fault))

    async def _read(self, http: httpx.AsyncClient) -> None:
        headers = {"Last-Event-ID": self.cursor}
        url = f"{self.url}/api/events"
        frames = Frames()
        try:
            async with http.stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
                assert response.status_code == 200, f"GET /api/events gave {response.status_code}"
                async for piece in response.aiter_raw():
                    self.raw += piece
                    for frame in frames.feed(piece):
                        self._take_frame(frame)
        finally:
            self.torn += whole_entries(frames.rest)

    def _take_frame(self, frame: Json) -> None:
        match frame.get("event"):
            case "journal":
                self.take(json.loads(frame["data"]), frame["id"])
            case "reset":
                raise AssertionError(f"the cursor {self.cursor} was answered with reset")

    def take(self, entries: list[Json], cursor: str) -> None:
        at_s = time.perf_counter()
        self.receipts += (Receipt(entry, at_s) for entry in entries)
        self.cursor = cursor
        self._grown.set()
        for entry in entries:
            self.note(entry)


class Poller(Reader):
    """The same journal, asked for page by page."""

    async def _read(self, http: httpx.AsyncClient) -> None:
        while True:
            asked = {"cursor": self.cursor, "wait": POLL_WAIT_S}
            answer = await http.get(f"{self.url}/api/poll", params=asked, timeout=TIMEOUT)
            assert answer.status_code == 200, f"GET /api/poll gave {answer.status_code}"
            self.raw += answer.content
            page = answer.json()
            assert "reset" not in page, f"the cursor {self.cursor} was answered with reset"
            self.take(page["entries"], page["cursor"])


class Frames:
    """Server-sent events out of bytes. `rest` is what is not yet a whole frame."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, piece: bytes) -> list[Json]:
        *whole, self.rest = (self.rest + piece).split(b"\n\n")
        return [_fields(frame) for frame in whole]


def _fields(frame: bytes) -> Json:
    lines = (line.partition(": ") for line in frame.decode().split("\n"))
    return {name: value for name, _, value in lines if name}


def whole_entries(torn: bytes) -> list[Json]:
    """Return the entries that stand whole in a frame that was cut off."""
    _, found, rest = torn.decode(errors="ignore").partition("\ndata: [")
    entries: list[Json] = []
    while found and rest.startswith("{"):
        try:
            entry, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            break
        entries.append(entry)
        rest = rest[end:].lstrip(", ")
    return entries
