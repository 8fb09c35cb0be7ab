"""The one writing thread: gathers appends into commits, each of which succeeds or fails alone.

Law L3, its home: work is taken in the order it came and committed in that order, so commit order
is sequence order. Law L2: nobody is told before the commit, neither who asked nor who reads.
One sync of the disk serves every append that waited for it; a savepoint around each keeps one
that is refused from touching its neighbours. When the store itself fails, the whole group is
told so. Knows nothing of what the work does.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from holdfast_protocol.limits import APPENDS_PER_COMMIT_MAX, APPENDS_QUEUED_MAX
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.journal.wakeups import tell

_OF_ONE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Errors of the database that are one job's own; any other puts the whole commit in doubt."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Work to be done in a transaction, and whom to tell what came of it."""

    work: Callable[[], Any]
    told: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a job: a value, or the exception it ended with."""

    job: _Job
    value: Any = None
    error: Exception | None = None

    def tell(self) -> None:
        if self.job.told.done():
            return
        if self.error is not None:
            self.job.told.set_exception(self.error)
        else:
            self.job.told.set_result(self.value)


class Writer:
    """Runs work in transactions of its own connection.

    `guard` is called at the start of each transaction and raises if this process may no longer
    write. `committed` gets the values of what a commit made durable.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        guard: Callable[[], None],
        committed: Callable[[Sequence[Any]], None],
        *,
        queued_max: int = APPENDS_QUEUED_MAX,
        per_commit_max: int = APPENDS_PER_COMMIT_MAX,
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._committed = committed
        self._room = asyncio.Semaphore(queued_max)
        self._per_commit_max = per_commit_max
        self._changed = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="holdfast-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[], Any]) -> Any:
        """Return what `work()` returned, once it is durable. From one event loop only.

        Raises what it raised, or StoreUnavailable. Work that was queued is done even if nobody
        waits for it any longer.
        """
        await self._room.acquire()
        job = _Job(work, asyncio.get_running_loop().create_future())
        with self._changed:
            if self._closing:
                self._room.release()
                raise StoreUnavailable("the store is closed")
            self._queue.append(job)
            self._changed.notify()
        return await job.told

    @property
    def queued(self) -> int:
        """How many wait for the thread to come to them."""
        return len(self._queue)

    def close(self) -> None:
        """Finish what is queued and end the thread. Blocks; calling it again is harmless."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._take():
            tell(jobs[0].told.get_loop(), self._tell_all, self._commit(jobs))

    def _take(self) -> list[_Job]:
        """Wait for work; an empty list tells that there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return [
                self._queue.popleft() for _ in range(min(len(self._queue), self._per_commit_max))
            ]

    def _commit(self, jobs: list[_Job]) -> list[_Outcome]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._guard()
            outcomes = [self._alone(job) for job in jobs]
            self._connection.execute("COMMIT")
        except Exception as failed:
            return self._all_failed(jobs, failed)
        self._committed([outcome.value for outcome in outcomes if outcome.error is None])
        return outcomes

    def _alone(self, job: _Job) -> _Outcome:
        self._connection.execute("SAVEPOINT alone")
        try:
            outcome = _Outcome(job, job.work())
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OF_ONE):
                raise
            self._connection.execute("ROLLBACK TO alone")
            outcome = _Outcome(job, error=error)
        self._connection.execute("RELEASE alone")
        return outcome

    def _all_failed(self, jobs: list[_Job], failed: Exception) -> list[_Outcome]:
        # A store that cannot even undo is as unavailable as one that cannot write.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        sentence = f"the store cannot be written: {failed}"
        return [_Outcome(job, error=StoreUnavailable(sentence)) for job in jobs]

    def _tell_all(self, outcomes: list[_Outcome]) -> None:
        """On the event loop: answer everybody, and let as many more through the door."""
        for outcome in outcomes:
            self._room.release()
            outcome.tell()
