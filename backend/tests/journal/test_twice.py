"""L9: doing twice is doing once."""

from dataclasses import replace

import pytest

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import Answer, World
from holdfast_server.journal.commands import (
    ChangeThread,
    CreateThread,
    DeleteMessage,
    DeleteThread,
)
from holdfast_server.journal.refusals import Conflict, Gone, Invalid, NotFound

ANOTHER = "018bcfe5-6801-7000-8000-00000000ffff"


async def test_L9_the_same_request_again_is_the_same_answer_and_journals_nothing(world):
    question = world.question(text="continue")
    created = CreateThread(world.id(), "Named", "m", "Be brief.")
    for command in (created, question):
        first = await world.do(command)
        await world.create()
        head = await world.head()
        again = await world.do(command)
        assert again == replace(first, repeated=True, begins=())
        assert await world.head() == head


async def test_L9_a_request_is_known_again_by_what_the_client_minted(world):
    """Run and part are minted by the server, anew each time it is asked."""
    question = world.question()
    first = await world.do(question)
    again = await world.do(replace(question, run=world.id(), part=world.id()))
    assert again.answer == first.answer
    assert again.answer["run"] == question.run


async def test_L9_a_request_is_known_again_after_all_that_may_have_happened(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    created = CreateThread(world.id(), None, None, None)
    await world.do(created)
    question = world.question(created.thread)
    first = await world.do(question)
    await world.do(Answer(question, journal.epoch).end("stopped"))
    await world.do(ChangeThread(created.thread, {"title": "Renamed", "model": "m"}))
    await world.do(DeleteMessage(question.reply))
    await journal.close()

    world = World(await open_journal(tmp_path))
    assert (await world.do(question)).answer == first.answer
    assert (await world.do(created)).answer == {"thread": created.thread}
    await world.journal.close()


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other"},
        {"thread": ANOTHER},
        {"reply": ANOTHER},
        {"parent": ANOTHER},
        {"model": "other"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_L9_the_same_id_with_other_content_is_a_conflict(world, change):
    question = world.question()
    await world.do(question)
    head = await world.head()
    with pytest.raises(Conflict):
        await world.do(replace(question, **change))
    assert await world.head() == head


async def test_L9_an_id_that_is_taken_by_something_else_is_a_conflict(world):
    answer = await world.answered()
    asked = answer.question
    for command in (
        world.question(message=asked.reply),
        world.question(reply=asked.message),
        world.question(reply=asked.reply),
        CreateThread(asked.thread, None, None, None),
    ):
        with pytest.raises(Conflict):
            await world.do(command)
    thread = await world.create("One")
    with pytest.raises(Conflict):
        await world.do(CreateThread(thread, "Other", None, None))


async def test_L9_the_same_text_sent_twice_is_two_messages(world):
    first = await world.send(text="continue")
    await world.send(first.thread, text="continue")
    path = await world.path(first.thread)
    assert [message.parts[0].text for message in path if message.role == "user"] == [
        "continue",
        "continue",
    ]


async def test_L9_a_deleted_id_is_gone_for_ever(world):
    answer, other = await world.answered(), await world.answered()
    asked, thread = answer.question, other.thread
    await world.do(DeleteMessage(asked.message), DeleteThread(thread))
    head = await world.head()
    for command in (
        asked,
        world.question(message=asked.message),
        world.question(reply=asked.reply),
        world.question(answer.thread, parent=asked.message),
        world.question(thread),
        other.question,
        replace(other.question, thread=world.id()),
        CreateThread(thread, None, None, None),
        ChangeThread(thread, {"title": "x"}),
        ChangeThread(answer.thread, {"leaf": asked.message}),
    ):
        with pytest.raises(Gone):
            await world.do(command)
    assert await world.head() == head


async def test_L9_deleting_twice_is_deleting_once(world):
    answer, _ = await world.streaming()
    for command in (DeleteMessage(answer.message), DeleteThread(answer.thread)):
        await world.do(command)
        head = await world.head()
        assert (await world.do(command)).answer["ended"] == []
        assert await world.head() == head


async def test_L9_what_never_was_is_not_found(world):
    answer, other = await world.answered(), await world.answered()
    for command in (
        DeleteMessage(ANOTHER),
        DeleteThread(ANOTHER),
        DeleteThread("\ud800"),
        ChangeThread(ANOTHER, {}),
        ChangeThread(answer.thread, {"leaf": ANOTHER}),
        ChangeThread(answer.thread, {"leaf": other.message}),
        world.question(answer.thread, parent=ANOTHER),
        world.question(answer.thread, parent=other.message),
        world.question(parent=answer.message),
    ):
        with pytest.raises(NotFound):
            await world.do(command)


async def test_L9_only_ids_as_they_are_minted_name_something_new(world):
    for command in (
        CreateThread("thread-1", None, None, None),
        CreateThread("\0", None, None, None),
        world.question(message="018BCFE5-6801-7000-8000-00000000FFFF"),
        world.question(reply=""),
        world.question("../etc"),
        replace(world.question(message=ANOTHER), reply=ANOTHER),
    ):
        with pytest.raises(Invalid):
            await world.do(command)
    assert await world.head() == 0
