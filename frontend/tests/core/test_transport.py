"""The event connection: every transition, and the neighbours that are none."""

import pytest

from holdfast_protocol.limits import RECONNECT_MS_MAX, RECONNECT_MS_MIN
from holdfast_web.core.transport import (
    SILENCE_MS_MAX,
    BackingOff,
    Connecting,
    Idle,
    Live,
    connect,
    heard,
    is_silent,
    lost,
    wake_at,
)

CONNECTING = Connecting(3, 2, 1_000)
LIVE = Live(3, 1_000)
BACKING_OFF = BackingOff(3, 2, 9_000)
IDLE = Idle(3)


@pytest.mark.parametrize(
    ("before", "failures"), [(IDLE, 0), (LIVE, 0), (CONNECTING, 2), (BACKING_OFF, 2)]
)
def test_connecting_is_of_a_new_generation_and_remembers_failures(before, failures) -> None:
    assert connect(before, 5) == Connecting(4, failures, 5)


@pytest.mark.parametrize("before", [CONNECTING, LIVE])
def test_connection_that_says_something_is_live(before) -> None:
    assert heard(before, 3, 7) == Live(3, 7)


@pytest.mark.parametrize("before", [IDLE, BACKING_OFF])
def test_nothing_is_heard_where_no_connection_is(before) -> None:
    assert heard(before, 3, 7) is before
    assert lost(before, 3, 7, 0.0) is before


@pytest.mark.parametrize("before", [IDLE, CONNECTING, LIVE, BACKING_OFF])
def test_older_generation_changes_nothing(before) -> None:
    assert heard(before, 2, 7) is before
    assert lost(before, 2, 7, 0.0) is before


def test_connection_lost_after_it_lived_is_tried_again_soon() -> None:
    gone = lost(LIVE, 3, 1_000, 0.0)
    assert gone == BackingOff(3, 1, 1_000 + RECONNECT_MS_MIN // 2)


def test_connection_that_never_opens_is_tried_ever_later_up_to_the_bound() -> None:
    transport, waits = connect(Idle(), 0), []
    for _ in range(12):
        transport = lost(transport, transport.generation, 0, 0.999)
        waits.append(transport.until_ms)
        transport = connect(transport, 0)
    assert waits == sorted(waits)
    assert waits[0] <= RECONNECT_MS_MIN
    assert RECONNECT_MS_MAX * 0.9 < waits[-1] <= RECONNECT_MS_MAX


def test_jitter_spreads_the_attempts_over_half_the_wait() -> None:
    soon, late = lost(LIVE, 3, 0, 0.0), lost(LIVE, 3, 0, 0.999)
    assert soon.until_ms == RECONNECT_MS_MIN // 2
    assert soon.until_ms < late.until_ms <= RECONNECT_MS_MIN


@pytest.mark.parametrize(
    ("transport", "due"),
    [
        (IDLE, None),
        (CONNECTING, 1_000 + SILENCE_MS_MAX),
        (LIVE, 1_000 + SILENCE_MS_MAX),
        (BACKING_OFF, 9_000),
    ],
)
def test_time_alone_changes_a_transport_only_when_it_says(transport, due) -> None:
    assert wake_at(transport) == due


@pytest.mark.parametrize("transport", [CONNECTING, LIVE])
def test_connection_is_silent_once_it_said_nothing_for_too_long(transport) -> None:
    assert not is_silent(transport, 1_000 + SILENCE_MS_MAX - 1)
    assert is_silent(transport, 1_000 + SILENCE_MS_MAX)


@pytest.mark.parametrize("transport", [IDLE, BACKING_OFF])
def test_where_no_connection_is_none_is_silent(transport) -> None:
    assert not is_silent(transport, 10**12)
