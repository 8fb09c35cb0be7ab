"""What lives over many kills: a provider, a server that dies and comes back, and its readers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from e2e.api import Api
from e2e.faults.readers import Poller, Reader
from e2e.faults.script import Speaker
from e2e.faults.told import Told
from e2e.provider import Provider
from e2e.server import Server

STREAMS = 3


@dataclass(slots=True)
class Follower:
    """A reader, and what it has made of all that it received."""

    reader: Reader
    told: Told = field(default_factory=Told)
    applied: int = 0

    def catch_up(self) -> None:
        """Apply what was received since the last time."""
        for receipt in self.reader.receipts[self.applied :]:
            self.told.apply(receipt.entry)
        self.applied = len(self.reader.receipts)

    def forget(self) -> None:
        self.reader.forget()
        self.applied = 0


@dataclass(slots=True)
class Rig:
    """One server folder, its outside, and the measure of its comings back.

    `empty_ms`: how long its first start took, with nothing in the folder: what a start costs at
    least.
    """

    server: Server
    provider: Provider
    speaker: Speaker
    http: httpx.AsyncClient
    api: Api
    followers: list[Follower]
    empty_ms: float
    recovered_ms: list[float] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.server.folder / "data"

    @property
    def process(self) -> int:
        assert self.server.process is not None, "the server is not running"
        return self.server.process.pid

    async def come_back(self, thread: str) -> float:
        """Start the server again; return when, and measure until it can tell this thread's history.

        Everybody reads on from where they were. Whether the thread is there is not asked here.
        """
        began_s = time.perf_counter()
        await self.server.start()
        answer = await self.http.get(f"{self.server.url}/api/threads/{thread}/messages")
        assert answer.status_code in (200, 404), f"the history gives {answer.status_code}"
        self.recovered_ms.append((time.perf_counter() - began_s) * 1000)
        self.attach()
        return began_s

    def attach(self) -> None:
        for follower in self.followers:
            follower.reader.attach(self.http)

    async def all_lost(self) -> None:
        """Wait until every reader and the model know that the server is gone."""
        await self.provider.deserted()
        await asyncio.gather(*(follower.reader.lost() for follower in self.followers))


@asynccontextmanager
async def rig(server: Server | None = None) -> AsyncIterator[Rig]:
    """Give a rig whose server runs; all of it is ended and removed afterwards.

    `server`: one that is not started yet, for a story that watches what is left behind.
    """
    speaker = Speaker()
    with Provider(answer=speaker.answer) as provider:
        server = server or Server()
        server.model_url = provider.base_url
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(trust_env=False, limits=limits) as http:
            try:
                began_s = time.perf_counter()
                await server.start()
                empty_ms = (time.perf_counter() - began_s) * 1000
                api = await Api(server.url).begin()
                followers = _followers(server.url, api.first)
                made = Rig(server, provider, speaker, http, api, followers, empty_ms)
                made.attach()
                try:
                    yield made
                finally:
                    await asyncio.gather(*(one.reader.detach() for one in followers))
                    await api.aclose()
            finally:
                await server.dispose()


def _followers(url: str, cursor: str) -> list[Follower]:
    streams = [Reader(f"stream {number}", url, cursor) for number in range(STREAMS)]
    return list(map(Follower, (*streams, Poller("poller", url, cursor))))
