"""Deleting: what goes, what is emptied, and what a thread's path is afterwards."""

import pytest

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import World
from holdfast_protocol.codec import encode_entry
from holdfast_protocol.events import Entry, Erased
from holdfast_server.journal.commands import ChangeThread, DeleteMessage, DeleteThread
from holdfast_server.journal.json_text import dump
from holdfast_server.journal.sqlite import FILE


async def test_a_message_goes_with_what_hangs_below_it_children_first(world):
    first = await world.answered()
    second = await world.answered(first.thread)
    third, _ = await world.streaming(first.thread)
    fourth = await world.send(first.thread)
    head = await world.head()
    receipt = await world.do(DeleteMessage(second.question.message))
    assert receipt.answer == {
        "message": second.question.message,
        "ended": [fourth.run, third.run],
    }
    events = [entry.event for entry in await world.entries(after=head)]
    assert [event.TYPE for event in events] == ["run.ended"] * 2 + ["message.deleted"] * 6
    assert [event.message for event in events[2:]] == [
        fourth.message,
        fourth.question.message,
        third.message,
        third.question.message,
        second.message,
        second.question.message,
    ]
    assert {event.leaf for event in events[2:]} == {first.message}
    assert {event.status for event in events[:2]} == {"stopped"}
    assert {event.notify for event in events[:2]} == {"stopped by the person"}
    thread = await world.thread(first.thread)
    assert (thread.leaf, thread.runs) == (first.message, ())
    assert [message.id for message in await world.path(first.thread)] == [
        first.question.message,
        first.message,
    ]


async def test_deleting_beside_the_path_leaves_the_leaf(world):
    first = await world.answered()
    old = await world.answered(first.thread)
    new = await world.send(first.thread, parent=first.message)
    await world.do(DeleteMessage(old.question.message))
    assert (await world.thread(first.thread)).leaf == new.message


async def test_deleting_the_first_question_leaves_an_empty_thread(world):
    answer = await world.answered()
    await world.do(DeleteMessage(answer.question.message))
    assert (await world.thread(answer.thread)).leaf is None
    assert await world.path(answer.thread) == []
    assert len(await world.path((await world.send(answer.thread)).thread)) == 2


async def test_earlier_entries_are_emptied_and_keep_their_place_and_time(world):
    answer = await world.answered(text="Secret")
    kept = await world.answered(answer.thread)
    before = await world.entries()
    await world.do(DeleteMessage(kept.message))
    after = await world.entries()
    assert [(entry.seq, entry.at) for entry in after[: len(before)]] == [
        (entry.seq, entry.at) for entry in before
    ]
    for old, new in zip(before, after, strict=False):
        if old.message == kept.message:
            assert new == Entry(old.seq, old.at, Erased())
        else:
            assert new == old


async def test_an_erased_entry_is_written_as_the_codec_writes_it(journal, world):
    answer = await world.answered()
    await world.do(DeleteThread(answer.thread))
    page = await journal.entries((await journal.head("local")).at(0))
    for text, entry in zip(page.entries, await world.entries(), strict=True):
        assert text == dump(encode_entry(entry))


async def test_a_thread_goes_with_everything_earlier_of_it(world):
    answer = await world.answered()
    running, _ = await world.streaming(answer.thread)
    await world.do(
        ChangeThread(answer.thread, {"title": "Secret"}), DeleteMessage(answer.question.message)
    )
    again, _ = await world.streaming(answer.thread)
    other = await world.answered()
    head = await world.head()
    receipt = await world.do(DeleteThread(answer.thread))
    assert receipt.answer == {"thread": answer.thread, "ended": [again.run]}
    entries = await world.entries()
    assert [entry.type for entry in entries[head:]] == ["run.ended", "thread.deleted"]
    assert {entry.thread for entry in entries[:head]} == {None, other.thread}
    assert [thread.id for thread in await world.threads()] == [other.thread]
    assert running.run not in receipt.answer["ended"]


@pytest.mark.parametrize("what", ["message", "thread"])
async def test_nothing_of_what_was_deleted_is_left_in_the_file(tmp_path, what):
    journal = await open_journal(tmp_path)
    world = World(journal)
    thread = await world.create("Kept for good" if what == "message" else "sesame")
    answer = await world.send(thread, text="sesame", model="sesame")
    part, tool = world.id(), world.id()
    await world.do(
        answer.start(),
        answer.write(answer.opens(part), answer.says(part, "sesame" * 1000)),
        answer.write(answer.opens(tool, "tool", "sesame"), answer.says(tool, "sesame")),
        answer.write(answer.closes(tool, "tool", outcome="ok", result="sesame")),
        answer.end("failed", usage={"sesame": "sesame"}),
    )
    command = DeleteThread(thread) if what == "thread" else DeleteMessage(answer.question.message)
    await world.do(command)
    await world.create("Kept for good")
    await journal.close()
    stored = (tmp_path / FILE).read_bytes()
    assert b"Kept for good" in stored
    assert stored.count(b"sesame") == 0
    assert {path.name for path in tmp_path.iterdir()} == {FILE, "lock"}
