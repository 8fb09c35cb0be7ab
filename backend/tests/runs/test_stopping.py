"""Runs ended by a person: stopped, or deleted."""

import asyncio

import pytest

from backend.tests.runs.house import (
    ACCOUNT,
    House,
    nothing_runs,
    question,
)
from backend.tests.store import all_entries, end_of, open_journal, until
from holdfast_protocol.limits import RUNS_PER_ACCOUNT_MAX, STOPS_REMEMBERED_MS
from holdfast_server.journal.commands import DeleteMessage, DeleteThread
from holdfast_server.journal.refusals import StoreUnavailable, Superseded
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id


async def test_stop_ends_the_run_with_its_text_before_it_returns(house):
    sent = await house.asks_and_hears("why?")
    await house.runs.stop(ACCOUNT, sent.reply)
    last = (await all_entries(house.journal))[-1]
    assert (last["type"], last["status"]) == ("run.ended", "stopped")
    assert house.model.hung_up == 1


async def test_stop_is_repeatable_also_after_the_end(house):
    sent = await house.asks_and_hears("why?")
    for _ in range(3):
        await house.runs.stop(ACCOUNT, sent.reply)
    ends = [e for e in await all_entries(house.journal) if e["type"] == "run.ended"]
    assert len(ends) == 1


async def test_L12_a_stop_does_not_wait_for_ever_for_a_store_that_hangs(house, monkeypatch):
    monkeypatch.setattr("holdfast_server.runs.supervisor.FETCH_S_MAX", 0.01)
    sent = await house.asks_and_hears("why?")
    append, free = house.journal.append, asyncio.Event()

    async def hanging(account, command):
        await free.wait()
        return await append(account, command)

    house.journal.append = hanging
    with pytest.raises(StoreUnavailable):
        await house.runs.stop(ACCOUNT, sent.reply)
    await until(lambda: house.model.hung_up == 1)
    free.set()
    assert (await end_of(house.journal, sent.reply))["status"] == "stopped"


@pytest.mark.parametrize("how", ["another process has the store", "the server ends"])
async def test_a_stop_whose_end_was_not_journalled_is_not_answered_as_if_it_were(house, how):
    sent = await house.asks_and_hears("why?")

    async def refuses(account, command):
        raise Superseded("start 2") if how.startswith("another") else StoreUnavailable("gone")

    house.journal.append = refuses
    house.runs._ending_s_max = 0.01
    stopping = asyncio.create_task(house.runs.stop(ACCOUNT, sent.reply))
    await until(lambda: house.model.hung_up == 1)
    await house.runs.close()
    with pytest.raises(StoreUnavailable):
        await stopping
    del house.journal.append


async def test_two_stops_at_once_end_one_run_once(house):
    sent = await house.asks_and_hears("why?")
    await asyncio.gather(*(house.runs.stop(ACCOUNT, sent.reply) for _ in range(5)))
    ends = [e for e in await all_entries(house.journal) if e["type"] == "run.ended"]
    assert len(ends) == 1


