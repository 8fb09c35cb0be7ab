"""One tab on fake ports: start, stream, store, go on without a store."""

import pytest

from frontend.tests.core.truth import ELSEWHERE, PLACE
from frontend.tests.protocol.script import Script, counted_id
from frontend.tests.shell.scene import Scene
from frontend.tests.shell.server import ScriptServer
from holdfast_protocol.limits import STORE_WINDOW_MS_MAX
from holdfast_protocol.sse import encode_frame
from holdfast_web.core import inputs as on
from holdfast_web.core.select import thread_rows, timeline


def another_server() -> ScriptServer:
    """A server with a journal of its own, in which no id is like one of the scene's."""
    script = Script()
    for _ in range(100):
        script.id()
    return ScriptServer(script, ELSEWHERE)


def test_first_visit_begins_with_a_reset_and_stores_what_it_got(scene: Scene) -> None:
    tab = scene.open()
    assert tab.events.opened[0] == "/api/events"
    assert scene.shown(tab) == "one "
    assert tab.app.is_leader
    assert tab.app.sync == "live"
    assert scene.browser.last_place == f"{PLACE.journal}.local"
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.browser.content.meta["seq"] == len(scene.script.entries)
    assert scene.stored() == "one "


def test_first_visit_without_a_thread_shows_the_list(scene: Scene) -> None:
    tab = scene.browser.open_tab()
    scene.serve()
    assert timeline(tab.app).state == "new"
    assert [row.id for row in thread_rows(tab.app)] == [scene.thread]


def test_L13_reload_shows_what_was_stored_before_anything_is_asked_of_the_server(
    scene: Scene,
) -> None:
    tab = scene.open()
    scene.say("two ")
    scene.serve()
    scene.wait(STORE_WINDOW_MS_MAX)
    scene.server.is_up = False
    tab = scene.browser.reload(tab)
    scene.browser.settle()
    assert scene.shown(tab) == "one two "
    assert timeline(tab.app).state == "fresh"
    assert tab.events.opened == [f"/api/events?cursor={scene.server.head}"]


def test_reload_goes_on_from_its_cursor(scene: Scene) -> None:
    tab = scene.open()
    before = scene.server.head
    scene.browser.close(tab)
    scene.say("two ")
    scene.script.end_run(scene.reply)
    tab = scene.open()
    assert tab.events.opened == [f"/api/events?cursor={before}"]
    assert scene.shown(tab) == "one two "
    assert timeline(tab.app).turns[-1].status == "complete"


def test_reload_writes_nothing_again_that_the_store_holds(scene: Scene) -> None:
    tab = scene.open()
    tab = scene.browser.reload(tab)
    scene.serve()
    (store,) = tab.stores.opened
    assert [write for commit in store.commits for write in commit] == []


def test_L15_text_is_stored_while_it_streams_and_at_most_a_window_behind(scene: Scene) -> None:
    tab = scene.open()
    scene.wait(1_000)
    (store,) = tab.stores.opened
    before = len(store.commits)
    for n in range(40):
        scene.say(f"{n} ")
        scene.wait(10)
    written = len(store.commits) - before
    assert 400 // STORE_WINDOW_MS_MAX <= written <= 400 // 50 + 1
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.stored() == scene.piece.text


def test_L15_thread_that_is_not_open_is_stored_while_it_streams(scene: Scene) -> None:
    tab = scene.open()
    other = scene.script.create_thread("B")
    tab.address.go(other)
    scene.serve()
    scene.say("two ")
    scene.wait(STORE_WINDOW_MS_MAX)
    assert timeline(tab.app).thread == other
    assert scene.stored() == "one two "


def test_L15_structure_is_stored_at_once(scene: Scene) -> None:
    scene.open()
    scene.say("two ")
    scene.script.end_run(scene.reply)
    scene.serve()
    assert scene.stored() == "one two "


def test_L15_page_that_hides_stores_at_once(scene: Scene) -> None:
    tab = scene.open()
    scene.wait(1_000)
    for text in ("two ", "three "):
        scene.say(text)
        scene.serve()
    assert scene.stored() == "one two "
    tab.page.hide()
    scene.browser.settle()
    assert scene.stored() == "one two three "


def test_page_that_hides_with_nothing_to_store_writes_nothing(scene: Scene) -> None:
    tab = scene.open()
    scene.wait(1_000)
    (store,) = tab.stores.opened
    before = len(store.commits)
    tab.page.hide()
    scene.browser.settle()
    assert len(store.commits) == before


