"""One run: a model's answer, written into the journal as it comes.

Two tasks: one reads the model and gathers, the other (the pen) writes. The reader waits for the
pen where the structure changed or much is pending, else it goes on reading while a write is
under way. Whatever ends the run, exceptions too, goes through `_conclude`, and so through a
write of all that is pending (L6, L10). Knows nothing of HTTP, of readers, or of other runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

import structlog

from holdfast_protocol.coalesce import retry_ms
from holdfast_protocol.limits import (
    DELTA_CHARS_MAX,
    RETRY_RUN_MS,
    RETRY_RUN_MS_MAX,
    RUN_ATTEMPTS_MAX,
    RUN_MS_MAX,
    SHUTDOWN_S_MAX,
    STORE_WAIT_MS_MAX,
    WINDOW_MS_MAX,
)
from holdfast_protocol.state import Failure
from holdfast_server.journal.commands import EndRun, Owner
from holdfast_server.journal.port import Due, Journal
from holdfast_server.journal.refusals import Refusal, StoreUnavailable, Superseded
from holdfast_server.journal.run_decisions import INTERRUPTED
from holdfast_server.models.port import Finished, Model, ModelError, Turn
from holdfast_server.runs.clock import Clock
from holdfast_server.runs.parts import LimitReached, PartEvent, Parts
from holdfast_server.runs.pen import Ending, Pen

log = structlog.get_logger()

CLOSING_S_MAX = SHUTDOWN_S_MAX / 5
"""How long a model may take to let go of its connection once its run has ended."""

INTERNAL = Failure(
    "internal", "Holdfast failed while it wrote this answer. Try it again.", retryable=True
)
BROKEN_OFF = Failure(
    "broke_off", "The model's answer broke off before its end. Try it again.", retryable=True
)
EMPTY = Failure("empty_answer", "The model gave an empty answer. Try it again.", retryable=True)
TOO_LONG = Failure(
    "run_too_long",
    f"The answer was ended after {RUN_MS_MAX // 60_000} minutes, the longest that one may take.",
    retryable=True,
)


def unwritable(trouble: StoreUnavailable) -> Failure:
    """Return how a run ends that could not be written for too long; journalled when it can be."""
    why = f"This answer was ended because it could not be saved. {trouble.sentence}"
    return Failure(trouble.code, why, retryable=True)


def may_try_again(attempt: int, error: ModelError, *, parts: int) -> bool:
    """Law L8, its half about trying: a run is tried again by itself only while nothing of its
    answer is journalled, or about to be; after that the person chooses.
    """
    return error.retryable and parts == 0 and attempt < RUN_ATTEMPTS_MAX


@dataclass(frozen=True, slots=True)
class Job:
    """A reply to be written, who may write it, and the model asked for; None: the thread's."""

    account: str
    thread: str
    message: str
    owner: Owner
    model: str | None = None


