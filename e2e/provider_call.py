"""One request to the scripted provider, and the answer that a test writes to it.

Must not know: how requests come in, and which test is waiting.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import h11

BOUND_S = 10.0
"""How long a test waits for a request, or for a connection to be closed, before it fails."""

FINISH_USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


@dataclass(frozen=True, slots=True)
class Pace:
    """How the provider answers by itself: `tokens` numbered tokens, `rate` of them a second.

    `stamped` adds the wall clock in milliseconds to each: `t17@1700000000000.123`. A model named
    `auto-50` or `auto-50-800` is answered at 50 tokens a second, with 800 of them in the second
    case, whatever is given here.
    """

    tokens: int
    rate: float
    stamped: bool = False

    def token(self, number: int) -> str:
        return f"t{number}@{time.time() * 1000:.3f} " if self.stamped else f"t{number} "


class Call:
    """One request for a completion, and the answer that the test writes.

    Its methods are for the test's thread. The response's head is sent with the first of them, so
    `fail` must come before any other.
    """

    def __init__(
        self,
        on_loop: Callable[[Coroutine[Any, Any, None]], None],
        http: h11.Connection,
        writer: asyncio.StreamWriter,
        request: h11.Request,
        body: bytes,
    ) -> None:
        self.body: dict[str, Any] = json.loads(body) if body else {}
        self.headers = {name.decode(): value.decode() for name, value in request.headers}
        self.peer = writer.get_extra_info("peername")  # tells connections apart
        self._run = on_loop
        self._http = http
        self._writer = writer
        self._begun = False
        self._over = asyncio.Event()
        self._closed = threading.Event()
        self._speaker: asyncio.Task[None] | None = None
        self._said: dict[str, Any] = {"role": "assistant", "content": ""}

    @property
    def text(self) -> str:
        """The last user text: by it a test tells calls apart."""
        users = [one for one in self.body.get("messages", ()) if one["role"] == "user"]
        return users[-1]["content"] if users else ""

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    # --- what a test says ---------------------------------------------------------------------

    def begin(self) -> None:
        """Send the response's head and the role, as servers do before their first token."""
        self.delta({"role": "assistant", "content": ""})

    def say(self, *tokens: str) -> None:
        """Send text, one chunk each."""
        for token in tokens:
            self.delta({"content": token})

    def tokens(self, first: int, last: int, prefix: str = "t") -> None:
        """Send the numbered tokens `t<first>` to `t<last>`, one chunk each."""
        self.say(*(f"{prefix}{number} " for number in range(first, last + 1)))

    def reason(self, *thoughts: str, field: str = "reasoning_content") -> None:
        """Send reasoning, one chunk each, under either of the names in use."""
        for thought in thoughts:
            self.delta({field: thought})

    def tool_call(self, id: str, name: str, *arguments: str, index: int = 0) -> None:
        """Send a tool call: its head, then its arguments in these pieces."""
        head = {"index": index, "id": id, "type": "function"}
        self.delta({"tool_calls": [{**head, "function": {"name": name, "arguments": ""}}]})
        for piece in arguments:
            self.delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})

    def delta(self, delta: dict[str, Any]) -> None:
        """Send one chunk with this delta."""
        if self.streams:
            self.chunk({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        else:
            self._said["content"] += delta.get("content") or ""

    def chunk(self, chunk: dict[str, Any]) -> None:
        """Send one whole chunk of the stream as it is."""
        self.raw(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def raw(self, piece: bytes) -> None:
        """Send these bytes of the body, framed by HTTP and nothing else."""
        self._on_loop(self._send, piece)

    def finish(self, reason: str = "stop", usage: dict[str, int] | None = FINISH_USAGE) -> None:
        """End the answer as a provider does: reason, usage, end mark, end of the body."""
        if self.streams:
            self.chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
            if usage is not None:
                self.chunk({"choices": [], "usage": usage})
            self.raw(b"data: [DONE]\n\n")
            self.end()
            return
        choice = {"index": 0, "message": self._said, "finish_reason": reason}
        self.fail(200, {"choices": [choice], "usage": usage})

    def end(self) -> None:
        """End the body here, cleanly for HTTP, whatever was said."""
        self._on_loop(self._end)

    def fail(self, status: int, body: Any, content_type: str = "application/json") -> None:
        """Answer with this status and body instead of a stream. A `str` or `bytes` goes as is."""
        self._on_loop(self.answer, status, body, content_type)

    def break_off(self) -> None:
        """Cut the connection, as a crash would."""
        self._on_loop(self._writer.transport.abort)

    def wait_closed(self, *, bound_s: float = BOUND_S) -> None:
        """Wait until the client has closed the connection of this unfinished answer."""
        assert self._closed.wait(bound_s), f"the client kept the connection open {bound_s:g} s"

    async def await_closed(self, *, bound_s: float = BOUND_S) -> None:
        """The same for a test whose loop also runs the client."""
        await asyncio.to_thread(self.wait_closed, bound_s=bound_s)

    # --- on the provider's loop ---------------------------------------------------------------

    def _on_loop(self, act: Callable[..., None], *args: Any) -> None:
        async def run() -> None:
            act(*args)

        self._run(run())

    def _write(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")

    def _send(self, piece: bytes) -> None:
        if not self._begun:
            self._begun = True
            head = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]
            self._write(h11.Response(status_code=200, headers=head))
        self._write(h11.Data(data=piece))

    def _end(self) -> None:
        if not self._begun:
            self._send(b"")
        self._write(h11.EndOfMessage())
        self._over.set()

    def answer(self, status: int, body: Any, content_type: str = "application/json") -> None:
        """Answer whole. On the provider's loop only; a test calls `fail`."""
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        head = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        self._write(h11.Response(status_code=status, headers=head))
        self._write(h11.Data(data=body))
        self._write(h11.EndOfMessage())
        self._over.set()

    async def until_over(self, reader: asyncio.StreamReader) -> bool:
        """Wait for the end of the answer; False if the client left before it."""
        gone = asyncio.create_task(reader.read(1))
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait((gone, over), return_when=asyncio.FIRST_COMPLETED)
            if not self._over.is_set():
                self._closed.set()
                return False
            if gone.done():  # the first byte of the next request, or the end
                self._http.receive_data(gone.result())
            return True
        finally:
            if self._speaker is not None and not self._over.is_set():
                self._speaker.cancel()
            gone.cancel()
            over.cancel()
            await asyncio.gather(gone, over, return_exceptions=True)

    def speak(self, answer: Coroutine[Any, Any, None]) -> None:
        """Have this coroutine write the answer; it is cancelled when the client leaves."""
        self._speaker = asyncio.create_task(answer)

    def put(self, delta: dict[str, Any]) -> None:
        """Send one chunk with this delta. On the provider's loop only, as `put_end`."""
        self._send(_chunk(delta))

    def put_end(self, reason: str) -> None:
        """End the answer as providers do."""
        self._send(_chunk({}, reason) + b"data: [DONE]\n\n")
        self._end()

    async def speak_at(self, pace: Pace) -> None:
        """Answer at this pace, until the end or until the client leaves."""
        match self.body.get("model", "").split("-"):
            case ["auto", rate]:
                pace = replace(pace, rate=float(rate))
            case ["auto", rate, tokens]:
                pace = replace(pace, rate=float(rate), tokens=int(tokens))
        self.put({"role": "assistant", "content": ""})
        began = time.perf_counter()
        for number in range(pace.tokens):
            ahead = began + number / pace.rate - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self.put({"content": pace.token(number)})
        self.put_end("stop")


def _chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
    """One event of the weight that real providers send: some 230 bytes around each token."""
    chunk = {
        "id": "chatcmpl-0123456789abcdefghijklmnop",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "auto",
        "system_fingerprint": "fp_0123456789",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
