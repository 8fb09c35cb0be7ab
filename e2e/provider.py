"""An OpenAI-compatible server that says what a test tells it, when the test tells it.

It runs in a thread of the test's process on a free port. A request waits as a `Call` until the
test takes it by its last user text and writes its chunks one by one; nothing is timed. Given a
coroutine function it has that answer each call. For benches it answers by itself at a given rate,
as a process of its own:

    python -m e2e.provider --port 0 --tokens 5000 --rate 1000      (prints its address as JSON)

Must not know: Holdfast. It is what any provider is: HTTP, JSON, server-sent events.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Self

import h11

from e2e.provider_call import BOUND_S, Call, Pace
from e2e.until import until

Answer = Callable[[Call], Coroutine[Any, Any, None]]
"""Writes one call's answer, on the provider's loop."""


class Provider:
    """The server. Use it as a context manager; leaving closes every connection."""

    def __init__(
        self, *, models: Iterable[str] = ("scripted",), answer: Answer | None = None, port: int = 0
    ) -> None:
        self.models = list(models)
        self.calls: list[Call] = []
        self._answer = answer
        self._port = port
        self._changed = threading.Condition()
        self._waiting: list[Call] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="provider")
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self.on_loop(asyncio.start_server(self._accept, "127.0.0.1", self._port))
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc: object) -> None:
        self.on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def next_call(self, text: str | None = None, *, bound_s: float = BOUND_S) -> Call:
        """Return the oldest waiting call whose last user text is `text` (any, if None)."""
        return self._take(text, bound_s, given_up=threading.Event())

    async def anext_call(self, text: str | None = None, *, bound_s: float = BOUND_S) -> Call:
        """The same for a test whose loop also runs the client."""
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._take, text, bound_s, given_up)
        except asyncio.CancelledError:
            with self._changed:
                given_up.set()
                self._changed.notify_all()
            raise

    async def deserted(self) -> None:
        """Wait until a client that has died is gone, and all that it had still asked is noted."""
        # Connections are accepted in order: once this one is answered, none is left at the door.
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: provider\r\n\r\n")
        await reader.readline()
        writer.close()

        async def nobody() -> bool:
            return not self._connections

        await until(nobody, what="the last connection to the provider to close", bound_s=BOUND_S)

    def _take(self, text: str | None, bound_s: float, given_up: threading.Event) -> Call:
        def match() -> Call | None:
            return next((one for one in self._waiting if text in (None, one.text)), None)

        with self._changed:
            self._changed.wait_for(lambda: match() or given_up.is_set(), bound_s)
            call = None if given_up.is_set() else match()
            if call is None:
                raise AssertionError(
                    f"no request for {text!r} came within {bound_s:g} s; "
                    f"waiting are {[one.text for one in self._waiting]}"
                )
            self._waiting.remove(call)
        return call

    def on_loop(self, work: Any) -> Any:
        """Run a coroutine on the provider's own loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(BOUND_S)

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        while (asked := await _read_request(http, reader)) is not None:
            request, body = asked
            call = Call(self.on_loop, http, writer, request, body)
            if request.target.endswith(b"/models"):
                call.answer(200, {"object": "list", "data": [{"id": one} for one in self.models]})
            elif not request.target.endswith(b"/chat/completions"):
                call.answer(404, {"error": {"code": "not_found", "message": "no such path"}})
            else:
                self._announce(call)
            if not await call.until_over(reader):
                return
            http.start_next_cycle()

    def _announce(self, call: Call) -> None:
        self.calls.append(call)
        if self._answer is not None:
            call.speak(self._answer(call))
            return
        with self._changed:
            self._waiting.append(call)
            self._changed.notify_all()


async def _read_request(
    http: h11.Connection, reader: asyncio.StreamReader
) -> tuple[h11.Request, bytes] | None:
    """Return the next request of a connection, or None when the client has left."""
    request: h11.Request | None = None
    body = bytearray()
    while True:
        match http.next_event():
            case h11.NEED_DATA:
                http.receive_data(await reader.read(65_536))
            case h11.Request() as request:
                pass
            case h11.Data(data=piece):
                body += piece
            case h11.EndOfMessage() if request is not None:
                return request, bytes(body)
            case _:
                return None


def main() -> None:
    """Answer at a pace until standard input closes."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--tokens", type=int, default=5_000)
    options.add_argument("--rate", type=float, default=1_000, help="tokens a second")
    options.add_argument("--stamped", action="store_true", help="put the time into each token")
    given = options.parse_args()
    pace = Pace(given.tokens, given.rate, given.stamped)
    models = ("auto-50", "auto-1000")
    answer = partial(Call.speak_at, pace=pace)
    with Provider(models=models, answer=answer, port=given.port) as provider:
        print(json.dumps({"base_url": provider.base_url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
