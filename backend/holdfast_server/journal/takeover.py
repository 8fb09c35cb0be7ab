"""Taking the store from an older Holdfast that was stopped while it wrote.

A later start needs no leave of the older one: it takes the next epoch, and the older one's
transactions are fenced by that (L6). But a process that is stopped inside a transaction holds the
write lock of the database for as long as it is stopped. If it is a Holdfast on this folder it is
killed: it can never append again anyway, and the database undoes what it had not committed. Any
other program is somebody's work: the start is refused, and the person told who it is.

Whether the holder is stopped or only slow is not asked: it had the whole time that a store may be
held, and what it goes on to write is lost to it either way. Of several starts at one moment any may
be the last; that one has the store.
"""

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from holdfast_protocol.limits import TAKEOVER_KILL_S_MAX
from holdfast_server.journal.folder import CAN_NAME_HOLDERS, Claim, holder_of
from holdfast_server.journal.refusals import StoreLocked

CAN_KILL = CAN_NAME_HOLDERS and hasattr(os, "pidfd_open")

WRITE_LOCK_BYTE = 120
"""Where in the file beside it SQLite locks a database with a write-ahead log for writing."""


def free(held: Claim, store: Path) -> None:
    """See to it that no older Holdfast holds the store's write lock.

    This process must have no connection to the store: to look for the lock opens a file of the
    database, and closing that would drop the locks that a connection of ours has on it.

    Raises StoreLocked with who holds it, if that is not ours to end.
    """
    holder = _holder(store)
    if holder is None:  # it was let go meanwhile, or this platform does not tell
        return
    if not _kill(held, holder):
        raise StoreLocked(f"process {holder}{_name(holder)} holds its store locked")


def _holder(store: Path) -> int | None:
    if not CAN_NAME_HOLDERS:
        return None
    try:
        shared = os.open(f"{store}-shm", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return holder_of(shared, WRITE_LOCK_BYTE)
    finally:
        os.close(shared)


def _kill(held: Claim, process: int) -> bool:
    """Kill the process if it is a Holdfast on this folder; tell whether it is gone.

    It is looked at again once we have a handle of it: by then its number cannot come to mean
    another process, and only one that lives has a lock.
    """
    if not CAN_KILL:
        return False
    try:
        handle = os.pidfd_open(process)
    except OSError:  # gone already, or not visible from here: the next try to write will tell
        return not held.is_used_by(process)
    try:
        if not held.is_used_by(process):
            return False
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        return bool(gone.poll(TAKEOVER_KILL_S_MAX * 1000))
    except PermissionError:
        return False
    finally:
        os.close(handle)


def _name(process: int) -> str:
    """Return the program's name in brackets, where the system tells it."""
    try:
        return f" ({Path(f'/proc/{process}/comm').read_text().strip()})"
    except OSError:
        return ""
