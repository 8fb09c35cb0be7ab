"""L4: a cursor never skips. And the pages of the two reads."""

import sqlite3
from contextlib import closing

import pytest

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import World
from holdfast_protocol.codec import decode_entry, encode_entry
from holdfast_protocol.cursor import Cursor
from holdfast_protocol.limits import ENTRIES_PER_READ_MAX, ENTRY_BYTES_PER_READ_MAX
from holdfast_server.journal.commands import ChangeThread, DeleteMessage, DeleteThread
from holdfast_server.journal.json_text import dump, load
from holdfast_server.journal.port import MessagesOf, Threads
from holdfast_server.journal.refusals import Gone, NotFound
from holdfast_server.journal.sqlite import FILE

ANOTHER = "018bcfe5-6801-7000-8000-00000000ffff"


@pytest.mark.parametrize(
    ("change", "is_place"),
    [
        (lambda head: head, True),
        (lambda head: head.at(0), True),
        (lambda head: head.at(head.seq - 1), True),
        (lambda head: head.at(head.seq + 1), False),
        (lambda head: head.at(10**18 - 1), False),
        (lambda head: head.at(-1), False),
        (lambda head: Cursor(ANOTHER, head.account, head.seq), False),
        (lambda head: Cursor(ANOTHER, head.account, 0), False),
        (lambda head: Cursor(head.journal, "nobody", head.seq), False),
    ],
    ids=[
        "the head",
        "the beginning",
        "before the head",
        "one ahead of the head",
        "far ahead of the head",
        "before the beginning",
        "another journal",
        "another journal's beginning",
        "ahead in another account",
    ],
)
async def test_L4_a_cursor_is_a_place_in_this_journal_or_none(journal, world, change, is_place):
    await world.answered()
    cursor = change(await journal.head("local"))
    page = await journal.entries(cursor)
    assert (page is not None) == is_place
    if page:
        assert cursor.seq + len(page.entries) == page.cursor.seq == await world.head()


async def test_L4_a_cursor_older_than_what_is_kept_is_no_place(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    await world.answered()
    await journal.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as store, store:  # as retention will do
        store.execute("DELETE FROM entries WHERE seq <= 3")
        store.execute("UPDATE accounts SET floor = 3")

    journal = await open_journal(tmp_path)
    head = await journal.head("local")
    assert await journal.entries(head.at(2)) is None
    page = await journal.entries(head.at(3))
    assert load(page.entries[0])["seq"] == 4
    await journal.close()


async def test_L4_each_store_has_a_journal_id_of_its_own_and_keeps_it(tmp_path):
    ids = []
    for folder, random in (("a", b"\1"), ("a", b"\2"), ("b", b"\3")):
        journal = await open_journal(tmp_path / folder, random=lambda size, r=random: r * size)
        ids.append(journal.id)
        await journal.close()
    assert ids[0] == ids[1] != ids[2]


async def test_entries_come_as_the_codec_writes_them(journal, world):
    answer = await world.answered(text='"\\ \u2028 é \U0001f600 \x7f')
    await world.do(DeleteMessage(answer.message))
    page = await journal.entries((await journal.head("local")).at(0))
    for text in page.entries:
        assert dump(encode_entry(decode_entry(load(text)))) == text


async def test_L12_a_page_of_entries_is_bounded_by_number(journal, world):
    answer, part = await world.streaming()
    for _ in range(25):
        await world.do(answer.write(*(answer.says(part, "x") for _ in range(50))))
    page = await journal.entries((await journal.head("local")).at(0))
    assert len(page.entries) == ENTRIES_PER_READ_MAX
    assert page.more
    rest = await journal.entries(page.cursor)
    assert rest.cursor.seq == await world.head()
    assert not rest.more


async def test_L12_a_page_of_entries_is_bounded_by_weight_and_holds_one_at_least(journal, world):
    answer, part = await world.streaming()
    heavy = "é" * (ENTRY_BYTES_PER_READ_MAX // 4)
    for _ in range(3):
        await world.do(answer.write(answer.says(part, heavy)))
    await world.do(answer.write(answer.says(part, heavy * 4)))
    start = (await journal.head("local")).at(await world.head() - 4)
    sizes, more = [], True
    while more:
        page = await journal.entries(start)
        sizes.append(len(page.entries))
        start, more = page.cursor, page.more
    assert sizes == [1, 1, 1, 1]


async def test_a_list_of_threads_goes_on_after_the_last_one_had(journal, world):
    named = [await world.create(title) for title in ("Alpha", "Beta", "ÉTÉ", "Delta")]
    await world.do(ChangeThread(named[0], {"pinned": True}))
    page = await journal.snapshot(Threads("local", limit=2))
    assert [thread.title for thread in page.threads] == ["Alpha", "Delta"]
    assert page.has_more
    page = await journal.snapshot(Threads("local", before=named[3], limit=2))
    assert [thread.title for thread in page.threads] == ["ÉTÉ", "Beta"]
    assert not page.has_more


async def test_a_list_of_threads_is_searched_by_title_in_any_case(journal, world):
    for title in ("Alpha", "Beta", "ÉTÉ", "100%_"):
        await world.create(title)

    async def found(q: str) -> list[str]:
        page = await journal.snapshot(Threads("local", q=q))
        return [thread.title for thread in page.threads]

    assert await found("ETA") == ["Beta"]
    assert await found("été") == ["ÉTÉ"]
    assert await found("%_") == ["100%_"]
    assert await found("\ud800") == []


async def test_history_is_the_path_above_a_message_chosen_or_not(journal, world):
    first = await world.answered()
    second = await world.answered(first.thread)
    other = await world.answered(first.thread)
    await world.do(ChangeThread(first.thread, {"leaf": second.message}))

    async def path(**scope) -> list[str]:
        page = await journal.snapshot(MessagesOf("local", first.thread, **scope))
        return [message.id for message in page.messages]

    above = [first.message, first.question.message]
    assert await path() == [second.message, second.question.message, *above]
    assert await path(before=second.question.message) == above
    assert await path(before=other.message) == [
        other.question.message,
        second.message,
        second.question.message,
        *above,
    ]
    assert await path(before=first.question.message) == []


async def test_what_is_not_there_is_not_found_and_what_was_deleted_is_gone(journal, world):
    answer = await world.answered()
    other = await world.answered()
    for scope in (
        MessagesOf("local", ANOTHER),
        MessagesOf("local", "\ud800"),
        MessagesOf("local", answer.thread, before=ANOTHER),
        MessagesOf("local", answer.thread, before=other.message),
        MessagesOf("nobody", answer.thread),
        Threads("local", before=ANOTHER),
    ):
        with pytest.raises(NotFound):
            await journal.snapshot(scope)
    await world.do(DeleteMessage(answer.message), DeleteThread(other.thread))
    for scope in (
        MessagesOf("local", other.thread),
        MessagesOf("local", answer.thread, before=answer.message),
        Threads("local", before=other.thread),
    ):
        with pytest.raises(Gone):
            await journal.snapshot(scope)


async def test_a_page_never_holds_more_than_it_may(journal, world):
    thread = (await world.answered()).thread
    assert len((await journal.snapshot(MessagesOf("local", thread, limit=10**9))).messages) == 2
    assert len((await journal.snapshot(Threads("local", limit=10**9))).threads) == 1
