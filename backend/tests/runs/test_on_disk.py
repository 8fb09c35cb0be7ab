"""Coalescing on the real journal, with its commits held back or failing on purpose (L10).

What is written only because its moment came stands still with the clock in the test's hand: so
what appears meanwhile was flushed.
"""

import asyncio

import pytest

from backend.tests.runs.disk import Disk
from backend.tests.runs.fakes import FakeClock, settle
from backend.tests.runs.house import (
    ACCOUNT,
    ENDINGS,
    Attentive,
    House,
    flush,
    said,
    says,
    text_or_turn,
)
from backend.tests.store import BOUND_S, all_entries, end_of, text_reaches, until
from holdfast_protocol.limits import RETRY_WRITE_MS_MAX, WINDOW_MS_MAX
from holdfast_server.journal.refusals import Gone
from holdfast_server.models.port import (
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)


@pytest.fixture
async def house(disk):
    """A house on the disk in which time goes by: what is due is written."""
    made = House(disk.journal)
    yield made
    disk.heal()
    await made.runs.close()


# --- the window -----------------------------------------------------------------------------------


async def test_L10_a_delta_that_comes_during_a_commit_is_written_without_another_event(house, disk):
    sent = await house.asks_and_hears("why?")
    disk.hold()
    await says(house, TextDelta("1"), to="why?")
    await disk.is_reached()
    await says(house, TextDelta("2"), TextDelta("3"), to="why?")
    assert await said(house, sent.reply) == "so"
    disk.heal()
    await text_reaches(house.journal, sent.reply, "so123")


async def test_L10_many_deltas_are_few_commits(still, disk):
    sent = await still.asks_and_hears("why?")
    commits = disk.commits
    for _ in range(100):
        await says(still, TextDelta("x"), to="why?")
    assert disk.commits == commits
    await flush(still)
    assert disk.commits == commits + 1
    assert await said(still, sent.reply) == "so" + 100 * "x"


# --- structure and ends ---------------------------------------------------------------------------


STEPS = (
    TextDelta("one"),
    ReasoningDelta("hm"),
    ToolCalled("c", "clock"),
    ToolArguments("c", "{}"),
    ToolReturned("c", "ok", "12:00"),
    TextDelta("two"),
)


async def test_L10_a_structural_event_is_journalled_when_the_model_is_asked_for_more(disk):
    house = House(disk.journal, FakeClock(), model=Attentive(disk, STEPS))
    sent = await house.asks("why?")
    await end_of(disk.journal, sent.reply)
    told = [[entry["type"] for entry in seen][4:] for seen in house.model.seen]
    text, changed = ["part.started", "part.delta"], ["part.ended", "part.started", "part.delta"]
    assert told[0] == text
    assert told[1] == told[0] + changed
    assert told[2] == [*told[1], "part.ended", "part.started"]
    assert told[4] == [*told[2], "part.delta", "part.ended"], "the arguments, and the result"
    assert told[5] == [*told[4], *text]
    await house.runs.close()


@pytest.mark.parametrize("way", ENDINGS)
async def test_L10_an_end_is_one_commit_with_all_that_is_pending(still, disk, way):
    end_it, status = ENDINGS[way]
    sent = await still.asks_and_hears("why?")
    await says(still, TextDelta("1"), TextDelta("2"), to="why?")
    assert await said(still, sent.reply) == "so"
    commits = disk.commits
    ending = end_it(still, sent)
    if ending is not None:
        await asyncio.wait_for(ending, BOUND_S)
        last = (await all_entries(still.journal))[-1]
        assert last["type"] == "run.ended", "it returned before the end was written"
    assert (await end_of(still.journal, sent.reply))["status"] == status
    assert await said(still, sent.reply) == "so12"
    # A shutdown looks, in a commit of its own, for replies that wait.
    assert disk.commits == commits + (2 if way == "shutdown" else 1)


async def test_L10_stop_returns_when_its_end_is_committed_and_not_before(still, disk):
    sent = await still.asks_and_hears("why?")
    await says(still, TextDelta("1"), to="why?")
    disk.hold()
    stopping = asyncio.create_task(still.runs.stop(ACCOUNT, sent.reply))
    await disk.is_reached()
    await settle()
    assert not stopping.done()
    disk.heal()
    await asyncio.wait_for(stopping, BOUND_S)
    assert (await all_entries(still.journal))[-1]["type"] == "run.ended"


