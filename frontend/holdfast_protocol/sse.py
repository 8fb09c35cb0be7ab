"""Server-sent events: the frames that carry entries, written and read.

The writer makes bytes that are sent as they are to every reader. The reader takes text however
the network split it and gives whole frames, by the rules of the HTML standard: LF, CR and CRLF
end lines, a comment line is skipped, a blank line ends a frame, an unfinished frame is dropped.
So is one longer than the bound: the gap in the sequences that it leaves is found by the fold.
"""

from dataclasses import dataclass

from holdfast_protocol.limits import FRAME_CHARS_MAX

BEAT = b": beat\n\n"
"""A comment. Readers skip it; its arrival tells that the connection lives."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it was framed. `id` is None when the frame set none."""

    event: str
    data: str
    id: str | None = None


def encode_frame(event: str, data: bytes, id: str | None = None) -> bytes:
    """Return the frame's bytes. `data` is JSON, which holds no line break of its own."""
    head = f"event: {event}\n" if id is None else f"event: {event}\nid: {id}\n"
    return head.encode() + b"data: " + data + b"\n\n"


class FrameDecoder:
    """Reads frames from text that arrives in pieces."""

    __slots__ = ("_chars", "_data", "_event", "_id", "_rest", "_skip_lf")

    def __init__(self) -> None:
        self._rest = ""
        self._skip_lf = False
        self._begin()

    def _begin(self) -> None:
        self._event = "message"
        self._data: list[str] = []
        self._id: str | None = None
        self._chars = 0

    def feed(self, text: str) -> list[Frame]:
        """Return the frames that this piece completes."""
        if self._skip_lf and text:
            text = text.removeprefix("\n")
            self._skip_lf = False
        lines = (self._rest + text).replace("\r\n", "\n")
        if lines.endswith("\r"):
            self._skip_lf = True
        *whole, self._rest = lines.replace("\r", "\n").split("\n")
        frames = [frame for line in whole if (frame := self._line(line)) is not None]
        if self._chars + len(self._rest) > FRAME_CHARS_MAX:
            self._chars += len(self._rest)
            self._data = []
            self._rest = ":" if self._rest else ""  # the rest of that line is as good as a comment
        return frames

    def _line(self, line: str) -> Frame | None:
        if not line:
            return self._dispatch()
        self._chars += len(line)
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data" and self._chars <= FRAME_CHARS_MAX:
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Frame | None:
        event, held, id = self._event or "message", self._data, self._id
        is_whole = bool(held) and self._chars <= FRAME_CHARS_MAX
        self._begin()
        return Frame(event, "\n".join(held), id) if is_whole else None
