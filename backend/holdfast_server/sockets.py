"""What the system is told of our sockets, so that it does what only it can.

Set on the socket that listens; those that it accepts inherit it. Where a system lacks an option
it is left out: connections then end, and hold memory, as that system likes.
"""

import socket
from contextlib import suppress

from holdfast_protocol.limits import PEER_SILENT_S_MAX, UNSENT_BYTES_MAX

try:
    import resource
except ImportError:  # Windows, where a process may have as many files open as it likes
    resource = None  # type: ignore[assignment]

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