def test_switch_is_served_from_memory_and_the_answer_goes_on_out_of_sight(scene: Scene) -> None:
    tab = scene.open()
    other = scene.script.create_thread("B")
    tab.address.go(other)
    scene.serve()
    scene.say("two ")
    scene.serve()
    tab.address.go(scene.thread)
    assert scene.shown(tab) == "one two "
    assert not tab.running


def test_sent_question_comes_back_from_the_journal_once(scene: Scene) -> None:
    tab = scene.open()
    tab.submit("and then?")
    assert timeline(tab.app).turns[-2].unsent == "sending"
    scene.serve()
    assert [body["text"] for body in scene.server.posted] == ["and then?"]
    assert not tab.app.unsent
    assert timeline(tab.app).turns[-2].parts[0].text == "and then?"


def test_question_sent_offline_goes_out_when_the_server_is_back(scene: Scene) -> None:
    tab = scene.open()
    scene.server.is_up = False
    scene.serve()
    tab.submit("one")
    tab.submit("two")
    scene.serve()
    assert [unsent.state for unsent in tab.app.unsent.values()] == ["waiting", "queued"]
    assert tab.app.sync == "offline"
    scene.server.is_up = True
    scene.wait(20_000)
    assert [body["text"] for body in scene.server.posted] == ["one", "two"]
    assert not tab.app.unsent
    assert tab.app.sync == "live"


def test_waiting_reply_is_continued_with_its_own_run_once_the_server_is_back(
    scene: Scene,
) -> None:
    waiting = scene.script.send(scene.thread)
    scene.script.end_run(scene.reply, "stopped")
    tab = scene.open()
    scene.server.is_up = False
    tab.shell.dispatch(on.ContinuePressed(waiting.id))
    scene.serve()
    assert scene.server.continued == []
    scene.server.is_up = True
    scene.wait(20_000)
    assert scene.server.continued == [(waiting.id, waiting.run)]
    assert timeline(tab.app).turns[-1].status == "pending"
    assert not tab.app.continuing


# --- without a store ---


def test_browser_that_has_no_database_shows_everything(scene: Scene) -> None:
    scene.browser.has_no_database = True
    tab = scene.open()
    scene.say("two ")
    scene.serve()
    assert scene.shown(tab) == "one two "
    assert tab.app.is_leader


def test_store_that_fails_in_the_middle_stops_nothing(scene: Scene) -> None:
    tab = scene.open()
    (store,) = tab.stores.opened
    store.broken = True
    scene.say("two ")
    scene.wait(STORE_WINDOW_MS_MAX)
    other = scene.script.create_thread("B")
    scene.serve()
    tab.address.go(other)
    tab.address.go(scene.thread)
    scene.say("three ")
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.shown(tab) == "one two three "
    assert tab.app.sync == "live"


def test_store_that_cannot_be_read_at_the_start_is_as_good_as_none(scene: Scene) -> None:
    tab = scene.open()
    for record in scene.browser.content.stores["threads"].values():
        record.clear()
    scene.browser.content.meta["seq"] = "damaged"
    tab = scene.browser.reload(tab)
    scene.serve()
    assert scene.shown(tab) == "one "


def test_L24_damaged_records_are_healed_from_the_server(scene: Scene) -> None:
    tab = scene.open()
    scene.wait(STORE_WINDOW_MS_MAX)
    for store in ("threads", "messages", "segments"):
        held = scene.browser.content.stores[store]
        held[min(held)] = {"thread": scene.thread, "id": 7}
    tab = scene.browser.reload(tab)
    scene.serve()
    assert scene.shown(tab) == "one "
    assert [row.title for row in thread_rows(tab.app)] == ["A"]
    assert timeline(tab.app).state == "fresh"


# --- another journal ---


def test_server_with_another_journal_gets_another_store(scene: Scene) -> None:
    tab = scene.open()
    old = scene.browser.content
    other = another_server()
    thread = other.script.create_thread("elsewhere")
    tab.events.cut()
    scene.server = other
    scene.wait(1_000)
    assert [row.id for row in thread_rows(tab.app)] == [thread]
    assert scene.browser.last_place == f"{ELSEWHERE.journal}.local"
    assert scene.browser.content is not old
    assert scene.browser.content.meta["seq"] == 1
    assert [store.is_closed for store in tab.stores.opened] == [True, False]
    assert old.stores["messages"], "the other journal's store is left as it was"


