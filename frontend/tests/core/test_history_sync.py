"""Law L19: one flight a thread, and nothing lost while it is under way."""

from frontend.tests.protocol.script import Script
from holdfast_protocol.limits import PARKED_ENTRIES_MAX
from holdfast_web.core.history_sync import HistorySync


def a_script() -> tuple[Script, str]:
    script = Script()
    thread = script.create_thread()
    script.send(thread)
    return script, thread


def test_L19_same_want_again_returns_at_once() -> None:
    history, flight = HistorySync().want("t", "server")
    again, none = history.want("t", "server")
    assert flight is not None
    assert none is None
    assert again is history


def test_L19_wants_of_several_threads_fly_side_by_side() -> None:
    history, one = HistorySync().want("t", "server")
    history, other = history.want("u", "store")
    assert {one.ticket, other.ticket} == {1, 2}
    assert set(history.flights) == {"t", "u"}


def test_L19_newer_want_supersedes_the_one_in_flight_and_its_ticket_dies() -> None:
    history, old = HistorySync().want("t", "store")
    history, new = history.want("t", "server")
    history, dropped = history.settled(old.ticket)
    assert dropped is None
    history, taken = history.settled(new.ticket)
    assert taken == new
    assert not history.flights


def test_L19_settled_twice_is_settled_once() -> None:
    history, flight = HistorySync().want("t", "server")
    history, _ = history.settled(flight.ticket)
    again, none = history.settled(flight.ticket)
    assert none is None
    assert again is history


def test_L19_guard_is_released_when_a_flight_fails() -> None:
    history, flight = HistorySync().want("t", "server")
    history, failed = history.failed(flight.ticket)
    assert failed == flight
    assert history.resting == {"t"}
    history, next_flight = history.rested("t").want("t", "server")
    assert next_flight is not None
    assert not history.resting


def test_failure_of_a_dead_ticket_lets_nothing_rest() -> None:
    history, old = HistorySync().want("t", "store")
    history, _ = history.want("t", "server")
    history, none = history.failed(old.ticket)
    assert none is None
    assert not history.resting


def test_entries_of_the_thread_are_parked_in_order_and_others_are_not() -> None:
    script, thread = a_script()
    other = script.create_thread()
    history, flight = HistorySync().want(thread, "server")
    for entry in script.entries:
        history = history.park(entry)
    history, flight = history.settled(flight.ticket)
    assert flight.parked == tuple(entry for entry in script.entries if entry.thread == thread)
    assert other not in history.flights


def test_what_was_parked_stays_parked_for_the_flight_that_supersedes() -> None:
    script, thread = a_script()
    history, _ = HistorySync().want(thread, "store")
    history = history.park(script.entries[1])
    history, flight = history.want(thread, "server")
    assert flight.parked == (script.entries[1],)


def test_L12_parking_past_its_bound_says_so_and_keeps_nothing() -> None:
    script, thread = a_script()
    history, _flight = HistorySync().want(thread, "server")
    for _ in range(PARKED_ENTRIES_MAX):
        history = history.park(script.entries[1])
    assert len(history.flights[thread].parked) == PARKED_ENTRIES_MAX
    history = history.park(script.entries[1])
    assert history.flights[thread].parked is None
    assert history.park(script.entries[1]) is history


def test_abandoned_tickets_are_dead_and_never_given_again() -> None:
    history, flight = HistorySync().want("t", "server")
    history = history.abandoned()
    assert history.settled(flight.ticket) == (history, None)
    _, next_flight = history.want("t", "server")
    assert next_flight.ticket > flight.ticket
