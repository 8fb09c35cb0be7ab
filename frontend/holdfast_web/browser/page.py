"""The page as a whole: its root attributes, its address, and whether anybody is looking."""

import json
import re
from collections.abc import Callable
from urllib.parse import unquote

from holdfast_js import page
from pyodide.ffi import create_proxy

_THREAD = re.compile(r"#/t/([^/?]+)")


class Page:
    """What the browser says of the page, and what the page says of itself."""

    ready = staticmethod(page.ready)
    set_sync = staticmethod(page.setSync)
    set_leader = staticmethod(page.setLeader)
    set_thread = staticmethod(page.setThread)
    set_title = staticmethod(page.setTitle)
    base = staticmethod(page.base)

    def listen(
        self,
        *,
        hidden: Callable[[], None],
        shown: Callable[[], None],
        network: Callable[[bool], None],
    ) -> None:
        def heard(kind: str, said: str) -> None:
            match kind:
                case "leaving":
                    hidden()
                case "shown":
                    shown()
                case "network":
                    network(json.loads(said))

        page.watch(create_proxy(heard))


class Address:
    """The address bar: `#/t/<thread id>`, or `#/` for a new thread."""

    def thread(self) -> str | None:
        return thread_of(page.address())

    def go(self, thread: str | None) -> None:
        page.navigate("#/" if thread is None else f"#/t/{thread}", False)

    def listen(self, changed: Callable[[str | None], None]) -> None:
        page.watchAddress(create_proxy(lambda address: changed(thread_of(address))))


def thread_of(address: str) -> str | None:
    """Return the thread that an address names."""
    named = _THREAD.fullmatch(address)
    return unquote(named[1]) if named else None
