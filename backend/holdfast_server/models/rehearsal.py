"""One answer at start-up, from a script over a real socket: so the first question pays no import.

httpx and what lies below it load a good part of themselves when they first connect, on the loop
that serves everybody. Which part is theirs to know; so nothing is named here, it is done once.
Must not know: which model was configured, and whether it is there.
"""

import asyncio

import httpx

from holdfast_server.models.chat_completions import ChatCompletions
from holdfast_server.models.limits import Limits
from holdfast_server.models.port import ModelError, Turn, TurnMessage
from holdfast_server.models.tools import Toolbox

BODY = (
    b'data: {"choices": [{"index": 0, "delta": {"content": "ready"}, "finish_reason": "stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


def rehearse(limits: Limits) -> bool:
    """Answer once, on a loop of its own: call it in a thread. Tell whether it came off."""
    try:
        return asyncio.run(_answered(limits))
    except (OSError, ModelError, TimeoutError):
        return False  # the first question pays then, and says what is wrong, if anything is


async def _answered(limits: Limits) -> bool:
    loop = asyncio.get_running_loop()
    hung_up: asyncio.Future[None] = loop.create_future()
    listening = await loop.create_server(lambda: _Speaker(hung_up), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/v1", trust_env=False, verify=False, timeout=None
    )
    model = ChatCompletions(
        client, name="rehearsal", model="rehearsal", toolbox=Toolbox((), limits), limits=limits
    )
    try:
        async with asyncio.timeout(limits.rehearsal_s_max):
            try:
                async for _ in model.answer(Turn(None, None, (TurnMessage("user", "Ready?"),))):
                    pass
            finally:
                await model.aclose()
            await hung_up
    finally:
        listening.close()
    return True


class _Speaker(asyncio.Protocol):
    """Answers whatever is asked first; the connection is the asker's to close."""

    def __init__(self, hung_up: asyncio.Future[None]) -> None:
        self._hung_up = hung_up
        self._answer = ANSWER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer)
        self._answer = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._hung_up.done():
            self._hung_up.set_result(None)
