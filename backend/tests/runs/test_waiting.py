"""Replies that wait for the one before them, or for the person."""

import asyncio

import pytest

from backend.tests.runs.fakes import FINAL, settle
from backend.tests.runs.house import ACCOUNT, House, nothing_runs, started
from backend.tests.store import all_entries, end_of
from holdfast_server.journal.commands import ContinueReply, DeleteMessage
from holdfast_server.journal.port import MessagesOf
from holdfast_server.journal.refusals import Conflict, NotFound
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id


async def ended_before(house, how: str):
    """Ask twice in a thread and end the first answer so; return both questions."""
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    if how == "stopped":
        await house.runs.stop(ACCOUNT, first.reply)
    else:
        house.model.says(FINAL if how == "failed" else Finished(None), to="one")
    assert (await end_of(house.journal, first.reply))["status"] == how
    return first, second


async def completes(house, sent) -> None:
    house.model.says(TextDelta("!"), Finished(None), to=sent.text)
    assert (await end_of(house.journal, sent.reply))["status"] == "complete"


async def status_of(house, sent) -> str:
    history = await house.journal.snapshot(MessagesOf(ACCOUNT, sent.thread))
    return next(message.status for message in history.messages if message.id == sent.reply)


async def test_L8_a_queued_reply_begins_when_the_one_before_it_completes(house):
    first, second = await ended_before(house, "complete")
    await completes(house, second)
    order = [e["message"] for e in await all_entries(house.journal) if e["type"] == "run.started"]
    assert order == [first.reply, second.reply]


async def test_the_end_of_one_and_the_turn_of_the_next_are_one_append(house):
    """So no reader ever sees a reply that waits for the person while it is about to begin."""
    _, second = await ended_before(house, "complete")
    await started(house.journal, second.reply)
    entries = await all_entries(house.journal)
    at = next(n for n, entry in enumerate(entries) if entry["type"] == "run.ended")
    after = entries[at + 1]
    assert (after["type"], after["message"]) == ("message.changed", second.reply)
    assert (after["status"], after["at"]) == ("pending", entries[at]["at"])
    await completes(house, second)


@pytest.mark.parametrize("how", ["stopped", "failed"])
async def test_a_queued_reply_waits_for_the_person_when_the_one_before_it_did_not_complete(
    house, how
):
    _, second = await ended_before(house, how)
    await nothing_runs(house)
    assert await status_of(house, second) == "queued"
    assert len(house.model.turns) == 1


@pytest.mark.parametrize("how", ["stopped", "failed"])
async def test_a_person_who_sends_again_lets_the_waiting_ones_go_on_in_order(house, how):
    _, second = await ended_before(house, how)
    third = await house.asks("three", second.thread)
    assert await status_of(house, third) == "queued"
    await completes(house, second)
    await completes(house, third)


async def test_a_waiting_reply_can_be_continued_and_once_is_enough(house):
    _, second = await ended_before(house, "stopped")
    for _ in range(3):
        await house.runs.continue_reply(ACCOUNT, ContinueReply(second.reply, second.run))
    await completes(house, second)
    await house.runs.continue_reply(ACCOUNT, ContinueReply(second.reply, second.run))
    await nothing_runs(house)
    assert [turn.messages[-1].text for turn in house.model.turns] == ["one", "two"]


async def test_L9_a_continue_that_comes_again_lets_nothing_else_go_on(house):
    """The first one's answer was lost, and the person has stopped that reply meanwhile."""
    _, second = await ended_before(house, "stopped")
    third = await house.asks("three", second.thread)
    again = ContinueReply(second.reply, second.run)
    await house.runs.continue_reply(ACCOUNT, again)
    await house.runs.stop(ACCOUNT, second.reply)
    assert (await end_of(house.journal, second.reply))["status"] == "stopped"
    await house.runs.continue_reply(ACCOUNT, again)
    await nothing_runs(house)
    assert await status_of(house, third) == "queued"


async def test_each_stop_leaves_the_next_one_to_the_person(house):
    _, second = await ended_before(house, "stopped")
    third = await house.asks("three", second.thread)
    await house.runs.stop(ACCOUNT, second.reply)
    fourth = await house.asks("four", second.thread)
    await house.runs.stop(ACCOUNT, third.reply)
    assert await status_of(house, fourth) == "queued"
    await house.runs.continue_reply(ACCOUNT, ContinueReply(fourth.reply, fourth.run))
    await completes(house, fourth)


async def test_continuing_one_whose_turn_has_not_come_changes_nothing(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    await house.runs.continue_reply(ACCOUNT, ContinueReply(second.reply, second.run))
    assert await status_of(house, second) == "queued"
    house.model.finishes(to="one")
    await completes(house, second)


async def test_only_the_run_it_was_made_for_continues_a_reply(house):
    _, second = await ended_before(house, "stopped")
    with pytest.raises(Conflict):
        await house.runs.continue_reply(ACCOUNT, ContinueReply(second.reply, new_id()))
    with pytest.raises(Conflict):
        await house.runs.continue_reply(ACCOUNT, ContinueReply(second.message, second.run))
    with pytest.raises(NotFound):
        await house.runs.continue_reply(ACCOUNT, ContinueReply(new_id(), second.run))
    assert await status_of(house, second) == "queued"


async def test_a_reply_is_stopped_in_the_moment_before_it_begins(disk):
    """The end of the one before it and the stop of this one are one commit."""
    house = House(disk.journal)
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    disk.hold()
    house.model.says(Finished(None), to="one")
    await disk.is_reached()
    stopping = asyncio.create_task(house.runs.stop(ACCOUNT, second.reply))
    await settle()
    disk.heal()
    await stopping
    assert (await end_of(house.journal, second.reply))["status"] == "stopped"
    await nothing_runs(house)
    assert len(house.model.turns) == 1
    await house.runs.close()


async def test_a_waiting_reply_can_be_stopped(house):
    _, second = await ended_before(house, "stopped")
    await house.runs.stop(ACCOUNT, second.reply)
    assert await status_of(house, second) == "stopped"
    assert len(house.model.turns) == 1
    last = (await all_entries(house.journal))[-1]
    assert (last["type"], last["status"]) == ("run.ended", "stopped")


async def test_what_waited_for_a_deleted_answer_waits_no_longer(house):
    root = await house.asks("root")
    await completes(house, root)
    first = await house.asks_and_hears("one", root.thread)
    other = await house.asks("other", root.thread, parent=root.reply)
    await house.runs.delete(ACCOUNT, DeleteMessage(first.message))
    await completes(house, other)


async def test_deleting_what_only_waits_lets_nothing_begin_before_its_time(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    third = await house.asks("three", first.thread, parent=first.reply)
    await house.runs.delete(ACCOUNT, DeleteMessage(second.message))
    assert await status_of(house, third) == "queued"
    house.model.finishes(to="one")
    await completes(house, third)


async def test_L8_shutdown_ends_what_waits_for_the_person_too(house):
    _, second = await ended_before(house, "failed")
    await house.runs.close()
    end = await end_of(house.journal, second.reply)
    assert (end["status"], end["error"]["code"]) == ("interrupted", "interrupted")
