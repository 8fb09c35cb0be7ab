"""The one streaming connection: text as static/js/events.js hands it over."""

from collections.abc import Callable

from holdfast_js import events
from pyodide.ffi import create_proxy

from holdfast_web.browser.client import CLIENT_HEADERS_JSON


class EventSource:
    """At most one stream at a time; opening another ends the one before."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._receive = None

    def open(
        self,
        url: str,
        *,
        opened: Callable[[], None],
        text: Callable[[str], None],
        ended: Callable[[int], None],
    ) -> None:
        """Start; `ended` gets the status that was not 200, or 0 for a connection lost."""

        def receive(kind: str, said: str) -> None:
            match kind:
                case "open":
                    opened()
                case "text":
                    text(said)
                case "ended":
                    ended(int(said))

        events.close()
        if self._receive is not None:
            self._receive.destroy()
        self._receive = create_proxy(receive)
        events.open(self._base + url, CLIENT_HEADERS_JSON, self._receive)

    def close(self) -> None:
        """End it at once: nothing of it is heard any more."""
        events.close()
