"""Several tabs of one browser: one connection, the same live text, and no gap at a change."""

from dataclasses import replace

import pytest

from frontend.tests.core.truth import ELSEWHERE
from frontend.tests.shell.scene import Scene
from frontend.tests.shell.server import ScriptServer
from holdfast_protocol.limits import STORE_WINDOW_MS_MAX
from holdfast_web.core.select import thread_rows, timeline


def test_L21_second_tab_shows_the_same_live_text_without_a_connection(scene: Scene) -> None:
    first, second = scene.open(), scene.open()
    scene.say("two ")
    scene.serve()
    assert scene.shown(first) == scene.shown(second) == "one two "
    assert second.events.opened == []
    assert second.app.sync == "live"
    assert scene.browser.leaders == [first]


def test_L21_twenty_tabs_have_one_connection(scene: Scene) -> None:
    tabs = [scene.open() for _ in range(20)]
    scene.say("two ")
    scene.serve()
    assert {scene.shown(tab) for tab in tabs} == {"one two "}
    assert sum(len(tab.events.opened) for tab in tabs) == 1


def test_tabs_that_start_together_on_a_first_visit_agree(scene: Scene) -> None:
    tabs = [scene.browser.open_tab(scene.thread) for _ in range(3)]
    scene.serve()
    scene.say("two ")
    scene.serve()
    assert {scene.shown(tab) for tab in tabs} == {"one two "}
    assert len(scene.browser.leaders) == 1
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.stored() == "one two "


def test_tab_opened_between_two_writes_catches_up_from_the_store(scene: Scene) -> None:
    first = scene.open()
    scene.wait(1_000)
    for text in ("two ", "three "):
        scene.say(text)
        scene.serve()
    assert scene.stored() == "one two "
    second = scene.open()
    scene.say("four ")
    scene.serve()
    assert scene.shown(second) == scene.shown(first) == "one two three four "
    assert timeline(second.app).state == "fresh"


@pytest.mark.parametrize("is_stored", [True, False])
def test_L21_follower_takes_over_without_gap_or_repeat(scene: Scene, is_stored: bool) -> None:
    first, second = scene.open(), scene.open()
    scene.wait(1_000)
    for text in ("two ", "three "):
        scene.say(text)
        scene.serve()
    if is_stored:
        scene.wait(STORE_WINDOW_MS_MAX)
    head = scene.server.head
    scene.browser.close(first)
    scene.say("four ")
    scene.serve()
    assert second.app.is_leader
    assert second.events.opened == [f"/api/events?cursor={head}"]
    assert scene.shown(second) == "one two three four "
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.stored() == "one two three four "


def test_leader_closed_before_it_stored_leaves_nothing_behind_that_misses_text(
    scene: Scene,
) -> None:
    """The thread grew in the first tab only; the second, which did not hold it, takes over."""
    first = scene.open()
    scene.wait(1_000)
    second = scene.browser.open_tab(scene.script.create_thread("B"))
    scene.serve()
    scene.wait(1_000)
    for text in ("two ", "three "):
        scene.say(text)
        scene.serve()
    scene.browser.close(first)
    scene.serve()
    second.address.go(scene.thread)
    scene.serve()
    assert scene.shown(second) == "one two three "
    assert timeline(second.app).state == "fresh"
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.stored() == "one two three "


def test_L21_leader_that_finds_a_later_epoch_in_the_store_follows(scene: Scene) -> None:
    first, second = scene.open(), scene.open()
    scene.wait(1_000)
    content = scene.browser.content
    content.meta["epoch"] += 1  # another tab was given the lead while this one was frozen
    scene.say("two ")
    scene.serve()
    assert scene.browser.leaders == [second]
    assert first.events.connection is None
    scene.say("three ")
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.shown(first) == scene.shown(second) == "one two three "
    assert scene.stored() == "one two three "


def test_L14_leader_that_gives_way_to_a_store_further_on_leads_again_from_what_is_there(
    scene: Scene,
) -> None:
    first = scene.open()
    scene.wait(1_000)
    scene.browser.content.meta["seq"] += 1
    scene.say("two ")
    scene.script.end_run(scene.reply)
    scene.serve()
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.browser.leaders == [first]
    assert scene.browser.content.meta["seq"] == len(scene.script.entries)
    assert scene.shown(first) == "one two "


def test_follower_of_a_leader_that_cannot_store_goes_on_from_the_server(scene: Scene) -> None:
    first = scene.open()
    (store,) = first.stores.opened
    store.broken = True
    scene.say("two ")
    scene.wait(STORE_WINDOW_MS_MAX)
    second = scene.open()
    scene.say("three ")
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.shown(first) == scene.shown(second) == "one two three "
    assert timeline(second.app).state == "fresh"


def test_tabs_of_a_browser_without_databases_show_the_same(scene: Scene) -> None:
    scene.browser.has_no_database = True
    tabs = [scene.open() for _ in range(3)]
    scene.say("two ")
    scene.serve()
    assert {scene.shown(tab) for tab in tabs} == {"one two "}
    scene.browser.close(tabs[0])
    scene.say("three ")
    scene.serve()
    assert {scene.shown(tab) for tab in tabs[1:]} == {"one two three "}


def test_followers_move_with_their_leader_to_another_journal(scene: Scene) -> None:
    first, second = scene.open(), scene.open()
    scene.server = ScriptServer(scene.script, ELSEWHERE)
    first.events.cut()
    scene.wait(1_000)
    assert first.app.place == second.app.place == ELSEWHERE
    scene.say("two ")
    scene.serve()
    assert scene.shown(first) == scene.shown(second) == "one two "


def test_question_of_a_follower_is_its_own_until_the_leader_passes_its_echo_on(
    scene: Scene,
) -> None:
    first, second = scene.open(), scene.open()
    second.submit("from the second")
    assert len(timeline(first.app).turns) == 2
    scene.serve()
    for tab in (first, second):
        assert timeline(tab.app).turns[-2].parts[0].text == "from the second"
    assert not second.app.unsent


def test_thread_that_was_not_listed_reaches_every_tab(scene: Scene) -> None:
    """Rows that no tab ever read: they come with the history that their growth asks for."""
    tabs = [scene.open(), scene.open()]
    other = scene.script.create_thread("B")
    scene.serve()
    for tab in tabs:
        known = tab.app.known
        threads = {name: row for name, row in known.threads.items() if name != other}
        windows = {name: held for name, held in known.windows.items() if name != other}
        tab.shell.app = _replaced(tab.app, threads=threads, windows=windows)
    scene.script.send(other, "hello")
    scene.serve()
    for tab in tabs:
        assert {row.title for row in thread_rows(tab.app)} == {"A", "B"}


def _replaced(app, **known):
    return replace(app, known=replace(app.known, **known))


def test_L21_each_leader_takes_a_later_epoch_than_the_one_before(scene: Scene) -> None:
    first, second = scene.open(), scene.open()
    before = scene.browser.content.meta["epoch"]
    scene.browser.close(first)
    scene.serve()
    assert second.app.is_leader
    assert scene.browser.content.meta["epoch"] > before
