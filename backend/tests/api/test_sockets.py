"""What the system is told of our sockets (L11, L12)."""

import asyncio
import errno
import resource
import socket

import pytest

from backend.tests.api.site import served, streaming
from backend.tests.cli.processes import serving
from holdfast_protocol.limits import (
    FULL_HOUSE_LOG_S,
    PEER_SILENT_S_MAX,
    SEND_S_MAX,
    UNSENT_BYTES_MAX,
)
from holdfast_server import sockets
from holdfast_server.starting import listen

BORNE = {
    (socket.SOL_SOCKET, "SO_KEEPALIVE"): 1,
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"): PEER_SILENT_S_MAX * 1000,
    (socket.IPPROTO_TCP, "TCP_NOTSENT_LOWAT"): UNSENT_BYTES_MAX,
}


async def test_L11_an_accepted_connection_ends_when_its_peer_is_gone_without_a_word(site):
    async with served(site) as (address, web), streaming(address) as stream:
        await stream.until("caught-up")
        (connection,) = web.server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        borne = {
            (level, name): accepted.getsockopt(level, getattr(socket, name))
            for level, name in BORNE
            if hasattr(socket, name)
        }
    assert borne
    assert borne == {option: BORNE[option] for option in borne}


def test_a_system_without_these_options_serves_all_the_same(monkeypatch):
    for _, name, _ in sockets.WANTED:
        monkeypatch.delattr(socket, name, raising=False)
    with listen("127.0.0.1", 0) as listening:
        assert listening.getsockname()[1]


def test_L11_who_takes_slowly_but_takes_is_judged_by_us_before_the_system_does():
    assert PEER_SILENT_S_MAX > SEND_S_MAX


def test_L12_that_no_connection_can_be_taken_is_said_once_in_a_while(capsys):
    now, loop = [100.0], asyncio.new_event_loop()
    handler = sockets.FullHouse(clock_s=lambda: now[0])
    full = {"message": "socket.accept()", "exception": OSError(errno.EMFILE, "too many")}
    for _ in range(1_000):
        handler(loop, full)
    assert capsys.readouterr().out.count("no connection can be taken") == 1
    now[0] += FULL_HOUSE_LOG_S
    handler(loop, full)
    assert capsys.readouterr().out.count("no connection can be taken") == 1
    told = []
    loop.default_exception_handler = told.append
    handler(loop, {"message": "another", "exception": OSError(errno.EIO, "else")})
    assert [context["message"] for context in told] == ["another"]
    loop.close()


class Files:
    """A system's count of open files: what a process may have, and what it may ask for."""

    RLIMIT_NOFILE = 7
    RLIM_INFINITY = -1

    def __init__(self, most: int, refuses: bool = False) -> None:
        self.granted = (256, most)
        self._refuses = refuses

    def getrlimit(self, what: int) -> tuple[int, int]:
        return self.granted

    def setrlimit(self, what: int, wanted: tuple[int, int]) -> None:
        if self._refuses:
            raise ValueError("not allowed")
        self.granted = wanted


@pytest.mark.parametrize(
    ("files", "granted"),
    [
        (Files(20_000), (20_000, 20_000)),
        (Files(-1), (sockets.MACOS_FILES_MAX, sockets.MACOS_FILES_MAX)),
        (Files(20_000, refuses=True), (256, 20_000)),
    ],
    ids=["a number", "infinite", "refused"],
)
def test_a_server_may_have_as_many_connections_as_the_system_lets_it(monkeypatch, files, granted):
    monkeypatch.setattr(sockets, "resource", files)
    sockets.allow_open_files()
    assert files.granted == granted


def test_a_system_that_does_not_count_open_files_is_not_asked(monkeypatch):
    monkeypatch.setattr(sockets, "resource", None)
    sockets.allow_open_files()


async def test_L11_a_server_raises_what_it_was_begun_with(tmp_path):
    began_with = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, began_with[1]), began_with[1]))
    try:
        async with serving(tmp_path) as (process, _):
            granted = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, began_with)
    assert granted == (began_with[1], began_with[1])
