"""Owns every run of this process: starts it, stops it, sees it to its end (L7, L8).

Runs belong to the server. What reads never gets hold of this object: `flush` and `is_active`
are handed on as bare functions, so that nobody's leaving can stop a run.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from holdfast_protocol.errors import HoldfastError
from holdfast_protocol.limits import (
    FETCH_S_MAX,
    RUNS_PER_ACCOUNT_MAX,
    SHUTDOWN_S_MAX,
    STOPS_REMEMBERED_MS,
    WINDOW_MS_MAX,
)
from holdfast_server.journal.commands import DeleteMessage, DeleteThread, Owner, Send
from holdfast_server.journal.port import Journal, Receipt
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.models.port import Model
from holdfast_server.runs.clock import Clock, LoopClock
from holdfast_server.runs.history import read_turn
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.runner import Job, Runner

log = structlog.get_logger()

FIRST_ATTEMPT = 1
READ_WAITS_S = 30 * WINDOW_MS_MAX / 1000
"""How long a read waits for what is pending: thirty of the longest windows, about a second. A
slow disk is waited for, one that hangs is not."""

ENDING_S_MAX = SHUTDOWN_S_MAX * 0.6
"""How long runs may take to end at shutdown; the rest is for readers and the store."""


class ShuttingDown(StoreUnavailable):
    """The process is about to end and takes no more work."""


class Supervisor:
    """The runs of one process, which is one start of its store (`epoch`)."""

    def __init__(
        self,
        journal: Journal,
        model: Model,
        epoch: int,
        *,
        clock: Clock | None = None,
        new_id: Callable[[], str] = new_id,
        window_ms: float = WINDOW_MS_MAX,
        context_chars: int,
        ending_s_max: float = ENDING_S_MAX,
    ) -> None:
        self._journal = journal
        self._model = model
        self._epoch = epoch
        self._clock = clock or LoopClock()
        self._new_id = new_id
        self._window_ms = window_ms
        self._context_chars = context_chars
        self._ending_s_max = ending_s_max
        self._runners: dict[tuple[str, str], Runner] = {}
        self._lines: dict[tuple[str, str], list[Job]] = {}
        self._stops: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._tasks: set[asyncio.Task] = set()
        self._closing = False

    # --- what changes: held only by the routes that change -------------------------------------

    async def send(self, account: str, command: Send) -> Receipt:
        """Journal a question and see to its answer, though the asker may leave meanwhile."""
        if self._closing:
            raise ShuttingDown("this server is about to stop")
        return await asyncio.shield(self._own(self._send(account, command)))

    async def stop(self, account: str, message: str) -> None:
        """End the work on a reply. Returns when the end is journalled; repeatable.

        A reply not known yet is stopped when it comes, within ten minutes. Raises
        StoreUnavailable when the end could not be journalled in time; it is tried on.
        """
        runner = self._runners.get((account, message))
        if runner is None:
            waiting = self._take_waiting(account, message)
            if waiting is None:
                self._remember_stop(account, message)
                return
            runner = self._start(waiting)
        runner.stop()
        try:
            async with asyncio.timeout(FETCH_S_MAX):
                await runner.written()
        except TimeoutError:
            raise StoreUnavailable(f"the end of {message} could not be journalled") from None

    async def delete(self, account: str, command: DeleteThread | DeleteMessage) -> Receipt:
        """Delete, and let go of the runs that ended with it."""
        return await asyncio.shield(self._own(self._delete(account, command)))

    async def close(self) -> None:
        """End every run as interrupted, everything of it written. Takes bounded time."""
        self._closing = True
        for line in list(self._lines.values()):
            for job in line[1:]:
                line.remove(job)
                self._start(job)
        for runner in self._runners.values():
            runner.interrupt()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._ending_s_max
        while self._tasks and loop.time() < until:
            await asyncio.wait(self._tasks, timeout=until - loop.time())
        if late := set(self._tasks):
            log.error("runs did not end in time", count=len(late))
            for task in late:
                task.cancel()
            await asyncio.wait(late, timeout=(SHUTDOWN_S_MAX - ENDING_S_MAX) / 2)

    # --- what reads need ---------------------------------------------------------------------

    async def flush(self, account: str) -> None:
        """Write what this process holds for the account, waiting a bounded time (L10).

        One message's failure does not keep another from being written.
        """
        held = [
            runner.flush()
            for (owner, _), runner in self._runners.items()
            if owner == account and not runner.is_clean
        ]
        if held:
            flushing = {self._own(one) for one in held}
            _, late = await asyncio.wait(flushing, timeout=READ_WAITS_S)
            for waiting in late:
                waiting.cancel()

    def is_active(self, account: str) -> bool:
        """Whether a run of the account is under way."""
        return any(owner == account for owner, _ in self._runners)

    # --- the runs of a thread, one after the other ---------------------------------------------

    async def _send(self, account: str, command: Send) -> Receipt:
        receipt = await self._journal.append(account, command)
        if not receipt.repeated:  # else it has its run already
            owner = Owner(command.run, FIRST_ATTEMPT, self._epoch)
            self._accept(Job(account, command.thread, command.reply, owner, command.model))
        return receipt

    async def _delete(self, account: str, command: DeleteThread | DeleteMessage) -> Receipt:
        receipt = await self._journal.append(account, command)
        ended = frozenset(receipt.answer["ended"])
        for line in self._lines.values():
            line[1:] = [job for job in line[1:] if job.owner.run not in ended]
        for runner in self._runners.values():
            if runner.job.owner.run in ended:
                runner.abandon()
        return receipt

    def _accept(self, job: Job) -> None:
        line = self._lines.setdefault((job.account, job.thread), [])
        is_stopped = self._is_stop_remembered(job)
        if not is_stopped:
            line.append(job)
        if is_stopped or self._closing or line == [job]:
            runner = self._start(job)
            if is_stopped:
                runner.stop()
            elif self._closing:
                runner.interrupt()

    def _start(self, job: Job) -> Runner:
        runner = Runner(
            job,
            self._journal,
            self._model,
            lambda job: read_turn(self._journal, job, self._context_chars),
            self._clock,
            self._new_id,
            self._window_ms,
        )
        self._runners[job.account, job.message] = runner
        self._own(self._see_through(runner))
        return runner

    async def _see_through(self, runner: Runner) -> None:
        job = runner.job
        try:
            await runner.run()
        finally:
            del self._runners[job.account, job.message]
            self._go_on(job)

    def _go_on(self, job: Job) -> None:
        """Start the next reply of the thread, if the one that ended was what it waited for."""
        place = (job.account, job.thread)
        line = self._lines.get(place, [])
        was_first = line[:1] == [job]
        if job in line:
            line.remove(job)
        if not line:
            self._lines.pop(place, None)
        elif was_first:
            runner = self._start(line[0])
            if self._closing:
                runner.interrupt()

    def _take_waiting(self, account: str, message: str) -> Job | None:
        """Take a queued reply out of its thread's line."""
        for line in self._lines.values():
            for job in line[1:]:
                if (job.account, job.message) == (account, message):
                    line.remove(job)
                    return job
        return None

    # --- stops that came before their reply ----------------------------------------------------

    def _remember_stop(self, account: str, message: str) -> None:
        """Remember for ten minutes, and no more of them than there may be runs."""
        self._stops[account, message] = self._clock.now_ms() + STOPS_REMEMBERED_MS
        self._stops.move_to_end((account, message))
        while len(self._stops) > RUNS_PER_ACCOUNT_MAX:
            self._stops.popitem(last=False)

    def _is_stop_remembered(self, job: Job) -> bool:
        until = self._stops.pop((job.account, job.message), None)
        return until is not None and self._clock.now_ms() < until

    def _own(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._disown)
        return task

    def _disown(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, HoldfastError):
            # Whoever awaits it is told too; this is for when nobody does any more.
            log.error("work failed", error=type(error).__name__)
