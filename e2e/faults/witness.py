"""One reader's eye on the run that is to be killed: notes what it reads of it, as it reads it."""

import asyncio
from collections.abc import Callable

from e2e.api import Json
from e2e.faults.moment import BOUND_S, NeverCame
from e2e.faults.script import Script


class Witness:
    """Notes `read text` (or `reasoning`, `tool`) for each delta of a reply, `result` for each
    result of its tools, and `whole` when all that its script says was read.
    """

    def __init__(self, reply: str, script: Script, note: Callable[[str], object]) -> None:
        self._reply = reply
        self._note = note
        self._chars_left = script.chars
        self._kinds: dict[str, str] = {}
        self._streaming: set[str] = set()
        self._seen = asyncio.Event()

    def see(self, entry: Json) -> None:
        if entry["type"] == "part.delta":
            self._streaming.add(entry["run"])
            self._seen.set()
        if entry.get("message") != self._reply:
            return
        match entry["type"]:
            case "part.started":
                self._kinds[entry["part"]] = entry["kind"]
            case "part.delta":
                self._note(f"read {self._kinds[entry['part']]}")
                self._chars_left -= len(entry["text"])
                if self._chars_left == 0:
                    self._note("whole")
            case "part.ended" if entry.get("result") is not None:
                self._note("result")

    async def streaming(self, runs: int) -> None:
        """Wait until something of so many runs was read."""
        try:
            async with asyncio.timeout(BOUND_S):
                while len(self._streaming) < runs:
                    self._seen.clear()
                    await self._seen.wait()
        except TimeoutError:
            raise NeverCame(f"only {len(self._streaming)} of {runs} runs stream") from None
