"""L6: terminal once. L8: no run is left hanging."""

import sqlite3
from contextlib import closing

import pytest

from backend.tests.journal.opening import FIRST_MS, open_journal
from backend.tests.journal.world import Answer, World
from holdfast_protocol.errors import IllegalTransition, OffsetGap
from holdfast_protocol.events import PartDelta, PartEnded, PartStarted
from holdfast_protocol.limits import RUNS_PER_ACCOUNT_MAX
from holdfast_protocol.state import TERMINAL, Failure
from holdfast_server.journal.commands import ChangeThread, DeleteMessage, EndOrphans, StopReply
from holdfast_server.journal.refusals import Fenced, StoreUnavailable, TooMany
from holdfast_server.journal.run_decisions import INTERRUPTED
from holdfast_server.journal.sqlite import FILE


@pytest.mark.parametrize("status", sorted(TERMINAL))
async def test_L6_a_run_ends_once_and_nothing_of_it_follows(world, status):
    answer, part = await world.streaming()
    later = Answer(answer.question, world.journal.epoch, attempt=2)
    await world.do(answer.end(status))
    head = await world.head()
    for command in (
        answer.start(),
        answer.write(),
        answer.write(answer.says(part, "late")),
        answer.end("complete"),
        later.start(),
        later.end(),
    ):
        with pytest.raises(Fenced):
            await world.do(command)
    assert await world.head() == head
    assert (await world.types()).count("run.ended") == 1
    assert (await world.message(answer)).status == status


async def test_L6_the_end_closes_every_open_part_and_joins_its_text(world):
    answer, text = await world.streaming(text="So ")
    tool, thought = world.id(), world.id()
    await world.do(
        answer.write(
            answer.opens(tool, "tool", "clock"),
            answer.says(text, "far"),
            answer.says(tool, '{"zone"'),
            answer.opens(thought, "reasoning"),
        ),
        answer.end("failed", answer.says(tool, ":1}"), answer.says(text, ", so good")),
    )
    parts = (await world.message(answer)).parts
    assert [(part.kind, part.open, part.source, part.outcome) for part in parts] == [
        ("text", False, "So far, so good", None),
        ("tool", False, '{"zone":1}', "unknown"),
        ("reasoning", False, "", None),
    ]
    assert [part.ended_at for part in parts] == [(await world.entries())[-1].at] * 3


async def test_L6_what_was_pending_and_the_end_are_one_append(world):
    answer, part = await world.streaming()
    head = await world.head()
    receipt = await world.do(answer.end("complete", answer.says(part, "se."), answer.closes(part)))
    assert await world.types(after=head) == ["part.delta", "part.ended", "run.ended"]
    assert receipt.cursor.seq == head + 3


async def test_L6_an_older_attempt_cannot_append(world):
    old, part = await world.streaming()
    new = Answer(old.question, world.journal.epoch, attempt=2)
    await world.do(new.start())
    head = await world.head()
    for command in (old.start(), new.start(), old.write(old.says(part, "x")), old.end()):
        with pytest.raises(Fenced):
            await world.do(command)
    assert await world.head() == head
    await world.do(new.end("stopped"))


async def test_L6_an_attempt_that_has_not_started_cannot_write(world):
    waiting = await world.send()
    with pytest.raises(Fenced):
        await world.do(waiting.write(waiting.opens(world.id())))
    running, part = await world.streaming()
    later = Answer(running.question, world.journal.epoch, attempt=2)
    for command in (later.write(running.says(part, "x")), later.end()):
        with pytest.raises(Fenced):
            await world.do(command)


async def test_L6_an_owner_of_an_older_start_cannot_append(tmp_path):
    journal = await open_journal(tmp_path)
    old = await World(journal).send()
    epoch = journal.epoch
    await journal.close()

    journal = await open_journal(tmp_path)
    world = World(journal, first_id=1000)
    new = await world.send(old.thread)
    stale = Answer(new.question, epoch)
    head = await world.head()
    for command in (old.start(), old.end(), stale.start(), stale.end("stopped")):
        with pytest.raises(Fenced):
            await world.do(command)
    assert await world.head() == head
    await journal.close()