# --- flushes --------------------------------------------------------------------------------------


async def test_L10_a_flush_writes_what_is_held(still):
    sent = await still.asks_and_hears("why?")
    await says(still, TextDelta("1"), to="why?")
    assert await said(still, sent.reply) == "so"
    await flush(still)
    assert await said(still, sent.reply) == "so1"


async def test_L10_a_flush_waits_for_a_commit_in_flight_and_for_what_came_meanwhile(still, disk):
    sent = await still.asks_and_hears("why?")
    await says(still, TextDelta("1"), to="why?")
    disk.hold()
    first = asyncio.create_task(flush(still))
    await disk.is_reached()
    await says(still, TextDelta("2"), to="why?")
    second = asyncio.create_task(flush(still))
    await settle()
    assert not first.done()
    disk.let_one_pass()
    await first
    assert await said(still, sent.reply) == "so1"
    await disk.is_reached()
    assert not second.done()
    disk.heal()
    await second
    assert await said(still, sent.reply) == "so12"


async def test_L10_a_flush_does_nothing_when_clean_even_if_the_disk_stands(still, disk):
    await still.asks_and_hears("why?")
    commits = disk.commits
    disk.hold()
    other = asyncio.create_task(still.asks("other"))
    await disk.is_reached()
    await flush(still)
    disk.heal()
    await other
    await text_or_turn(still, 2)
    assert disk.commits == commits + 2, "the other question and its start"


async def test_L10_a_message_that_cannot_be_written_keeps_no_other_from_being_flushed(
    still, monkeypatch
):
    monkeypatch.setattr("holdfast_server.runs.supervisor.READ_WAITS_S", 0.01)
    stuck = await still.asks_and_hears("stuck")
    lost = await still.asks_and_hears("lost")
    well = await still.asks_and_hears("well")
    append, waits = still.journal.append, asyncio.Event()

    async def uneven(account, command):
        run = getattr(getattr(command, "owner", None), "run", None)
        if run == stuck.run:
            await waits.wait()
        if run == lost.run:
            raise Gone("it is gone")
        return await append(account, command)

    still.journal.append = uneven
    for question in ("stuck", "lost", "well"):
        await says(still, TextDelta("!"), to=question)
    await flush(still)
    await text_reaches(still.journal, well.reply, "so!")
    assert await said(still, stuck.reply) == "so"
    waits.set()
    del still.journal.append
    await text_reaches(still.journal, stuck.reply, "so!")


async def test_L10_a_read_waits_a_bounded_time_for_a_commit_that_hangs(still, disk, monkeypatch):
    monkeypatch.setattr("holdfast_server.runs.supervisor.READ_WAITS_S", 0.01)
    sent = await still.asks_and_hears("why?")
    disk.hold()
    await says(still, TextDelta("1"), to="why?")
    await flush(still)
    assert await said(still, sent.reply) == "so"
    disk.heal()
    await text_reaches(still.journal, sent.reply, "so1")


# --- a store that fails ---------------------------------------------------------------------------


async def has_failed(house: House, disk: Disk) -> None:
    """Return once the run knows that a commit failed: a retry is arranged beside its limit."""
    await until(lambda: disk.failed and house.clock.pending == 2)


async def test_L10_a_commit_that_failed_is_made_again_by_itself(still, disk):
    sent = await still.asks_and_hears("why?")
    disk.break_down()
    await says(still, TextDelta("1"), to="why?")
    await still.clock.advance(WINDOW_MS_MAX)
    await has_failed(still, disk)
    assert await said(still, sent.reply) == "so"
    disk.heal()
    await still.clock.advance(RETRY_WRITE_MS_MAX)
    await text_reaches(still.journal, sent.reply, "so1")


async def test_L10_what_a_failed_commit_held_is_written_once_and_in_order(still, disk):
    sent = await still.asks_and_hears("why?")
    disk.break_down()
    await says(still, TextDelta("1"), to="why?")
    await still.clock.advance(WINDOW_MS_MAX)
    await has_failed(still, disk)
    await says(still, TextDelta("2"), to="why?")
    disk.heal()
    await flush(still)
    assert await said(still, sent.reply) == "so12"
    await says(still, TextDelta("3"), to="why?")
    await flush(still)
    assert await said(still, sent.reply) == "so123"
