"""What hangs holds up nobody, not even the end of the process."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from e2e.api import Api, new_id
from e2e.server import Server
from e2e.until import until
from holdfast_server.errands import Errands

MANY = 100
RUNS = 40
"""More than asyncio's own executor has threads, on any machine."""
HANGING = f"""
import asyncio, threading
from holdfast_server.errands import Errands

async def main():
    asyncio.get_running_loop().set_default_executor(Errands())
    for _ in range({MANY}):
        asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))
    print(await asyncio.to_thread(str, "done"))

asyncio.run(main())
"""

SILENT = """
import socket, threading
from holdfast_server.cli import main

ask_truly = socket.getaddrinfo

def ask_name(host, *more, **named):
    if host not in ("silent.test", b"silent.test"):
        return ask_truly(host, *more, **named)
    print("asked for the name", flush=True)
    threading.Event().wait()

socket.getaddrinfo = ask_name
main()
"""


async def test_an_errand_comes_back_with_what_it_found_or_why_not() -> None:
    with Errands() as errands:
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(errands, int, "7") == 7
        with pytest.raises(ValueError, match="x"):
            await loop.run_in_executor(errands, int, "x")


async def test_errands_that_hang_hold_up_no_other() -> None:
    end = threading.Event()
    with Errands() as errands:
        hanging = [errands.submit(end.wait) for _ in range(MANY)]
        assert await asyncio.get_running_loop().run_in_executor(errands, int, "7") == 7
        assert not any(one.done() for one in hanging)
        end.set()
        assert all(one.result(10) for one in hanging)


def test_L10_a_process_ends_though_errands_hang_for_ever() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, check=False, timeout=30
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("done\n", "", 0)


async def test_L10_a_server_ends_though_no_name_server_answers() -> None:
    server = Server(model_url="http://silent.test/v1", program=[sys.executable, "-c", SILENT])
    try:
        await server.start()
        api = Api(server.url)
        for _ in range(RUNS):
            await api.send(new_id(), new_id(), new_id(), "Anybody there?", model="m")
        await api.aclose()
        await until(all_asked(server), what="the questions to look for their model")
        assert await server.terminate() == 0
    finally:
        await server.dispose()


def all_asked(server: Server) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return server.tail().count("asked for the name") >= RUNS

    return asked
