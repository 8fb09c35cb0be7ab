"""The provider's event stream: bytes in pieces → chunks, as JSON objects.

The framing is the protocol's own decoder; what is here is a peer that cannot be trusted: text
that is not UTF-8 becomes U+FFFD, surrogates escaped in JSON pass as they are, an event without an
end is bounded.
Must not know: what a chunk says.
"""

import codecs
import json
from typing import Any

import orjson

from holdfast_protocol.sse import FrameDecoder
from holdfast_server.models.limits import Limits

Chunk = dict[str, Any]

DONE = "[DONE]"


class MalformedChunk(Exception):
    """An event that is no JSON object. Its text is not kept: it may be what a model wrote."""


class EventTooLong(Exception):
    """An event passed `event_chars_max` before it ended."""


class ChunkReader:
    """Reads chunks. `done` turns True at the provider's own end mark; nothing after it counts."""

    __slots__ = ("_frames", "_limits", "_pending_chars", "_text", "done")

    def __init__(self, limits: Limits) -> None:
        self._frames = FrameDecoder()
        self._text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._pending_chars = 0
        self._limits = limits
        self.done = False

    def feed(self, received: bytes) -> list[Chunk]:
        """Return the chunks that these bytes complete."""
        return self._read(self._text.decode(received))

    def finish(self) -> list[Chunk]:
        """The body ended: return what an ending without a blank line left over, if it is whole."""
        try:
            return self._read(self._text.decode(b"", final=True) + "\n\n")
        except MalformedChunk:
            return []

    def _read(self, text: str) -> list[Chunk]:
        chunks: list[Chunk] = []
        frames = self._frames.feed(text)
        self._pending_chars = len(text) if frames else self._pending_chars + len(text)
        if self._pending_chars > self._limits.event_chars_max:
            raise EventTooLong
        for frame in frames:
            if self.done:
                break
            if frame.data.strip() == DONE:
                self.done = True
            elif frame.data:
                chunks.append(parse_object(frame.data))
        return chunks


class WholeBodyReader:
    """Reads a server that answers with one JSON object instead of a stream, as one chunk."""

    __slots__ = ("_held", "_limits", "done")

    def __init__(self, limits: Limits) -> None:
        self._held = bytearray()
        self._limits = limits
        self.done = False

    def feed(self, received: bytes) -> list[Chunk]:
        """Return nothing yet: the object is read when it is whole."""
        self._held += received
        if len(self._held) > self._limits.event_chars_max:
            raise EventTooLong
        return []

    def finish(self) -> list[Chunk]:
        """The body ended: return its object."""
        return [parse_object(bytes(self._held))]


def reader_for(content_type: str, limits: Limits) -> ChunkReader | WholeBodyReader:
    """Return what reads a body of this type. A web page raises MalformedChunk.

    Anything else is tried as a stream: some servers name it `text/plain`, or not at all.
    """
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            return WholeBodyReader(limits)
        case "text/html":
            raise MalformedChunk
        case _:
            return ChunkReader(limits)


def parse_object(text: str | bytes) -> Chunk:
    """Return the JSON object, or raise MalformedChunk."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = _parse_tolerantly(text)
    if not isinstance(value, dict):
        raise MalformedChunk
    return value


def _parse_tolerantly(text: str | bytes) -> object:
    """The standard library takes what orjson refuses and people do send: lone surrogates, NaN."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedChunk from None
