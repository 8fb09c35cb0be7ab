"""The one streaming connection: batches of frames, as static/js/events.js documents them."""

import json
from collections.abc import Callable, Mapping

from holdfast_js import events
from pyodide.ffi import create_proxy


class EventSource:
    """At most one stream at a time; opening another ends the one before."""

    def __init__(self, receive: Callable[[int, list[dict]], None]) -> None:
        loads = json.loads
        self._receive = create_proxy(lambda generation, text: receive(generation, loads(text)))

    def open(self, generation: int, url: str, headers: Mapping[str, str]) -> None:
        """Start stream `generation`; everything else is said to `receive`, in order."""
        events.open(generation, url, json.dumps(dict(headers)), self._receive)

    def close(self, generation: int) -> None:
        """End it at once: nothing of it is received any more."""
        events.abort(generation)
