"""What a run holds back is written for readers and at shutdown, then forgotten (L10)."""

import asyncio

import pytest

from backend.tests.runs.fakes import FakeClock
from backend.tests.runs.house import (
    ACCOUNT,
    House,
    question,
)
from backend.tests.store import all_entries, end_of, text_reaches, until
from holdfast_protocol.limits import RUN_MS_MAX
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.supervisor import ShuttingDown


async def test_L10_a_read_flushes_what_is_held(house):
    sent = await house.asks_and_hears("why?")
    house.model.says(TextDelta("1"), TextDelta("2"), to="why?")
    await until(lambda: not house.model.unread("why?"))
    await house.runs.flush(ACCOUNT)
    said = "".join(e["text"] for e in await all_entries(house.journal) if e["type"] == "part.delta")
    assert said == "so12"
    await house.runs.stop(ACCOUNT, sent.reply)


async def test_L10_a_read_waits_a_bounded_time_for_a_store_that_hangs(house, monkeypatch):
    monkeypatch.setattr("holdfast_server.runs.supervisor.READ_WAITS_S", 0.01)
    sent = await house.asks_and_hears("why?")
    append, free = house.journal.append, asyncio.Event()

    async def hanging(account, command):
        await free.wait()
        return await append(account, command)

    house.journal.append = hanging
    house.model.says(TextDelta("1"), to="why?")
    await until(lambda: not house.model.unread("why?"))
    await asyncio.wait_for(house.runs.flush(ACCOUNT), 5)
    free.set()
    await text_reaches(house.journal, sent.reply, "1")


async def test_a_flush_of_another_account_waits_for_nothing(house):
    await house.asks_and_hears("why?")
    house.journal.append = None
    await house.runs.flush("other")
    del house.journal.append


async def test_shutdown_ends_every_run_as_interrupted_with_its_text(journal):
    house = House(journal)
    first = await house.asks_and_hears("one")
    queued = await house.asks("two", first.thread)
    other = await house.asks_and_hears("three")
    house.model.says(TextDelta("!"), to="one")
    await until(lambda: not house.model.unread("one"))
    await house.runs.close()
    for reply in (first.reply, queued.reply, other.reply):
        assert (await end_of(journal, reply))["status"] == "interrupted"
    await text_reaches(journal, first.reply, "so!")
    assert (house.model.open, len(house.model.turns)) == (0, 2)


async def test_shutdown_takes_no_more_questions(house):
    await house.runs.close()
    with pytest.raises(ShuttingDown):
        await house.runs.send(ACCOUNT, question("late"))


async def test_shutdown_twice_is_shutdown_once(house):
    sent = await house.asks_and_hears("one")
    await asyncio.gather(house.runs.close(), house.runs.close())
    ends = [e for e in await all_entries(house.journal) if e["type"] == "run.ended"]
    assert [end["message"] for end in ends] == [sent.reply]


async def test_L10_shutdown_is_bounded_when_the_store_is_gone(journal):
    house = House(journal)
    house.runs._ending_s_max = 0.05
    await house.asks_and_hears("one")
    append = journal.append

    async def gone(account, command):
        raise StoreUnavailable("gone")

    journal.append = gone
    async with asyncio.timeout(5):
        await house.runs.close()
    assert house.model.open == 0
    journal.append = append


async def test_L10_what_has_settled_leaves_memory(house):
    first = await house.asks_and_hears("one")
    await house.asks("two", first.thread)
    house.model.finishes(to="one")
    house.model.says(TextDelta("2"), Finished(None), to="two")
    await until(lambda: not house.runs._tasks)
    assert house.runs._runners == {}


async def test_a_run_that_passes_its_time_is_failed_with_its_text(journal):
    clock = FakeClock()
    house = House(journal, clock)
    sent = await house.asks("why?")
    house.model.says(TextDelta("so"), to="why?")
    await text_reaches(journal, sent.reply, "so")
    await clock.advance(RUN_MS_MAX)
    end = await end_of(journal, sent.reply)
    assert (end["status"], end["error"]["code"]) == ("failed", "run_too_long")
    await house.runs.close()
