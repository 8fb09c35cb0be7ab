"""The composer, which lives in JavaScript so that it works before Python does."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from holdfast_js import composer
from pyodide.ffi import create_proxy

from holdfast_web.browser.page import thread_of


@dataclass(frozen=True, slots=True)
class Press:
    """A question as it was sent. `open` is the thread that was in view, if any."""

    text: str
    open: str | None
    thread: str
    message: str
    reply: str


class Composer:
    """What the person wrote and pressed. What was pressed before `connect` is heard in it."""

    def connect(self, *, sent: Callable[[Press], None], stopped: Callable[[], None]) -> None:
        """Hear what is pressed. A send comes again after a reload until `taken(message)`."""

        def heard(kind: str, said: str) -> None:
            match kind:
                case "send":
                    sent(_press(json.loads(said)))
                case "stop":
                    stopped()

        composer.connect(create_proxy(heard))

    def taken(self, message: str) -> None:
        """Somebody else keeps this send now."""
        composer.taken(message)

    def show(self, text: str) -> None:
        """Put this into the box, to be written on."""
        composer.show(text)

    def set_running(self, running: bool) -> None:
        """Offer Stop or not."""
        composer.setRunning(running)


def _press(item: dict) -> Press:
    open_ = thread_of(item["address"])
    return Press(item["text"], open_, item["thread"], item["id"], item["reply"])
