"""When a run's text is written (L10)."""

import asyncio

import pytest

from backend.tests.runs.conftest import parts_of
from backend.tests.runs.fakes import settle
from holdfast_protocol.limits import DELTA_CHARS_MAX, RETRY_WRITE_MS_MAX, WINDOW_MS_MAX
from holdfast_server.journal.commands import StartRun, WriteRun
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.models.port import (
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)
from holdfast_server.runs.pen import longest_window_ms

ENOUGH_MS = WINDOW_MS_MAX


async def test_the_model_is_asked_only_after_the_start_is_journalled(bench):
    bench.journal.hold()
    await bench.start()
    assert bench.model.turns == []
    await bench.journal.release()
    assert [type(command) for command in bench.journal.commands] == [StartRun]
    assert len(bench.model.turns) == 1


async def test_L10_the_first_delta_is_written_at_once_with_its_part(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    assert bench.writes() == ["start", "a"]
    assert parts_of(bench.journal.commands[1]) == ["text"]


async def test_L10_deltas_in_a_window_are_one_delta_and_need_no_other_event(bench):
    await bench.start()
    await bench.hears(TextDelta("a"), TextDelta("b"), TextDelta("c"))
    assert bench.writes() == ["start", "a"]
    await bench.clock.advance(ENOUGH_MS)
    assert bench.writes() == ["start", "a", "bc"]
    assert len(bench.journal.commands[-1].events) == 1


async def test_L10_after_a_quiet_spell_a_delta_is_written_at_once(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    await bench.hears(TextDelta("b"))
    assert bench.writes() == ["start", "a", "b"]


async def test_L10_a_delta_that_comes_during_a_write_is_written_unasked(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    bench.journal.hold()
    await bench.hears(TextDelta("b"))
    await bench.hears(TextDelta("c"), TextDelta("d"))
    assert bench.unread == 0, "the reader waited for the write"
    await bench.journal.release()
    await bench.clock.advance(ENOUGH_MS)
    assert bench.writes() == ["start", "a", "b", "cd"]


async def paused_after_a_write_of(bench, ms: float) -> None:
    """A run at the start of a window, the write before which took so long."""
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    bench.journal.hold()
    await bench.hears(TextDelta("b"))
    await bench.clock.advance(ms)
    await bench.journal.release()
    await bench.hears(TextDelta("c"))
    assert bench.writes()[-1] == "b"


@pytest.mark.parametrize(
    ("write_ms", "window"), [(0, 33 / 4), (6, 12), (10, 20), (16.5, 33), (20, 33), (5_000, 33)]
)
async def test_L10_the_window_stretches_with_the_write_to_33_ms_at_most(bench, write_ms, window):
    window = min(window, longest_window_ms(bench.job.owner.run, 33))
    await paused_after_a_write_of(bench, write_ms)
    await bench.clock.advance(window - 0.25)
    assert bench.writes()[-1] == "b"
    await bench.clock.advance(0.25)
    assert bench.writes()[-1] == "c"


@pytest.mark.parametrize("last", ["00", "01", "7f", "80", "ff"])
def test_L10_no_run_s_window_stretches_beyond_33_ms(last):
    assert 33 / 2 <= longest_window_ms(f"00000000-0001-7000-8000-0000000000{last}", 33) <= 33
    assert longest_window_ms(last, WINDOW_MS_MAX) <= 33


async def test_L10_a_structural_event_is_written_before_the_model_is_read_on(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.hears(TextDelta("b"))
    bench.journal.hold()
    await bench.hears(ReasoningDelta("hm"), TextDelta("never read so far"))
    assert bench.unread == 1
    await bench.journal.release()
    assert bench.unread == 0
    assert bench.writes()[:3] == ["start", "a", "bhm"]


async def test_L10_each_step_of_a_tool_is_written_before_the_next(bench):
    await bench.start()
    steps = (ToolCalled("c", "clock"), ToolArguments("c", "{}"), ToolReturned("c", "ok", "12:00"))
    await bench.hears(*steps)
    assert bench.writes() == ["start", "", "{}"]
    assert bench.journal.commands[-1].events[-1].result == "12:00"


async def test_L10_a_structural_event_during_a_write_follows_it_without_a_window(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    bench.journal.hold()
    await bench.hears(TextDelta("b"))
    await bench.hears(ReasoningDelta("hm"))
    await bench.journal.release()
    assert bench.writes() == ["start", "a", "b", "hm"]


async def test_L10_a_failed_write_stays_pending_and_is_retried_in_order(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    bench.journal.failures = [StoreUnavailable("no"), StoreUnavailable("no")]
    await bench.hears(TextDelta("b"))
    await bench.clock.advance(ENOUGH_MS)
    await bench.hears(TextDelta("c"))
    await bench.clock.advance(RETRY_WRITE_MS_MAX)
    assert bench.writes() == ["start", "a", "bc"]
    assert bench.journal.commands[-1].events[0].offset == 1, "what had been taken comes first"


async def test_L10_a_start_that_fails_is_retried(bench):
    bench.journal.failures = [StoreUnavailable("no")]
    await bench.start()
    assert bench.model.turns == []
    await bench.clock.advance(ENOUGH_MS)
    assert bench.writes() == ["start"]
    assert len(bench.model.turns) == 1


async def test_L10_a_failed_structural_write_holds_the_reader_until_it_is_written(bench):
    await bench.start()
    bench.journal.failures = [StoreUnavailable("no")]
    await bench.hears(TextDelta("a"), TextDelta("b"))
    assert bench.unread == 1
    await bench.clock.advance(ENOUGH_MS)
    assert bench.unread == 0
    assert bench.writes() == ["start", "a"]


async def test_L12_the_reader_waits_when_much_is_pending(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    bench.journal.hold()
    await bench.hears(TextDelta("x" * DELTA_CHARS_MAX), TextDelta("y"))
    assert bench.unread == 1
    await bench.journal.release()
    assert bench.unread == 0


async def test_L10_window_0_writes_every_update_before_the_next_is_read(unhurried_bench):
    bench = unhurried_bench
    await bench.start()
    await bench.hears(TextDelta("a"))
    bench.journal.hold()
    await bench.hears(TextDelta("b"), TextDelta("c"))
    assert bench.unread == 1
    await bench.journal.release()
    assert bench.writes() == ["start", "a", "b", "c"]


async def test_L10_a_flush_writes_what_is_pending_now(bench):
    await bench.start()
    await bench.hears(TextDelta("a"), TextDelta("b"))
    await bench.runner.flush()
    assert bench.writes() == ["start", "a", "b"]


async def test_L10_a_flush_waits_for_a_write_in_flight(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    bench.journal.hold()
    await bench.hears(TextDelta("b"))
    flush = asyncio.create_task(bench.runner.flush())
    await settle()
    assert not flush.done()
    await bench.journal.release()
    assert flush.done()
    assert bench.writes() == ["start", "a", "b"]


async def test_L10_a_flush_does_nothing_when_clean(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    before = len(bench.journal.tried)
    await bench.runner.flush()
    assert len(bench.journal.tried) == before
    assert all(isinstance(c, StartRun | WriteRun) for c in bench.journal.tried)