class Runner:
    """Writes one job's run. `ask` reads the history and chooses the turn."""

    def __init__(
        self,
        job: Job,
        journal: Journal,
        model: Model,
        ask: Callable[[Job], Awaitable[Turn]],
        clock: Clock,
        new_id: Callable[[], str],
        window_ms: float = WINDOW_MS_MAX,
    ) -> None:
        self.job = job
        self._journal = journal
        self._model = model
        self._ask = ask
        self._clock = clock
        self._window_ms = window_ms
        self._parts = Parts(
            thread=job.thread, message=job.message, run=job.owner.run, new_id=new_id
        )
        self._pen = Pen(
            journal, job.account, job.owner, self._drain, clock, window_ms, self._store_troubled
        )
        self._ending: Ending | None = None
        self._reading: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._is_journalled = False
        self._log = log.bind(account=job.account, message=job.message, run=job.owner.run)

    async def run(self) -> tuple[Due, ...]:
        """Write the run to its end; return what may begin after it.

        Returns when the end is journalled or the run was lost.
        """
        if self._ending is None:
            self._reading = asyncio.create_task(self._read())
        limit = self._clock.call_at(self._clock.now_ms() + RUN_MS_MAX, self._time_is_up)
        try:
            begins = await self._pen.write_all()
            self._is_journalled = True
            self._log.info("run ended", status=self._ending and self._ending.status)
            return begins
        except Refusal as refusal:
            # Ended or deleted by somebody else: the journal has its end, or needs none.
            self._is_journalled = True
            self._log.info("run lost", code=refusal.code)
        except Superseded:
            self._log.info("run lost", code=Superseded.code)
        except Exception as error:
            self._log.error("run cannot be written", error=type(error).__name__)
            self._is_journalled = await self._end_bare()
        finally:
            limit.cancel()
            self._over.set()
            await self._close_reading()
        return ()

    def stop(self) -> None:
        """End the work: the person pressed Stop. Calling it again is harmless."""
        self._cut(Ending("stopped"))

    def interrupt(self) -> None:
        """End the work: this process is about to end."""
        self._cut(Ending("interrupted", INTERRUPTED))

    def abandon(self) -> None:
        """The message was deleted, its run ended with it: drop what is pending."""
        self._pen.drop()
        self._cut(Ending("stopped"))

    async def flush(self) -> None:
        """Return once all that the model has said so far is written, or could not be just now."""
        await self._pen.flush(is_patient=False)

    @property
    def is_clean(self) -> bool:
        return self._pen.is_clean

    async def is_journalled(self) -> bool:
        """Wait until the run is over here; tell whether the journal knows its end."""
        await self._over.wait()
        return self._is_journalled

    async def _read(self) -> None:
        try:
            self._conclude(self._judge(await self._read_attempts()))
        except ModelError as error:
            failure = Failure(error.code, error.message, error.retryable)
            self._conclude(Ending("failed", failure))
        except Refusal as refusal:
            # Deleted before the model was asked: the pen is about to learn of it as well.
            self._log.info("run cannot be asked about", code=refusal.code)
            self._conclude(Ending("failed", INTERNAL))
        except LimitReached as limit:
            self._conclude(Ending("failed", Failure(limit.code, limit.message, retryable=False)))
        except asyncio.CancelledError:
            self._conclude(Ending("interrupted", INTERRUPTED))
            raise
        except Exception as error:
            # The text of an exception may quote the answer: its type is all that is logged.
            self._log.error("run failed", error=type(error).__name__)
            self._conclude(Ending("failed", INTERNAL))

    async def _read_attempts(self) -> Finished | None:
        """Have the model answer; ask it again while nothing of the answer was seen (L8)."""
        owner = self.job.owner
        while True:
            self._pen.begin(owner)
            await self._pen.flush()
            try:
                return await self._read_model(await self._ask(self.job))
            except ModelError as error:
                if not may_try_again(owner.attempt, error, parts=self._parts.started):
                    raise
                self._log.info("run tried again", attempt=owner.attempt, code=error.code)
            await self._pause(retry_ms(owner.attempt, first=RETRY_RUN_MS, longest=RETRY_RUN_MS_MAX))
            owner = replace(owner, attempt=owner.attempt + 1)

    async def _read_model(self, turn: Turn) -> Finished | None:
        async with aclosing(self._model.answer(turn)) as answer:
            async for event in answer:
                if isinstance(event, Finished):
                    return event
                is_structural = self._parts.take(event)
                self._pen.touch()
                if is_structural or self._is_full:
                    await self._pen.flush()
                elif self._pen.is_late:
                    # A model that is never waited for must not keep the pen from writing.
                    await asyncio.sleep(0)
        return None

    def _judge(self, finished: Finished | None) -> Ending:
        """Return how a run ends whose model has no more to say."""
        if finished is None:
            return Ending("failed", BROKEN_OFF)
        if self._parts.started == 0:
            return Ending("failed", EMPTY)
        return Ending("complete", usage=finished.usage)

    @property
    def _is_full(self) -> bool:
        """Whether the reader must wait: there is no window, or much is pending already."""
        return self._window_ms == 0 or self._parts.pending_chars >= DELTA_CHARS_MAX

    def _drain(self) -> tuple[PartEvent, ...]:
        if self._ending is not None:
            self._parts.finish()
        return self._parts.drain()

    def _conclude(self, ending: Ending) -> None:
        """Law L6, its half in the runner: the first ending is the ending."""
        if self._ending is None:
            self._ending = ending
            self._pen.end(ending)

    def _cut(self, ending: Ending) -> None:
        """End the run from outside; the model's connection closes with the reading of it."""
        self._conclude(ending)
        if self._reading is not None:
            self._reading.cancel()

    def _time_is_up(self) -> None:
        self._cut(Ending("failed", TOO_LONG))

    def _store_troubled(self, trouble: StoreUnavailable, for_ms: float) -> None:
        if for_ms >= STORE_WAIT_MS_MAX:
            self._cut(Ending("failed", unwritable(trouble)))

    async def _pause(self, ms: float) -> None:
        """Wait by the run's clock."""
        over = asyncio.get_running_loop().create_future()
        timer = self._clock.call_at(self._clock.now_ms() + ms, partial(_set, over))
        try:
            await over
        finally:
            timer.cancel()

    async def _end_bare(self) -> bool:
        """Our own bug: the run ends honestly, without the events that could not be written."""
        try:
            await self._journal.append(
                self.job.account, EndRun(self._pen.owner, (), "failed", INTERNAL)
            )
        except Exception as error:
            # The next start of the store ends it as interrupted (L8).
            self._log.error("run cannot be ended", error=type(error).__name__)
            return False
        return True

    async def _close_reading(self) -> None:
        """Wait, for a bounded time, until the model has let go of its connection."""
        if self._reading is None:
            return
        self._reading.cancel()
        _, hanging = await asyncio.wait({self._reading}, timeout=CLOSING_S_MAX)
        if hanging:
            self._log.warning("model does not close")


def _set(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
