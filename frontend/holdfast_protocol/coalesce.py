"""Coalescing: many small changes become one write, and nobody can tell (L10).

One class, used by the server before it appends and by the browser before it stores. It only
decides *when*: what is pending stays with its owner, time is passed in, and nothing here waits.

    quiet ──touch──▶ due at once           the first change after a quiet spell
    busy  ──touch──▶ due at the window's end
    due   ──begin──▶ writing ──settle──▶ quiet, or due again if touched meanwhile:
                        │                at the window's end, or at once if hurried
                        └────fail──▶ due again, each time after a longer wait
"""

from dataclasses import dataclass

from holdfast_protocol.limits import RETRY_WRITE_MS_MAX


def window_ms(write_ms: float, *, shortest: float, longest: float) -> float:
    """Return how long changes may gather, given how long the last write took.

    Windows stretch under load: a write that took long is repeated less often, up to `longest`.
    """
    return min(longest, max(shortest, write_ms * 2))


def retry_ms(failures: int, *, first: float, longest: float) -> float:
    """Return how long to wait before a write is tried again that failed so often in a row.

    Twice as long each time, up to `longest`: a store in trouble is not asked 30 times a second,
    and found well again soon enough. Without a window (`first` 0) the waits begin at 1 ms.
    """
    doublings = min(failures - 1, 30)
    return min(longest, max(1.0, first) * 2**doublings)


@dataclass(slots=True)
class Coalescer:
    """Decides when pending changes are written. All times are milliseconds of one clock."""

    shortest_ms: float
    longest_ms: float
    retry_ms_max: float = RETRY_WRITE_MS_MAX
    _due: float | None = None
    _open_until: float = float("-inf")
    _writing_since: float | None = None
    _hurried: bool = False
    _failures: int = 0

    @property
    def due_at(self) -> float | None:
        """When the next write should begin; None while clean or while one is under way."""
        return self._due if self._writing_since is None else None

    @property
    def is_dirty(self) -> bool:
        return self._due is not None

    def touch(self, now: float) -> None:
        """Something changed. A change during a write is written after it, unasked."""
        if self._due is None:
            self._due = max(now, self._open_until)

    def hurry(self, now: float) -> None:
        """What is pending must be written now, or right after the write under way.

        It does not wait for a retry either: somebody waits for this write, or the run ends.
        """
        self._due = now
        self._hurried = True

    def begin(self, now: float) -> None:
        """The owner takes what is pending and starts to write it."""
        self._due = None
        self._hurried = False
        self._writing_since = now

    def settle(self, now: float) -> None:
        """The write is done."""
        since = now if self._writing_since is None else self._writing_since
        self._writing_since = None
        self._failures = 0
        gather = window_ms(now - since, shortest=self.shortest_ms, longest=self.longest_ms)
        self._open_until = now + gather
        if self._due is not None and not self._hurried:
            self._due = max(self._due, self._open_until)

    def fail(self, now: float) -> None:
        """The write failed: what was taken is pending again and is retried after a wait.

        What was hurried waits too, or a store that is gone would be asked without a pause.
        """
        self._writing_since = None
        self._hurried = False
        self._failures += 1
        wait = retry_ms(self._failures, first=self.longest_ms, longest=self.retry_ms_max)
        self._due = now + wait
