"""Bootstrap, poll and event stream: the same journal, read from any place (L4, L5)."""

import asyncio
import json

import pytest

from backend.tests.api.site import error_of
from backend.tests.store import all_entries, end_of, until
from holdfast_protocol.codec import decode_entry, decode_message, decode_thread
from holdfast_protocol.cursor import parse_cursor
from holdfast_protocol.fold import fold
from holdfast_protocol.sse import BEAT, FrameDecoder
from holdfast_protocol.state import State, Window
from holdfast_server.api.events import news_frame
from holdfast_server.api.feed import Batch
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id

BAD_CURSORS = {
    "missing": lambda good: None,
    "empty": lambda good: "",
    "not a cursor": lambda good: "nonsense",
    "of another journal": lambda good: f"{new_id()}.local.{good.seq}",
    "of another account": lambda good: f"{good.journal}.other.{good.seq}",
    "of another account's beginning": lambda good: f"{good.journal}.other.0",
    "ahead of the head": lambda good: str(good.at(good.seq + 1)),
    "far ahead": lambda good: str(good.at(10**17)),
    "negative": lambda good: f"{good.journal}.local.-1",
    "with a zero in front": lambda good: f"{good.journal}.local.01",
}


async def place_after_talk(site):
    """Have something journalled; return the cursor of the head."""
    await site.talk("why?")
    return parse_cursor((await site.get("/api/bootstrap"))["cursor"])


async def test_bootstrap_tells_what_a_page_begins_with(site, ask):
    sent = await site.talk("why?")
    content = await site.get("/api/bootstrap")
    assert set(content) == {
        "account", "journal", "threads", "has_more", "models", "model", "limits", "versions",
        "cursor", "now",
    }  # fmt: skip
    place = parse_cursor(content["cursor"])
    assert (content["account"], content["journal"]) == (place.account, place.journal)
    assert decode_thread(content["threads"][0]).id == sent["thread"]
    assert content["model"] == {"name": "fake", "demo": False}
    assert content["versions"]["protocol"] == 1
    assert content["limits"]["message_chars"] == 200_000


async def test_bootstrap_does_not_wait_for_the_list_of_models(site):
    assert (await site.get("/api/bootstrap"))["models"] == []
    await asyncio.sleep(0)
    assert (await site.get("/api/bootstrap"))["models"] == ["fake-1", "fake-2"]


async def test_poll_gives_what_came_after_the_cursor(site):
    place = await place_after_talk(site)
    entries = await all_entries(site.journal)
    for seq in range(place.seq + 1):
        got = await site.get("/api/poll", cursor=str(place.at(seq)))
        assert got == {
            "changed": seq < place.seq,
            "cursor": str(place),
            "more": False,
            "entries": entries[seq:],
        }


@pytest.mark.parametrize("fault", BAD_CURSORS)
async def test_L4_a_poll_from_no_place_is_reset(site, fault):
    good = await place_after_talk(site)
    cursor = BAD_CURSORS[fault](good)
    got = await site.get("/api/poll", **({} if cursor is None else {"cursor": cursor}))
    boot = await site.get("/api/bootstrap")
    assert list(got) == ["reset"]
    assert {**got["reset"], "now": 0} == {**boot, "now": 0}


async def test_poll_tells_whether_a_thread_changed(site):
    first = await site.talk("one")
    middle = first["cursor"]
    await site.talk("two")
    for thread, changed in ((first["thread"], True), (new_id(), False)):
        got = await site.get("/api/poll", cursor=middle, thread=thread)
        assert got["changed"] is changed
        assert got["entries"], "the entries of other threads are there all the same"


async def test_a_long_poll_returns_when_something_came(site):
    place = await place_after_talk(site)
    polling = asyncio.create_task(site.get("/api/poll", cursor=str(place), wait=25))
    sent = await site.sends("more?")
    got = await polling
    assert got["changed"] is True
    assert got["entries"][0]["thread"] == sent["thread"]


async def test_a_long_poll_returns_empty_when_its_time_is_up(site):
    place = await place_after_talk(site)
    got = await site.get("/api/poll", cursor=str(place), wait=0.01)
    assert (got["changed"], got["entries"], got["cursor"]) == (False, [], str(place))


