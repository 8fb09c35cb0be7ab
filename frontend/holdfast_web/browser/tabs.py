"""The other tabs of this browser: a named lock, and a channel of text."""

from collections.abc import Callable

from holdfast_js import locks
from pyodide.ffi import create_proxy


class Tabs:
    """Web Locks and a BroadcastChannel."""

    def __init__(self) -> None:
        self._release: Callable[[], None] | None = None
        self._post: Callable[[str], None] | None = None

    def ask_to_lead(self, name: str, gained: Callable[[], None]) -> None:
        """Wait for the lock of this name. Without Web Locks every tab leads itself."""
        if not locks.supported():
            gained()
            return
        lost = create_proxy(lambda: None)
        self._release = locks.request(name, False, create_proxy(gained), lost).release

    def step_down(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None

    def listen(self, name: str, heard: Callable[[str], None]) -> None:
        self._post = locks.channel(name, create_proxy(heard)).post

    def tell(self, text: str) -> None:
        if self._post is not None:
            self._post(text)