async def test_L6_a_process_whose_store_was_started_again_cannot_append_at_all(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    answer, part = await world.streaming()
    head = await world.head()
    with closing(sqlite3.connect(tmp_path / FILE)) as another, another:
        another.execute("UPDATE store SET epoch = epoch + 1")
    for command in (answer.write(answer.says(part, "x")), world.question()):
        with pytest.raises(StoreUnavailable, match="another process"):
            await world.do(command)
    assert await world.head() == head
    await journal.close()


async def test_L6_a_reply_that_waits_may_be_ended_before_it_starts(world):
    running, _ = await world.streaming()
    queued = await world.send(running.thread)
    await world.do(queued.end("stopped"))
    message = await world.message(queued)
    assert (message.status, message.parts, message.attempt) == ("stopped", (), 0)
    assert [mark.message for mark in (await world.thread(running.thread)).runs] == [running.message]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda of, open, closed: PartStarted(*of, open, "text"),
        lambda of, open, closed: PartStarted(*of, closed, "text"),
        lambda of, open, closed: PartDelta(*of, closed, 1, "x"),
        lambda of, open, closed: PartDelta(*of, of[0], 0, "x"),
        lambda of, open, closed: PartDelta(*of, open, 8, "x"),
        lambda of, open, closed: PartDelta(*of, open, 6, "x"),
        lambda of, open, closed: PartEnded(*of, closed, "text"),
        lambda of, open, closed: PartEnded(*of, of[0], "text"),
        lambda of, open, closed: PartDelta(of[1], of[1], of[2], open, 7, "x"),
        lambda of, open, closed: PartDelta(of[0], of[0], of[2], open, 7, "x"),
        lambda of, open, closed: PartDelta(of[0], of[1], of[0], open, 7, "x"),
    ],
    ids=[
        "a part started twice",
        "an ended part started again",
        "text for an ended part",
        "text for a part never started",
        "text with a gap before it",
        "text that overlaps",
        "an ended part ended again",
        "the end of a part never started",
        "another thread",
        "another message",
        "another run",
    ],
)
async def test_L6_what_the_owner_writes_must_fit_what_is_there(world, wrong):
    answer, opened = await world.streaming(text="12345")
    closed = world.id()
    await world.do(
        answer.write(answer.opens(closed), answer.says(closed, "x"), answer.closes(closed))
    )
    head, message = await world.head(), await world.message(answer)
    event = wrong((answer.thread, answer.message, answer.run), opened, closed)
    with pytest.raises((IllegalTransition, OffsetGap, ValueError)):
        await world.do(answer.write(answer.says(opened, "ok"), event))
    assert await world.head() == head
    assert await world.message(answer) == message


async def test_parts_of_a_run_before_do_not_stay_open_for_the_next_attempt(world):
    answer, part = await world.streaming(text="12345")
    again = Answer(answer.question, world.journal.epoch, attempt=2)
    await world.do(again.start(), again.write(answer.says(part, "67")), again.end("complete"))
    assert (await world.message(answer)).parts[0].text == "1234567"


async def test_a_reply_is_queued_while_another_of_its_thread_is_unfinished(world):
    first = await world.send()
    second = await world.send(first.thread)
    assert [mark.status for mark in (await world.thread(first.thread)).runs] == [
        "pending",
        "queued",
    ]
    await world.do(first.start(), first.end(), second.start())
    assert (await world.message(second)).status == "streaming"
    assert (await world.message(second)).parent == second.question.message


async def test_the_end_carries_its_error_its_usage_and_what_became_of_the_notification(tmp_path):
    in_front = set()
    journal = await open_journal(tmp_path, in_front=lambda account, thread: thread in in_front)
    world = World(journal)
    error = Failure("refused", "The model refused. Try again.", retryable=True)
    failed, _ = await world.streaming()
    await world.do(failed.end("failed", error=error, usage={"tokens": 3}))
    message = await world.message(failed)
    assert (message.error, message.usage) == (error, {"tokens": 3})

    seen, muted, stopped = [await world.send() for _ in range(3)]
    in_front.add(seen.thread)
    await world.do(ChangeThread(muted.thread, {"muted": True}))
    await world.do(seen.end(), muted.end(), stopped.end("stopped"))
    ends = [entry.event.notify for entry in await world.entries() if entry.type == "run.ended"]
    assert ends == [True, "in front", "muted", "stopped by the person"]
    await journal.close()