def test_L17_restored_journal_blanks_no_view(scene: Scene) -> None:
    tab = scene.open()
    scene.server = ScriptServer(scene.script, ELSEWHERE)
    tab.events.cut()
    scene.wait(1_000)
    assert tab.app.place == ELSEWHERE
    assert scene.shown(tab) == "one "
    assert any(timeline(app).state == "saved" for app in tab.published)
    scene.say("two ")
    scene.wait(STORE_WINDOW_MS_MAX)
    assert scene.stored() == scene.shown(tab) == "one two "


def test_L14_write_that_was_under_way_does_not_count_for_the_store_that_came_after(
    scene: Scene,
) -> None:
    """A journal restored while a write into the old store hangs: the new one gets everything."""
    tab = scene.open()
    scene.wait(1_000)
    scene.say("two ")
    scene.server.stream(tab)
    (hanging,) = tab.running
    assert hanging.__name__ == "_write"
    for _ in range(2):  # it has written, and does not know it yet
        hanging.send(None)
    tab.running.remove(hanging)
    scene.server = ScriptServer(scene.script, ELSEWHERE)
    tab.events.cut()
    scene.wait(1_000)
    tab.running.append(hanging)
    scene.wait(STORE_WINDOW_MS_MAX)
    assert tab.app.place == ELSEWHERE
    assert scene.stored() == "one two "


def test_journal_that_was_set_back_is_stored_anew(scene: Scene) -> None:
    tab = scene.open()
    scene.wait(STORE_WINDOW_MS_MAX)
    scene.script.entries = scene.script.entries[:3]
    tab.events.cut()
    scene.wait(2_000)
    assert scene.browser.content.meta["seq"] == 3
    assert tab.app.is_leader
    assert len(tab.events.opened) == 2


# --- hostile frames ---


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("journal", "no json"),
        ("journal", "{}"),
        ("journal", "[" * 100_000),
        ("journal", '[1, null, "x", {"seq": "1"}, {"seq": -4, "at": 0}]'),
        ("journal", '[{"seq": 1, "at": 1, "type": "part.delta"}]'),
        ("caught-up", "[]"),
        ("caught-up", '{"now": "later"}'),
        ("reset", "{}"),
        ("reset", '{"cursor": "x", "threads": []}'),
        ("comet", "{}"),
    ],
)
def test_L24_malformed_frame_of_the_server_changes_nothing(
    scene: Scene, event: str, data: str
) -> None:
    tab = scene.open()
    known = tab.app.known
    connection = tab.events.connection
    assert connection is not None
    connection.text(encode_frame(event, data.encode()).decode())
    scene.serve()
    assert tab.app.known == known
    scene.say("two ")
    scene.serve()
    assert scene.shown(tab) == "one two "


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "null",
        "[" * 100_000,
        '{"type": "entries"}',
        '{"type": "entries", "journal": 1, "entries": []}',
        '{"type": "sync", "sync": "asleep"}',
        '{"type": "stored", "seq": "x", "anew": true}',
        '{"type": "comet"}',
    ],
)
@pytest.mark.parametrize("role", [0, 1], ids=["leader", "follower"])
def test_L24_malformed_frame_of_another_tab_changes_nothing(
    scene: Scene, text: str, role: int
) -> None:
    tabs = (scene.open(), scene.open())
    before = tabs[role].app
    tabs[role].tabs.inbox.append(text)
    scene.serve()
    assert tabs[role].app == before


@pytest.mark.parametrize(
    "body", [None, [], "x", {"messages": 1}, {"messages": [{}], "cursor": str(PLACE.cursor(1))}]
)
def test_L24_malformed_history_is_a_reading_that_failed(scene: Scene, body) -> None:
    tab = scene.browser.open_tab(scene.thread)
    for _ in range(50):
        scene.browser.settle()
        for request in list(tab.http.pending):
            if "/messages" in request.path:
                tab.http.answer(request, 200, body)
            else:
                scene.server.respond(tab, request)
        scene.server.stream(tab)
    assert timeline(tab.app).state == "loading"
    assert tab.app.retry_ms is not None
    scene.wait(20_000)
    assert scene.shown(tab) == "one "


def test_typed_address_asks_for_nothing(scene: Scene) -> None:
    tab = scene.open("../../healthz")
    assert timeline(tab.app).state == "missing"
    tab.address.go(counted_id(77_777))
    scene.serve()
    assert timeline(tab.app).state == "missing"
