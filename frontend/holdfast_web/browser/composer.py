"""The composer, which lives in JavaScript so that it works before Python does."""

import json
from collections.abc import Callable

from holdfast_js import composer
from pyodide.ffi import create_proxy


class Composer:
    """What the person wrote and pressed. Everything pressed before `connect` is heard in it."""

    draft = staticmethod(composer.draft)
    restore = staticmethod(composer.restore)
    show = staticmethod(composer.show)
    taken = staticmethod(composer.taken)
    set_running = staticmethod(composer.setRunning)
    focus = staticmethod(composer.focus)

    def connect(self, listen: Callable[[str, object], None]) -> None:
        """Hear ("send", {id, text, address}), ("draft", str), ("stop", None), ("new", None).

        A send comes again after a reload until `taken(id)` says that it is stored for good.
        """
        composer.connect(create_proxy(lambda kind, text: listen(kind, json.loads(text))))
