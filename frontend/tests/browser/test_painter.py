"""browser/painter.py with the real views and bodies: a long thread comes in steps, unmoved."""

from __future__ import annotations

import pytest
import pytest_asyncio

from .conftest import Python
from .stage import STAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stage(python: Python) -> Python:
    """A page of its own for each test: what is on screen stays."""
    await python.page.reload()
    await python.page.wait_for_selector("html[data-app=ready]", state="attached")
    return python


async def on(stage: Python, code: str) -> object:
    return await stage.run(STAGE + code)


async def test_a_long_thread_opens_with_its_end_and_the_rest_joins_above(stage: Python) -> None:
    told = await on(
        stage,
        """
paint(app_of({"a": history("a")}, "a"))
first = [2 <= len(articles()) <= 12, articles()[-1].dataset.messageId, blank()]
await frame()
await frame()
at_end = left() < 1
seen = await whole()
await frame()
order = [a.dataset.messageId for a in articles()] == [f"a-{at}" for at in range(COUNT)]
[first, at_end, len(seen) >= 2, order, blank(), left() < 1]
""",
    )
    assert told == [[True, "a-99", []], True, True, True, [], True]


async def test_L17_what_is_read_does_not_move_while_the_rest_joins(stage: Python) -> None:
    told = await on(
        stage,
        """
app = app_of({"a": history("a"), "b": history("b", 2)}, "a")
paint(app)
await whole()
scroller.scrollTop = 4000
await frame()
await frame()
read = first_in_view()
paint(replace(app, open="b"))
await frame()
paint(app)
opened = len(articles())
places = [first_in_view()]
while len(articles()) < COUNT:
    await frame()
    places.append(first_in_view())
await frame()
places.append(first_in_view())
moved = [p for p in places if p[0] != read[0] or abs(p[1] - read[1]) > 1]
[opened < COUNT, read[0] != "a-0", moved]
""",
    )
    assert told == [True, True, []]


async def test_text_that_arrives_while_the_rest_joins_is_shown_at_once(stage: Python) -> None:
    told = await on(
        stage,
        """
held = history("a", COUNT - 1)
chars = []
for tokens in range(1, 6):
    at = COUNT - 1
    held = {**held, f"a-{at}": said("a", at, "t " * tokens, "assistant", "streaming")}
    paint(app_of({"a": held}, "a"))
    await frame()
    await frame()
    chars.append(document.querySelector(f'[data-part-id="p-a-{at}"]').dataset.chars)
chars
""",
    )
    assert told == ["2", "4", "6", "8", "10"]


async def test_a_question_just_sent_is_in_view_wherever_its_reader_was(stage: Python) -> None:
    told = await on(
        stage,
        """
app = app_of({"a": history("a"), "b": history("b", 2)}, "a")
paint(app)
await whole()
scroller.scrollTop = 3000
await frame()
await frame()
paint(replace(app, open="b"))
paint(app)
sent = Unsent("a", "q", "r", "And then?", 1000, "sending")
paint(replace(app, unsent={"q": sent}))
await frame()
await frame()
[articles()[-2].dataset.messageId, left() < 1]
""",
    )
    assert told == ["q", True]


async def test_what_is_said_aloud_is_the_start_and_the_end(stage: Python) -> None:
    told = await on(
        stage,
        """
heard = []
for status, text in (("pending", ""), ("streaming", "a"), ("streaming", "ab"), ("complete", "ab")):
    held = {**history("a", 1), "a-1": said("a", 1, text, "assistant", status)}
    paint(app_of({"a": held}, "a"))
    heard.append(document.getElementById("spoken").textContent.strip())
heard
""",
    )
    assert told == [
        "",
        "The answer starts.",
        "The answer starts.",
        "The answer is complete.",
    ]
