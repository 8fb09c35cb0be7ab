"""The demo model: a provider that lives in this process.

It speaks chat completions as bytes through a transport of httpx, so its answers take the same
way as those of a real model: the same door, normaliser and tool loop. Only the socket is missing.
Must not know: model events, tools, runs.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from holdfast_server.models import demo_script
from holdfast_server.models.door import Sleep

TOKENS_PER_S = {"demo": 40, "demo-slow": 10, "demo-fast": 1_000}
"""The demo's models; the first one is taken when none is named."""

TICK_S = 0.01
"""Shortest pause between two writes; a faster model writes several tokens at once."""

TOKEN = re.compile(r"\s*\S{1,4}(?:\s+$)?")
"""Some four characters, as tokens have them; joined they are the text again."""

Delta = dict[str, Any]


class DemoTransport(httpx.AsyncBaseTransport):
    """Answers the two calls that a model's client makes. `sleep` is the only time it knows."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            listed = {"object": "list", "data": [{"id": name} for name in TOKENS_PER_S]}
            return httpx.Response(200, json=listed)
        asked = json.loads(request.content)
        if asked["model"] not in TOKENS_PER_S:
            return httpx.Response(404, json={"error": {"code": "model_not_found"}})
        return httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream"},
            stream=_Stream(asked, self._sleep),
        )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, asked: dict[str, Any], sleep: Sleep) -> None:
        self._asked = asked
        self._sleep = sleep

    async def __aiter__(self) -> AsyncIterator[bytes]:
        per_s = TOKENS_PER_S[self._asked["model"]]
        per_tick = max(1, round(per_s * TICK_S))
        tick: list[bytes] = []
        for delta in deltas(self._asked["messages"]):
            tick.append(_event({"choices": [{"index": 0, "delta": delta}]}))
            if len(tick) >= per_tick:
                await self._sleep(per_tick / per_s)
                yield b"".join(tick)
                tick.clear()
        reason = "stop" if _results(self._asked["messages"]) else "tool_calls"
        tick.append(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
        yield b"".join([*tick, b"data: [DONE]\n\n"])


def deltas(messages: list[dict[str, Any]]) -> Iterator[Delta]:
    """Return what the demo says next: thoughts and tool calls first, then the text."""
    expression = demo_script.sum_in(_question(messages))
    results = _results(messages)
    if not results:
        for token in TOKEN.findall(demo_script.REASONING):
            yield {"reasoning_content": token}
        for token in TOKEN.findall(demo_script.BEFORE_TOOLS):
            yield {"content": token}
        yield from _call(0, "clock", {"timezone": "UTC"})
        yield from _call(1, "calculator", {"expression": expression})
        return
    clock, calculated = (*results, "", "")[:2]
    for token in TOKEN.findall(demo_script.after_tools(clock, expression, calculated)):
        yield {"content": token}


def _call(index: int, name: str, arguments: dict[str, str]) -> Iterator[Delta]:
    function: dict[str, str] = {"name": name, "arguments": ""}
    yield {"tool_calls": [{"index": index, "id": f"demo-{name}", "function": function}]}
    for piece in TOKEN.findall(json.dumps(arguments)):
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _question(messages: list[dict[str, Any]]) -> str:
    return next((one["content"] for one in reversed(messages) if one["role"] == "user"), "")


def _results(messages: list[dict[str, Any]]) -> list[str]:
    """Return what the tools said since the last question."""
    results: list[str] = []
    for message in reversed(messages):
        if message["role"] == "user":
            break
        if message["role"] == "tool":
            results.insert(0, message["content"])
    return results


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
