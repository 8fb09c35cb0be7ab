"""The runs of a process: begun, one after the other, stopped, deleted, ended (L7, L8)."""

import asyncio

import pytest

from backend.tests.runs.fakes import REFUSED, FakeClock, FakeModel
from backend.tests.store import all_entries, end_of, entry_where, open_journal, text_reaches, until
from holdfast_protocol.limits import RUN_MS_MAX, RUNS_PER_ACCOUNT_MAX, STOPS_REMEMBERED_MS
from holdfast_server.journal.commands import DeleteMessage, DeleteThread, Send, StartRun
from holdfast_server.journal.refusals import Conflict, StoreUnavailable
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.clock import LoopClock
from holdfast_server.runs.minting import new_id
from holdfast_server.runs.supervisor import ShuttingDown, Supervisor

ACCOUNT = "local"


class House:
    """A supervisor over a real journal and a model of the test's."""

    def __init__(self, journal, clock=None) -> None:
        self.journal = journal
        self.model = FakeModel()
        self.runs = Supervisor(
            journal, self.model, journal.epoch, clock=clock, context_chars=1000, ending_s_max=2
        )

    async def asks(self, text: str, thread: str | None = None, **more) -> Send:
        """Send a question and return it."""
        command = question(text, thread, **more)
        await self.runs.send(ACCOUNT, command)
        return command

    async def asks_and_hears(self, text: str, thread: str | None = None) -> Send:
        """Send a question whose answer has begun."""
        command = await self.asks(text, thread)
        self.model.says(TextDelta("so"), to=text)
        await text_reaches(self.journal, command.reply, "so")
        return command


def question(text: str, thread: str | None = None, **more) -> Send:
    ids = {name: new_id() for name in ("message", "reply", "run", "part")}
    fields = {"parent": None, "model": None, **ids, **more}
    return Send(thread=thread or new_id(), text=text, **fields)


@pytest.fixture
async def journal(tmp_path):
    opened = await open_journal(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def house(journal):
    made = House(journal)
    yield made
    await made.runs.close()
    assert made.model.open == 0, "a model's connection is still open"
    assert not made.runs.is_active(ACCOUNT)


async def started(journal, message: str) -> None:
    await entry_where(journal, lambda e: e["type"] == "run.started" and e["message"] == message)


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


def fields_of(command: Send) -> dict:
    return {name: getattr(command, name) for name in command.__dataclass_fields__}


async def test_L9_other_content_under_the_same_id_is_refused_and_harms_no_run(house):
    sent = await house.asks("why?")
    with pytest.raises(Conflict):
        await house.runs.send(ACCOUNT, Send(**{**fields_of(sent), "text": "how?"}))
    house.model.says(TextDelta("because"), Finished(None), to="why?")
    assert (await end_of(house.journal, sent.reply))["status"] == "complete"


@pytest.mark.parametrize(
    ("ending", "status"),
    [((TextDelta("1"), Finished(None)), "complete"), ((REFUSED,), "failed")],
    ids=["complete", "failed"],
)
async def test_L8_a_queued_reply_begins_when_the_one_before_it_ended(house, ending, status):
    first = await house.asks("one")
    await started(house.journal, first.reply)
    second = await house.asks("two", first.thread)
    house.model.says(*ending, to="one")
    assert (await end_of(house.journal, first.reply))["status"] == status
    house.model.says(TextDelta("2"), Finished(None), to="two")
    assert (await end_of(house.journal, second.reply))["status"] == "complete"
    order = [e["message"] for e in await all_entries(house.journal) if e["type"] == "run.started"]
    assert order == [first.reply, second.reply]


async def test_L8_a_queued_reply_begins_when_the_one_before_it_was_stopped(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    await house.runs.stop(ACCOUNT, first.reply)
    house.model.says(TextDelta("2"), Finished(None), to="two")
    assert (await end_of(house.journal, second.reply))["status"] == "complete"


async def test_a_queued_reply_is_told_what_the_one_before_it_said(house):
    first = await house.asks_and_hears("one")
    second = await house.asks("two", first.thread)
    house.model.says(TextDelta(" be it"), Finished(None), to="one")
    await started(house.journal, second.reply)
    await text_or_turn(house, 2)
    told = [(message.role, message.text) for message in house.model.turns[1].messages]
    assert told == [("user", "one"), ("assistant", "so be it"), ("user", "two")]


async def text_or_turn(house: House, turns: int) -> None:
    """Return once the model was asked so often."""
    await until(lambda: len(house.model.turns) >= turns)


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


async def test_L12_a_stop_is_remembered_for_ten_minutes(journal):
    clock = SteppedClock()
    house = House(journal, clock)
    early, late = question("early"), question("late")
    for command in (early, late):
        await house.runs.stop(ACCOUNT, command.reply)
    clock.ahead_ms = STOPS_REMEMBERED_MS - 1_000
    await house.runs.send(ACCOUNT, early)
    assert (await end_of(journal, early.reply))["status"] == "stopped"
    clock.ahead_ms = STOPS_REMEMBERED_MS
    await house.runs.send(ACCOUNT, late)
    house.model.says(TextDelta("1"), Finished(None), to="late")
    assert (await end_of(journal, late.reply))["status"] == "complete"
    await house.runs.close()


class SteppedClock(LoopClock):
    """The loop's clock, so much ahead. Calls are made when the loop reaches their moment."""

    ahead_ms = 0.0

    def now_ms(self) -> float:
        return super().now_ms() + self.ahead_ms

    def call_at(self, when_ms, callback):
        return super().call_at(when_ms - self.ahead_ms, callback)


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


async def nothing_runs(house: House) -> None:
    await until(lambda: not house.runs.is_active(ACCOUNT))


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
    assert (house.runs._runners, house.runs._lines) == ({}, {})
    assert not house.runs._stops


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
