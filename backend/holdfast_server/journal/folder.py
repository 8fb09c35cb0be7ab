"""The data folder: made when missing, held by one process at a time.

Knows nothing of what is kept in it.
"""

import os
from pathlib import Path

from holdfast_server.journal.refusals import StoreUnavailable

try:
    import fcntl
except ImportError:  # Windows has no such lock: there, the store epoch alone fences.
    fcntl = None


class Claim:
    """A data folder that this process holds until it lets go or ends, however it ends."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    def release(self) -> None:
        os.close(self._lock)


def claim(folder: Path) -> Claim:
    """Take the folder, making it if needed; what is in it is for its owner's eyes only.

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
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StoreUnavailable("another Holdfast is using it") from None
    return Claim(folder, lock)
