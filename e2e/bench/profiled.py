"""Runs a server as it is, under a profiler that says where its processor time goes.

    python e2e/bench/profiled.py FILE serve --port 0 …

At each SIGUSR1 it adds a line to FILE: processor seconds so far of each part, all threads together,
as JSON. The difference of two lines is what happened between them. Waiting costs nothing here, for
the clock is the thread's own processor time; calls cost more than in earnest, so what counts is the
share of a part, not its seconds.

A file, not a module: the server's folder is not this one. Of the server it knows the names of its
parts and how it is started, which is by its name.
"""

import cProfile
import json
import runpy
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

PARTS = {
    "/holdfast_server/models/": "models: chunks to events",
    "/holdfast_server/runs/": "runs: parts and pen",
    "/holdfast_server/journal/": "journal: decide and settle",
    "/holdfast_server/api/": "api: reading and framing",
    "/holdfast_server/": "api: reading and framing",
    "/holdfast_protocol/": "protocol: fold, codec, text",
    "/httpx/": "HTTP from the model",
    "/httpcore/": "HTTP from the model",
    "/anyio/": "HTTP from the model",
    "/h11/": "h11, both ways",
    "/httptools/": "HTTP to readers",
    "/uvicorn/": "HTTP to readers",
    "/starlette/": "HTTP to readers",
    "/fastapi/": "HTTP to readers",
    "/asyncio/": "event loop and threads",
    "/concurrent/": "event loop and threads",
    "/selectors.py": "event loop and threads",
    "/threading.py": "event loop and threads",
    "/queue.py": "event loop and threads",
}
"""The first that a file's path contains names its part."""
BUILT_IN = {
    "sqlite3": "sqlite, its syncs aside",
    "_socket": "sockets",
    "select.epoll": "sockets",
    "_thread": "event loop and threads",
}
"""The same for what is not Python; anything else belongs to whoever calls it."""
OTHER = "other"


class Profiles:
    """One profiler for each thread."""

    def __init__(self) -> None:
        self._running: list[cProfile.Profile] = []

    def begin(self, *_: Any) -> None:
        """Profile this thread from now on."""
        profile = cProfile.Profile(time.thread_time)
        self._running.append(profile)
        profile.enable()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what the first thread does meanwhile: to look costs, too."""
        self._running[0].disable()
        yield
        self._running[0].enable()

    def seconds(self) -> Counter[str]:
        """Return the processor seconds of each part so far."""
        used: Counter[str] = Counter()
        for profile in list(self._running):
            for entry in profile.getstats():
                if isinstance(entry.code, str):
                    continue  # counted below, by its callers
                part = part_of(entry.code)
                used[part] += entry.inlinetime
                for called in entry.calls or ():
                    if isinstance(called.code, str):
                        used[_built_in(called.code, part)] += called.inlinetime
        return used


def part_of(code: CodeType) -> str:
    path = code.co_filename.replace("\\", "/")
    return next((part for piece, part in PARTS.items() if piece in path), OTHER)


def _built_in(name: str, caller: str) -> str:
    return next((part for piece, part in BUILT_IN.items() if piece in name), caller)


def main() -> None:
    out, *sys.argv[1:] = sys.argv[1:]
    profiles = Profiles()

    def note(_: int, __: FrameType | None) -> None:
        with profiles.paused(), open(out, "a") as file:
            print(json.dumps(profiles.seconds()), file=file)

    signal.signal(signal.SIGUSR1, note)
    threading.setprofile(profiles.begin)
    profiles.begin()
    runpy.run_module("holdfast_server", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
