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
from typing import Any


class Errands(ThreadPoolExecutor):
    """A loop's default executor. It is of the one kind that loops take; its pool stays empty."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call in a thread of its own, now."""
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # whoever awaits the errand is told, as by any executor
                future.set_exception(error)

        threading.Thread(target=run, name="holdfast-errand", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nobody waits for what is still under way."""
