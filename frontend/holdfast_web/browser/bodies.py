"""The bodies of messages: operations for static/js/body.js, which documents them."""

import json

from holdfast_js import body


class Bodies:
    """What stands inside the messages on screen."""

    def __init__(self) -> None:
        self._apply = body.apply  # bound once: looking it up costs more than a small operation

    def apply(self, operations: list[dict]) -> list[dict]:
        """Return [{message, part, have}] for each that was refused: send that message whole."""
        return json.loads(self._apply(json.dumps(operations, ensure_ascii=False)))
