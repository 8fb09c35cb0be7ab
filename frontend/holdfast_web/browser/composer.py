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

    show = staticmethod(composer.show)
    taken = staticmethod(composer.taken)
    set_running = staticmethod(composer.setRunning)
    focus = staticmethod(composer.focus)

    def connect(self, *, sent: Callable[[Press], None], stopped: Callable[[], None]) -> None:
        """Hear what is pressed. A send comes again after a reload until `taken(message)`."""

        def heard(kind: str, said: str) -> None:
            match kind:
                case "send":
                    item = json.loads(said)
                    sent(
                        Press(
                            item["text"],
                            thread_of(item["address"]),
                            item["thread"],
                            item["id"],
                            item["reply"],
                        )
                    )
                case "stop":
                    stopped()

        composer.connect(create_proxy(heard))
