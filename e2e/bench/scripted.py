"""A real server whose answers are a script in its own process, so that no model costs anything.

    python -m e2e.bench.scripted            driven by lines of JSON (see `beside`)

Journal, HTTP, event streams: all as in production. Only two things are not: entries come from the
script below, straight into the journal, and a reader may say whose account it reads, for a fresh
install has one and many runs with a reader each need many.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.api import new_id
from e2e.bench.beside import Asked, answer, say
from e2e.bench.wire import ACCOUNT_HEADER, STAMP_DIGITS, raise_files_max


@dataclass(slots=True)
class Run:
    """One run under way: how to write it, and how much of its text is written."""

    account: str
    owner: Any
    place: dict[str, str]
    chars: int = 0


class Script:
    """Writes runs into the journal as it is told."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self._runs: list[Run] = []

    async def begin(self, accounts: list[str]) -> Asked:
        """Begin one more run for each account named, as often as it is named."""
        self._runs += [await self._begin(account) for account in accounts]
        return {"runs": len(self._runs)}

    async def heads(self, accounts: list[str]) -> Asked:
        """Return the cursor of each account's last entry."""
        return {account: str(await self._journal.head(account)) for account in accounts}

    async def write(self, appends: int, each: int, chars: int, per_s: float) -> Asked:
        """Let every run append so often, `each` deltas at once, `per_s` times (0: unpaced)."""
        began = time.perf_counter()
        tooks = await asyncio.gather(
            *(
                self._write(run, appends, each, chars, per_s, number / len(self._runs))
                for number, run in enumerate(self._runs)
            )
        )
        took_ms = [1000 * one for run in tooks for one in run]
        return {
            "appends": len(took_ms),
            "took_s": time.perf_counter() - began,
            "append_ms": took_ms,
        }

    async def _begin(self, account: str) -> Run:
        from holdfast_protocol.events import PartStarted
        from holdfast_server.journal.commands import Owner, Send, StartRun, WriteRun

        thread, message, reply, run, part = (new_id() for _ in range(5))
        question = Send(thread, message, reply, "Go", None, None, run, new_id())
        await self._journal.append(account, question)
        owner = Owner(run, 1, self._journal.epoch)
        await self._journal.append(account, StartRun(owner))
        place = {"thread": thread, "message": reply, "run": run, "part": part}
        await self._journal.append(account, WriteRun(owner, (PartStarted(**place, kind="text"),)))
        return Run(account, owner, place)

    async def _write(
        self, run: Run, appends: int, each: int, chars: int, per_s: float, phase: float
    ) -> list[float]:
        from holdfast_protocol.events import PartDelta
        from holdfast_server.journal.commands import WriteRun

        filler = "x" * (chars - STAMP_DIGITS)
        began = time.monotonic() + (phase / per_s if per_s else 0)
        tooks = []
        for number in range(appends):
            if per_s:
                await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
            at = time.monotonic_ns()
            text = f"{at:0{STAMP_DIGITS}d}{filler}"
            offsets = range(run.chars, run.chars + each * chars, chars)
            deltas = tuple(PartDelta(**run.place, offset=offset, text=text) for offset in offsets)
            run.chars += each * chars
            await self._journal.append(run.account, WriteRun(run.owner, deltas))
            tooks.append((time.monotonic_ns() - at) / 1e9)
        return tooks


async def cpu() -> Asked:
    """Return the processor seconds of all threads of this process so far."""
    return {"cpu_s": time.process_time()}


async def main() -> None:
    import holdfast_server.api.account as accounts

    # Before the routes are imported, which take the function by its name.
    accounts.account_of = lambda request: request.headers.get(ACCOUNT_HEADER, accounts.LOCAL)

    from holdfast_server.app import make_server
    from holdfast_server.journal.sqlite import SqliteJournal
    from holdfast_server.models.choosing import demo_model
    from holdfast_server.serving import serve
    from holdfast_server.starting import listen, log_to_stderr

    raise_files_max()
    log_to_stderr("error")
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        journal = await SqliteJournal.open(folder)
        model, listening = demo_model(), listen("127.0.0.1", 0)
        script, ready = Script(journal), asyncio.Event()
        serving = asyncio.create_task(
            serve(make_server(journal, model), journal, model, listening, ready.set)
        )
        await ready.wait()
        say({"port": listening.getsockname()[1], "pid": os.getpid()})
        ways = {"begin": script.begin, "heads": script.heads, "write": script.write, "cpu": cpu}
        await answer(ways)
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
