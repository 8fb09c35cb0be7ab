"""Where what happened becomes a new state: everything has a case, and stale things die."""

from dataclasses import fields, replace
from typing import get_args

import pytest

from frontend.tests.core.driving import Core, follower, leader
from frontend.tests.core.truth import PLACE, SERVER, Truth, truth_of
from frontend.tests.protocol.script import Script, counted_id
from holdfast_protocol.limits import RECONNECT_MS_MIN
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.core.transport import SILENCE_MS_MAX, BackingOff, Live
from holdfast_web.core.update import update, wake_at


def journal() -> tuple[Truth, str]:
    script = Script()
    reply = script.send(script.create_thread("A"))
    script.start(reply)
    script.delta(reply, script.start_part(reply), "one ")
    return truth_of(script), reply.thread


TRUTH, THREAD = journal()
ENTRIES = TRUTH.after(0)
BOOTSTRAP = TRUTH.bootstrap()
EXAMPLES = {
    "thread": THREAD,
    "text": "hello",
    "model": "m",
    "message": counted_id(5_000),
    "reply": counted_id(5_001),
    "stored": TRUTH.stored(3, windows={THREAD}),
    "open": THREAD,
    "ticket": 1,
    "window": TRUTH.at(3).windows[THREAD],
    "journal": PLACE.journal,
    "entries": ENTRIES,
    "seq": 3,
    "anew": True,
    "sync": "live",
    "bootstrap": BOOTSTRAP,
    "messages": tuple(TRUTH.at(3).windows[THREAD].messages.values()),
    "has_more": False,
    "status": 500,
    "generation": 1,
    "server_ms": 77,
    "jitter": 0.5,
    "reason": "no",
    "what": "stop",
    "is_online": True,
}


def example(kind: type) -> on.Input:
    values = {field.name: EXAMPLES[field.name] for field in fields(kind)}
    if kind is on.HistoryRead:
        values["thread"] = TRUTH.at(3).threads[THREAD]
    return kind(**values)


@pytest.mark.parametrize("kind", get_args(on.Input))
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Core, id="new"),
        pytest.param(lambda: follower(TRUTH, 3, THREAD), id="follower"),
        pytest.param(lambda: leader(TRUTH, 3, THREAD), id="leader"),
    ],
)
def test_every_input_has_a_case_in_every_role(kind: type, make) -> None:
    app, effects = update(make().app, example(kind), 5)
    assert isinstance(app, App)
    assert all(isinstance(effect, get_args(do.Effect)) for effect in effects)


@pytest.mark.parametrize("kind", get_args(on.StreamInput))
def test_what_an_older_connection_still_says_changes_nothing(kind: type) -> None:
    core = leader(TRUTH, 3, THREAD)
    core.take(on.StreamEnded(core.generation, 0, 0.0))
    core.now += 10_000
    core.take(on.Woke())
    assert core.generation == 2
    before = core.app
    core.take(example(kind))
    assert (core.app, core.last) == (before, ())


# --- the connection ---


def test_connection_that_breaks_is_opened_again_from_the_cursor_when_that_is_due() -> None:
    core = leader(TRUTH, 3, THREAD)
    core.take(on.StreamEnded(core.generation, 0, 0.0))
    assert core.app.sync == "offline"
    assert wake_at(core.app) == core.now + RECONNECT_MS_MIN // 2
    core.take(on.Woke())
    assert not core.some(do.OpenStream)
    core.now = wake_at(core.app)
    core.take(on.Woke())
    assert core.only(do.OpenStream).cursor == PLACE.cursor(3)
    core.take(on.StreamOpened(core.generation))
    assert core.app.sync == "catching-up"
    core.take(on.StreamCaughtUp(core.generation, 0))
    assert core.app.sync == "live"


def test_server_that_does_not_answer_is_tried_ever_later() -> None:
    core, waits = leader(TRUTH, 3), []
    for _ in range(6):
        core.take(on.StreamEnded(core.generation, 503, 0.0))
        assert isinstance(core.app.transport, BackingOff)
        waits.append(core.app.transport.until_ms - core.now)
        core.now = core.app.transport.until_ms
        core.take(on.Woke())
    assert waits[1:] == sorted(set(waits[1:])), waits


@pytest.mark.parametrize("happened", [on.Woke(), on.Shown()])
def test_connection_that_fell_silent_is_opened_again(happened) -> None:
    core = leader(TRUTH, 3)
    core.now += SILENCE_MS_MAX - 1
    core.take(happened)
    assert not core.some(do.OpenStream)
    core.now += 1
    core.take(happened)
    assert next(type(effect) for effect in core.last) is do.CloseStream
    assert core.some(do.OpenStream)


