"""The judge must go red on each kind of loss, and stay green on its legal neighbour."""

from dataclasses import replace

import pytest

from e2e.verdict import Article, Ledger, Part, View

ANSWER = Part("p1", "text", 40, 34)
QUESTION = Article("q1", "user", "complete", (Part("p0", "text", 5, 5),))
REPLY = Article("m1", "assistant", "streaming", (ANSWER,))
THREAD_A = View("A", (QUESTION, REPLY))
THREAD_B = View("B", (Article("q2", "user", "complete", (Part("p9", "text", 5, 5),)),))


def grown(chars: int, shown: int = 34, **changes: object) -> View:
    part = replace(ANSWER, chars=chars, shown=shown)
    return View("A", (QUESTION, replace(REPLY, parts=(part,), **changes)))


def findings(*views: View, document: str = "first") -> tuple[str, ...]:
    ledger = Ledger()
    for view in views:
        ledger.see(document, view)
    return ledger.findings()


LEGAL = {
    "growth": (THREAD_A, grown(41), grown(90)),
    "an end": (THREAD_A, grown(41, status="complete")),
    "away and back": (THREAD_A, THREAD_B, grown(60)),
    "a placeholder for a thread not shown before": (THREAD_A, View("B"), THREAD_B),
    "a new message below": (
        THREAD_A,
        View("A", (QUESTION, REPLY, Article("q3", "user", "queued"))),
    ),
    "an older page above": (View("A", (REPLY,)), THREAD_A),
    "markup that swallows a short text": (grown(10, shown=9), grown(12, shown=0)),
    "a link's address swallowed": (grown(300, shown=300), grown(301, shown=60)),
    "a page where main is behind the thread list": (THREAD_A, replace(View("A"), main="hidden")),
    "nothing before the app is there": (View("", main="absent"), View(""), THREAD_A),
}

ILLEGAL = {
    "p1 fell from 40 to 39": (THREAD_A, grown(39)),
    "fell from 40 to 0": (THREAD_A, THREAD_B, grown(0)),
    "thread A went blank": (THREAD_A, View("A")),
    "A went blank after": (THREAD_A, THREAD_B, View("A"), THREAD_A),
    "message m1 vanished": (THREAD_A, View("A", (QUESTION,))),
    "message q1 vanished": (THREAD_A, View("A", (replace(QUESTION, hidden=True), REPLY))),
    "part p1 vanished": (THREAD_A, View("A", (QUESTION, replace(REPLY, parts=())))),
    "readable characters and now 0": (THREAD_A, grown(40, shown=0)),
    "showed 500 readable": (grown(600, shown=500), grown(600, shown=200)),
    "main vanished": (THREAD_A, View("", main="absent")),
    "message q1 stands twice": (View("A", (QUESTION, QUESTION)),),
    "part p1 stands twice": (View("A", (REPLY, replace(REPLY, id="m2"))),),
    "outside its parts": (replace(THREAD_A, strays=("t0001 t0002 t0003",)),),
    "of thread A shown in B": (THREAD_A, View("B", (QUESTION,))),
    "names no thread": (replace(THREAD_A, thread=""),),
    "changed places": (THREAD_A, View("A", (REPLY, QUESTION))),
    "was complete and became streaming": (grown(40, status="complete"), grown(41)),
    "lacks data-part-id": (View("A", (replace(REPLY, parts=(replace(ANSWER, id=None),)),)),),
    "lacks data-part-id or data-chars": (
        View("A", (replace(REPLY, parts=(replace(ANSWER, chars=None),)),)),
    ),
    "lacks data-role": (View("A", (replace(REPLY, status=None),)),),
}


@pytest.mark.parametrize("views", LEGAL.values(), ids=LEGAL.keys())
def test_what_a_reader_may_see_is_no_finding(views: tuple[View, ...]) -> None:
    assert findings(*views) == ()


@pytest.mark.parametrize(("finding", "views"), ILLEGAL.items(), ids=ILLEGAL.keys())
def test_a_loss_is_a_finding(finding: str, views: tuple[View, ...]) -> None:
    assert any(finding in found for found in findings(*views)), findings(*views)


def test_what_the_story_deleted_may_go_and_nothing_else() -> None:
    ledger = Ledger()
    ledger.see("first", THREAD_A)
    ledger.forgive("m1")
    ledger.see("first", View("A", (QUESTION,)))
    assert ledger.findings() == ()
    ledger.see("first", View("A"))
    assert ledger.findings() == ("the view of thread A went blank after its content was shown",)


def test_a_deleted_thread_may_leave_the_view() -> None:
    ledger = Ledger()
    ledger.see("first", THREAD_A)
    ledger.forgive("A")
    ledger.see("first", View("A"))
    assert ledger.findings() == ()


def test_a_saved_copy_may_be_behind_until_the_page_says_it_is_live() -> None:
    ledger = Ledger()
    ledger.see("first", THREAD_A)
    ledger.see("second", replace(grown(30), sync="catching-up"))
    assert ledger.findings() == ()
    ledger.see("second", grown(30))
    assert ledger.findings() == (
        "part p1 of message m1 had shown 40 characters and is live with 30 after the reload",
    )
    ledger.see("second", grown(41))
    assert ledger.findings() == ()


def test_a_message_missing_after_the_reload_is_a_finding() -> None:
    ledger = Ledger()
    ledger.see("first", THREAD_A)
    ledger.see("second", View("A", (QUESTION,)))
    assert ledger.findings() == ("message m1 had been shown and is missing after the reload",)


def test_only_an_answer_that_got_longer_on_screen_counts_as_growth() -> None:
    ledger = Ledger()
    ledger.see("first", View("A", (QUESTION,)))
    ledger.see("first", THREAD_A)  # the answer appears whole: nothing was seen to grow
    ledger.see("second", grown(90))  # nor does a reload that shows more
    assert ledger.growths == 0
    ledger.see("second", grown(91))
    assert ledger.growths == 1
