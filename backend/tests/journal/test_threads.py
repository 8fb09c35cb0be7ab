"""What creating, changing and asking come to, beyond the laws."""

import pytest

from backend.tests.journal.world import World
from holdfast_protocol import limits
from holdfast_protocol.state import ReadMark
from holdfast_server.journal.commands import ChangeThread, CreateThread
from holdfast_server.journal.message_decisions import title_of
from holdfast_server.journal.refusals import Invalid


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why is the sky blue?", "Why is the sky blue?"),
        ("  two\n\n lines\tand tabs ", "two lines and tabs"),
        ("", "New thread"),
        (" \n ", "New thread"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 59 + "…"),
        ("a" * 57 + " bc", "a" * 57 + " bc"),
        ("a" * 59 + " bc", "a" * 59 + "…"),
        ("a" * 60 + " bc", "a" * 59 + "…"),
        ("word " * 40, ("word " * 11).strip() + " word…"),
        ("a " * 40, ("a " * 30).strip() + "…"),
        ("x " + "y" * 100, "x…"),
    ],
)
def test_a_title_is_the_first_words_of_a_question(text, title):
    assert title_of(text) == title
    assert len(title) <= limits.TITLE_FROM_TEXT_CHARS_MAX


async def test_a_first_question_names_its_thread_and_no_later_one_does(world):
    unnamed, named = await world.create(), await world.create("Mine")
    assert (await world.thread(unnamed)).title == "New thread"
    for thread in (unnamed, named):
        await world.send(thread, "First question")
        await world.send(thread, "Second question")
    assert (await world.thread(unnamed)).title == "First question"
    assert (await world.thread(named)).title == "Mine"


async def test_a_question_makes_its_thread_its_reply_and_its_run_in_one_append(world):
    answer = await world.send(text="Why?", model="large")
    assert await world.types() == ["thread.created", "message.created", "message.created"]
    asked, reply = await world.path(answer.thread)
    assert (asked.role, asked.status, asked.parent, asked.parts[0].text) == (
        "user",
        "complete",
        None,
        "Why?",
    )
    assert (reply.role, reply.status, reply.parent, reply.model, reply.run) == (
        "assistant",
        "pending",
        asked.id,
        "large",
        answer.run,
    )
    thread = await world.thread(answer.thread)
    assert (thread.leaf, thread.model) == (reply.id, "large")


async def test_a_question_without_a_model_asks_its_threads(world):
    thread = world.id()
    await world.do(CreateThread(thread, None, "small", None))
    await world.send(thread)
    await world.send(thread, model="large")
    replies = [one.model for one in await world.path(thread) if one.role == "assistant"]
    assert replies == ["small", "large"]


async def test_a_question_hangs_below_the_leaf_or_the_parent_it_names(world):
    first = await world.answered()
    second = await world.answered(first.thread)
    branch = await world.send(first.thread, parent=first.message)
    path = [message.id for message in await world.path(first.thread)]
    assert path == [
        first.question.message,
        first.message,
        branch.question.message,
        branch.message,
    ]
    assert second.message not in path


async def test_changing_nothing_journals_nothing(world):
    thread = await world.create("Named")
    await world.do(ChangeThread(thread, {"pinned": True}))
    head = await world.head()
    for changes in ({}, {"pinned": True}, {"title": "Named", "muted": False}, {"nonsense": 1}):
        receipt = await world.do(ChangeThread(thread, changes))
        assert receipt.cursor.seq == head
    assert await world.head() == head


async def test_only_what_differs_is_journalled(world):
    thread = await world.create("Named")
    await world.do(ChangeThread(thread, {"title": "Named", "muted": True}))
    assert (await world.entries())[-1].event.changes == {"muted": True}


async def test_a_read_mark_is_kept_and_moves_the_thread_nowhere(world):
    answer = await world.answered()
    await world.answered()
    part = (await world.message(answer)).parts[0].id
    order = [thread.id for thread in await world.threads()]
    for mark in (
        ReadMark(answer.message, part, 4),
        {"message": answer.message, "part": part, "chars": 5},
    ):
        await world.do(ChangeThread(answer.thread, {"read_through": mark}))
    assert (await world.thread(answer.thread)).read_through.chars == 5
    assert [thread.id for thread in await world.threads()] == order


@pytest.mark.parametrize(
    "changes",
    [
        {"title": None},
        {"title": 1},
        {"title": "x" * (limits.TITLE_CHARS_MAX + 1)},
        {"model": "x" * (limits.MODEL_NAME_CHARS_MAX + 1)},
        {"instructions": "x" * (limits.INSTRUCTIONS_CHARS_MAX + 1)},
        {"pinned": 1},
        {"muted": None},
        {"read_through": {"message": "1"}},
        {"read_through": object()},
        {"leaf": "nothing"},
        {"leaf": None},
    ],
    ids=repr,
)
async def test_a_change_that_fits_no_field_is_refused_whole(world, changes):
    thread = (await world.answered()).thread
    head = await world.head()
    with pytest.raises(Invalid):
        await world.do(ChangeThread(thread, {"archived": True, **changes}))
    assert await world.head() == head


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("title", limits.TITLE_CHARS_MAX),
        ("model", limits.MODEL_NAME_CHARS_MAX),
        ("instructions", limits.INSTRUCTIONS_CHARS_MAX),
    ],
)
async def test_L12_a_new_threads_texts_are_bounded(world: World, field, limit):
    texts = {"title": None, "model": None, "instructions": None}
    await world.do(CreateThread(world.id(), **{**texts, field: "é" * limit}))
    with pytest.raises(Invalid, match=f"{field} is longer than {limit}"):
        await world.do(CreateThread(world.id(), **{**texts, field: "é" * (limit + 1)}))


async def test_L12_a_question_is_bounded(world):
    await world.send(text="é" * limits.MESSAGE_CHARS_MAX)
    with pytest.raises(Invalid, match="text is longer than"):
        await world.send(text="é" * (limits.MESSAGE_CHARS_MAX + 1))
