"""A server put together as `holdfast serve` does, with a model that says what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from backend.tests.runs.fakes import FakeModel
from backend.tests.store import BOUND_S, end_of, open_journal, text_reaches, until
from holdfast_protocol.sse import Frame, FrameDecoder
from holdfast_server.app import Server, make_server
from holdfast_server.journal.port import Journal
from holdfast_server.journal.sqlite import SqliteJournal
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id
from holdfast_server.serving import WebServer
from holdfast_server.starting import listen

ADDRESS = "http://127.0.0.1:8000"
Json = dict[str, Any]


@dataclass
class Site:
    """A server and a client of it. `window_ms` as in production."""

    folder: Path
    page: Path
    journal: SqliteJournal
    model: FakeModel
    server: Server
    client: httpx.AsyncClient

    @classmethod
    async def open(
        cls, folder: Path, page: Path, through: Callable[[Journal], Journal] = lambda own: own
    ) -> "Site":
        """Put a server together. All that it asks of the journal goes `through` something."""
        journal = await open_journal(folder)
        model = FakeModel()
        server = make_server(through(journal), model, page=page)
        transport = httpx.ASGITransport(server.app)
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS)
        return cls(folder, page, journal, model, server, client)

    async def close(self) -> None:
        await self.client.aclose()
        await self.server.end()
        await self.journal.close()
        assert self.model.open == 0, "a model's connection is still open"

    async def crash(self) -> "Site":
        """Lose the process without a word, and start another one on the same store."""
        await self.client.aclose()
        await self.journal.close()
        for runner in list(self.server.runs._runners.values()):
            runner.abandon()
        return await Site.open(self.folder, self.page)

    async def sends(self, text: str, thread: str | None = None, **more: str) -> Json:
        """Send a question over HTTP and return the answer to that."""
        body = {"id": new_id(), "reply": new_id(), "text": text, **more}
        path = f"/api/threads/{thread or new_id()}/messages"
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def sends_and_hears(self, text: str, thread: str | None = None) -> Json:
        """Send a question whose answer has begun with "so"."""
        sent = await self.sends(text, thread)
        self.model.says(TextDelta("so"), to=text)
        await text_reaches(self.journal, sent["reply"], "so")
        return sent

    async def talk(self, text: str, answer: str = "so", thread: str | None = None) -> Json:
        """Have a question answered whole."""
        sent = await self.sends(text, thread)
        self.model.says(TextDelta(answer), Finished(None), to=text)
        await end_of(self.journal, sent["reply"])
        return sent

    async def quiet(self) -> None:
        """Return once no run is under way."""
        await until(lambda: not self.server.runs.is_active("local"))

    async def get(self, path: str, **params: Any) -> Json:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def threads(self) -> list[Json]:
        return (await self.get("/api/threads"))["threads"]

    async def messages(self, thread: str) -> list[Json]:
        return (await self.get(f"/api/threads/{thread}/messages"))["messages"]


def error_of(answer: httpx.Response) -> str:
    """Return the code of an error, and check its shape."""
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert list(content) == ["error"]
    error = content["error"]
    assert set(error) == {"code", "message", "retryable"}
    assert error["message"].endswith("."), error["message"]
    assert isinstance(error["retryable"], bool)
    for leak in ("Traceback", "<html", ".py", "pydantic"):
        assert leak not in answer.text
    return error["code"]


def make_page(folder: Path) -> Path:
    (folder / "js").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Holdfast</title>")
    (folder / "js" / "boot.js").write_text("// boots\n")
    return folder


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[tuple[str, WebServer]]:
    """Serve the site over a real socket while inside; gives its address."""
    listening = listen("127.0.0.1", 0)
    ready = asyncio.Event()
    web = WebServer(site.server, ready.set)
    serving = asyncio.create_task(web.serve([listening]))
    try:
        async with asyncio.timeout(BOUND_S):
            await ready.wait()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", web
    finally:
        web.should_exit = True
        await asyncio.wait_for(serving, BOUND_S)
        listening.close()


class Stream:
    """An event stream, frame by frame."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_text()
        self._decoder = FrameDecoder()
        self._ready: list[Frame] = []

    async def next(self) -> Frame | None:
        """Return the next frame; None once the server has ended the stream."""
        while not self._ready:
            async with asyncio.timeout(BOUND_S):
                chunk = await anext(self._chunks, None)
            if chunk is None:
                return None
            self._ready = self._decoder.feed(chunk)
        return self._ready.pop(0)

    async def until(self, event: str) -> list[Frame]:
        """Return the frames up to the first of this kind, that one included."""
        frames: list[Frame] = []
        while True:
            frame = await self.next()
            assert frame is not None, f"the stream ended before {event}: {frames}"
            frames.append(frame)
            if frame.event == event:
                return frames


@asynccontextmanager
async def streaming(address: str, **ask: Any) -> AsyncIterator[Stream]:
    """Open the event stream of a served site."""
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=BOUND_S) as client,
        client.stream("GET", "/api/events", **ask) as response,
    ):
        assert response.status_code == 200
        yield Stream(response)
