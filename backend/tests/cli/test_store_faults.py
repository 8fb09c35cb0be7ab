"""A real server whose disk refuses its writes for a while (L10): it stays, says so, and goes on."""

import asyncio
import resource
import signal
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import httpx

from backend.tests.api.site import error_of, streaming
from backend.tests.cli.processes import BOUND_S, ask, serving
from holdfast_protocol.limits import SHUTDOWN_S_MAX
from holdfast_server.journal.sqlite import FILE
from holdfast_server.runs.minting import new_id

WRITABLE = resource.RLIM_INFINITY


@asynccontextmanager
async def client_of(line: str):
    address = line.split()[3]
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=BOUND_S) as client:
        yield client


@contextmanager
def no_growth(process: int, folder: Path):
    """The system lets no file of that process grow past the size that the store's log has now."""
    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    size = (folder / f"{FILE}-wal").stat().st_size
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.prlimit(process, resource.RLIMIT_FSIZE, (WRITABLE, hard))


async def send(client: httpx.AsyncClient, thread: str, **again: str) -> httpx.Response:
    body = {"id": new_id(), "reply": new_id(), "text": "hello", **again}
    return await client.post(f"/api/threads/{thread}/messages", json=body)


async def all_entries(client: httpx.AsyncClient, cursor: str) -> list[dict]:
    """Read the journal from a cursor on, page by page, as any reader would."""
    entries, more = [], True
    while more:
        page = (await client.get("/api/poll", params={"cursor": cursor})).json()
        entries += page["entries"]
        cursor, more = page["cursor"], page["more"]
    return entries


async def test_L10_a_server_whose_store_takes_no_writes_stays_says_so_and_recovers(tmp_path):
    thread, again = new_id(), {"id": new_id(), "reply": new_id()}
    async with serving(tmp_path) as (server, line), client_of(line) as client:
        start = (await client.get("/api/bootstrap")).json()["cursor"]
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.post("/api/threads", json={"id": thread})).is_success
        with no_growth(server.pid, tmp_path):
            for _ in range(3):
                sent = await send(client, thread, **again)
                assert (sent.status_code, error_of(sent)) == (503, "store_unavailable")
                assert sent.json()["error"]["retryable"]
                assert sent.headers["retry-after"] == "1"
                health = await client.get("/healthz")
                assert (health.status_code, error_of(health)) == (503, "store_unavailable")
            read = await client.get(f"/api/threads/{thread}/messages")
            assert (read.status_code, read.json()["messages"]) == (200, [])
            assert (await client.get("/api/bootstrap")).is_success
            async with streaming(line.split()[3]) as stream:
                await stream.until("caught-up")
            assert server.returncode is None
        health = await client.get("/healthz")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        sent = await send(client, thread, **again)
        assert sent.status_code == 202
        async with streaming(line.split()[3], params={"cursor": start}) as stream:
            while '"part.delta"' not in (await stream.next()).data:
                pass
        assert (await client.post(f"/api/messages/{again['reply']}/stop")).is_success
        entries = await all_entries(client, start)
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
        assert (entries[-1]["type"], entries[-1]["status"]) == ("run.ended", "stopped")
        made = [entry["message"] for entry in entries if entry["type"] == "message.created"]
        assert made == [again["id"], again["reply"]], "what was refused left something behind"


async def test_L10_a_signal_ends_it_within_five_seconds_though_its_store_is_held(tmp_path):
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as (server, line), streaming(line.split()[3]) as stream:
        await ask(line)
        while "part.delta" not in (await stream.next()).data:
            pass
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asked = loop.time()
            server.send_signal(signal.SIGTERM)
            async with asyncio.timeout(BOUND_S):
                _, err = await server.communicate()
            assert loop.time() - asked < SHUTDOWN_S_MAX
        assert (server.returncode, b"Traceback" in err) == (0, False), err
    async with serving(tmp_path) as (_, line), client_of(line) as client:
        start = (await client.get("/api/bootstrap")).json()
        assert start["threads"][0]["run"] is None, "its run is left hanging"
