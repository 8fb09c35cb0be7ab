"""Scripted runs inside a server's write side, in a process of their own: what `appends` measures.

    python -m e2e.bench.write_side '{"runs": 150, "chars": 2000, "mode": "paced", "seconds": 4}'

The model is a script, so that no HTTP is measured. From the runner on everything is the server's:
event loop, pen, journal, disk. Modes: `paced` (30 events a second and run), `flat out` (no window
and no pause: each event is an append, and its run waits for it), `one commit each` (the same with
nothing grouped), `bare` (no server at all: write and fdatasync of such an entry, again and again).
`fill` measures nothing: it writes a journal for `replay` to read.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from e2e.bench.stage import Figures, spread
from e2e.until import until
from holdfast_protocol.events import PartDelta, PartStarted
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_server.journal import sqlite
from holdfast_server.journal.commands import Command, EndRun, Owner, Send, StartRun, WriteRun
from holdfast_server.journal.port import Journal, Receipt
from holdfast_server.journal.writer import Writer
from holdfast_server.models.port import Finished, ModelEvent, TextDelta, Turn
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.supervisor import Supervisor
from holdfast_server.starting import log_to_stderr

ACCOUNT = "local"
EVENTS_PER_S = 30
TOKEN = "sixteen letters "
PIECE = TOKEN * 500
ENTRY = b"x" * 420
"""What an entry of one token weighs."""
FILL_ENTRY_BYTES = 290
"""What an entry of a token weighs in the store."""
FILL_AT_ONCE = 200
BOUND_S = 60.0
SETTLE_S = 1.0
"""From the first event to the first that counts."""


class Answer:
    """One scripted answer: when each of its tokens was due, entered the runner, was committed."""

    def __init__(self, chars: int) -> None:
        self.before = chars // len(TOKEN)
        self.due: list[float] = []
        self.entered: list[float] = []
        self.committed: list[float] = []

    def commit(self, event: Any, now: float) -> None:
        """Note the tokens that a committed delta held: all are equally wide."""
        if isinstance(event, PartDelta):
            upto = (event.offset + len(event.text)) // len(TOKEN) - self.before
            self.committed += [now] * (upto - len(self.committed))


class Script:
    """The model. A question's text is the number of its answer."""

    name, demo = "scripted", False

    def __init__(self, answers: list[Answer], paced: bool) -> None:
        self._answers = answers
        self._paced = paced
        self.begun = 0
        self.go, self.end = asyncio.Event(), asyncio.Event()

    async def list_models(self) -> tuple[str, ...]:
        return (self.name,)

    async def answer(self, turn: Turn) -> AsyncGenerator[ModelEvent, None]:
        number = int(turn.messages[-1].text)
        own = self._answers[number]
        for at in range(0, own.before, len(PIECE) // len(TOKEN)):
            yield TextDelta(PIECE[: (own.before - at) * len(TOKEN)])
        self.begun += 1
        await self.go.wait()
        began = time.perf_counter() + number / len(self._answers) / EVENTS_PER_S
        while not self.end.is_set():
            if self._paced:
                due = began + len(own.due) / EVENTS_PER_S
                await asyncio.sleep(due - time.perf_counter())
            else:
                due = time.perf_counter()
            own.due.append(due)
            own.entered.append(time.perf_counter())
            yield TextDelta(TOKEN)
        yield Finished(None)

    async def aclose(self) -> None:
        pass


class Watched:
    """The journal, with a look at the clock after each commit."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.answers: dict[str, Answer] = {}
        self.appends = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append(self, account: str, command: Command) -> Receipt:
        receipt = await self._journal.append(account, command)
        now = time.perf_counter()
        self.appends += 1
        if isinstance(command, WriteRun):
            for event in command.events:
                self.answers[command.owner.run].commit(event, now)
        return receipt


async def measure(folder: Path, runs: int, chars: int, mode: str, seconds: float) -> Figures:
    """Let the runs begin, their answers grow to `chars`, and measure them going on from there."""
    journal = Watched(await sqlite.SqliteJournal.open(folder))
    answers = [Answer(chars) for _ in range(runs)]
    script = Script(answers, paced=mode == "paced")
    window_ms = WINDOW_MS_MAX if mode == "paced" else 0
    supervisor = Supervisor(
        journal, script, journal.epoch, context_chars=1_000, window_ms=window_ms
    )
    for number, answer in enumerate(answers):
        ids = {name: new_id() for name in ("thread", "message", "reply", "run", "part")}
        journal.answers[ids["run"]] = answer
        await supervisor.send(ACCOUNT, Send(text=str(number), parent=None, model=None, **ids))
    await _so(lambda: script.begun == runs, "the answers to begin")
    script.go.set()
    await asyncio.sleep(SETTLE_S)
    figures = await _watched(journal, answers, seconds, paced=mode == "paced")
    script.end.set()
    await _so(lambda: not supervisor.is_active(ACCOUNT), "the answers to end")
    await supervisor.close()
    await journal.close()
    return figures


async def _so(is_so: Callable[[], bool], what: str) -> None:
    async def probe() -> bool:
        return is_so()

    await until(probe, what=what, bound_s=BOUND_S)


async def _watched(
    journal: Watched, answers: list[Answer], seconds: float, *, paced: bool
) -> Figures:
    first = [len(answer.committed) for answer in answers]
    began, cpu_s, loop_s = time.perf_counter(), time.process_time(), time.thread_time()
    appends, counts = journal.appends, replace(journal.counts)
    await asyncio.sleep(seconds)
    took_s = time.perf_counter() - began
    cpu_s, loop_s = time.process_time() - cpu_s, time.thread_time() - loop_s
    appends = journal.appends - appends
    commits = journal.counts.commits - counts.commits
    figures: Figures = {
        "appends_per_s": round(appends / took_s),
        "appends_per_commit": round(appends / commits, 1),
        "ms_per_commit": round((journal.counts.commit_s - counts.commit_s) / commits * 1000, 2),
        "cpu_us_per_append": round(cpu_s / appends * 1e6),
        "cpu_percent_of_a_core": {
            "event loop": round(loop_s / took_s * 100),
            "journal's threads": round((cpu_s - loop_s) / took_s * 100),
        },
    }
    if paced:
        for name in ("entered", "due"):
            figures[f"ms from {name} to committed"] = spread(
                [
                    (committed - before) * 1000
                    for answer, skipped in zip(answers, first, strict=True)
                    for before, committed in zip(
                        getattr(answer, name)[skipped:], answer.committed[skipped:], strict=False
                    )
                ]
            )
    return figures


async def fill(folder: Path, megabytes: int) -> Figures:
    """Write a journal of so many megabytes of entries, in finished answers of one megabyte."""
    journal = await sqlite.SqliteJournal.open(folder)
    for _ in range(megabytes):
        ids = {name: new_id() for name in ("thread", "message", "reply", "run", "part")}
        await journal.append(ACCOUNT, Send(text="Go", parent=None, model=None, **ids))
        owner = Owner(ids["run"], 1, journal.epoch)
        place = {name: ids[name] for name in ("thread", "run")} | {"message": ids["reply"]}
        part = PartStarted(**place, part=new_id(), kind="text")
        await journal.append(ACCOUNT, StartRun(owner))
        await journal.append(ACCOUNT, WriteRun(owner, (part,)))
        for first in range(0, 1_000_000 // FILL_ENTRY_BYTES, FILL_AT_ONCE):
            said = (
                PartDelta(**place, part=part.part, offset=number * len(TOKEN), text=TOKEN)
                for number in range(first, first + FILL_AT_ONCE)
            )
            await journal.append(ACCOUNT, WriteRun(owner, tuple(said)))
        await journal.append(ACCOUNT, EndRun(owner, (), "complete"))
    begin = (await journal.head(ACCOUNT)).at(0)
    await journal.close()
    return {"cursor": str(begin)}


def bare(folder: Path, *, seconds: float, **_: object) -> Figures:
    """Write and sync, one after the other: what a disk gives without grouping."""
    began, count = time.perf_counter(), 0
    with (folder / "bare").open("wb", buffering=0) as file:
        while time.perf_counter() - began < seconds:
            file.write(ENTRY)
            os.fdatasync(file.fileno())
            count += 1
    return {"appends_per_s": round(count / (time.perf_counter() - began))}


def main() -> None:
    case = json.loads(sys.argv[1])
    log_to_stderr("error")
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        if case["mode"] == "fill":
            figures = asyncio.run(fill(Path(case["folder"]), case["megabytes"]))
        elif case["mode"] == "bare":
            figures = bare(folder, **case)
        else:
            if case["mode"] == "one commit each":  # in this process only
                sqlite.Writer = partial(Writer, per_commit_max=1)
            figures = asyncio.run(measure(folder, **case))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
