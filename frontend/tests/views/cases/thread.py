"""views/thread.py: what `main` shows of every state, and what can be done about it."""

from dataclasses import replace

from tests.views.making import (
    REFUSAL,
    actions,
    exchange,
    listing,
    show,
    showing,
    tags,
    unsent,
    waiting,
    without_window,
)
from wybthon.testing import fire, render

from holdfast_protocol.state import Part
from holdfast_web.views.screen import Screen
from holdfast_web.views.thread import thread

GREETING, MISSING = "What would you like to know?", "This thread is not here"
SAVED = "Saved copy. Checking for what came since…"


def articles(shown):
    return [
        tuple(one.attributes.get(f"data-{name}") for name in ("message-id", "role", "status"))
        for one in tags(shown, "article")
    ]


def reasons(shown):
    return [
        node.text_content
        for node in tags(shown, "span")
        if "reason" in node.attributes.get("class", "").split()
    ]


def seen(shown):
    """Which of the states that a thread can be in is on screen."""
    words = {"new": GREETING, "missing": MISSING, "saved": SAVED}
    found = {state for state, text in words.items() if shown.query_by_text(text)}
    return found | ({"loading"} if shown.query_by_role("status") else set())


def test_each_state_shows_itself_and_nothing_of_the_others():
    screen = Screen(actions())
    states = {
        "new": (listing(), {"new"}),
        "loading": (without_window(showing()), {"loading"}),
        "missing": (listing(open="gone", missing=frozenset({"gone"})), {"missing"}),
        "fresh": (showing(*exchange()), set()),
        "saved": (showing(*exchange(), fresh=False), {"saved"}),
    }
    with render(thread(screen)) as shown:
        for _ in range(2):  # each comes a second time, after every other one
            for name, (app, expected) in states.items():
                show(screen, app)
                assert screen.timeline().state == name
                assert seen(shown) == expected
                is_open = name in ("fresh", "saved")
                assert len(articles(shown)) == (2 if is_open else 0)


def test_articles_say_which_message_they_are():
    screen = Screen(actions())
    with render(thread(screen)) as shown:
        show(screen, showing(*exchange("streaming")))
        assert articles(shown) == [("q", "user", "complete"), ("a", "assistant", "streaming")]
        assert shown.get_by_label_text("Your question") is tags(shown, "article")[0]
        bodies = [node.attributes for node in tags(shown, "div") if "data-body" in node.attributes]
        assert [one["data-body"] for one in bodies] == ["q", "a"]
        assert [one["data-format"] for one in bodies] == ["plain", "markdown"]


def test_L17_articles_keep_their_nodes_while_all_around_them_changes():
    screen = Screen(actions())
    with render(thread(screen)) as shown:
        show(screen, showing(*exchange("pending")))
        before = tags(shown, "article")
        bodies = [one.childNodes[0] for one in before]
        show(screen, showing(*exchange("streaming"), fresh=False, has_more=True))
        show(screen, showing(*exchange("failed"), unsent=unsent("waiting")))
        after = tags(shown, "article")
        assert all(one is other for one, other in zip(before, after, strict=False))
        assert [one.childNodes[0] for one in after[:2]] == bodies
        assert len(after) == 4


def test_the_line_under_an_answer_says_how_it_stands():
    screen = Screen(actions())
    lines = {
        "queued": "Queued",
        "pending": "Waiting for the model…",
        "streaming": "Working for 2.0 s…",
        "complete": "Done in 2.5 s",
        "stopped": "Stopped",
        "failed": REFUSAL,
        "interrupted": "Interrupted: the server was restarted.",
    }
    with render(thread(screen)) as shown:
        for status, line in lines.items():
            show(screen, showing(*exchange(status)), 3_000)
            assert reasons(shown) == [line]
            assert articles(shown)[1][2] == status


def test_the_clock_moves_the_line_of_a_running_answer():
    screen = Screen(actions())
    question, answer = exchange("streaming")
    app = showing(question, replace(answer, parts=(Part("p", "text", open=True, text="so"),)))
    with render(thread(screen)) as shown:
        for now_ms, line in ((2_000, "Streaming for 1.0 s…"), (13_000, "Streaming for 12 s…")):
            show(screen, app, now_ms)
            assert reasons(shown) == [line]


def test_an_answer_cut_short_can_be_asked_again():
    asked = []
    screen = Screen(actions(ask_again=asked.append))
    with render(thread(screen)) as shown:
        for status in ("failed", "complete", "interrupted", "streaming", "stopped"):
            show(screen, showing(*exchange(status)))
            button = shown.query_by_role("button", name="Ask again")
            assert (button is not None) is (status in ("failed", "interrupted", "stopped"))
        fire.click(shown.get_by_role("button", name="Ask again"))
    assert asked == ["a"]


