"""Where the page's one line of Python leads: wire the adapters and start the app."""

from wybthon import render

from holdfast_web.browser import wybthon_dom
from holdfast_web.browser.bodies import Bodies
from holdfast_web.browser.composer import Composer
from holdfast_web.browser.page import Page
from holdfast_web.views.hello import Hello


def start() -> None:
    """Start the app. What it raises before `ready` is shown to the person as a failed start."""
    wybthon_dom.install()
    page, composer, bodies = Page(), Composer(), Bodies()
    render(Hello(), "#thread")
    page.ready()

    def heard(kind: str, said: object) -> None:
        if kind == "send":
            part = {"id": said["id"], "kind": "text", "open": False, "text": said["text"]}
            bodies.apply([{"op": "parts", "message": "hello", "parts": [part]}])
            composer.taken(said["id"])

    composer.connect(heard)
