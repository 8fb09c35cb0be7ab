"""Two servers on one data folder, as real processes: the later one has it (L6, L8)."""

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from backend.tests.api.site import streaming
from backend.tests.cli.processes import BOUND_S, ask, complains, get, run, serving
from backend.tests.journal.test_takeover import STRANGER, process
from holdfast_protocol.limits import SHUTDOWN_S_MAX
from holdfast_server.journal.sqlite import FILE


def sentence(folder: Path) -> bytes:
    return (
        f"holdfast: another Holdfast has taken over the data folder {folder}; this one ends\n"
    ).encode()


def journalled(folder: Path) -> list[dict]:
    """Read every entry of the store, whoever serves it."""
    with closing(sqlite3.connect(folder / FILE)) as store:
        return [json.loads(body) for (body,) in store.execute("SELECT body FROM entries")]


async def ended(server: asyncio.subprocess.Process) -> tuple[int, bytes]:
    async with asyncio.timeout(BOUND_S):
        _, err = await server.communicate()
    return server.returncode, err


async def test_L6_an_idle_server_ends_with_one_sentence_when_another_takes_its_folder(tmp_path):
    async with serving(tmp_path) as (old, line), streaming(line.split()[3]) as stream:
        await stream.until("caught-up")
        async with serving(tmp_path) as (_, new_line):
            while await stream.next() is not None:
                pass
            assert await ended(old) == (1, sentence(tmp_path))
            assert await get(new_line, "/healthz") == {"status": "ok"}


async def test_L6_a_server_that_writes_is_cut_off_and_ends_within_the_bound(tmp_path):
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as (old, line), streaming(line.split()[3]) as stream:
        await ask(line)
        while "part.delta" not in (await stream.next()).data:
            pass
        async with serving(tmp_path) as (_, new_line):
            taken = loop.time()
            assert await ended(old) == (1, sentence(tmp_path))
            assert loop.time() - taken < SHUTDOWN_S_MAX + 1
            entries = journalled(tmp_path)
            assert [entry["type"] for entry in entries].count("run.ended") == 1
            assert (entries[-1]["type"], entries[-1]["status"]) == ("run.ended", "interrupted")
            await ask(new_line)


async def test_L6_a_server_that_was_stopped_writes_nothing_once_it_was_superseded(tmp_path):
    async with serving(tmp_path) as (old, line), streaming(line.split()[3]) as stream:
        await ask(line)
        while "part.delta" not in (await stream.next()).data:
            pass
        old.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, old.pid, os.WSTOPPED)
        async with serving(tmp_path) as (_, new_line):
            before = journalled(tmp_path)
            old.send_signal(signal.SIGCONT)
            while await stream.next() is not None:
                pass
            assert await ended(old) == (1, sentence(tmp_path))
            assert journalled(tmp_path) == before
            assert (before[-1]["type"], before[-1]["status"]) == ("run.ended", "interrupted")
            assert [entry["seq"] for entry in before] == list(range(1, len(before) + 1))
            assert await get(new_line, "/healthz") == {"status": "ok"}


async def test_L8_the_same_server_started_twice_by_mistake_harms_nothing(tmp_path):
    async with serving(tmp_path) as (_, line):
        port = line.split()[3].rsplit(":", 1)[1]
        again = await run("serve", "--port", port, "--data-dir", str(tmp_path))
        complains(again, f"port {port} is in use")
        assert await get(line, "/healthz") == {"status": "ok"}
        with closing(sqlite3.connect(tmp_path / FILE)) as store:
            assert store.execute("SELECT epoch FROM store").fetchone() == (1,)


async def test_a_store_that_another_program_holds_gives_one_sentence_with_its_number(tmp_path):
    async with serving(tmp_path) as (server, _):
        server.send_signal(signal.SIGTERM)
        await ended(server)
    with process("-c", STRANGER, str(tmp_path / FILE), str(tmp_path / "around")) as other:
        refused = await run("serve", "--port", "0", "--data-dir", str(tmp_path))
        complains(refused, f"process {other.child.pid} (")
        complains(refused, "end what holds it")
        assert other.child.poll() is None
