"""Python for a page without an app: the real views and painter, and states to show with them."""

STAGE = '''
import asyncio
from dataclasses import dataclass, replace
from js import document, requestAnimationFrame
from pyodide.ffi import create_once_callable
from holdfast_protocol.state import Message, Part, RunMark, State, Thread, Window
from holdfast_web.browser.clock import Clock
from holdfast_web.browser.composer import Composer
from holdfast_web.browser.main import mount
from holdfast_web.browser.page import Page
from holdfast_web.browser.painter import Painter
from holdfast_web.core.app import App, Server, Unsent
from holdfast_web.views.screen import Actions, Screen

COUNT = 100
TABLE = "| a | b |\\n|-|-|\\n| 1 | 2 |"

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

screen = Screen(Actions(*[lambda *_: None] * len(Actions.__dataclass_fields__)))
mount(screen)
shell = NoShell(App())
painter = Painter(screen, Page(), Composer(), Clock(), shell)

def furnished(*, waits=False):
    """A thread in which everything is that can be pressed, among others.

    Its last answer stands behind one that runs, or `waits` for the person.
    """
    held = history("a", 2)
    held["a-1"] = replace(held["a-1"], parts=(
        Part("r", "reasoning", text="hm", started_at=0, ended_at=9),
        Part("t1", "tool", name="clock", arguments="{}", result="noon", outcome="ok"),
        Part("t2", "tool", name="calculator", arguments="{}", result="7", outcome="ok"),
        Part("x", "text", text="See [this](https://example.invalid/), `code`.\\n\\n" + TABLE),
    ))
    held["a-2"] = said("a", 2, "Once more, please", "user")
    held["a-3"] = said("a", 3, "Cut sh", "assistant", "interrupted")
    held["a-4"] = replace(said("a", 4, "", "assistant", "queued"), parts=())
    unsent = {
        "u": Unsent("a", "u", "ru", "Waiting", 0, "waiting"),
        "v": Unsent("a", "v", "rv", "Refused", 0, "refused", reason="Too long."),
    }
    app = app_of({"a": held, "b": history("b", 2)}, "a", unsent=unsent, seen={"a": 9})
    windows = {**app.known.windows, "a": replace(app.known.windows["a"], has_more=True)}
    running = Thread("c", "c", 0, 1, 1, runs=(RunMark("m", "streaming"),))
    runs = (RunMark("a-3", "streaming"), RunMark("a-4", "queued"))[1 if waits else 0 :]
    here = replace(app.known.threads["a"], runs=runs)
    threads = {**app.known.threads, "a": here, "c": running}
    server = Server("demo", is_demo=True, models=("demo", "demo-fast"))
    known = replace(app.known, windows=windows, threads=threads)
    return replace(app, known=known, server=server, notice="Something to know.")

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