async def test_a_queued_reply_can_be_stopped_and_the_ones_around_it_go_on(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    third = await house.asks("three", first.thread)
    await house.runs.stop(ACCOUNT, second.reply)
    assert (await end_of(house.journal, second.reply))["status"] == "stopped"
    house.model.finishes(to="one")
    house.model.says(TextDelta("3"), Finished(None), to="three")
    assert (await end_of(house.journal, first.reply))["status"] == "complete"
    assert (await end_of(house.journal, third.reply))["status"] == "complete"
    assert [turn.messages[-1].text for turn in house.model.turns] == ["one", "three"]


async def test_a_stop_that_comes_before_its_reply_is_remembered(house):
    command = question("why?")
    await house.runs.stop(ACCOUNT, command.reply)
    await house.runs.send(ACCOUNT, command)
    assert (await end_of(house.journal, command.reply))["status"] == "stopped"
    assert house.model.turns == []


async def test_a_stop_is_remembered_for_its_own_account_and_reply_only(house):
    command = question("why?")
    await house.runs.stop("other", command.reply)
    await house.runs.stop(ACCOUNT, new_id())
    await house.runs.send(ACCOUNT, command)
    house.model.says(TextDelta("1"), Finished(None), to="why?")
    assert (await end_of(house.journal, command.reply))["status"] == "complete"


async def test_a_stop_is_remembered_over_a_restart(tmp_path):
    command = question("why?")
    for act in ("stop", "send"):
        journal = await open_journal(tmp_path)
        house = House(journal)
        if act == "stop":
            await house.runs.stop(ACCOUNT, command.reply)
        else:
            await house.runs.send(ACCOUNT, command)
            assert (await end_of(journal, command.reply))["status"] == "stopped"
        await house.runs.close()
        await journal.close()


async def test_a_question_whose_reply_was_stopped_is_answered_the_same_again(house):
    command = question("why?")
    await house.runs.stop(ACCOUNT, command.reply)
    first = await house.runs.send(ACCOUNT, command)
    again = await house.runs.send(ACCOUNT, command)
    assert first.answer["status"] == "stopped"
    assert (again.answer, again.repeated) == (first.answer, True)


async def test_L12_a_stop_is_remembered_for_ten_minutes(tmp_path):
    now = [1_700_000_000_000]
    journal = await open_journal(tmp_path, clock_ms=lambda: now[0])
    house = House(journal)
    early, late = question("early"), question("late")
    for command in (early, late):
        await house.runs.stop(ACCOUNT, command.reply)
    now[0] += STOPS_REMEMBERED_MS - 1
    await house.runs.send(ACCOUNT, early)
    assert (await end_of(journal, early.reply))["status"] == "stopped"
    now[0] += 1
    await house.runs.send(ACCOUNT, late)
    house.model.says(TextDelta("1"), Finished(None), to="late")
    assert (await end_of(journal, late.reply))["status"] == "complete"
    await house.runs.close()
    await journal.close()


async def test_L12_no_more_stops_are_remembered_than_there_may_be_runs(house):
    first = question("first")
    await house.runs.stop(ACCOUNT, first.reply)
    for _ in range(RUNS_PER_ACCOUNT_MAX):
        await house.runs.stop(ACCOUNT, new_id())
    await house.runs.send(ACCOUNT, first)
    house.model.says(TextDelta("1"), Finished(None), to="first")
    assert (await end_of(house.journal, first.reply))["status"] == "complete"


async def test_deleting_a_thread_hangs_up_on_all_its_runs(house):
    first = await house.asks_and_hears("one")
    await house.asks("two", first.thread)
    await house.runs.delete(ACCOUNT, DeleteThread(first.thread))
    await nothing_runs(house)
    assert house.model.hung_up == 1
    assert len(house.model.turns) == 1
    assert (await all_entries(house.journal))[-1]["type"] == "thread.deleted"


async def test_deleting_a_queued_question_leaves_the_running_one_alone(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    await house.runs.delete(ACCOUNT, DeleteMessage(second.message))
    house.model.finishes(to="one")
    assert (await end_of(house.journal, first.reply))["status"] == "complete"
    await nothing_runs(house)
    assert len(house.model.turns) == 1


async def test_deleting_a_running_answer_lets_another_branch_of_its_thread_go_on(house):
    root = await house.asks("root")
    house.model.says(TextDelta("r"), Finished(None), to="root")
    await end_of(house.journal, root.reply)
    first = await house.asks_and_hears("one", root.thread)
    other = await house.asks("other", root.thread, parent=root.reply)
    await house.runs.delete(ACCOUNT, DeleteMessage(first.message))
    house.model.says(TextDelta("o"), Finished(None), to="other")
    assert (await end_of(house.journal, other.reply))["status"] == "complete"
