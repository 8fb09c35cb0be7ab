"""The runs of a process: begun, one after the other (L7, L8, L9)."""

import asyncio

import pytest

from backend.tests.runs.house import (
    ACCOUNT,
    fields_of,
    question,
    started,
    text_or_turn,
)
from backend.tests.store import end_of, until
from holdfast_server.journal.commands import Send, StartRun
from holdfast_server.journal.refusals import Conflict
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id


async def test_a_question_is_answered(house):
    sent = await house.asks("why?")
    house.model.says(TextDelta("because"), Finished({"output_tokens": 1}), to="why?")
    end = await end_of(house.journal, sent.reply)
    assert (end["status"], end["usage"]) == ("complete", {"output_tokens": 1})


async def test_L7_an_asker_who_leaves_during_the_append_is_answered_all_the_same(house):
    command = question("why?")
    asker = asyncio.create_task(house.runs.send(ACCOUNT, command))
    await asyncio.sleep(0)
    asker.cancel()
    await asyncio.wait({asker})
    house.model.says(TextDelta("because"), Finished(None), to="why?")
    assert (await end_of(house.journal, command.reply))["status"] == "complete"


async def test_L9_the_same_send_again_starts_no_second_run(house):
    tried, append = [], house.journal.append

    async def recorded(account, command):
        tried.append(type(command))
        return await append(account, command)

    house.journal.append = recorded
    sent = await house.asks("why?")
    repeated = Send(**{**fields_of(sent), "run": new_id(), "part": new_id()})
    again = await house.runs.send(ACCOUNT, repeated)
    assert again.answer["run"] == sent.run
    house.model.says(TextDelta("because"), Finished(None), to="why?")
    await end_of(house.journal, sent.reply)
    await until(lambda: not house.runs._tasks)
    assert len(house.model.turns) == 1
    assert tried.count(StartRun) == 1


async def test_L9_other_content_under_the_same_id_is_refused_and_harms_no_run(house):
    sent = await house.asks("why?")
    with pytest.raises(Conflict):
        await house.runs.send(ACCOUNT, Send(**{**fields_of(sent), "text": "how?"}))
    house.model.says(TextDelta("because"), Finished(None), to="why?")
    assert (await end_of(house.journal, sent.reply))["status"] == "complete"


async def test_a_queued_reply_is_told_what_the_one_before_it_said(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    house.model.says(TextDelta(" be it"), Finished(None), to="one")
    await started(house.journal, second.reply)
    await text_or_turn(house, 2)
    told = [(message.role, message.text) for message in house.model.turns[1].messages]
    assert told == [("user", "one"), ("assistant", "so be it"), ("user", "two")]


async def test_a_path_of_many_pages_is_told_as_far_back_as_it_fits(house, monkeypatch):
    monkeypatch.setattr("holdfast_server.runs.history.MESSAGES_PER_PAGE_MAX", 2)
    thread, texts = None, [str(number) for number in range(8)]
    for text in texts:
        sent = await house.asks(text, thread)
        thread = sent.thread
        house.model.says(TextDelta("so"), Finished(None), to=text)
        await end_of(house.journal, sent.reply)
    told = [message.text for message in house.model.turns[-1].messages]
    assert told[::2] == texts
    house.runs._context_chars = 10
    await house.asks("last", thread)
    await until(lambda: len(house.model.turns) == 9)
    assert [message.text for message in house.model.turns[-1].messages] == [
        "6",
        "so",
        "7",
        "so",
        "last",
    ]


async def test_threads_do_not_wait_for_each_other(house):
    await house.asks_and_hears("one")
    await house.asks_and_hears("two")
    assert house.model.open == 2
