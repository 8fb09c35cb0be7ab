"""views/heading.py: the title, deleting in two steps, the banner, and what is said aloud."""

from dataclasses import replace

from tests.views.making import (
    actions,
    exchange,
    listing,
    show,
    showing,
    tags,
    thread,
    without_window,
)
from wybthon.testing import fire, render

from holdfast_web.views.heading import BANNERS, announcer, banner, heading
from holdfast_web.views.screen import Screen


def test_the_title_is_that_of_the_open_thread():
    screen = Screen(actions())
    with render(heading(screen)) as shown:
        show(screen, listing())
        assert shown.get_by_role("heading").text_content == "New thread"
        show(screen, showing(*exchange()))
        assert shown.get_by_role("heading").text_content == "T"


def test_a_thread_is_deleted_in_two_steps():
    deleted = []
    screen = Screen(actions(delete=deleted.append))
    with render(heading(screen)) as shown:
        show(screen, showing(*exchange()))
        fire.click(shown.get_by_role("button", name="Delete"))
        assert deleted == []
        fire.click(shown.get_by_role("button", name="Delete for good"))
        assert deleted == ["t"]


def test_deleting_can_be_offered_taken_away_and_offered_again():
    deleted = []
    screen = Screen(actions(delete=deleted.append))
    with render(heading(screen)) as shown:
        for app in (listing(), showing(*exchange()), listing(), showing(*exchange())):
            show(screen, app)
        fire.click(shown.get_by_role("button", name="Delete"))
        fire.click(shown.get_by_role("button", name="Keep"))
        fire.click(shown.get_by_role("button", name="Delete"))
        fire.click(shown.get_by_role("button", name="Delete for good"))
    assert deleted == ["t"]


def test_what_was_asked_of_one_thread_is_not_done_to_the_next():
    deleted = []
    screen = Screen(actions(delete=deleted.append))
    one = showing(*exchange())
    known = replace(one.known, threads={**one.known.threads, "other": thread("other")})
    windows = {**one.known.windows, "other": replace(one.known.windows["t"], thread="other")}
    other = replace(one, open="other", known=replace(known, windows=windows))
    with render(heading(screen)) as shown:
        show(screen, one)
        fire.click(shown.get_by_role("button", name="Delete"))
        show(screen, other)
        fire.click(shown.get_by_role("button", name="Delete"))
        assert deleted == []
        show(screen, one)
        assert shown.query_by_role("button", name="Delete for good") is None


def test_who_comes_back_is_asked_again():
    screen = Screen(actions())
    with render(heading(screen)) as shown:
        show(screen, showing(*exchange()))
        fire.click(shown.get_by_role("button", name="Delete"))
        show(screen, listing())
        show(screen, showing(*exchange()))
        assert shown.get_by_role("button", name="Delete")


def test_nothing_that_is_not_there_can_be_deleted():
    screen = Screen(actions())
    gone = listing(open="gone", missing=frozenset({"gone"}))
    with render(heading(screen)) as shown:
        for app in (listing(), without_window(showing()), gone):
            show(screen, app)
            assert shown.query_by_role("button") is None


def test_the_banner_is_there_only_while_something_is_to_be_said():
    screen = Screen(actions())
    with render(banner(screen)) as shown:
        for sync in ("live", "offline", "catching-up", "polling", "live", "offline"):
            show(screen, listing(sync=sync))
            texts = [node.text_content.strip() for node in tags(shown, "p")]
            assert texts == ([BANNERS[sync]] if sync in BANNERS else [])
            assert shown.query_by_role("button") is None


def test_a_notice_comes_before_the_state_of_the_connection_and_can_be_dismissed():
    dismissed = []
    screen = Screen(actions(dismiss=lambda: dismissed.append(True)))
    with render(banner(screen)) as shown:
        show(screen, listing(sync="offline", notice="The thread could not be deleted."))
        assert "The thread could not be deleted." in shown.text()
        assert BANNERS["offline"] not in shown.text()
        fire.click(shown.get_by_role("button", name="Dismiss"))
        show(screen, listing(sync="offline"))
        assert BANNERS["offline"] in shown.text()
    assert dismissed == [True]


def test_what_is_said_aloud_is_one_sentence_at_a_time():
    screen = Screen(actions())
    with render(announcer(screen)) as shown:
        for sentence in ("The answer starts.", "The answer is complete.", ""):
            screen.say(sentence)
            assert shown.text().strip() == sentence
