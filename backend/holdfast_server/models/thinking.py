"""Reasoning that a model writes into its answer between `<think>` and `</think>`.

Servers without a reasoning parser send it so. It counts only at the very start of an answer: a
text that talks about the tag stays text.
Must not know: chunks.
"""

from collections.abc import Iterator
from enum import Enum, auto

from holdfast_server.models.port import ReasoningDelta, TextDelta

OPEN = "<think>"
CLOSE = "</think>"


class _At(Enum):
    START = auto()
    THINKING = auto()
    ANSWER_START = auto()
    ANSWER = auto()


class ThinkSplitter:
    """Splits an answer's content as it arrives; holds back at most a piece of a tag."""

    __slots__ = ("_at", "_held")

    def __init__(self) -> None:
        self._at = _At.START
        self._held = ""

    def feed(self, content: str) -> Iterator[ReasoningDelta | TextDelta]:
        """Give what this content decides."""
        if self._at is _At.ANSWER:
            yield TextDelta(content)
            return
        self._held += content
        if self._at is _At.START:
            self._start()
        if self._at is _At.THINKING:
            yield from self._think()
        if self._at is _At.ANSWER_START:
            self._held = self._held.lstrip()  # the blank lines that part thought from answer
            if self._held:
                self._at = _At.ANSWER
        if self._at is _At.ANSWER:
            yield from self._release(TextDelta)

    def finish(self) -> Iterator[ReasoningDelta | TextDelta]:
        """The content ended: give what was held back, as what it turned out to be.

        Blank space alone is nothing: models send it before a tool call, and it would make an
        empty bubble.
        """
        if self._held.strip():
            yield from self._release(ReasoningDelta if self._at is _At.THINKING else TextDelta)
        self._held = ""
        self._at = _At.ANSWER

    def _start(self) -> None:
        bare = self._held.lstrip()
        if bare.startswith(OPEN):
            self._held = bare.removeprefix(OPEN)
            self._at = _At.THINKING
        elif not OPEN.startswith(bare):
            self._at = _At.ANSWER

    def _think(self) -> Iterator[ReasoningDelta]:
        thought, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held = rest
            self._at = _At.ANSWER_START
            if thought:
                yield ReasoningDelta(thought)
            return
        keep = _suffix_that_may_become(CLOSE, self._held)
        thought, self._held = self._held[: len(self._held) - keep], self._held[-keep:] * (keep > 0)
        if thought:
            yield ReasoningDelta(thought)

    def _release(
        self, kind: type[ReasoningDelta] | type[TextDelta]
    ) -> Iterator[ReasoningDelta | TextDelta]:
        held, self._held = self._held, ""
        if held:
            yield kind(held)


def _suffix_that_may_become(tag: str, text: str) -> int:
    """Return the length of the longest suffix of `text` that begins `tag`."""
    return next((n for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), 0)
