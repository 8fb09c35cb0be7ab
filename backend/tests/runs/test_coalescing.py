"""Coalescing is invisible: whatever the windows, delays and failures, the same message (L10)."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tests.runs.conftest import Bench, dispose
from holdfast_protocol.events import Entry, MessageCreated, RunEnded, RunStarted
from holdfast_protocol.fold import fold_message
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_protocol.state import Message, Part
from holdfast_server.journal.commands import EndRun, StartRun
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.models.port import (
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)

CHUNKS = st.text(alphabet=["a", "é", "😀", "\ud83d", "\ude00", "\0"], max_size=4)
STEPS = st.one_of(
    CHUNKS.map(TextDelta),
    CHUNKS.map(ReasoningDelta),
    st.tuples(st.sampled_from(["a", "b"]), CHUNKS).map(
        lambda call: (
            ToolCalled(call[0], "tool"),
            ToolArguments(*call),
            ToolReturned(call[0], "ok", call[1]),
        )
    ),
)
WEATHER = st.sampled_from(["calm", "pause", "hold", "release", "fail"])
SCRIPTS = st.lists(st.tuples(STEPS, WEATHER), max_size=15)


async def written(script: list, window_ms: float, *, stormy: bool) -> Message:
    """Run the script and return the message that what was appended adds up to."""
    bench = Bench(window_ms)
    await bench.start()
    for step, weather in script:
        await bench.hears(*(step if isinstance(step, tuple) else (step,)))
        match weather if stormy else "calm":
            case "pause":
                await bench.clock.advance(WINDOW_MS_MAX)
            case "hold":
                bench.journal.hold()
            case "release":
                await bench.journal.release()
            case "fail":
                bench.journal.failures = [StoreUnavailable("no")]
    await bench.journal.release()
    await bench.hears(TextDelta("."), Finished(None))
    while not bench.task.done():
        await bench.clock.advance(WINDOW_MS_MAX)
    await dispose(bench)
    return folded(bench)


def folded(bench: Bench) -> Message:
    job = bench.job
    place = (job.thread, job.message)
    events = [MessageCreated(*place, "assistant", None, "pending", run=job.owner.run)]
    for command in bench.journal.commands:
        if isinstance(command, StartRun):
            events.append(RunStarted(*place, job.owner.run, job.owner.attempt))
            continue
        events += command.events
        if isinstance(command, EndRun):
            events.append(
                RunEnded(*place, job.owner.run, command.status, True, error=command.error)
            )
    message = None
    for seq, event in enumerate(events, 1):
        message = fold_message(message, Entry(seq, seq, event))
    return replace(message, ended_at=0, started_at=0, parts=tuple(map(timeless, message.parts)))


def timeless(part: Part) -> Part:
    return replace(part, started_at=0, ended_at=0)


@settings(max_examples=60, deadline=None)
@given(SCRIPTS)
def test_L10_any_window_and_any_weather_write_the_same_message(script):
    plain = asyncio.run(written(script, 0, stormy=False))
    assert plain.status == "complete"
    assert not any(part.open for part in plain.parts)
    assert asyncio.run(written(script, WINDOW_MS_MAX, stormy=False)) == plain
    assert asyncio.run(written(script, WINDOW_MS_MAX, stormy=True)) == plain
