"""The page's core and shell on the real journal: the main job, schedule by schedule."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.tests.journal.opening import open_journal
from frontend.tests.joined.joint import Joint, joint
from frontend.tests.shell.world import ORIGIN, Tab
from holdfast_protocol.limits import STORE_WINDOW_MS_MAX
from holdfast_web.core import inputs as on
from holdfast_web.core.select import timeline


@pytest.fixture
async def joined(tmp_path: Path) -> AsyncIterator[Joint]:
    async with joint(tmp_path) as made:
        yield made


def text_of(tab: Tab) -> str:
    """The last answer in view."""
    return "".join(part.text for part in timeline(tab.app).turns[-1].parts)


async def begin(joined: Joint) -> tuple[Tab, str]:
    """A tab in which a question was sent to a new thread, and whose answer has begun."""
    tab = await joined.open(None)
    tab.submit("hello")
    await joined.settle()
    await joined.server.say(joined.server.writing[0], "one ")
    await joined.settle()
    assert tab.app.open is not None
    return tab, tab.app.open


async def test_question_streams_its_answer(joined: Joint) -> None:
    tab, thread = await begin(joined)
    for text in ("two ", "three"):
        await joined.server.say(joined.server.writing[0], text)
        await joined.settle()
        assert text_of(tab).endswith(text)
    await joined.server.end(joined.server.writing[0])
    await joined.settle()
    assert text_of(tab) == "one two three"
    assert timeline(tab.app).turns[-1].status == "complete"
    assert tab.address.thread() == thread
    assert joined.watch.grew >= 3


async def test_answer_left_for_another_thread_goes_on_and_is_whole_at_first_sight(
    joined: Joint,
) -> None:
    tab, a = await begin(joined)
    await joined.go(tab, None)
    tab.submit("another")
    await joined.settle()
    writing_a, writing_b = joined.server.writing
    await joined.server.say(writing_b, "b one ")
    await joined.server.say(writing_a, "two ")
    await joined.settle()
    assert text_of(tab) == "b one "
    b = tab.app.open
    tab.address.go(a)
    assert text_of(tab) == "one two ", "at first sight: before anything else happens"
    await joined.go(tab, b)
    await joined.server.say(writing_a, "three")
    await joined.server.end(writing_a)
    await joined.settle()
    tab.address.go(a)
    assert text_of(tab) == "one two three"
    assert timeline(tab.app).turns[-1].status == "complete"


@pytest.mark.parametrize("is_stored", [True, False])
async def test_reload_in_the_middle_of_an_answer_goes_on(joined: Joint, is_stored: bool) -> None:
    tab, _ = await begin(joined)
    await joined.pass_time(1_000)
    for text in ("two ", "three "):
        await joined.server.say(joined.server.writing[0], text)
        await joined.settle()
    if is_stored:
        await joined.pass_time(STORE_WINDOW_MS_MAX)
    tab = joined.browser.reload(tab)
    await joined.server.say(joined.server.writing[0], "four ")
    joined.browser.settle()
    assert text_of(tab).startswith("one two ")
    await joined.settle()
    assert text_of(tab) == "one two three four "
    assert len(tab.events.opened) == 1


async def test_connection_cut_and_opened_again_loses_and_repeats_nothing(joined: Joint) -> None:
    tab, _ = await begin(joined)
    for text in ("two ", "three "):
        tab.events.cut()
        await joined.server.say(joined.server.writing[0], text)
        await joined.pass_time(1_000)
    assert text_of(tab) == "one two three "
    assert tab.app.sync == "live"


async def test_entries_told_twice_are_applied_once(joined: Joint) -> None:
    tab, _ = await begin(joined)
    connection = tab.events.connection
    assert connection is not None
    assert connection.at is not None
    connection.at = connection.at.at(0)
    await joined.server.say(joined.server.writing[0], "two ")
    await joined.settle()
    assert text_of(tab) == "one two "
    assert len(tab.events.opened) == 1


async def test_entries_skipped_by_the_stream_are_asked_for_again(joined: Joint) -> None:
    tab, _ = await begin(joined)
    connection = tab.events.connection
    assert connection is not None
    await joined.server.say(joined.server.writing[0], "two ")
    assert connection.at is not None
    connection.at = connection.at.at(joined.server.state.seq)
    await joined.server.say(joined.server.writing[0], "three ")
    await joined.settle()
    assert text_of(tab) == "one two three "
    assert len(tab.events.opened) == 2


async def test_second_tab_and_the_first_one_closed_in_the_middle(joined: Joint) -> None:
    first, thread = await begin(joined)
    second = await joined.open(thread)
    await joined.server.say(joined.server.writing[0], "two ")
    await joined.settle()
    assert text_of(first) == text_of(second) == "one two "
    joined.browser.close(first)
    await joined.server.say(joined.server.writing[0], "three ")
    await joined.settle()
    assert text_of(second) == "one two three "
    assert second.app.is_leader


async def test_L4_cursor_of_another_journal_is_reset_and_the_view_is_not_blanked(
    joined: Joint,
) -> None:
    tab, thread = await begin(joined)
    await joined.pass_time(1_000)
    browser = joined.browser
    foreign = "01977777-7777-7777-8777-777777777777"
    name = f"holdfast {ORIGIN} {joined.server.journal.id} local"
    browser.databases[f"holdfast {ORIGIN} {foreign} local"] = browser.databases.pop(name)
    browser.last_place = f"{foreign}.local"
    await joined.server.say(joined.server.writing[0], "two ")
    tab = browser.reload(tab)
    browser.settle()
    assert text_of(tab) == "one "
    await joined.settle()
    assert text_of(tab) == "one two "
    assert browser.last_place == f"{joined.server.journal.id}.local"
    assert tab.app.open == thread


async def test_L19_history_that_arrives_late_has_no_gap_and_no_overlap(joined: Joint) -> None:
    thread = await joined.server.world.create("A")
    writing = await joined.server.ask(thread)
    await joined.server.say(writing, "one ")
    tab = await joined.open(None)
    tab.address.go(thread)
    joined.browser.settle()
    (request,) = tab.http.pending
    await joined.server.say(writing, "two ")
    await joined.server.stream(tab)
    answer = await joined.server._answer(request)
    await joined.server.say(writing, "three ")
    await joined.server.stream(tab)
    tab.http.answer(request, *answer)
    await joined.settle()
    assert text_of(tab) == "one two three "


async def test_stop_before_the_first_token_and_in_the_middle(joined: Joint) -> None:
    tab = await joined.open(None)
    tab.submit("hello")
    await joined.settle()
    for says in ("", "some "):
        if says:
            await joined.server.say(joined.server.writing[0], says)
            await joined.settle()
        tab.shell.dispatch(on.StopPressed(timeline(tab.app).stoppable))
        await joined.settle()
        assert timeline(tab.app).turns[-1].status == "stopped"
        assert text_of(tab) == says
        tab.submit("again")
        await joined.settle()


async def test_L8_server_killed_in_the_middle_leaves_the_text_and_says_interrupted(
    joined: Joint, tmp_path: Path
) -> None:
    tab, _ = await begin(joined)
    await joined.server.journal.close()
    tab.events.cut()
    joined.server.journal = joined.server.world.journal = await open_journal(tmp_path)
    await joined.server.learn()
    joined.server.writing.clear()
    await joined.pass_time(1_000)
    assert text_of(tab) == "one "
    assert timeline(tab.app).turns[-1].status == "interrupted"


async def test_thread_deleted_elsewhere_leaves_every_tab_and_the_store(joined: Joint) -> None:
    first, thread = await begin(joined)
    second = await joined.open(thread)
    await joined.server.delete(thread)
    await joined.settle()
    for tab in (first, second):
        assert timeline(tab.app).state == "missing"
        assert not tab.app.known.threads
    await joined.pass_time(STORE_WINDOW_MS_MAX)
    assert not any(joined.browser.content.stores.values())


async def test_two_questions_sent_in_a_row_are_answered_in_their_order(joined: Joint) -> None:
    tab, _ = await begin(joined)
    tab.submit("continue")
    tab.submit("continue")
    await joined.settle()
    await joined.server.end(joined.server.writing[0])
    await joined.settle()
    asked = [turn.parts[0].text for turn in timeline(tab.app).turns if turn.role == "user"]
    assert asked == ["hello", "continue", "continue"]
    assert joined.server.posted == [t.id for t in timeline(tab.app).turns if t.role == "user"]
