"""What the tabs of one browser share: a named lock and a channel of text."""

from collections.abc import Callable

from holdfast_js import locks
from pyodide.ffi import create_proxy


class Locks:
    """Web Locks, where the browser has them (it has none over plain http on a LAN name)."""

    supported = staticmethod(locks.supported)

    def request(
        self, name: str, *, steal: bool, held: Callable[[], None], lost: Callable[[], None]
    ) -> Callable[[], None]:
        """Wait in line, or take it at once; returns what gives it back or leaves the line."""
        return locks.request(name, steal, create_proxy(held), create_proxy(lost)).release


class Channel:
    """Text to all other tabs that opened the same name, never to this one."""

    def __init__(self, name: str, receive: Callable[[str], None]) -> None:
        opened = locks.channel(name, create_proxy(receive))
        self.post = opened.post
        self.close = opened.close
