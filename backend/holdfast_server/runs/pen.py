"""The one writer of a run: takes what is pending to the journal (L10).

    begin    an attempt at the run starts
    touch    more is pending; it is written when the window closes, unasked
    flush    wait until all that is pending now is written; nothing to do when clean
    end      the run ends with everything that is pending, in one commit

One write is under way at a time, and what comes meanwhile needs nobody to remember it. A write
that the store could not take stays pending and is tried again, ever less often; how long is too
long is for whoever has `troubled` called to say. A refusal means that the run is no longer ours,
and leaves through `write_all`. Knows no model: what is pending comes from `drain`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast_protocol.coalesce import Coalescer
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_protocol.state import Failure, Terminal
from holdfast_server.journal.commands import Command, EndRun, Owner, StartRun, WriteRun
from holdfast_server.journal.port import Due, Journal
from holdfast_server.journal.refusals import StoreUnavailable, Superseded
from holdfast_server.runs.clock import Clock, Timer
from holdfast_server.runs.parts import PartEvent


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends."""

    status: Terminal
    error: Failure | None = None
    usage: Mapping[str, Any] | None = None


def longest_window_ms(run: str, window_ms: float) -> float:
    """Return how far a run's windows stretch: to `window_ms`, or to some share above half of it.

    Each run to its own, for equal ones fall into step. After one slow commit they would all wait
    for it, then for a window, then for each other in the next commit, which would therefore be
    slow: with the disk idle half the time and text 40 ms late that was 2, for as long as they run.
    """
    return window_ms * (1 - int(run[-2:], 16) / 510)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Somebody who waits until what was pending up to a touch is written."""

    upto: int
    told: asyncio.Future[None]
    is_patient: bool


class Pen:
    """Writes one run of one account. `window_ms` 0 gathers nothing.

    `troubled(trouble, for_ms)` is called after each failed write with how long none has succeeded.
    """

    def __init__(
        self,
        journal: Journal,
        account: str,
        owner: Owner,
        drain: Callable[[], tuple[PartEvent, ...]],
        clock: Clock,
        window_ms: float = WINDOW_MS_MAX,
        troubled: Callable[[StoreUnavailable, float], None] = lambda trouble, for_ms: None,
    ) -> None:
        self._journal = journal
        self._account = account
        self._owner = owner
        self._drain = drain
        self._clock = clock
        self._troubled = troubled
        self._troubled_since: float | None = None
        # A quarter of the window at rest: four frames a window at most, one under load.
        self._coalescer = Coalescer(window_ms / 4, longest_window_ms(owner.run, window_ms))
        self._ripe = asyncio.Event()
        self._timer: Timer | None = None
        self._timer_due: float | None = None
        self._touched = 0
        self._written = 0
        self._waiting: list[_Waiting] = []
        self._taken: tuple[PartEvent, ...] = ()
        self._starting: Owner | None = None
        self._ending: Ending | None = None
        self._begins: tuple[Due, ...] = ()
        self._over = False

    @property
    def is_clean(self) -> bool:
        """Whether everything given so far is written, or never will be."""
        return self._over or self._written == self._touched

    def touch(self) -> None:
        """More is pending. It is written soon, without anybody asking again."""
        self._touched += 1
        self._coalescer.touch(self._clock.now_ms())
        self._arm()

    async def flush(self, *, is_patient: bool = True) -> None:
        """Return once all that is pending now is written, or never will be.

        Without patience also when the store could not take it this time.
        """
        if self.is_clean:
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(self._touched, written, is_patient))
        self._hurry()
        await written

    @property
    def owner(self) -> Owner:
        """Who writes now: the attempt at the run whose start was written last."""
        return self._owner

    def begin(self, owner: Owner) -> None:
        """An attempt at the run starts: the next write says so."""
        self._starting = owner
        self._touched += 1
        self._hurry()

    def end(self, ending: Ending) -> None:
        """The run ends so. Called once."""
        self._ending = ending
        self._touched += 1
        self._hurry()

    def drop(self) -> None:
        """Nothing of what is pending, and nothing more, is to be written."""
        self._over = True
        self._ripe.set()

    @property
    def is_late(self) -> bool:
        """Whether a write is due and has not begun."""
        due = self._coalescer.due_at
        return due is not None and due <= self._clock.now_ms()

    async def write_all(self) -> tuple[Due, ...]:
        """Write until the end is written; return what may begin after it.

        Raises the Refusal, or Superseded, by which the run was lost.
        """
        try:
            while not self._over:
                await self._ripe.wait()
                self._ripe.clear()
                if not self._over:
                    await self._write()
            return self._begins
        finally:
            self._over = True
            self._cancel_timer()
            self._tell_waiting()

    async def _write(self) -> None:
        """Write what is pending. With the end of the run it is over."""
        coalescer, upto, ending = self._coalescer, self._touched, self._ending
        coalescer.begin(self._clock.now_ms())
        self._cancel_timer()
        command = self._next_command(ending)
        if command is not None:
            try:
                receipt = await self._journal.append(self._account, command)
            except Superseded:
                raise
            except StoreUnavailable as trouble:
                self._put_off(trouble)
                return
            self._begins = receipt.begins
        self._troubled_since = None
        coalescer.settle(self._clock.now_ms())
        if isinstance(command, StartRun):
            self._owner, self._starting = command.owner, None
        else:
            self._taken = ()
        self._written = upto
        self._tell_waiting()
        self._arm()
        self._over = self._over or isinstance(command, EndRun)

    def _put_off(self, trouble: StoreUnavailable) -> None:
        """The store could not take the write: what is pending stays so, and is tried again."""
        now = self._clock.now_ms()
        if self._troubled_since is None:
            self._troubled_since = now
        self._coalescer.fail(now)
        self._tell_waiting(has_failed=True)
        self._arm()
        self._troubled(trouble, now - self._troubled_since)

    def _next_command(self, ending: Ending | None) -> Command | None:
        if self._starting is not None and ending is None:
            return StartRun(self._starting)
        self._taken = (*self._taken, *self._drain())
        if ending is not None:
            return EndRun(self._owner, self._taken, ending.status, ending.error, ending.usage)
        return WriteRun(self._owner, self._taken) if self._taken else None

    def _tell_waiting(self, *, has_failed: bool = False) -> None:
        """Wake who waited for what is written; once it is over, everybody."""
        still = []
        for waiting in self._waiting:
            is_written = waiting.upto <= self._written
            if not (self._over or is_written or (has_failed and not waiting.is_patient)):
                still.append(waiting)
            elif not waiting.told.done():
                waiting.told.set_result(None)
        self._waiting = still

    def _hurry(self) -> None:
        self._coalescer.hurry(self._clock.now_ms())
        self._arm()

    def _arm(self) -> None:
        """Wake the writing when it is due."""
        due = self._coalescer.due_at
        if self._over or due is None or due == self._timer_due:
            return
        self._cancel_timer()
        if due <= self._clock.now_ms():
            self._ripe.set()
        else:
            self._timer_due = due
            self._timer = self._clock.call_at(due, self._ripe.set)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timer_due = None