WAITING = "Waiting for you"


def names(shown):
    return [button.text_content for button in tags(shown, "button")]


def test_a_queued_answer_can_be_skipped_and_one_that_waits_for_the_person_answered_now():
    asked = []
    screen = Screen(
        actions(
            answer_now=lambda m: asked.append(("answer now", m)),
            skip=lambda m: asked.append(("skip", m)),
        )
    )
    with render(thread(screen)) as shown:
        show(screen, waiting("streaming", "queued"))
        assert (reasons(shown), names(shown)) == (["Working for 0.0 s…", "Queued"], ["Skip"])
        fire.click(shown.get_by_role("button", name="Skip this question"))
        show(screen, waiting("stopped", "queued", "queued"))
        assert reasons(shown) == ["Stopped", WAITING, "Queued"]
        assert names(shown) == ["Ask again", "Answer now", "Skip", "Skip"]
        fire.click(shown.get_by_role("button", name="Answer now"))
        fire.click(tags(shown, "button")[2])
        fire.click(tags(shown, "button")[3])
        show(screen, waiting("stopped", "pending", "queued"))
        assert names(shown) == ["Ask again", "Skip"]
    assert asked == [("skip", "a1"), ("answer now", "a1"), ("skip", "a1"), ("skip", "a2")]


def test_skip_keeps_its_node_while_answer_now_comes_and_goes():
    """It may have the focus."""
    screen = Screen(actions())
    with render(thread(screen)) as shown:
        show(screen, waiting("streaming", "queued"))
        (skip,) = tags(shown, "button")
        for app in (waiting("stopped", "queued"), waiting("stopped", "queued", let_go_on=True)):
            show(screen, app)
            assert tags(shown, "button")[-1] is skip
        assert names(shown) == ["Ask again", "Skip"]


def test_a_question_that_waits_can_be_tried_now_or_discarded():
    resent, discarded = [], []
    screen = Screen(actions(resend=resent.append, discard=discarded.append))
    with render(thread(screen)) as shown:
        show(screen, showing(*exchange(), unsent=unsent("sending")))
        assert shown.query_by_role("button") is None
        show(screen, showing(*exchange(), unsent=unsent("waiting")))
        assert "Not sent yet. It goes out when the server answers." in reasons(shown)
        fire.click(shown.get_by_role("button", name="Try now"))
        fire.click(shown.get_by_role("button", name="Discard"))
        assert articles(shown)[2:] == [("u", "user", "pending"), ("v", "assistant", "queued")]
    assert (resent, discarded) == (["u"], ["u"])


def test_a_question_that_was_refused_can_be_edited_or_discarded():
    done = []
    screen = Screen(
        actions(
            edit=lambda m: done.append(("edit", m)), discard=lambda m: done.append(("discard", m))
        )
    )
    with render(thread(screen)) as shown:
        show(screen, showing(*exchange(), unsent=unsent("refused", reason="Too long.")))
        assert "Not sent. Too long." in reasons(shown)
        fire.click(shown.get_by_role("button", name="Edit"))
        fire.click(shown.get_by_role("button", name="Discard"))
        assert articles(shown)[2:] == [("u", "user", "pending")]
        show(screen, showing(*exchange()))
        assert shown.query_by_role("button", name="Edit") is None
    assert done == [("edit", "u"), ("discard", "u")]


def test_what_lies_above_can_be_asked_for_while_there_is_some():
    asked = []
    screen = Screen(actions(earlier=lambda: asked.append("earlier")))
    with render(thread(screen)) as shown:
        for has_more in (True, False, True):
            show(screen, showing(*exchange(), has_more=has_more))
            button = shown.query_by_role("button", name="Show earlier messages")
            assert (button is not None) is has_more
        fire.click(button)
    assert asked == ["earlier"]


def test_a_button_keeps_its_node_while_it_offers_the_same():
    """It may have the focus: a clock that ticks must not take that away."""
    screen = Screen(actions())
    with render(thread(screen)) as shown:
        show(screen, showing(*exchange(), unsent=unsent("refused", reason="Too long.")), 1_000)
        before = tags(shown, "button")
        again = unsent("refused", reason="Still too long.")
        show(screen, showing(*exchange(), unsent=again, sync="offline"), 2_000)
        assert "Not sent. Still too long." in reasons(shown)
        assert len(before) == 2
        assert all(one is other for one, other in zip(before, tags(shown, "button"), strict=True))
