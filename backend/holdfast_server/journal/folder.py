"""The data folder: made when missing, marked by every process that uses it.

A mark excludes nobody: who starts later takes the store over, by its epoch (L6). It is there so
that a process can be known for a Holdfast on this folder, beyond doubt and for as long as it
lives: each holds a lock of the operating system on one byte of the file `lock`, the byte whose
number is its process id. Such locks end with their process, however it ends, and the system names
who holds one. All processes may hold theirs at once, so there is nothing to wait for and nothing
to hand on. (One lock for the folder was rejected: a superseded process that is stopped holds it on,
and the one that took over could not be told from a stranger by the next.)

Knows nothing of what is kept in the folder.
"""

import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

from holdfast_server.journal.refusals import StoreMissing, StoreUnavailable, Superseded

try:
    import fcntl
except ImportError:  # Windows has no such locks: nobody is known there, and nobody is ended.
    fcntl = None

CAN_NAME_HOLDERS = sys.platform == "linux" and fcntl is not None
"""Whether the system tells here who holds a lock."""

_FLOCK = "hhqqi"
"""Linux's `struct flock`: type, whence, start, length, process id."""


class Claim:
    """A data folder that this process uses until it lets go or ends, however it ends.

    Its lock is lost when this process closes any handle of the file: this one is the only one.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    def is_used_by(self, process: int) -> bool:
        """Whether that other process is a Holdfast that lives and uses this folder."""
        return CAN_NAME_HOLDERS and holder_of(self._lock, process) == process

    def release(self) -> None:
        os.close(self._lock)


class Place:
    """Where the store's file was when it was opened: what is written must be found there again.

    An open file is written on after it was moved or deleted, and a start would not find it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = self._now()

    def require(self) -> None:
        """Raise StoreMissing when there is no file, Superseded when there is another one."""
        now = self._now()
        if now is None:
            raise StoreMissing("its file was moved or deleted")
        if now != self._known:
            raise Superseded("another store is in its place")

    def _now(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def claim(folder: Path) -> Claim:
    """Use the folder, making it if needed; what is in it is for its owner's eyes only.

    Raises StoreUnavailable with what is wrong with it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except FileExistsError:
        raise StoreUnavailable("it is not a folder") from None
    except OSError as refused:
        raise StoreUnavailable(f"it cannot be used ({refused.strerror})") from None
    if fcntl is not None:
        # Without a mark (no locks on this file system, the same number in another container)
        # all works but one thing: a later start asks the person to end us, if we hold it up.
        with suppress(OSError):
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, os.getpid())
    return Claim(folder, lock)


def holder_of(file: int, byte: int) -> int | None:
    """Return the process that keeps us from locking that byte of an open file; None: nobody."""
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else process
