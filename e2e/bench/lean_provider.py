"""A provider that costs little, so that hundreds of answers at once are limited by who reads them.

    python -m e2e.bench.lean_provider          (prints its address; ends with standard input)

It knows two requests: the list of models, and an answer of a model `auto-<rate>-<tokens>`, whose
tokens bear the time at which they were written (`stamped`). Each token is one chunk of the weight
that real providers send, written by itself.
"""

import asyncio
import json
import sys

from e2e.bench.stamped import token

MODELS = json.dumps({"object": "list", "data": [{"id": "auto-50-100"}]}).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def event(delta: dict[str, str], reason: str | None = None) -> bytes:
    """Return one event of the body, some 230 bytes around what it says."""
    chunk = {
        "id": "chatcmpl-0123456789abcdefghijklmnop",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "auto",
        "system_fingerprint": "fp_0123456789",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def framed(piece: bytes) -> bytes:
    """Return a piece of a body as HTTP frames it."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


BEFORE, _, AFTER = event({"content": "@"}).partition(b"@")
END = framed(event({}, "stop")) + framed(b"data: [DONE]\n\n") + LAST


class Speaker(asyncio.Protocol):
    """One connection: request, answer, request, answer."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._next: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._next is not None:
            self._next.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, body = self._received.partition(b"\r\n\r\n")
        length = int((head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) or 0)
        if not ended or len(body) < length:
            return
        self._received = body[length:]
        if head.startswith(b"GET"):
            self._transport.write(WHOLE % (len(MODELS), MODELS))
            return
        _, rate, tokens = json.loads(body[:length])["model"].split("-")
        self._rate, self._tokens, self._number = float(rate), int(tokens), 0
        self._began = self._loop.time()
        self._transport.write(BEGIN)
        self._speak()

    def _speak(self) -> None:
        """Write the tokens that are due, and come back for the next."""
        while self._number < self._tokens:
            due = self._began + self._number / self._rate
            if due > self._loop.time():
                self._next = self._loop.call_at(due, self._speak)
                return
            said = token(self._number, self._rate).encode()
            self._transport.write(framed(BEFORE + said + AFTER))
            self._number += 1
        self._transport.write(END)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Speaker, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}/v1"}), flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
