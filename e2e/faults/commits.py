"""Watching a server's threads write: whether one of them is inside a commit right now.

Samples `/proc/<pid>/task/<tid>/syscall`, which tells the system call that a thread is in and its
first argument, the file. It does so only of threads that wait, not of those that run: so it is the
syncs that are caught, and writes that have to wait for the disk. Linux only, and only where that
file may be read: `why_not` says so.
Must not know: what is done when a commit is caught.
"""

import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CALLS = {
    "x86_64": {74: "fsync", 75: "fdatasync", 18: "pwrite64"},
    "aarch64": {82: "fsync", 83: "fdatasync", 68: "pwrite64"},
}
FRESH_S_MAX = 0.0003
"""A sample that reached us later than this after it was asked for tells of the past."""
THREADS_ANEW = 200
"""Looks after which the threads are listed again."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A thread inside a write to the store: what it was doing, in which file, how old the news."""

    call: str
    file: str
    age_us: int


def why_not(process: int) -> str | None:
    """Return why this process's commits cannot be watched, or None."""
    if platform.machine() not in CALLS or not Path("/proc/self/task").exists():
        return "system calls of threads are only known on Linux, x86_64 or aarch64"
    try:
        Path(f"/proc/{process}/syscall").read_bytes()
    except OSError as error:
        return f"/proc/{process}/syscall cannot be read: {error.strerror}"
    return None


class Watch:
    """Looks as fast as it can, in a thread of its own; `caught` is told each fresh sight."""

    def __init__(self, process: int, caught: Callable[[Commit], None]) -> None:
        self._process = Path(f"/proc/{process}")
        self._caught = caught
        self._calls = CALLS[platform.machine()]
        self._files: dict[int, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit-watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            open_files = self._open_threads()
            try:
                for _ in range(THREADS_ANEW):
                    for thread in open_files:
                        self._look(thread)
            except (OSError, ValueError):
                pass  # a thread ended, or the whole process: list anew, or be told that it is over
            finally:
                for thread in open_files:
                    os.close(thread)

    def _open_threads(self) -> list[int]:
        try:
            names = os.listdir(self._process / "task")
            return [
                os.open(self._process / "task" / name / "syscall", os.O_RDONLY) for name in names
            ]
        except OSError:
            return []

    def _look(self, thread: int) -> None:
        asked_s = time.perf_counter()
        words = os.pread(thread, 64, 0).split()
        age_s = time.perf_counter() - asked_s
        if len(words) < 2 or not words[0].isdigit() or age_s > FRESH_S_MAX:
            return  # it runs, it sleeps outside a call, or we were late
        call = self._calls.get(int(words[0]))
        if call is None:
            return
        file = self._file(int(words[1], 16))
        if file.startswith("holdfast.db"):
            self._caught(Commit(call, file, round(age_s * 1_000_000)))

    def _file(self, descriptor: int) -> str:
        if descriptor not in self._files:
            self._files[descriptor] = os.readlink(
                self._process / "fd" / str(descriptor)
            ).rpartition("/")[2]
        return self._files[descriptor]
