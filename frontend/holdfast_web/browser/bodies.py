"""The bodies of messages: operations for static/js/body.js, which documents them."""

import json

from holdfast_js import body


class Bodies:
    """`apply` takes a list of operations and returns those that had nowhere to go."""

    def __init__(self) -> None:
        self._apply = body.apply

    def apply(self, operations: list[dict]) -> list[dict]:
        """Return [{message, part, have}] for each that was refused: send that message whole."""
        return json.loads(self._apply(json.dumps(operations, ensure_ascii=False)))
