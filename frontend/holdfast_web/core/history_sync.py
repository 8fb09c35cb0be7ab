"""Law L19: a thread's history is read by one flight at a time.

A value that says which threads are being read, from where, and what came for them meanwhile.
The same want again returns at once; a newer want of another kind supersedes the one in flight,
whose ticket dies with it. Entries that arrive for a thread on its way are parked and applied on
top of what was read, so that there is no gap and no overlap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from holdfast_protocol.events import Entry
from holdfast_protocol.fold import put
from holdfast_protocol.limits import PARKED_ENTRIES_MAX

Source = Literal["store", "server"]


@dataclass(frozen=True, slots=True)
class Flight:
    """One reading under way. `before` asks for the page above that message.

    `parked` is None once more came than is kept: what was read must then be read again.
    """

    ticket: int
    thread: str
    source: Source
    before: str | None = None
    parked: tuple[Entry, ...] | None = ()


@dataclass(frozen=True, slots=True)
class HistorySync:
    """Which threads are being read. At most one flight a thread.

    `resting` are threads whose last reading got no answer: not asked again at every occasion.
    """

    flights: Mapping[str, Flight] = field(default_factory=lambda: MappingProxyType({}))
    next_ticket: int = 1
    resting: frozenset[str] = frozenset()

    def want(
        self, thread: str, source: Source, before: str | None = None
    ) -> tuple["HistorySync", Flight | None]:
        """Return the value with a flight for the thread, and that flight if it is a new one.

        What was parked for the flight it supersedes stays parked.
        """
        held = self.flights.get(thread)
        if held is not None and (held.source, held.before) == (source, before):
            return self, None
        parked = held.parked if held is not None else ()
        flight = Flight(self.next_ticket, thread, source, before, parked)
        flights = put(self.flights, thread, flight)
        return replace(self, flights=flights, next_ticket=self.next_ticket + 1), flight

    def park(self, entry: Entry) -> "HistorySync":
        """Keep an entry for the flight of its thread, if there is one."""
        flight = self.flights.get(entry.thread or "")
        if flight is None or flight.parked is None:
            return self
        parked = (*flight.parked, entry) if len(flight.parked) < PARKED_ENTRIES_MAX else None
        return replace(
            self, flights=put(self.flights, flight.thread, replace(flight, parked=parked))
        )

    def settled(self, ticket: int) -> tuple["HistorySync", Flight | None]:
        """Return the value without this flight, and the flight; None if its ticket had died."""
        for flight in self.flights.values():
            if flight.ticket == ticket:
                return replace(self, flights=put(self.flights, flight.thread, None)), flight
        return self, None

    def failed(self, ticket: int) -> tuple["HistorySync", Flight | None]:
        """Like `settled`, for a flight that brought nothing: its thread rests."""
        settled, flight = self.settled(ticket)
        if flight is None:
            return settled, None
        return replace(settled, resting=settled.resting | {flight.thread}), flight

    def rested(self, thread: str | None = None) -> "HistorySync":
        """Return the value in which this thread, or every one, may be asked for again."""
        resting = self.resting - {thread} if thread is not None else frozenset()
        return replace(self, resting=resting)

    def abandoned(self) -> "HistorySync":
        """Return the value with every ticket dead: what was parked no longer joins on to it."""
        return HistorySync(next_ticket=self.next_ticket)
