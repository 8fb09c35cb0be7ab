"""Coalescing is invisible: whatever the windows, delays and failures, the same message (L10)."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tests.runs.conftest import Bench, dispose
from backend.tests.runs.disk import open_on_disk
from backend.tests.runs.fakes import FakeClock
from backend.tests.runs.house import ACCOUNT, Attentive, House
from backend.tests.store import end_of
from holdfast_protocol.events import Entry, MessageCreated, RunEnded, RunStarted
from holdfast_protocol.fold import fold_message
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_protocol.state import Message, Part
from holdfast_server.journal.commands import EndRun, StartRun
from holdfast_server.journal.port import MessagesOf
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


# --- no window ------------------------------------------------------------------------------------

WORDY = (
    *(TextDelta(word) for word in "abc"),
    *(ReasoningDelta(word) for word in "def"),
    ToolCalled("c", "clock"),
    *(ToolArguments("c", piece) for piece in ("{", "}")),
    ToolReturned("c", "ok", "12:00"),
    *(TextDelta(word) for word in "ghi"),
)


async def test_L10_no_window_writes_each_update_before_the_model_is_asked_for_more(tmp_path):
    _, seen = await answered(tmp_path, window_ms=0)
    told = [
        "".join(entry["text"] for entry in entries if entry["type"] == "part.delta")
        for entries in seen
    ]
    assert told == [
        *("a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdef"),
        *("abcdef{", "abcdef{}", "abcdef{}"),
        *("abcdef{}g", "abcdef{}gh", "abcdef{}ghi"),
    ]


async def test_L10_any_window_ends_in_the_same_history_with_fewer_entries(tmp_path):
    shown, counts = [], []
    for window_ms in (0, WINDOW_MS_MAX):
        folder = tmp_path / str(window_ms)
        folder.mkdir()
        reply, seen = await answered(folder, window_ms)
        shown.append(reply)
        counts.append(len(seen[-1]))
    assert shown[0] == shown[1]
    assert counts[0] > counts[1], "nothing was gathered"


async def answered(folder, window_ms: float) -> tuple[list, list[list[dict]]]:
    """Have it said; return the answer as history shows it, and what was journalled at each step."""
    disk = await open_on_disk(folder)
    model = Attentive(disk, WORDY)
    house = House(disk.journal, FakeClock(), model, window_ms=window_ms)
    sent = await house.asks("why?")
    await end_of(disk.journal, sent.reply)
    history = await disk.journal.snapshot(MessagesOf(ACCOUNT, sent.thread))
    reply = history.messages[0]
    shown = [(p.kind, p.text, p.name, p.source, p.result, p.outcome, p.open) for p in reply.parts]
    await house.runs.close()
    await disk.journal.close()
    return [reply.status, reply.usage, *shown], model.seen
