"""browser/painter.py with the real views and bodies: a long thread comes in steps, unmoved."""

from __future__ import annotations

import pytest
import pytest_asyncio

from .conftest import Python

pytestmark = pytest.mark.asyncio(loop_scope="session")

STAGE = '''
import asyncio
from dataclasses import dataclass, replace
from js import document, requestAnimationFrame
from pyodide.ffi import create_once_callable
from wybthon import render
from holdfast_protocol.state import Message, Part, State, Thread, Window
from holdfast_web.browser import wybthon_dom
from holdfast_web.browser.clock import Clock
from holdfast_web.browser.composer import Composer
from holdfast_web.browser.page import Page
from holdfast_web.browser.painter import Painter
from holdfast_web.core.app import App, Unsent
from holdfast_web.views.heading import announcer
from holdfast_web.views.screen import Actions, Screen
from holdfast_web.views.stretch import TURNS_AT_ONCE
from holdfast_web.views.thread import thread

COUNT = 100

@dataclass
class NoShell:
    """Has a state, and nothing ever happens to it."""
    app: App

def said(name, at, text, role, status="complete"):
    parts = (Part(f"p-{name}-{at}", "text", text=text, open=status == "streaming"),)
    before = f"{name}-{at - 1}" if at else None
    return Message(f"{name}-{at}", name, before, role, status, at + 1, parts)

def history(name, count=COUNT):
    held = {}
    for at in range(count):
        role = "assistant" if at % 2 else "user"
        held[f"{name}-{at}"] = said(name, at, f"# {name} {at}\\n\\n" + "word " * 100, role)
    return held

def app_of(held, open_, **fields):
    threads = {n: Thread(n, n, 0, 9, 9, leaf=f"{n}-{len(h) - 1}") for n, h in held.items()}
    windows = {n: Window(n, 9, h) for n, h in held.items()}
    return App(known=State(9, threads, windows), open=open_, is_ready=True, sync="live", **fields)

wybthon_dom.install()
screen = Screen(Actions(*[lambda *_: None] * 8))
render(thread(screen), "#thread")
render(announcer(screen), "#spoken")
shell = NoShell(App())
painter = Painter(screen, Page(), Composer(), Clock(), shell)

def paint(app):
    shell.app = app
    painter.paint(app)

async def frame():
    shown = asyncio.Future()
    requestAnimationFrame(create_once_callable(lambda _: shown.set_result(None)))
    await shown

def articles():
    return list(document.querySelectorAll("#thread article"))

def blank():
    return [a.dataset.messageId for a in articles() if not a.querySelector("[data-chars]")]

async def whole():
    """Wait until everything is there; say how often it was looked at and what was seen."""
    seen = []
    while len(articles()) < COUNT:
        assert not blank(), blank()
        seen.append(len(articles()))
        await frame()
    return seen

scroller = document.getElementById("scroller")

def left():
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight

def first_in_view():
    edge = scroller.getBoundingClientRect().top
    for a in articles():
        if a.getBoundingClientRect().bottom > edge:
            return a.dataset.messageId, round(a.getBoundingClientRect().top - edge)
'''


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
first = [len(articles()) == TURNS_AT_ONCE, articles()[-1].dataset.messageId, blank()]
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
