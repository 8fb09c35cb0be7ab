"""Owns every run of this process: starts it, stops it, sees it to its end (L7, L8).

Runs belong to the server. What reads never gets hold of this object: `flush` and `is_active`
are handed on as bare functions, so that nobody's leaving can stop a run.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import structlog

from holdfast_protocol.errors import HoldfastError
from holdfast_protocol.limits import (
    FETCH_S_MAX,
    SHUTDOWN_S_MAX,
    WINDOW_MS_MAX,
)
from holdfast_server.journal.commands import (
    ContinueReply,
    DeleteMessage,
    DeleteThread,
    EndOrphans,
    Owner,
    Send,
    StopReply,
)
from holdfast_server.journal.port import Due, Journal, Receipt
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

ENDING_S_MAX = SHUTDOWN_S_MAX * 0.45
LATE_S_MAX = SHUTDOWN_S_MAX * 0.1
"""How long runs may take to end at shutdown, and those to give way that did not end in time. The
rest is for readers (0.1), connections (0.2) and the store (0.1)."""


class ShuttingDown(StoreUnavailable):
    """The process is about to end and takes no more work."""

    code = "ending"
    sentence = "Holdfast is stopping. Try again when it is back."


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
        self._accounts: set[str] = set()
        self._tasks: set[asyncio.Task] = set()
        self._closing = False

    # --- what changes: held only by the routes that change -------------------------------------

    async def send(self, account: str, command: Send) -> Receipt:
        """Journal a question and see to its answer."""
        return await self._append_for(account, command)

    async def continue_reply(self, account: str, command: ContinueReply) -> Receipt:
        """Let a reply go on that waits for the person, after those before it in its thread."""
        return await self._append_for(account, command)

    async def stop(self, account: str, message: str) -> None:
        """End the work on a reply. Returns when the end is journalled; repeatable.

        One that waits ends here; one that is yet to come ends when it comes, within ten minutes.
        Raises StoreUnavailable when the end could not be journalled, or not in time.
        """
        try:
            async with asyncio.timeout(FETCH_S_MAX):
                if (account, message) not in self._runners:
                    await self._journal.append(account, StopReply(message))
                runner = self._runners.get((account, message))
                if runner is None:
                    return
                runner.stop()
                if await runner.is_journalled():
                    return
        except TimeoutError:
            pass  # it is tried on
        raise StoreUnavailable(f"the end of {message} could not be journalled")

    async def delete(self, account: str, command: DeleteThread | DeleteMessage) -> Receipt:
        """Delete, and let go of the runs that ended with it."""
        return await self._append_for(account, command)

    async def close(self) -> None:
        """End every run as interrupted, everything of it written. Takes bounded time."""
        self._closing = True
        for runner in self._runners.values():
            runner.interrupt()
        until = asyncio.get_running_loop().time() + self._ending_s_max
        if await self._is_idle_by(until):
            self._own(self._end_waiting())
            await self._is_idle_by(until)
        if late := set(self._tasks):
            log.error("runs did not end in time", count=len(late))
            for task in late:
                task.cancel()
            await asyncio.wait(late, timeout=LATE_S_MAX)

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

    def active_runs(self) -> int:
        """How many runs are under way, of all accounts."""
        return len(self._runners)

    # --- from what the journal answers to runs ---------------------------------------------------

    async def _append_for(
        self, account: str, command: Send | ContinueReply | DeleteThread | DeleteMessage
    ) -> Receipt:
        """Append and see to what comes of it, though the asker may leave meanwhile (L7)."""
        if self._closing:
            raise ShuttingDown("this server is about to stop")
        return await asyncio.shield(self._own(self._append(account, command)))

    async def _append(
        self, account: str, command: Send | ContinueReply | DeleteThread | DeleteMessage
    ) -> Receipt:
        self._accounts.add(account)
        receipt = await self._journal.append(account, command)
        if isinstance(command, DeleteThread | DeleteMessage):
            self._let_go_of(receipt.answer["ended"])
        self._begin(account, receipt.begins)
        return receipt

    def _let_go_of(self, ended: Sequence[str]) -> None:
        for runner in self._runners.values():
            if runner.job.owner.run in ended:
                runner.abandon()

    def _begin(self, account: str, begins: Iterable[Due]) -> None:
        """Begin the runs that the journal lets begin: which ones is decided there."""
        for due in begins:
            owner = Owner(due.run, FIRST_ATTEMPT, self._epoch)
            runner = Runner(
                Job(account, due.thread, due.message, owner, due.model),
                self._journal,
                self._model,
                lambda job: read_turn(self._journal, job, self._context_chars),
                self._clock,
                self._new_id,
                self._window_ms,
            )
            self._runners[account, due.message] = runner
            if self._closing:
                runner.interrupt()
            self._own(self._see_through(runner))

    async def _see_through(self, runner: Runner) -> None:
        job = runner.job
        begins: tuple[Due, ...] = ()
        try:
            begins = await runner.run()
        finally:
            del self._runners[job.account, job.message]
        self._begin(job.account, begins)

    async def _end_waiting(self) -> None:
        """End the replies that never began, as the next start of the store would (L8)."""
        for account in self._accounts:
            await self._journal.append(account, EndOrphans(self._epoch + 1))

    # --- work that somebody must see to ---------------------------------------------------------

    async def _is_idle_by(self, until: float) -> bool:
        loop = asyncio.get_running_loop()
        while self._tasks and loop.time() < until:
            await asyncio.wait(self._tasks, timeout=until - loop.time())
        return not self._tasks

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
