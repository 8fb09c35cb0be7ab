"""A model behind an OpenAI-compatible address: `POST /chat/completions`, streamed.

One turn is a loop: ask, stream what comes, run the tools that were called, ask again. There is
one path for every model; the demo differs by its transport alone.
Must not know: how the model was chosen, and what becomes of the events.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from holdfast_protocol.limits import NUMBER_MAX
from holdfast_server.models import conversation, failures
from holdfast_server.models.door import Door, Overflow, Sleep
from holdfast_server.models.limits import Limits
from holdfast_server.models.normalise import ProviderSaid, Reply, TooMuch
from holdfast_server.models.port import (
    Finished,
    ModelEvent,
    ToolReturned,
    Turn,
)
from holdfast_server.models.stream import (
    EventTooLong,
    MalformedChunk,
    parse_object,
    reader_for,
)
from holdfast_server.models.tools import Toolbox

OPTIONAL = {"tools": b"tool", "stream_options": b"stream_options"}
"""What a request can do without, and the word by which a refusal shows that it is meant."""

REFUSING_STATUSES = frozenset({400, 404, 422, 500, 501})
"""With these, and that word, servers refuse what they do not support."""


@dataclass(slots=True)
class _TurnState:
    """What one turn has gathered over its rounds."""

    model: str
    messages: list[dict[str, Any]]
    calls: int = 0
    said_anything: bool = False
    usage: dict[str, int | bool] = field(default_factory=dict)

    def add_usage(self, reply: Reply) -> None:
        for ours, theirs in (
            ("input_tokens", "prompt_tokens"),
            ("output_tokens", "completion_tokens"),
        ):
            count = (reply.usage or {}).get(theirs)
            if isinstance(count, int) and 0 <= count <= NUMBER_MAX:
                self.usage[ours] = min(self.usage.get(ours, 0) + count, NUMBER_MAX)
        if reply.finish_reason == "length":
            self.usage["cut"] = True


class ChatCompletions:
    """The `Model` for any OpenAI-compatible address. Owns its client."""

    demo = False

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        name: str,
        model: str | None,
        toolbox: Toolbox,
        limits: Limits,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.name = name
        self._client = client
        self._model = model
        self._toolbox = toolbox
        self._limits = limits
        self._sleep = sleep
        self._first_model: str | None = None
        self._refused: set[tuple[str, str]] = set()  # (model, option); bounded in `_give_up`

    async def list_models(self) -> tuple[str, ...]:
        try:
            async with (
                asyncio.timeout(self._limits.list_s_max),
                self._client.stream("GET", "models") as response,
            ):
                body = await self._read(response, self._limits.models_bytes_max)
        except TimeoutError:
            raise failures.no_first_token(self.name) from None
        except httpx.RequestError as error:
            raise failures.unreachable(self.name, error) from error
        if response.status_code != 200:
            raise failures.refused(self.name, response.status_code, body, None)
        return tuple(self._model_names(body))[: self._limits.models_max]

    def _model_names(self, body: bytes) -> list[str]:
        try:
            match parse_object(body):
                case {"data": list(offered)}:
                    pass
                case _:
                    raise failures.malformed(self.name)
        except MalformedChunk:
            raise failures.malformed(self.name) from None
        return [
            one["id"]
            for one in offered
            if isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"]
        ]

    async def aclose(self) -> None:
        await self._client.aclose()

    async def answer(self, turn: Turn) -> AsyncGenerator[ModelEvent, None]:
        state = _TurnState(await self._choose(turn.model), conversation.opening(turn))
        for _ in range(self._limits.tool_rounds_max):
            reply = Reply(self._limits)
            async with aclosing(self._round(state, reply)) as events:
                async for event in events:
                    state.said_anything = True
                    yield event
            state.add_usage(reply)
            calls = [call for call in reply.calls if call.name]
            if not calls:
                if not state.said_anything:
                    raise failures.nothing_said(self.name)
                yield Finished(state.usage or None)
                return
            state.calls += len(reply.calls)
            state.messages.append(conversation.said(reply, calls))
            for call in calls:
                outcome, result = await self._toolbox.call(call.name, call.arguments_text)
                state.messages.append(conversation.returned(call, result))
                yield ToolReturned(call.call, outcome, result)
        raise failures.too_many_rounds(self.name, self._limits.tool_rounds_max)

    async def _choose(self, asked: str | None) -> str:
        """Return the model's name: the turn's, the configured one, or the first on offer."""
        if name := asked or self._model or self._first_model:
            return name
        offered = await self.list_models()
        if not offered:
            raise failures.no_models(self.name)
        self._first_model = offered[0]
        return offered[0]

    async def _round(self, state: _TurnState, reply: Reply) -> AsyncGenerator[ModelEvent, None]:
        """Ask once and give what comes. Every way it can fail becomes a ModelError here."""
        began_s = asyncio.get_running_loop().time()
        try:
            async with (
                self._ask(state, began_s + self._limits.first_token_s_max) as response,
                aclosing(self._events(response, reply, state.calls, began_s)) as events,
            ):
                async for event in events:
                    yield event
        except httpx.RequestError as error:
            raise failures.unreachable(self.name, error) from error
        except MalformedChunk:
            raise failures.malformed(self.name) from None
        except (Overflow, EventTooLong, TooMuch):
            raise failures.too_much(self.name) from None
        except ProviderSaid as said:
            raise failures.reported(self.name, said.report) from None

    async def _events(
        self, response: httpx.Response, reply: Reply, first_call: int, began_s: float
    ) -> AsyncGenerator[ModelEvent, None]:
        """Give the events of one response as they arrive, and judge its end."""
        clock = asyncio.get_running_loop().time
        reader = reader_for(response.headers.get("content-type", ""), self._limits)
        deadline_s = began_s + self._limits.first_token_s_max
        waits_for_first = True
        async with Door(response.aiter_bytes(), self._limits, self._sleep, clock) as door:
            while not reader.done:
                try:
                    burst = await door.burst(deadline_s=deadline_s)
                except TimeoutError:
                    late = failures.no_first_token if waits_for_first else failures.stalled
                    raise late(self.name) from None
                chunks = reader.finish() if burst is None else reader.feed(burst)
                events = reply.feed(chunks, first_call=first_call)
                if events:
                    waits_for_first = False
                    deadline_s = clock() + self._limits.stall_s_max
                for event in events:
                    yield event
                if burst is None:
                    break
            else:
                await self._drain(door)
        for event in reply.finish():
            yield event
        if reply.finish_reason == "content_filter":
            raise failures.withheld(self.name)
        if reply.finish_reason is None and not reader.done:
            raise failures.broke_off(self.name)

    async def _drain(self, door: Door) -> None:
        """Read the end of a body that said all; what goes wrong in it spoils nothing."""
        deadline_s = asyncio.get_running_loop().time() + self._limits.drain_s_max
        with suppress(TimeoutError, httpx.RequestError, Overflow):
            while await door.burst(deadline_s=deadline_s) is not None:
                pass

    @asynccontextmanager
    async def _ask(self, state: _TurnState, deadline_s: float) -> AsyncIterator[httpx.Response]:
        """Give a response that began well; leaving closes its connection, whole or not."""
        response = await self._send(state, deadline_s)
        try:
            while response.status_code != 200:
                body = await self._read(response, self._limits.error_bytes_max)
                if not self._give_up(response.status_code, body, state.model):
                    raise failures.refused(self.name, response.status_code, body, state.model)
                await response.aclose()
                response = await self._send(state, deadline_s)
            yield response
        finally:
            await response.aclose()

    async def _send(self, state: _TurnState, deadline_s: float) -> httpx.Response:
        asked: dict[str, Any] = {
            "model": state.model,
            "messages": state.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            "tools": self._toolbox.described(),
        }
        for option in OPTIONAL:
            if (state.model, option) in self._refused or not asked[option]:
                del asked[option]
        request = self._client.build_request(
            "POST",
            "chat/completions",
            # The standard library writes lone surrogates as escapes where orjson would refuse.
            content=json.dumps(asked).encode(),
            headers={"Content-Type": "application/json", "Accept": "text/event-stream"},
        )
        try:
            async with asyncio.timeout_at(deadline_s):
                return await self._client.send(request, stream=True)
        except TimeoutError:
            raise failures.no_first_token(self.name) from None

    def _give_up(self, status: int, body: bytes, model: str) -> bool:
        """Return whether the refusal means an option; `model` is asked without it from now on."""
        if status not in REFUSING_STATUSES:
            return False
        for option, word in OPTIONAL.items():
            if word in body and (model, option) not in self._refused:
                if len(self._refused) >= self._limits.models_max:
                    self._refused.clear()
                self._refused.add((model, option))
                return True
        return False

    async def _read(self, response: httpx.Response, bytes_max: int) -> bytes:
        """Return the beginning of a body, no more than `bytes_max` and waiting `list_s_max`."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.list_s_max):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) >= bytes_max:
                        break
        except TimeoutError:
            pass  # the status says enough
        return bytes(body[:bytes_max])
