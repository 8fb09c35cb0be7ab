"""views/sidebar.py: one link a thread, its attributes true, in the order chosen."""

from dataclasses import replace

from tests.views.making import actions, listing, running, show, tags, thread
from wybthon.testing import render

from holdfast_web.core.app import Server
from holdfast_web.views.screen import Screen
from holdfast_web.views.sidebar import notes, sidebar


def links(shown):
    """Each link's attributes that a driver may rely on."""
    names = ("href", "data-thread-id", "data-run", "data-unread", "aria-current")
    return [tuple(link.attributes.get(name) for name in names) for link in tags(shown, "a")]


def test_every_attribute_is_there_and_true():
    screen = Screen(actions())
    threads = (running("writing", "streaming", 5), thread("read", 4), thread("new", 3))
    with render(sidebar(screen)) as shown:
        show(screen, listing(*threads, open="writing", seen={"read": 4}))
        assert links(shown) == [
            ("#/t/writing", "writing", "streaming", "false", "page"),
            ("#/t/read", "read", "", "false", None),
            ("#/t/new", "new", "", "true", None),
        ]


def test_attributes_follow_what_happens():
    screen = Screen(actions())
    with render(sidebar(screen)) as shown:
        for status in ("queued", "pending", "streaming"):
            show(screen, listing(running("t", status), open="t"))
            assert links(shown)[0][2:] == (status, "false", "page")
        show(screen, listing(thread("t", 9), open=None))
        assert links(shown)[0][2:] == ("", "true", None)


def test_the_state_is_said_in_words_too():
    screen = Screen(actions())
    with render(sidebar(screen)) as shown:
        for status, word in (
            ("queued", "waiting"),
            ("pending", "starting"),
            ("streaming", "answering"),
        ):
            show(screen, listing(running("t", status), open="t"))
            assert shown.get_by_text(word)
        show(screen, listing(thread("t"), seen={"t": 1}))
        assert tags(shown, "a")[0].text_content.strip() == "T"


def test_rows_keep_their_nodes_when_the_order_changes():
    screen = Screen(actions())
    with render(sidebar(screen)) as shown:
        show(screen, listing(thread("a", 3), thread("b", 2), thread("c", 1)))
        before = {link.attributes["data-thread-id"]: link for link in tags(shown, "a")}
        show(screen, listing(thread("a", 3), thread("b", 2), thread("c", 9), thread("d", 4)))
        after = tags(shown, "a")
        assert [link.attributes["data-thread-id"] for link in after] == ["c", "d", "a", "b"]
        assert all(link is before.get(link.attributes["data-thread-id"], link) for link in after)


def test_a_deleted_thread_has_no_link_and_an_empty_list_says_so():
    screen = Screen(actions())
    with render(sidebar(screen)) as shown:
        show(screen, listing(thread("a")))
        assert shown.query_by_text("Your threads will be listed here.") is None
        show(screen, listing())
        assert links(shown) == []
        assert shown.get_by_text("Your threads will be listed here.")


def test_L24_a_title_is_text_and_nothing_else():
    screen = Screen(actions())
    title = '<img src=x onerror=alert(1)> " & \u202e'
    with render(sidebar(screen)) as shown:
        show(screen, listing(replace(thread("a"), title=title)))
        assert shown.get_by_text(title)
        assert tags(shown, "img") == []


def test_the_notes_say_that_a_demo_answers_or_which_model_does():
    screen = Screen(actions())
    with render(notes(screen)) as shown:
        show(screen, listing(server=Server("demo", is_demo=True)))
        assert shown.get_by_text("Demo model.")
        show(screen, listing(server=Server("moon-7b")))
        assert shown.get_by_text("Model: moon-7b")
        assert shown.query_by_text("Demo model.") is None
        show(screen, listing(server=Server("demo", is_demo=True)))
        assert shown.get_by_text("Demo model.")
