"""Which of a thread's turns are on screen while it is being opened.

Drawing a hundred messages takes longer than anybody should wait for one of them. So a thread
opens with the few around the place where its reader is, in one step, and the others join above
and below in the steps that follow. A stretch only ever widens: what is on screen stays (L17).
"""

from dataclasses import dataclass

from holdfast_web.core.select import Turn

TURNS_AT_ONCE = 12
"""Some 20 ms of drawing on a slow machine, and more than one screen of anything but one-liners."""
CHARS_AT_ONCE = 20_000
"""The same by weight; one turn always fits, however long."""
TURNS_ABOVE = 2
"""Above a place to come back to, for a reader who scrolls up at once."""

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
        return _stretch(turns, _up(turns, len(turns)), len(turns))
    return _stretch(turns, max(0, found - TURNS_ABOVE), _down(turns, found))


def wider(turns: Turns, stretch: Stretch) -> Stretch:
    """Return the next step. The reader's side is not known here: both ends grow."""
    first, end = _bounds(turns, stretch)
    return _stretch(turns, _up(turns, first), _down(turns, end))


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


def _up(turns: Turns, first: int) -> int:
    """Return where a step upwards from `first` begins."""
    return first - _fitting(turns[max(0, first - TURNS_AT_ONCE) : first][::-1])


def _down(turns: Turns, end: int) -> int:
    """Return where a step downwards from `end` ends."""
    return end + _fitting(turns[end : end + TURNS_AT_ONCE])


def _fitting(turns: Turns) -> int:
    """Return how many of these, nearest first, are drawn in one step."""
    room = CHARS_AT_ONCE
    for count, turn in enumerate(turns):
        room -= sum(len(part.source) for part in turn.parts)
        if room < 0:
            return max(1, count)
    return len(turns)