async def test_a_long_poll_ends_when_the_server_does(site):
    place = await place_after_talk(site)
    polling = asyncio.create_task(site.get("/api/poll", cursor=str(place), wait=25))
    await until(lambda: site.server.reading.streams() == 1)
    await site.server.end()
    assert (await asyncio.wait_for(polling, 5))["entries"] == []


class Frames:
    """The frames of a stream that has no socket."""

    def __init__(self, site, place) -> None:
        self._server = site.server
        self._following = site.server.reading.follow("local", place)
        self._follower = self._following.__enter__()
        self._decoder = FrameDecoder()

    async def next(self):
        """Return the next frame, or BEAT."""
        pulled = await asyncio.wait_for(self._follower.pull(), 5)
        if isinstance(pulled, Batch):
            text = pulled.frame
        else:
            server = self._server
            text = await news_frame(pulled, server.reading, server.catalogue, self._follower)
        if text == BEAT:
            return BEAT
        (frame,) = self._decoder.feed(text.decode())
        return frame

    async def close(self) -> None:
        self._following.__exit__(None, None, None)


async def test_a_stream_gives_what_came_after_its_place_then_says_it_caught_up(site):
    place = await place_after_talk(site)
    entries = await all_entries(site.journal)
    stream = Frames(site, place.at(2))
    frame = await stream.next()
    assert (frame.event, frame.id) == ("journal", str(place))
    assert json.loads(frame.data) == entries[2:]
    frame = await stream.next()
    assert (frame.event, frame.id, list(json.loads(frame.data))) == ("caught-up", None, ["now"])
    await stream.close()


async def test_a_stream_at_the_head_says_so_at_once(site):
    stream = Frames(site, await place_after_talk(site))
    assert (await stream.next()).event == "caught-up"
    await stream.close()


async def test_a_stream_says_only_once_that_it_caught_up(site):
    stream = Frames(site, await place_after_talk(site))
    await stream.next()
    await site.sends("more?")
    assert (await stream.next()).event == "journal"
    await site.talk("and more?")
    assert (await stream.next()).event == "journal"
    await stream.close()


@pytest.mark.parametrize("fault", BAD_CURSORS)
async def test_L4_a_stream_from_no_place_is_reset_and_goes_on_from_there(site, fault):
    good = await place_after_talk(site)
    cursor = BAD_CURSORS[fault](good)
    stream = Frames(site, site.server.reading.place("local", cursor))
    reset = await stream.next()
    boot = await site.get("/api/bootstrap")
    assert (reset.event, reset.id) == ("reset", boot["cursor"])
    assert {**json.loads(reset.data), "now": 0} == {**boot, "now": 0}
    assert (await stream.next()).event == "caught-up"
    await site.sends("more?")
    first = json.loads((await stream.next()).data)[0]
    assert first["seq"] == good.seq + 1
    await stream.close()


async def test_a_quiet_stream_beats(site, monkeypatch):
    monkeypatch.setattr("holdfast_server.api.reading.BEAT_IDLE_S", 0.01)
    stream = Frames(site, await place_after_talk(site))
    await stream.next()
    assert await stream.next() == BEAT
    assert await stream.next() == BEAT
    await stream.close()


async def test_a_stream_beats_faster_while_a_run_is_active(site):
    reading = site.server.reading
    assert reading.beat_s("local") == 15.0
    await site.sends_and_hears("why?")
    assert reading.beat_s("local") == 5.0
    assert reading.beat_s("other") == 15.0


async def test_a_long_journal_comes_in_bounded_frames_none_of_them_missing(site):
    await site.talk("why?", answer="x" * 65_536 * 40)
    stream = Frames(site, (await site.journal.head("local")).at(0))
    found = []
    while (frame := await stream.next()).event == "journal":
        found += json.loads(frame.data)
        assert frame.id.endswith(f".{found[-1]['seq']}")
        assert len(frame.data) < 1_100_000
    assert [entry["seq"] for entry in found] == list(range(1, len(found) + 1))
    assert found == await all_entries(site.journal)
    await stream.close()


