"""Which of a thread's turns are on screen while it is being opened.

Drawing a hundred messages takes longer than anybody should wait for one of them. So a thread
opens with the few around the place where its reader is, in one step, and the others join above
and below in the steps that follow. A stretch only ever widens: what is on screen stays (L17).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast_web.core.select import Turn

LINES_AT_FIRST = 60
"""A tall screen full, drawn in some 10 ms. One turn always fits, however long."""
LINES_AT_ONCE = 120
"""Each further step, some 20 ms."""
TURNS_ABOVE = 1
"""Above a place to come back to, for a reader who scrolls up at once."""

LINE_CHARS = 72

Turns = tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the turn `first` to the turn `last`; without a `last` it goes with the thread's end."""

    first: str
    last: str | None = None


def opening(turns: Turns, at: str | None) -> Stretch:
    """Return what is shown first: around the turn `at`, or at the end of the thread."""
    found = next((index for index, turn in enumerate(turns) if turn.id == at), None)
    if found is None:
        return _stretch(turns, _up(turns, len(turns), LINES_AT_FIRST), len(turns))
    return _stretch(turns, max(0, found - TURNS_ABOVE), _down(turns, found, LINES_AT_FIRST))


def wider(turns: Turns, stretch: Stretch) -> Stretch:
    """Return the next step: both ends grow."""
    first, end = _bounds(turns, stretch)
    return _stretch(turns, _up(turns, first, LINES_AT_ONCE), _down(turns, end, LINES_AT_ONCE))


def to_end(stretch: Stretch) -> Stretch:
    """Return the stretch, gone on to the end of the thread."""
    return Stretch(stretch.first)


def cut(turns: Turns, stretch: Stretch) -> Turns:
    """Return the turns of the stretch. Where an end of it is gone, it reaches to the thread's."""
    first, end = _bounds(turns, stretch)
    return turns[first:end]


def _bounds(turns: Turns, stretch: Stretch) -> tuple[int, int]:
    places = {turn.id: index for index, turn in enumerate(turns)}
    last = places.get(stretch.last, len(turns) - 1) if stretch.last else len(turns) - 1
    return places.get(stretch.first, 0), last + 1


def _stretch(turns: Turns, first: int, end: int) -> Stretch:
    return Stretch(turns[first].id, turns[end - 1].id if end < len(turns) else None)


def _up(turns: Turns, first: int, lines: int) -> int:
    """Return where a step upwards from `first` begins."""
    return first - _fitting((turns[at] for at in range(first - 1, -1, -1)), lines)


def _down(turns: Turns, end: int, lines: int) -> int:
    """Return where a step downwards from `end` ends."""
    return end + _fitting((turns[at] for at in range(end, len(turns))), lines)


def _fitting(nearest: Iterator[Turn], lines: int) -> int:
    """Return how many turns are drawn in one step of so many lines: one at least, if there is."""
    count = 0
    for turn in nearest:
        lines -= _lines(turn)
        if lines < 0 and count > 0:
            break
        count += 1
    return count


def _lines(turn: Turn) -> int:
    """Return about how many lines the turn takes, with the room around it."""
    sources = [part.source for part in turn.parts]
    return 3 + sum(source.count("\n") + len(source) // LINE_CHARS + 1 for source in sources)
