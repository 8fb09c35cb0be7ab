"""The answer that goes on, given to a connection whose every step the test takes itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.tests.api.feeding import FakeJournal
from backend.tests.runs.fakes import settle
from holdfast_protocol.limits import BEAT_IDLE_S, SEND_S_MAX
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.errors import ApiError
from holdfast_server.api.events import EventStream
from holdfast_server.api.guard import STRAIGHT
from holdfast_server.api.reading import Reading
from holdfast_server.journal.refusals import StoreUnavailable


class Connection:
    """What a web server gives an app. `holds()` has it take nothing more."""

    def __init__(self) -> None:
        self.sent: list[dict] = []
        self.leaves = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()

    def holds(self) -> None:
        self._takes.clear()

    async def send(self, message: dict) -> None:
        await self._takes.wait()
        self.sent.append(message)

    async def receive(self) -> dict:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


class Stand:
    """The read side of a server over a journal in memory, and streams of it."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.reading = Reading(
            self.journal,
            flush=lambda account: asyncio.sleep(0),
            is_active=lambda account: False,
            clock_s=lambda: self.journal.now_s,
        )
        self.catalogue = Catalogue("fake", False, lambda: asyncio.sleep(0, ()))
        self._answers: list[asyncio.Task[None]] = []

    async def streams(self, connection: Connection, seq: int = 0) -> asyncio.Task[None]:
        stream = EventStream(self.reading, self.catalogue, "local", self.journal.place(seq))
        answer = asyncio.create_task(stream({}, connection.receive, connection.send))
        self._answers.append(answer)
        await settle()
        return answer

    async def end(self) -> None:
        await self.reading.close()
        for answer in self._answers:
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        assert self.reading._feeds == {}, "a feed was kept though nobody follows it"
        await settle()
        assert self.reading._tasks == set(), "a feed still reads though nobody follows it"


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    made = Stand()
    yield made
    await made.end()


async def test_a_stream_whose_request_turns_out_wrong_leaves_nobody_sending(stand):
    """A body that grows too large while the answer is given already."""
    connection = Connection()

    async def too_large() -> dict:
        await connection.leaves.wait()
        raise ApiError(413, "too_large", "This request is too large.")

    connection.receive = too_large
    before = asyncio.all_tasks()
    answer = await stand.streams(connection)
    connection.leaves.set()
    with pytest.raises(ApiError):
        await answer
    await settle()
    assert asyncio.all_tasks() == before, "somebody sends on to nobody"


async def test_a_stream_begins_goes_on_and_is_ended_by_the_server(stand):
    connection = Connection()
    answer = await stand.streams(connection)
    assert connection.sent[0]["type"] == "http.response.start"
    assert (b"content-type", b"text/event-stream; charset=utf-8") in connection.sent[0]["headers"]
    assert connection.body.startswith(b"event: caught-up\n")
    await stand.journal.commit(2)
    assert connection.body.count(b'"seq"') == 2
    await stand.reading.close()
    await settle()
    assert answer.done()
    assert answer.exception() is None
    assert [message.get("more_body") for message in connection.sent[-2:]] == [True, False]


async def test_frames_go_straight_to_the_connection_once_all_layers_saw_the_answer_begin(stand):
    layers, straight = Connection(), Connection()
    stream = EventStream(stand.reading, stand.catalogue, "local", stand.journal.place(0))
    scope = {STRAIGHT: straight.send}
    answer = asyncio.create_task(stream(scope, layers.receive, layers.send))
    await stand.journal.commit(1)
    await stand.reading.close()
    await asyncio.wait_for(answer, 5)
    assert [message["type"] for message in layers.sent] == ["http.response.start"]
    assert straight.body.count(b'"seq"') == 1
    assert straight.sent[-1]["more_body"] is False


async def test_a_reader_who_leaves_gives_its_place_back_at_once(stand):
    connection = Connection()
    answer = await stand.streams(connection)
    assert stand.reading.streams() == 1
    connection.leaves.set()
    await settle()
    assert answer.done()
    assert stand.reading.streams() == 0


async def test_a_reader_who_leaves_while_it_is_sent_something_gives_its_place_back(stand):
    connection = Connection()
    answer = await stand.streams(connection)
    connection.holds()
    await stand.journal.commit(1)
    connection.leaves.set()
    await settle()
    assert answer.done()
    assert answer.exception() is None
    assert stand.reading.streams() == 0
    assert stand.reading.counts.frames == 0, "what nobody took was counted as sent"


async def test_L11_a_stream_that_nobody_takes_is_closed_while_the_others_go_on(stand):
    stuck, lively = Connection(), Connection()
    answer, other = await stand.streams(stuck), await stand.streams(lively)
    stuck.holds()
    await stand.journal.commit(1)
    beats = int(SEND_S_MAX / BEAT_IDLE_S)
    for _ in range(beats):
        await stand.journal.passes(BEAT_IDLE_S)
    assert not answer.done(), "closed before its time was up"
    await stand.journal.passes(BEAT_IDLE_S)
    assert answer.done()
    assert answer.exception() is None
    assert stand.reading.counts.closed == 1
    assert stand.reading.streams() == 1
    await stand.journal.commit(1)
    assert not other.done()
    assert lively.body.count(b'"seq"') == 2
    assert lively.body.count(b": beat") == beats + 1


async def test_L11_a_stream_that_takes_its_time_with_each_frame_is_not_closed(stand):
    slow = Connection()
    answer = await stand.streams(slow)
    for _ in range(4):
        slow.holds()
        await stand.journal.commit(1)
        await stand.journal.passes(SEND_S_MAX - BEAT_IDLE_S)
        slow._takes.set()
        await stand.journal.passes(BEAT_IDLE_S)
    assert not answer.done()
    assert stand.reading.counts.closed == 0
    assert slow.body.count(b'"seq"') == 4


async def test_a_failure_under_way_is_told_to_the_caller_and_gives_the_place_back(stand):
    connection = Connection()
    answer = await stand.streams(connection, seq=9)  # no place; and there are no rows to reset it
    assert isinstance(answer.exception(), StoreUnavailable)
    assert connection.sent[-1]["type"] == "http.response.start", "it was ended as if it were whole"
    assert stand.reading.streams() == 0


async def test_L12_one_stream_too_many_is_refused_before_its_first_byte(stand, monkeypatch):
    monkeypatch.setattr("holdfast_server.api.reading.STREAMS_PER_ACCOUNT_MAX", 1)
    first, second = Connection(), Connection()
    await stand.streams(first)
    refused = await stand.streams(second)
    assert isinstance(refused.exception(), ApiError)
    assert second.sent == []
    first.leaves.set()
    await settle()
    again = Connection()
    await stand.streams(again)
    assert again.sent


async def test_the_memory_of_a_feed_is_given_back_with_its_last_reader(stand):
    one, two = Connection(), Connection()
    await stand.streams(one)
    await stand.streams(two)
    (feed,) = stand.reading._feeds.values()
    one.leaves.set()
    await settle()
    assert stand.reading._feeds == {"local": feed}
    two.leaves.set()
    await settle()
    assert stand.reading._feeds == {}
    assert feed.task.done()