async def test_L12_streams_have_a_limit_and_give_their_place_back(site, ask, monkeypatch):
    monkeypatch.setattr("holdfast_server.api.reading.STREAMS_PER_ACCOUNT_MAX", 1)
    place = await place_after_talk(site)
    with site.server.reading.follow("local", None):
        for path in ("/api/events", f"/api/poll?cursor={place}&wait=25"):
            answer = await ask.get(path)
            assert (answer.status_code, error_of(answer)) == (429, "too_many_streams")
        assert (await ask.get(f"/api/poll?cursor={place}")).status_code == 200
    with site.server.reading.follow("local", None):
        pass


async def test_L12_of_streams_asked_for_at_one_moment_no_more_are_opened_than_may_be(
    site, ask, monkeypatch
):
    monkeypatch.setattr("holdfast_server.api.reading.STREAMS_PER_ACCOUNT_MAX", 2)
    asking = [asyncio.create_task(ask.get("/api/events")) for _ in range(5)]
    await until(lambda: sum(task.done() for task in asking) == 3)
    assert site.server.reading.streams() == 2
    await site.server.end()
    answers = await asyncio.gather(*asking)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429]
    assert {error_of(answer) for answer in answers if answer.is_error} == {"too_many_streams"}
    assert site.server.reading.streams() == 0, "a place was not given back"


async def test_L7_what_serves_readers_holds_nothing_that_could_stop_a_run(site):
    """Reading holds a journal and two functions; neither leads to an object with a stop."""
    reading = site.server.reading
    reachable = [reading, site.server.catalogue, reading.journal]
    held = [getattr(thing, name) for thing in reachable[:2] for name in names_of(thing)]
    assert held, "nothing was looked at"
    forbidden = ("stop", "cancel_run", "interrupt", "abandon", "delete", "send")
    for thing in held:
        if thing is not reading.journal:
            assert not any(hasattr(thing, name) for name in forbidden), thing
    assert {reading.flush.__name__, reading.is_active.__name__} == {"flush", "is_active"}


def names_of(thing) -> list[str]:
    return list(getattr(type(thing), "__slots__", None) or vars(thing))


async def test_L5_history_folded_with_what_came_since_is_history_now(site):
    """The journal's own tests do this for every cut; here it goes through HTTP."""
    sent = await site.sends_and_hears("why?")
    listed = await site.get("/api/threads")
    page = await site.get(f"/api/threads/{sent['thread']}/messages")
    site.model.says(TextDelta(" be it"), Finished(None), to="why?")
    await end_of(site.journal, sent["reply"])
    since = await site.get("/api/poll", cursor=listed["cursor"])
    state = state_of(listed, page)
    for entry in since["entries"]:
        state = fold(state, decode_entry(entry))
    now = state_of(
        await site.get("/api/threads"), await site.get(f"/api/threads/{sent['thread']}/messages")
    )
    assert state.threads == now.threads
    assert state.windows[sent["thread"]].messages == now.windows[sent["thread"]].messages


def state_of(listed, page) -> State:
    threads = {thread["id"]: decode_thread(thread) for thread in listed["threads"]}
    messages = {message["id"]: decode_message(message) for message in page["messages"]}
    (thread,) = threads
    seq = parse_cursor(listed["cursor"]).seq
    read_at = parse_cursor(page["cursor"]).seq
    return State(seq, threads, {thread: Window(thread, read_at, messages)})


async def test_the_store_is_checked_by_healthz(site):
    assert await site.get("/healthz") == {"status": "ok"}


@pytest.mark.parametrize(
    "body",
    [
        {"thread": None, "visible": True, "focused": False},
        {"thread": new_id(), "visible": False, "focused": False, "more": 1},
    ],
    ids=["no thread", "a thread"],
)
@pytest.mark.parametrize("client", [None, "junk", "é" * 300, f"{new_id()}.{new_id()}"])
async def test_presence_is_accepted_whoever_says_it(ask, body, client):
    headers = {} if client is None else {"X-Holdfast-Client": client.encode()}
    answer = await ask.put("/api/presence", json=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_presence_of_the_wrong_shape_is_refused(ask):
    for body in ({}, {"thread": "x", "visible": True, "focused": True}, {"thread": None}):
        answer = await ask.put("/api/presence", json=body)
        assert (answer.status_code, error_of(answer)) == (422, "invalid")
