"""Chat-completions chunks → model events: the one place that reads a provider's shapes.

One `Reply` reads one response; a turn with tools has several. Providers differ, so a field of an
unexpected kind is passed over, never an exception: what is read is text, reasoning under either
of its names, tool calls with or without index and id, usage, and the reason of the end.
Must not know: HTTP, time, tools themselves.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from holdfast_protocol.limits import MODEL_NAME_CHARS_MAX
from holdfast_server.models.limits import Limits
from holdfast_server.models.port import (
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
)
from holdfast_server.models.stream import Chunk
from holdfast_server.models.thinking import ThinkSplitter

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""DeepSeek, llama.cpp, vLLM use the first; Ollama, OpenRouter the second; some send both."""


class ProviderSaid(Exception):
    """The stream carried the provider's own error. `report` is its object, for classifying."""

    def __init__(self, report: object) -> None:
        super().__init__("the provider reported an error in its stream")
        self.report = report


class TooMuch(Exception):
    """More tool calls, or longer arguments, than the limits allow."""


@dataclass(slots=True)
class Call:
    """A tool call as it comes in. `id` is the provider's, `call` is ours and unique in the turn."""

    call: str
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    chars: int = 0

    @property
    def arguments_text(self) -> str:
        return "".join(self.arguments)


class Reply:
    """What one response has said so far."""

    __slots__ = ("_by_index", "_limits", "_texts", "_thinking", "_thoughts",
                 "calls", "finish_reason", "reasoning_field", "usage")  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._thinking = ThinkSplitter()
        self._by_index: dict[object, Call] = {}
        self.calls: list[Call] = []
        self.reasoning_field: str | None = None
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        return "".join(self._texts)

    @property
    def reasoning(self) -> str:
        return "".join(self._thoughts)

    def feed(self, chunks: list[Chunk], *, first_call: int = 0) -> list[ModelEvent]:
        """Return the events of these chunks, neighbours of one kind joined into one.

        `first_call` numbers this response's calls on from those of the turn before it.
        """
        events: list[ModelEvent] = []
        for chunk in chunks:
            for event in self._read(chunk, first_call):
                join_or_append(events, event)
        return events

    def finish(self) -> list[ModelEvent]:
        """The response ended: return what was still held back."""
        return [self._note(event) for event in self._thinking.finish()]

    def _read(self, chunk: Chunk, first_call: int) -> Iterator[ModelEvent]:
        if chunk.get("error"):
            raise ProviderSaid(chunk["error"])
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = usage
        match chunk.get("choices"):
            case [dict() as choice, *_]:
                pass
            case _:
                return
        # A server that does not stream sends `message` where a stream has `delta`.
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            yield from self._read_delta(delta, first_call)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self.finish_reason = reason

    def _read_delta(self, delta: dict[str, Any], first_call: int) -> Iterator[ModelEvent]:
        for name in REASONING_FIELDS:
            if isinstance(thought := delta.get(name), str) and thought:
                self.reasoning_field = name
                yield self._note(ReasoningDelta(thought))
                break
        content = delta.get("content")
        if isinstance(content, str):
            if content:
                yield from map(self._note, self._thinking.feed(content))
        elif isinstance(content, list):
            yield from map(self._note, read_content_parts(content))
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            yield self._note(TextDelta(refusal))
        if isinstance(pieces := delta.get("tool_calls"), list) and pieces:
            yield from self.finish()  # what was held back came before the call
            for piece in pieces:
                if isinstance(piece, dict):
                    yield from self._read_call(piece, first_call)

    def _note(self, event: ReasoningDelta | TextDelta) -> ReasoningDelta | TextDelta:
        (self._texts if isinstance(event, TextDelta) else self._thoughts).append(event.text)
        return event

    def _read_call(self, piece: dict[str, Any], first_call: int) -> Iterator[ModelEvent]:
        call = self._call_of(piece, first_call)
        function = piece.get("function")
        if not isinstance(function, dict):
            return
        arguments = arguments_text(function.get("arguments"))
        if arguments:
            call.arguments.append(arguments)
            call.chars += len(arguments)
            if call.chars > self._limits.tool_arguments_chars_max:
                raise TooMuch
        if not call.name:
            if not isinstance(name := function.get("name"), str) or not name:
                return
            call.name = name[:MODEL_NAME_CHARS_MAX]
            yield ToolCalled(call.call, call.name)
            arguments = call.arguments_text  # with what came before the name
        if arguments:
            yield ToolArguments(call.call, arguments)

    def _call_of(self, piece: dict[str, Any], first_call: int) -> Call:
        """Return the call this piece belongs to.

        By index; without one by id; with neither, it goes on with the last call. Some servers
        give every call the same index: another id with a name begins another call.
        """
        index, id = piece.get("index"), piece.get("id")
        id = id if isinstance(id, str) else ""
        if isinstance(index, int):
            call = self._by_index.get(index)
            begins = isinstance(piece.get("function"), dict) and piece["function"].get("name")
            if call is not None and begins and id and call.id and call.id != id:
                call = None
        elif id:
            call = next((call for call in self.calls if call.id == id), None)
        else:
            call = self.calls[-1] if self.calls else None
        if call is None:
            call = self._begin_call(f"call-{first_call + len(self.calls)}")
            if isinstance(index, int):
                self._by_index[index] = call
        call.id = call.id or id
        return call

    def _begin_call(self, name: str) -> Call:
        if len(self.calls) >= self._limits.tool_calls_max:
            raise TooMuch
        self.calls.append(Call(name))
        return self.calls[-1]


def join_or_append(events: list[ModelEvent], event: ModelEvent) -> None:
    """Append, joining a delta with a delta of the same kind (and call) right before it."""
    match events[-1:], event:
        case [TextDelta(text=before)], TextDelta(text=more):
            events[-1] = TextDelta(before + more)
        case [ReasoningDelta(text=before)], ReasoningDelta(text=more):
            events[-1] = ReasoningDelta(before + more)
        case [ToolArguments(call=one, text=before)], ToolArguments(call=other, text=more) if (
            one == other
        ):
            events[-1] = ToolArguments(one, before + more)
        case _:
            events.append(event)


def read_content_parts(parts: list[object]) -> Iterator[ReasoningDelta | TextDelta]:
    """Content as a list, as Mistral sends it: text and thinking in typed pieces."""
    for part in parts:
        match part:
            case {"type": "text", "text": str(text)} if text:
                yield TextDelta(text)
            case {"type": "thinking", "thinking": list(thoughts)}:
                for thought in thoughts:
                    match thought:
                        case {"text": str(text)} if text:
                            yield ReasoningDelta(text)


def arguments_text(arguments: object) -> str:
    """Arguments are text; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    if isinstance(arguments, dict):
        return json.dumps(arguments)
    return ""