async def test_L12_one_run_more_than_an_account_may_have_is_refused_whole(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    answers = [await world.send() for _ in range(RUNS_PER_ACCOUNT_MAX)]
    head = await world.head()
    with pytest.raises(TooMany, match=str(RUNS_PER_ACCOUNT_MAX)):
        await world.send()
    assert await world.head() == head
    await World(journal, "you", first_id=90_000).send()
    await world.do(answers[0].end())
    await world.send()
    await journal.close()


async def test_L8_a_start_ends_what_earlier_starts_left_and_keeps_its_text(tmp_path):
    journal = await open_journal(tmp_path)
    world = World(journal)
    done = await world.answered()
    cut, part = await world.streaming(text="So far")
    tool = world.id()
    await world.do(cut.write(cut.opens(tool, "tool", "clock"), cut.says(tool, "{}")))
    queued = await world.send(cut.thread)
    pending = await world.send()
    head = await world.head()
    await journal.close()  # as good as kill -9: the runs have not ended

    journal = await open_journal(tmp_path)
    world = World(journal)
    assert await world.types(after=head) == ["run.ended"] * 3
    for answer in (cut, queued, pending):
        message = await world.message(answer)
        assert (message.status, message.error) == ("interrupted", INTERRUPTED)
    parts = (await world.message(cut)).parts
    assert [(part.id, part.source, part.open, part.outcome) for part in parts] == [
        (part, "So far", False, None),
        (tool, "{}", False, "unknown"),
    ]
    assert (await world.message(done)).status == "complete"
    assert [thread.runs for thread in await world.threads()] == [(), (), ()]
    await journal.close()


def test_what_is_said_of_an_interrupted_answer_names_only_what_a_page_can_do():
    said = INTERRUPTED.message
    assert "Ask again" in said
    assert "Continue" not in said
    assert "Retry" not in said


async def test_L8_the_epoch_and_the_ends_are_one_transaction(tmp_path):
    journal = await open_journal(tmp_path)
    await World(journal).streaming()
    epoch = journal.epoch
    await journal.close()

    looks = [FIRST_MS]  # one for the journal's id, none for the end of the orphan
    with pytest.raises(IndexError):
        await open_journal(tmp_path, clock_ms=looks.pop)
    journal = await open_journal(tmp_path)
    assert journal.epoch == epoch + 1
    await journal.close()


async def test_L8_every_account_is_swept_and_a_second_start_finds_nothing(tmp_path):
    journal = await open_journal(tmp_path)
    for account in ("local", "you"):
        await World(journal, account).streaming()
    await journal.close()

    heads = []
    for _ in range(2):
        journal = await open_journal(tmp_path)
        worlds = [World(journal, account) for account in ("local", "you")]
        assert [(await world.types()).count("run.ended") for world in worlds] == [1, 1]
        heads.append([await world.head() for world in worlds])
        await journal.close()
    assert heads[0] == heads[1]


async def test_L8_runs_of_this_start_are_no_orphans(world):
    answer, _ = await world.streaming()
    receipt = await world.do(EndOrphans(world.journal.epoch))
    assert receipt.answer == {"ended": []}
    assert (await world.message(answer)).status == "streaming"


async def test_L6_a_reply_about_to_begin_is_ended_by_a_stop_and_its_owner_is_fenced(world):
    first, _ = await world.streaming()
    second = await world.send(first.thread)
    ended = await world.do(first.end())
    assert [due.message for due in ended.begins] == [second.message]
    await world.do(StopReply(second.message))
    assert (await world.message(second)).status == "stopped"
    for late in (second.start(), second.end("complete")):
        with pytest.raises(Fenced):
            await world.do(late)


async def test_a_deleted_reply_has_no_run_that_could_write(world):
    answer, part = await world.streaming()
    await world.do(DeleteMessage(answer.message))
    head = await world.head()
    for command in (answer.write(answer.says(part, "x")), answer.end(), answer.start()):
        with pytest.raises(Fenced):
            await world.do(command)
    assert await world.head() == head
