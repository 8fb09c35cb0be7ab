"""Trying again: a model that refuses, a store that cannot be written (L6, L8, L10)."""

import asyncio

import pytest

from backend.tests.runs.fakes import FINAL, REFUSED, settle
from backend.tests.runs.house import ACCOUNT, House, nothing_runs
from backend.tests.store import all_entries, end_of
from holdfast_protocol.limits import (
    RETRY_RUN_MS,
    RETRY_RUN_MS_MAX,
    RETRY_WRITE_MS_MAX,
    RUN_ATTEMPTS_MAX,
    STORE_WAIT_MS_MAX,
)
from holdfast_server.journal.commands import EndRun, StartRun
from holdfast_server.journal.refusals import DiskFull, StoreUnavailable, Superseded
from holdfast_server.models.port import Finished, ReasoningDelta, TextDelta, ToolCalled


def attempts(bench) -> list[int]:
    return [c.owner.attempt for c in bench.journal.commands if isinstance(c, StartRun)]


async def test_L8_a_run_of_which_nothing_is_seen_is_tried_again_as_the_next_attempt(bench):
    await bench.start()
    await bench.hears(REFUSED)
    assert attempts(bench) == [1]
    await bench.clock.advance(RETRY_RUN_MS)
    assert attempts(bench) == [1, 2]
    await bench.hears(TextDelta("at last"), Finished(None))
    end = await bench.ended()
    assert (end.status, end.owner.attempt, bench.text()) == ("complete", 2, "at last")


@pytest.mark.parametrize(
    "seen", [TextDelta("a"), ReasoningDelta("h"), ToolCalled("1", "clock")], ids=repr
)
async def test_L8_a_run_of_which_anything_is_seen_is_never_tried_again_by_itself(bench, seen):
    await bench.start()
    await bench.hears(seen, REFUSED)
    assert (await bench.ended()).error.code == "refused"
    assert attempts(bench) == [1]


async def test_what_would_fail_again_is_not_tried_again(bench):
    await bench.start()
    await bench.hears(FINAL)
    assert (await bench.ended()).error.code == "unknown_model"
    assert attempts(bench) == [1]


async def test_L12_a_run_is_tried_only_so_often_and_then_says_why(bench):
    await bench.start()
    for _ in range(RUN_ATTEMPTS_MAX):
        await bench.hears(REFUSED)
        await bench.clock.advance(RETRY_RUN_MS_MAX)
    end = await bench.ended()
    assert (end.status, end.error.message) == ("failed", REFUSED.message)
    assert attempts(bench) == list(range(1, RUN_ATTEMPTS_MAX + 1))


async def test_stop_between_two_attempts_ends_the_run_at_once(bench):
    await bench.start()
    await bench.hears(REFUSED)
    bench.runner.stop()
    end = await bench.ended()
    assert (end.status, end.owner.attempt) == ("stopped", 1)
    assert len(bench.model.turns) == 1


async def test_L6_stop_while_the_next_attempt_is_being_written_ends_the_one_that_began(bench):
    await bench.start()
    await bench.hears(REFUSED)
    bench.journal.hold()
    await bench.clock.advance(RETRY_RUN_MS)
    bench.runner.stop()
    await bench.journal.release()
    end = await bench.ended()
    assert (end.status, end.owner.attempt) == ("stopped", 2)
    assert len(bench.model.turns) == 1


async def test_L6_stop_when_the_next_attempt_could_not_be_written_ends_the_one_before(bench):
    await bench.start()
    await bench.hears(REFUSED)
    bench.journal.failures = [StoreUnavailable("gone")]
    await bench.clock.advance(RETRY_RUN_MS)
    bench.runner.stop()
    end = await bench.ended()
    assert (end.status, end.owner.attempt) == ("stopped", 1)


async def test_L8_the_journal_takes_a_second_attempt_and_its_answer(house: House):
    sent = await house.asks("why?")
    house.model.says(REFUSED, to="why?")
    house.model.says(TextDelta("because"), Finished(None), to="why?")
    assert (await end_of(house.journal, sent.reply))["status"] == "complete"
    starts = [e for e in await all_entries(house.journal) if e["type"] == "run.started"]
    assert [(e["run"], e["attempt"]) for e in starts] == [(sent.run, 1), (sent.run, 2)]
    await nothing_runs(house)


# --- a store in trouble ---------------------------------------------------------------------------


async def test_a_store_that_heals_in_time_costs_a_run_nothing(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    bench.journal.failures = [DiskFull("the disk is full")] * 5
    await bench.hears(TextDelta("b"))
    await bench.clock.advance(STORE_WAIT_MS_MAX / 2)
    await bench.hears(TextDelta("c"), Finished(None))
    assert (await bench.ended()).status == "complete"
    assert bench.text() == "abc"


async def test_L12_a_run_whose_store_is_in_trouble_too_long_hangs_up_and_ends_as_failed(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    bench.journal.failures = [DiskFull("the disk is full")] * 1_000
    await bench.hears(TextDelta("b"))
    await bench.clock.advance(STORE_WAIT_MS_MAX - RETRY_WRITE_MS_MAX)
    assert (bench.model.open, bench.model.hung_up) == (1, 0)
    await bench.clock.advance(2 * RETRY_WRITE_MS_MAX)
    assert (bench.model.open, bench.model.hung_up) == (0, 1)
    bench.journal.failures = []
    await bench.clock.advance(RETRY_WRITE_MS_MAX)
    end = await bench.ended()
    assert (end.status, end.error.code, end.error.retryable) == ("failed", "disk_full", True)
    assert end.error.message.endswith(DiskFull.sentence)
    assert bench.text() == "ab"


async def test_troubles_that_pass_are_not_added_up(bench):
    await bench.start()
    for _ in range(3):
        bench.journal.failures = [DiskFull("the disk is full")] * 8
        await bench.hears(TextDelta("a"))
        await bench.clock.advance(STORE_WAIT_MS_MAX * 0.6)
    await bench.hears(Finished(None))
    assert (await bench.ended()).status == "complete"


async def test_a_store_in_trouble_is_not_asked_without_a_pause(bench):
    await bench.start()
    bench.journal.failures = [DiskFull("the disk is full")] * 1_000
    tried = len(bench.journal.tried)
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(10 * RETRY_WRITE_MS_MAX)
    assert len(bench.journal.tried) - tried < 20
    bench.journal.failures = []


async def test_L10_a_read_waits_for_no_run_whose_writes_fail(house: House, monkeypatch):
    monkeypatch.setattr("holdfast_server.runs.supervisor.READ_WAITS_S", 1_000)
    await house.asks_and_hears("why?")
    append, tried = house.journal.append, asyncio.Event()

    async def fails(account, command):
        tried.set()
        raise DiskFull("the disk is full")

    house.journal.append = fails
    house.model.says(TextDelta("!"), to="why?")
    await tried.wait()
    await settle()
    async with asyncio.timeout(10):
        await house.runs.flush(ACCOUNT)
    house.journal.append = append


async def test_L6_a_run_whose_store_was_taken_over_is_lost_at_once(bench):
    await bench.start()
    bench.journal.failures = [Superseded("another process began start 2")] * 9
    await bench.hears(TextDelta("a"))
    await settle()
    assert bench.task.done()
    assert len(bench.journal.failures) == 8
    assert bench.model.hung_up == 1
    assert not any(isinstance(command, EndRun) for command in bench.journal.tried)
