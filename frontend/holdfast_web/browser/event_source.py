"""The one streaming connection: text as static/js/events.js hands it over."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from holdfast_js import events
from pyodide.ffi import create_proxy


class EventSource:
    """At most one stream at a time in a page; opening another ends the one before."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._base = base
        self._headers_json = json.dumps(dict(headers))
        self._receive: Any = None

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

        self.close()
        self._receive = create_proxy(receive)
        events.open(self._base + url, self._headers_json, self._receive)

    def close(self) -> None:
        """End it at once: nothing of it is heard any more. Doing it twice is harmless."""
        events.close()
        if self._receive is not None:
            self._receive.destroy()
            self._receive = None
