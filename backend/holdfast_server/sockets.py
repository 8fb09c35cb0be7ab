"""What the system is told of our sockets, so that it does what only it can.

Set on the socket that listens; those that it accepts inherit it. Where a system lacks an option
it is left out: connections then end, and hold memory, as that system likes.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from holdfast_protocol.limits import FULL_HOUSE_LOG_S, PEER_SILENT_S_MAX, UNSENT_BYTES_MAX

try:
    import resource
except ImportError:  # Windows, where a process may have as many files open as it likes
    resource = None  # type: ignore[assignment]

log = structlog.get_logger()

OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)

MACOS_FILES_MAX = 10_240
"""It names no limit, and grants no more than this."""

WANTED = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", int(PEER_SILENT_S_MAX)),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", int(PEER_SILENT_S_MAX * 1000)),
    (socket.IPPROTO_TCP, "TCP_NOTSENT_LOWAT", UNSENT_BYTES_MAX),
)


def end_when_silent(listening: socket.socket) -> None:
    """Have connections ended whose peer is gone without a word, and what is unsent bounded."""
    for level, name, value in WANTED:
        option = getattr(socket, name, None)
        if option is not None:
            listening.setsockopt(level, option, value)


class FullHouse:
    """Says at most every so often that no connection can be taken for lack of open files.

    A loop's exception handler. The loop itself would say so with a trace for each that waits, in a
    turn, thousands a second: enough to fill the disk that the store is on.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._silent_until_s = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in OUT_OF_FILES):
            loop.default_exception_handler(context)
        elif self._clock_s() >= self._silent_until_s:
            self._silent_until_s = self._clock_s() + FULL_HOUSE_LOG_S
            log.error("no connection can be taken", error=errno.errorcode[error.errno])


def allow_open_files() -> None:
    """Raise what this process may have open at once to what it may raise it to.

    Each event stream is an open file; most systems begin at 1,024 or fewer.
    """
    if resource is None:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        most = MACOS_FILES_MAX
    with suppress(ValueError, OSError):  # then it stays as it is, and accepting waits for room
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
