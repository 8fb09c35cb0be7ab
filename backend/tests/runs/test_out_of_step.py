"""Many runs and one writer, as arithmetic: when each writes, and how late its text is (L10).

Every run's model says something 30 times a second. The writer commits all that wait together, and
each append takes its time. Nothing here waits: the moments are worked off in order.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from holdfast_protocol.coalesce import Coalescer
from holdfast_protocol.limits import WINDOW_MS_MAX
from holdfast_server.runs.pen import longest_window_ms

EVERY_MS = 1_000 / 30
COMMIT_MS, APPEND_MS = 0.6, 0.1
"""What they take on a machine of two cores."""
STALL_AT_MS, STALL_MS = 1_000.0, 300.0
"""One slow commit, as any disk has now and then."""
SETTLED_MS, END_MS = 3_000.0, 6_000.0


@dataclass
class Run:
    """A run's pen as far as it decides when to write. `said` and `taken` hold moments."""

    coalescer: Coalescer
    said: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)


class Machine:
    """The runs, the writer and the moments to come."""

    def __init__(self, longest_ms: Callable[[int], float], runs: int) -> None:
        self._runs = [
            Run(Coalescer(WINDOW_MS_MAX / 4, longest_ms(number))) for number in range(runs)
        ]
        self._count = itertools.count()
        self._moments: list[tuple[float, int, Callable[..., None], Any]] = []
        self._queue: list[Run] = []
        self._committing = self._stalled = False
        self.late_ms: list[float] = []
        for number, run in enumerate(self._runs):
            self._at(EVERY_MS * number / runs, self._say, run)

    def work(self) -> list[float]:
        """Let time pass; return how late text was, from when all has settled."""
        while (moment := heapq.heappop(self._moments))[0] < END_MS:
            now, _, do, what = moment
            do(now, what)
        return sorted(self.late_ms)

    def _at(self, moment: float, do: Callable[..., None], what: Any) -> None:
        heapq.heappush(self._moments, (moment, next(self._count), do, what))

    def _say(self, now: float, run: Run) -> None:
        self._at(now + EVERY_MS, self._say, run)
        run.said.append(now)
        run.coalescer.touch(now)
        self._arm(run, now)

    def _arm(self, run: Run, now: float) -> None:
        if run.coalescer.due_at is not None:
            self._at(max(now, run.coalescer.due_at), self._write, run)

    def _write(self, now: float, run: Run) -> None:
        due = run.coalescer.due_at
        if due is None or due > now:
            return  # written already
        run.coalescer.begin(now)
        run.taken, run.said = run.said, []
        self._queue.append(run)
        self._commit(now)

    def _commit(self, now: float) -> None:
        if self._committing or not self._queue:
            return
        together, self._queue = self._queue, []
        self._committing = True
        took_ms = COMMIT_MS + APPEND_MS * len(together)
        if now > STALL_AT_MS and not self._stalled:
            self._stalled, took_ms = True, took_ms + STALL_MS
        self._at(now + took_ms, self._committed, together)

    def _committed(self, now: float, together: list[Run]) -> None:
        self._committing = False
        for run in together:
            if now > SETTLED_MS:
                self.late_ms += [now - said for said in run.taken]
            run.coalescer.settle(now)
            self._arm(run, now)
        self._commit(now)


def run_ids() -> Iterator[str]:
    """Ids as they come: their ends are random, so any spread will do that uses them all."""
    return (f"00000000-0001-7000-8000-0000000000{number * 77 % 256:02x}" for number in range(256))


def test_L10_runs_do_not_stay_in_step_after_a_slow_commit():
    longest = [longest_window_ms(run, WINDOW_MS_MAX) for run in run_ids()]
    late_ms = Machine(longest.__getitem__, runs=150).work()
    assert late_ms[len(late_ms) // 2] < 5
    assert late_ms[len(late_ms) * 99 // 100] < 10


def test_L10_windows_of_one_length_would_keep_them_in_step():
    late_ms = Machine(lambda number: WINDOW_MS_MAX, runs=150).work()
    assert late_ms[len(late_ms) // 2] > 20, "then no run needs a window of its own"


def test_L10_no_window_is_longer_than_the_longest_or_shorter_than_half_of_it():
    longest = [longest_window_ms(run, WINDOW_MS_MAX) for run in run_ids()]
    assert max(longest) == WINDOW_MS_MAX
    assert min(longest) == WINDOW_MS_MAX / 2
    assert longest_window_ms(next(run_ids()), 0) == 0
