"""Where the page's one line of Python leads: adapters, shell and views, put together."""

import asyncio
from collections.abc import Callable, Coroutine

from wybthon import render

from holdfast_web.browser import wybthon_dom
from holdfast_web.browser.client import client_headers
from holdfast_web.browser.clock import Clock
from holdfast_web.browser.composer import Composer, Press
from holdfast_web.browser.event_source import EventSource
from holdfast_web.browser.http import Http
from holdfast_web.browser.local_store import BrowserStores
from holdfast_web.browser.page import Address, Page
from holdfast_web.browser.painter import Painter
from holdfast_web.browser.tabs import Tabs
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.ports import Ports
from holdfast_web.shell.shell import Shell
from holdfast_web.views.heading import announcer, banner, heading
from holdfast_web.views.model import chooser
from holdfast_web.views.screen import Actions, Screen
from holdfast_web.views.sidebar import notes, sidebar
from holdfast_web.views.thread import thread


async def start() -> None:
    """Start the app. What it raises before `ready` is shown to the person as a failed start."""
    page, composer = Page(), Composer()
    ports = _ports(page)
    shell = Shell(ports, lambda app: painter.paint(app))
    screen = Screen(_actions(shell, composer))
    painter = Painter(screen, page, composer, ports.clock, shell)
    mount(screen)
    await shell.start()

    def sent(press: Press) -> None:
        painter.pressed(press.message)
        shell.dispatch(
            on.Submitted(press.text, press.open or press.thread, press.message, press.reply)
        )

    composer.connect(sent=sent, stopped=painter.stop)
    page.ready()


def mount(screen: Screen) -> None:
    """Render the views into the places that the page has for them."""
    wybthon_dom.install()
    for view, place in (
        (sidebar, "#threads"),
        (notes, "#notes"),
        (heading, "#heading"),
        (banner, "#banner"),
        (thread, "#thread"),
        (chooser, "#model"),
        (announcer, "#spoken"),
    ):
        render(view(screen), place)


def _ports(page: Page) -> Ports:
    base, headers = page.base().removesuffix("/"), client_headers()
    return Ports(
        clock=Clock(),
        stores=BrowserStores(),
        events=EventSource(base, headers),
        http=Http(base, headers),
        tabs=Tabs(),
        address=Address(),
        page=page,
        spawn=_spawner(),
        origin=base,
    )


def _spawner() -> Callable[[Coroutine[None, None, None]], None]:
    """Return what runs a coroutine to its end; what that raises is for the console."""
    running: set[asyncio.Task[None]] = set()  # asyncio itself holds its tasks only weakly

    def spawn(work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        running.add(task)
        task.add_done_callback(running.discard)

    return spawn


def _actions(shell: Shell, composer: Composer) -> Actions:
    def edit(message: str) -> None:
        unsent = shell.app.unsent.get(message)
        if unsent is not None:
            composer.show(unsent.text)
            shell.dispatch(on.DiscardPressed(message))

    return Actions(
        delete=lambda thread: shell.dispatch(on.DeletePressed(thread)),
        earlier=lambda: shell.dispatch(on.EarlierWanted()),
        resend=lambda message: shell.dispatch(on.ResendPressed(message)),
        edit=edit,
        discard=lambda message: shell.dispatch(on.DiscardPressed(message)),
        ask_again=lambda message: _ask_again(shell.app, composer, message),
        answer_now=lambda message: shell.dispatch(on.ContinuePressed(message)),
        skip=lambda message: shell.dispatch(on.StopPressed(message)),
        dismiss=lambda: shell.dispatch(on.NoticeDismissed()),
        choose=lambda model: shell.dispatch(on.ModelChosen(model)),
    )


def _ask_again(app: App, composer: Composer, reply: str) -> None:
    """Put the question of this reply into the composer again, to be sent as it is or changed."""
    window = app.known.windows.get(app.open or "")
    answer = window.messages.get(reply) if window is not None else None
    question = window.messages.get(answer.parent or "") if window and answer else None
    if question is not None:
        composer.show("".join(part.text for part in question.parts))
