"""The event connection's text, turned into inputs; and what is told to the other tabs.

Frames are decoded by the shared decoder. Each connection has a generation, and the core drops
what an older one still delivers.
"""

import json
from collections.abc import Callable
from typing import Any

from holdfast_protocol.cursor import Cursor
from holdfast_protocol.sse import Frame, FrameDecoder
from holdfast_web.core import inputs as on
from holdfast_web.ports import Ports
from holdfast_web.shell.wire import bootstrap_of, entries_of, parse_json


class Stream:
    """One tab's end of the event connection."""

    def __init__(self, ports: Ports, dispatch: Callable[[on.Input], None]) -> None:
        self._ports = ports
        self._dispatch = dispatch

    def open(self, generation: int, cursor: Cursor | None) -> None:
        """Connect, closing any earlier connection."""
        decoder = FrameDecoder()
        self._ports.events.open(
            "/api/events" if cursor is None else f"/api/events?cursor={cursor}",
            opened=lambda: self._dispatch(on.StreamOpened(generation)),
            text=lambda text: self._read(generation, decoder, text),
            ended=lambda status: self._dispatch(on.StreamEnded(generation, status, self._jitter())),
        )

    def _jitter(self) -> float:
        return self._ports.clock.random_bytes(1)[0] / 256

    def _read(self, generation: int, decoder: FrameDecoder, text: str) -> None:
        frames = decoder.feed(text)
        if not frames:
            self._dispatch(on.StreamHeard(generation))
        for frame in frames:
            happened = self._input_of(generation, frame)
            if happened is not None:
                self._dispatch(happened)

    def _input_of(self, generation: int, frame: Frame) -> on.Input | None:
        match frame.event:
            case "journal":
                return on.StreamEntries(generation, entries_of(frame.data), frame.data)
            case "caught-up":
                body = parse_json(frame.data)
                now = body.get("now") if isinstance(body, dict) else None
                if isinstance(now, int):
                    return on.StreamCaughtUp(generation, now)
            case "reset":
                body = parse_json(frame.data)
                bootstrap = bootstrap_of(body, self._ports.clock.now_ms())
                if bootstrap is not None:
                    return on.StreamReset(generation, bootstrap)
        return on.StreamHeard(generation)

    def tell(self, frame: dict[str, Any]) -> None:
        """Tell the other tabs."""
        self._ports.tabs.tell(json.dumps(frame))