def test_beat_keeps_a_connection_alive() -> None:
    core = leader(TRUTH, 3)
    core.now += SILENCE_MS_MAX - 1
    core.take(on.StreamHeard(core.generation))
    core.now += 1
    core.take(on.Woke())
    assert core.app.transport == Live(core.generation, core.now - 1)


def test_network_that_comes_back_is_not_waited_for_and_one_that_goes_is_not_believed() -> None:
    core = leader(TRUTH, 3)
    core.take(on.NetworkChanged(False))
    core.take(on.NetworkChanged(True))
    assert not core.some(do.OpenStream)
    core.take(on.StreamEnded(core.generation, 0, 0.0), on.NetworkChanged(False))
    assert not core.some(do.OpenStream)
    core.take(on.NetworkChanged(True))
    assert core.some(do.OpenStream)


def test_followers_are_told_how_the_connection_is_when_that_changes() -> None:
    core = leader(TRUTH, 3)
    core.take(on.StreamCaughtUp(core.generation, 0))
    assert not core.some(do.Tell)
    core.take(on.StreamEnded(core.generation, 0, 0.0))
    assert core.only(do.Tell).frame == {"type": "sync", "sync": "offline"}


def test_clock_of_the_server_is_known_from_the_stream() -> None:
    core = leader(TRUTH, 3)
    core.take(on.StreamCaughtUp(core.generation, core.now + 250))
    assert core.app.server.ahead_ms == 250


def test_server_that_was_away_at_the_start_is_asked_who_it_is_once_it_is_there() -> None:
    core = Core()
    stored = TRUTH.stored(3, windows=set())
    core.take(on.Started(stored, None), on.LeadershipGained(stored))
    core.take(on.StreamCaughtUp(core.generation, 0))
    assert core.some(do.FetchBootstrap)
    core.take(on.BootstrapRead(BOOTSTRAP), on.StreamCaughtUp(core.generation, 0))
    assert core.app.server.model == SERVER.model
    assert not core.some(do.FetchBootstrap)


# --- asking ---


def test_stop_and_delete_are_asked_of_the_server() -> None:
    core = leader(TRUTH, 3, THREAD)
    core.take(on.StopPressed("m"))
    assert core.last == (do.PostStop("m"),)
    core.take(on.DeletePressed(counted_id(9)))
    assert core.last == (do.DeleteThread(counted_id(9)),)
    assert core.app.open == THREAD
    core.take(on.DeletePressed(THREAD))
    assert core.last == (do.DeleteThread(THREAD), do.Navigate(None))
    assert core.app.open is None
    assert THREAD in core.app.known.threads, "it goes when the journal says so"


@pytest.mark.parametrize(
    ("status", "notice"), [(200, ""), (202, ""), (0, "no"), (404, "no"), (500, "no")]
)
def test_what_the_server_did_not_do_is_said_until_it_is_dismissed(status, notice) -> None:
    core = leader(TRUTH, 3, THREAD)
    core.take(on.DeleteAnswered(status, "no"))
    assert core.app.notice == notice
    core.take(on.NoticeDismissed())
    assert core.app.notice == ""


@pytest.mark.parametrize(
    ("retry_ms", "due"),
    [(None, 1_125), (1_100, 1_100), (1_200, 1_125)],
)
def test_time_wakes_the_core_for_whatever_is_due_first(retry_ms, due) -> None:
    core = leader(TRUTH, 3)
    core.take(on.StreamEnded(core.generation, 0, 0.0))
    assert wake_at(replace(core.app, retry_ms=retry_ms)) == due


def test_stop_that_did_not_reach_the_server_is_asked_again_until_it_answers() -> None:
    core = leader(TRUTH, 3, THREAD)
    reply = counted_id(5_001)
    core.take(on.StopPressed(reply))
    core.take(on.StopAnswered(reply, 0))
    assert core.app.notice == ""
    core.take(on.NetworkChanged(True))
    assert do.PostStop(reply) in core.last
    core.take(on.StopAnswered(reply, 200))
    core.take(on.NetworkChanged(True))
    assert do.PostStop(reply) not in core.last


def test_what_waits_goes_out_as_soon_as_the_network_is_back() -> None:
    core = leader(TRUTH, 3, THREAD)
    asked, reply = counted_id(5_000), counted_id(5_001)
    core.take(on.Submitted("hello", THREAD, asked, reply))
    core.take(on.SendAnswered(asked, 0, "no"))
    core.take(on.NetworkChanged(False))
    assert not core.some(do.PostMessage)
    core.take(on.NetworkChanged(True))
    assert [post.unsent.message for post in core.some(do.PostMessage)] == [asked]
