"""Threads for errands: calls that may hang, and for whose end nobody has to wait.

asyncio looks names up in its default executor, a handful of threads that are joined when the loop
closes and when Python ends. Where the network is gone a lookup hangs for half a minute: a few of
them would keep from going on whatever else needs a thread, the closing of the store too, and the
process from ending within its five seconds (L10). Here each errand has a thread of its own, which
ends with the process at the latest. There are no more of them than runs that are just connecting.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any


class Errands(ThreadPoolExecutor):
    """A loop's default executor. It is of the one kind that loops take; its pool stays empty."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call in a thread of its own, now."""
        future: Future[Any] = Future()
        call = (future, partial(fn, **kwargs), args)
        threading.Thread(target=_carry_out, args=call, name="holdfast-errand", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nobody waits for what is still under way."""


class Hands:
    """A few threads that take calls in turn, and end with the process at the latest.

    The standard library's are joined when Python ends, so that one that hangs would keep it.
    """

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._count = count
        for _ in range(count):
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run the call as soon as a thread is free."""
        future: Future[Any] = Future()
        self._calls.put(lambda: _carry_out(future, fn, args))
        return future

    def let_go(self) -> None:
        """End each thread once it is free."""
        for _ in range(self._count):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _carry_out(future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn(*args))
    except BaseException as error:  # whoever awaits it is told, as by any executor
        future.set_exception(error)
