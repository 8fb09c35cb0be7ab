"""Which of a thread's turns are on screen while it is being opened."""

import pytest

from holdfast_protocol.state import Part
from holdfast_web.core.select import Turn
from holdfast_web.views.stretch import (
    LINES_AT_FIRST,
    LINES_AT_ONCE,
    TURNS_ABOVE,
    Stretch,
    cut,
    opening,
    to_end,
    wider,
)

SHORT = 4
"""Lines of a turn with one line of text."""


def turn(name: object, lines: int = 1) -> Turn:
    return Turn(str(name), "assistant", "complete", (Part("p", "text", text="x\n" * (lines - 1)),))


def turns(count: int, lines: int = 1) -> tuple[Turn, ...]:
    return tuple(turn(number, lines) for number in range(count))


def names(*wanted: Turn) -> list[int]:
    return [int(one.id) for one in wanted]


LONG = turns(100)
AT_FIRST = LINES_AT_FIRST // SHORT
AT_ONCE = LINES_AT_ONCE // SHORT


def test_a_thread_opens_with_its_last_turns() -> None:
    assert names(*cut(LONG, opening(LONG, None))) == list(range(100 - AT_FIRST, 100))


def test_a_thread_opens_around_the_place_to_come_back_to() -> None:
    shown = names(*cut(LONG, opening(LONG, "40")))
    assert (shown[0], shown[-1]) == (40 - TURNS_ABOVE, 40 + AT_FIRST - 1)


@pytest.mark.parametrize("at", ["gone", "99", None])
def test_a_place_at_the_end_or_nowhere_is_the_end(at: str | None) -> None:
    stretch = opening(LONG, at)
    assert stretch.last is None
    assert names(*cut(LONG, stretch))[-1] == 99


def test_a_short_thread_opens_whole() -> None:
    few = turns(AT_FIRST)
    assert cut(few, opening(few, None)) == few
    assert cut(few, opening(few, "0")) == few


def test_lines_that_wrap_count_too() -> None:
    wrapped = Turn("100", "assistant", "complete", (Part("p", "text", text="x" * 72 * 500),))
    assert names(*cut((*LONG, wrapped), opening((*LONG, wrapped), None))) == [100]


def test_long_turns_are_fewer_and_one_always_fits() -> None:
    heavy = turns(10, LINES_AT_FIRST // 3 - 3)
    assert names(*cut(heavy, opening(heavy, None))) == [7, 8, 9]
    huge = turns(10, LINES_AT_ONCE * 2)
    assert names(*cut(huge, opening(huge, None))) == [9]
    assert names(*cut(huge, wider(huge, opening(huge, None)))) == [8, 9]


@pytest.mark.parametrize("at", [None, "0", "40", "97"])
def test_L17_a_stretch_only_widens_and_ends_with_the_whole_thread(at: str | None) -> None:
    stretch, steps = opening(LONG, at), 0
    shown = cut(LONG, stretch)
    while shown != LONG:
        stretch = wider(LONG, stretch)
        more = cut(LONG, stretch)
        assert set(shown) < set(more)
        assert len(more) - len(shown) <= 2 * AT_ONCE
        shown, steps = more, steps + 1
    assert steps <= len(LONG) / AT_ONCE + 1
    assert wider(LONG, stretch) == stretch == Stretch("0")


def test_what_is_new_at_the_end_is_shown_with_the_end_and_only_then() -> None:
    more = (*LONG, turn(100))
    assert names(*cut(more, opening(LONG, None)))[-1] == 100
    middle = opening(LONG, "40")
    assert cut(more, middle) == cut(LONG, middle)
    assert names(*cut(more, to_end(middle)))[-1] == 100


def test_earlier_turns_that_came_later_join_in_steps() -> None:
    held = LONG[50:]
    stretch = opening(held, None)
    for _ in range(10):
        stretch = wider(held, stretch)
    assert cut(held, stretch) == held
    assert cut(LONG, stretch) == held
    assert names(*cut(LONG, wider(LONG, stretch)))[0] == 50 - AT_ONCE


@pytest.mark.parametrize("gone", [39, 54])
def test_L17_nothing_else_vanishes_when_a_turn_at_an_end_is_deleted(gone: int) -> None:
    stretch = opening(LONG, "40")
    left = tuple(one for one in LONG if one.id != str(gone))
    assert set(cut(LONG, stretch)) - {LONG[gone]} <= set(cut(left, stretch))
