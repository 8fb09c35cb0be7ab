"""The one writing thread: gathers appends into commits, each of which succeeds or fails alone.

Law L3, its home: work is taken in the order it came and committed in that order, so commit order
is sequence order. Law L2: nobody is told before the commit, neither who asked nor who reads.
One sync of the disk serves every append that waited for it; a savepoint around each keeps one
that is refused from touching its neighbours. When the store itself fails, the whole group is
told so, and how; the connection goes on being used, for the database has undone the transaction
by itself or is told to, before the next one begins. Knows nothing of what the work does.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from holdfast_protocol.limits import APPENDS_PER_COMMIT_MAX, APPENDS_QUEUED_MAX
from holdfast_server.journal.port import StoreCounts
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.journal.trouble import trouble_of
from holdfast_server.journal.wakeups import tell

_OF_ONE = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Errors of the database that are one job's own; any other puts the whole commit in doubt."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Work to be done in a transaction, and whom to tell what came of it.

    A proof shows by its commit that the store takes writes again. It is committed alone: should
    there be no room for it, nobody else's append fails with it.
    """

    work: Callable[[], Any]
    told: asyncio.Future[Any]
    is_proof: bool


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
    write. `committed` gets the values of what a commit made durable. `trouble` is how a commit
    failed of late, None once a proof has been committed since: a small append that still finds
    room proves nothing.
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
        self.counts = StoreCounts()
        self.trouble: StoreUnavailable | None = None
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

    async def submit(self, work: Callable[[], Any], *, is_proof: bool = False) -> Any:
        """Return what `work()` returned, once it is durable. From one event loop only.

        Raises what it raised, or StoreUnavailable. Work that was queued is done even if nobody
        waits for it any longer.
        """
        self.counts.queued += 1
        try:
            await self._room.acquire()
            job = _Job(work, asyncio.get_running_loop().create_future(), is_proof)
            self._enqueue(job)
        except BaseException:
            self.counts.queued -= 1
            raise
        return await job.told

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._closing:
                self._room.release()
                raise StoreUnavailable("the store is closed")
            self._queue.append(job)
            self._changed.notify()

    @property
    def queued(self) -> int:
        """How many wait for the thread to come to them."""
        return len(self._queue)

    def close(self, timeout_s: float | None = None) -> bool:
        """Finish what is queued and end the thread. Blocks; calling it again is harmless.

        False when that takes longer than `timeout_s`: the store does not answer, and what is
        queued is not written.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while jobs := self._take():
            tell(jobs[0].told.get_loop(), self._tell_all, self._commit(jobs))

    def _take(self) -> list[_Job]:
        """Wait for work; an empty list tells that there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            jobs: list[_Job] = []
            while self._queue and len(jobs) < self._per_commit_max:
                if jobs and (jobs[0].is_proof or self._queue[0].is_proof):
                    break
                jobs.append(self._queue.popleft())
            return jobs

    def _commit(self, jobs: list[_Job]) -> list[_Outcome]:
        begun_s = time.perf_counter()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._guard()
            outcomes = [self._alone(job) for job in jobs]
            self._connection.execute("COMMIT")
        except Exception as failed:
            return self._all_failed(jobs, failed)
        values = [outcome.value for outcome in outcomes if outcome.error is None]
        if jobs[0].is_proof and values:
            self.trouble = None
        self.counts.commits += 1
        self.counts.commit_s += time.perf_counter() - begun_s
        self.counts.refused += len(jobs) - len(values)
        self._committed(values)
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
        # A store that cannot even undo is as unavailable as one that cannot write. Should the
        # transaction outlive this, the next commit fails at its BEGIN and comes here once more.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self.counts.failed += 1
        self.trouble = trouble_of(failed, "written")
        return [_Outcome(job, error=trouble_of(failed, "written")) for job in jobs]

    def _tell_all(self, outcomes: list[_Outcome]) -> None:
        """On the event loop: answer everybody, and let as many more through the door."""
        for outcome in outcomes:
            self.counts.queued -= 1
            self._room.release()
            outcome.tell()
