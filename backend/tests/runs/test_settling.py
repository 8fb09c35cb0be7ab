"""What a run holds back is written for readers, dropped with what was deleted, written at shutdown
within a bounded time, and then forgotten (L10)."""

import asyncio
import gc
import weakref

import pytest

from backend.tests.runs.fakes import FakeClock, settle
from backend.tests.runs.house import ACCOUNT, ENDINGS, House, flush, nothing_runs, question, says
from backend.tests.store import BOUND_S, all_entries, end_of, text_reaches, until
from holdfast_protocol.limits import RETRY_WRITE_MS_MAX, RUN_MS_MAX
from holdfast_server.journal.commands import DeleteMessage, DeleteThread
from holdfast_server.journal.port import MessagesOf, Threads
from holdfast_server.journal.refusals import Gone, StoreUnavailable
from holdfast_server.models.port import TextDelta
from holdfast_server.runs.supervisor import ShuttingDown


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
    async with asyncio.timeout(BOUND_S):
        await house.runs.close()
    assert house.model.open == 0
    journal.append = append


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


# --- deletion -------------------------------------------------------------------------------------


def of_thread(sent):
    return DeleteThread(sent.thread)


def of_reply(sent):
    return DeleteMessage(sent.reply)


@pytest.mark.parametrize("deletion", [of_thread, of_reply])
@pytest.mark.parametrize("first", ["the write", "the deletion"])
async def test_L10_nothing_resurrects_what_was_deleted(still, disk, deletion, first):
    """Whichever of a write and a deletion reaches the disk first, while the other waits."""
    sent = await still.asks_and_hears("why?")
    await says(still, TextDelta("1"), to="why?")
    disk.hold()

    def begin(what):
        doing = flush(still) if what == "the write" else still.runs.delete(ACCOUNT, deletion(sent))
        return asyncio.create_task(doing)

    begun = begin(first)
    await disk.is_reached()
    second = begin("the deletion" if first == "the write" else "the write")
    await settle()
    still.model.says(TextDelta("2"), to="why?")
    await settle()
    disk.heal()
    await asyncio.wait_for(asyncio.gather(begun, second), BOUND_S)
    await nothing_runs(still)
    await still.clock.advance(RETRY_WRITE_MS_MAX)
    entries = await all_entries(still.journal)
    kinds = [entry["type"] for entry in entries]
    deleted = kinds.index("message.deleted" if deletion is of_reply else "thread.deleted")
    later = [entry for entry in entries[deleted:] if entry.get("message") == sent.reply]
    assert [entry["type"] for entry in later if entry["type"] != "message.deleted"] == []
    assert "so" not in [entry.get("text") for entry in entries]
    await is_nowhere(still, sent)
    assert still.model.open == 0


async def is_nowhere(house: House, sent) -> None:
    """Neither list nor history shows what was deleted."""
    listed = {thread.id for thread in (await house.journal.snapshot(Threads(ACCOUNT))).threads}
    if sent.thread not in listed:
        with pytest.raises(Gone):
            await house.journal.snapshot(MessagesOf(ACCOUNT, sent.thread))
        return
    history = await house.journal.snapshot(MessagesOf(ACCOUNT, sent.thread))
    assert sent.reply not in [message.id for message in history.messages]


# --- at the end -----------------------------------------------------------------------------------


async def test_L10_shutdown_is_bounded_while_a_commit_hangs_and_lets_go_of_the_model(disk):
    house = House(disk.journal)
    house.runs._ending_s_max = 0.05
    await house.asks_and_hears("why?")
    disk.hold()
    await says(house, TextDelta("1"), to="why?")
    await disk.is_reached()
    async with asyncio.timeout(BOUND_S):
        await house.runs.close()
    assert house.model.open == 0
    assert not house.runs._tasks, "work goes on that nobody sees to"
    disk.heal()


@pytest.mark.parametrize("way", ["finish", "error", "exception", "stop", "deletion"])
async def test_L10_what_has_settled_leaves_memory(house, way):
    sent = await house.asks_and_hears("why?")
    runner = weakref.ref(house.runs._runners[ACCOUNT, sent.reply])
    if way == "deletion":
        await house.runs.delete(ACCOUNT, of_thread(sent))
    elif (ending := ENDINGS[way][0](house, sent)) is not None:
        await asyncio.wait_for(ending, BOUND_S)
    await until(lambda: not house.runs._tasks)
    assert house.runs._runners == {}
    gc.collect()
    assert runner() is None, "somebody still holds the run"
