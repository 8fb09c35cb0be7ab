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

    def base(self) -> str:
        """The address that everything of ours lies under, with a slash at its end."""
        return page.base()

    def ready(self) -> None:
        """Python handles clicks from now on."""
        page.ready()

    def set_root(self, **attributes: str) -> None:
        page.setRoot(json.dumps(attributes))

    def set_thread(self, thread: str, title: str) -> None:
        """Say which thread `main` shows, "" for none, and name the window after it."""
        page.setThread(thread, title)

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
        page.navigate("#/" if thread is None else f"#/t/{thread}")

    def listen(self, changed: Callable[[str | None], None]) -> None:
        page.watchAddress(create_proxy(lambda address: changed(thread_of(address))))


def thread_of(address: str) -> str | None:
    """Return the thread that an address names."""
    named = _THREAD.fullmatch(address)
    return unquote(named[1]) if named else None
