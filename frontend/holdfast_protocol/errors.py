"""What can be wrong with an entry, by whose fault it is.

    HoldfastError
    ├── ProtocolError         the peer's fault: what it sent cannot be used
    │   ├── MalformedEntry    a record that does not fit the vocabulary
    │   ├── SequenceGap       an entry that skips its predecessors
    │   ├── OffsetGap         a delta that skips text
    │   └── PartMissing       an entry about a part whose start was never seen
    ├── IllegalTransition     our own bug: an event that the run-state table forbids
    └── UnfitValue            our own bug: a value that the vocabulary cannot write

A message says what happened, in which state, and what was expected. It never carries text that
a person or a model wrote.
"""


class HoldfastError(Exception):
    """The root: everything Holdfast raises on purpose."""


class ProtocolError(HoldfastError):
    """What a peer sent cannot be used."""


class MalformedEntry(ProtocolError):
    """A record does not fit the vocabulary."""


class SequenceGap(ProtocolError):
    """An entry came before its predecessors. The reader resyncs; nothing was applied."""

    def __init__(self, *, expected: int, got: int) -> None:
        super().__init__(f"cannot apply entry {got}: the next one is {expected}")
        self.expected = expected
        self.got = got


class OffsetGap(ProtocolError):
    """A delta starts beyond the text that is there. Nothing was applied."""

    def __init__(self, *, part: str, expected: int, got: int) -> None:
        super().__init__(
            f"cannot append at {got} to part {part}: its text ends at {expected} code points"
        )
        self.part = part
        self.expected = expected
        self.got = got


class PartMissing(ProtocolError):
    """An entry about a part of the run in hand came without the part. Nothing was applied."""

    def __init__(self, *, part: str, event: str) -> None:
        super().__init__(f"cannot apply {event} to part {part}: its start was never seen")
        self.part = part


class IllegalTransition(HoldfastError):
    """An event that the run-state table forbids in this state."""


class UnfitValue(HoldfastError):
    """A value of ours that does not fit its declared shape: nothing was written."""
