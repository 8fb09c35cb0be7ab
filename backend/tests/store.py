"""A real journal in a test's folder, and waiting for what it will say.

Every wait is for a state and bounded; none is for a time.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from holdfast_protocol.cursor import Cursor
from holdfast_server.journal.sqlite import SqliteJournal

BOUND_S = 10.0
Json = dict[str, Any]


async def open_journal(folder: Path, *, clock_ms: Callable[[], int] | None = None) -> SqliteJournal:
    """Open the folder's store. Its clock moves a millisecond at each look, unless one is given."""
    ticks = itertools.count(1_700_000_000_000)
    return await SqliteJournal.open(folder, clock_ms=clock_ms or (lambda: next(ticks)))


async def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so: for states of which no journal tells."""
    async with asyncio.timeout(BOUND_S):
        while not is_so():  # noqa: ASYNC110  there is nothing to be woken by
            await asyncio.sleep(0)


async def begin(journal: SqliteJournal, account: str = "local") -> Cursor:
    """Return the place before the account's first entry."""
    return (await journal.head(account)).at(0)


async def all_entries(journal: SqliteJournal, account: str = "local") -> list[Json]:
    """Return what the journal holds now."""
    place, found = await begin(journal, account), []
    while True:
        page = await journal.entries(place)
        found += [json.loads(entry) for entry in page.entries]
        place = page.cursor
        if not page.more:
            return found


async def entries_as_they_come(
    journal: SqliteJournal, account: str = "local"
) -> AsyncIterator[Json]:
    """Give every entry from the first on, waiting for more."""
    place = await begin(journal, account)
    while True:
        page = await journal.entries(place)
        for entry in page.entries:
            yield json.loads(entry)
        place = page.cursor
        if not page.entries and not await journal.wait(place, BOUND_S):
            raise AssertionError(f"nothing came for {BOUND_S} s after {place}")


async def entry_where(
    journal: SqliteJournal, is_it: Callable[[Json], bool], account: str = "local"
) -> Json:
    """Return the first entry that is it, once it is there."""
    async for entry in entries_as_they_come(journal, account):
        if is_it(entry):
            return entry
    raise AssertionError("unreachable: entries never end")


async def end_of(journal: SqliteJournal, message: str) -> Json:
    """Return the end of a message's run, once it is there."""
    return await entry_where(
        journal, lambda entry: entry["type"] == "run.ended" and entry["message"] == message
    )


async def text_reaches(journal: SqliteJournal, message: str, text: str) -> None:
    """Return once the deltas of a message end with this text."""
    said = ""

    def reached(entry: Json) -> bool:
        nonlocal said
        if entry["type"] == "part.delta" and entry["message"] == message:
            said += entry["text"]
        return said.endswith(text)

    await entry_where(journal, reached)
