"""What a server that holds this journal would answer at any of its sequences."""

from dataclasses import replace
from types import MappingProxyType

from frontend.tests.protocol.script import Script, counted_id
from holdfast_protocol.events import Entry
from holdfast_protocol.fold import fold
from holdfast_protocol.state import Message, State, chosen_path
from holdfast_web.core import inputs as on
from holdfast_web.core.app import Place, Server

PLACE = Place(counted_id(900_001), "local")
ELSEWHERE = Place(counted_id(900_002), "local")
SERVER = Server(model="demo", is_demo=True)


class Truth:
    """A journal, and every state it ever had."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = list(entries)
        self.states = [State(0)]
        for entry in entries:
            self.states.append(fold(self.states[-1], entry))

    @property
    def head(self) -> int:
        return len(self.entries)

    def at(self, seq: int | None = None) -> State:
        return self.states[self.head if seq is None else seq]

    def after(self, seq: int, until: int | None = None) -> tuple[Entry, ...]:
        return tuple(self.entries[seq:until])

    def bootstrap(self, seq: int | None = None, place: Place = PLACE) -> on.Bootstrap:
        state = self.at(seq)
        return on.Bootstrap(place, state.seq, tuple(state.threads.values()), SERVER)

    def page(
        self, thread: str, seq: int | None = None, before: str | None = None, limit: int = 50
    ) -> tuple[tuple[Message, ...], bool] | None:
        """A page of the thread's chosen path, newest first; None if there is no such thread."""
        state = self.at(seq)
        if thread not in state.threads:
            return None
        path = chosen_path(state.windows[thread], state.threads[thread].leaf)
        if before is not None:
            path = path[: [message.id for message in path].index(before)]
        return tuple(reversed(path[-limit:])), len(path) > limit

    def history(
        self,
        ticket: int,
        thread: str,
        seq: int | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> on.HistoryRead | on.HistoryFailed:
        page = self.page(thread, seq, before, limit)
        if page is None:
            return on.HistoryFailed(ticket, 410)
        state = self.at(seq)
        return on.HistoryRead(ticket, state.threads[thread], page[0], state.seq, page[1])

    def stored(self, seq: int, *, windows: set[str], marks: set[str] | None = None) -> on.Stored:
        """A store that was written at `seq`; `windows` were read with their messages."""
        state = self.at(seq)
        held = {name: window for name, window in state.windows.items() if name in state.threads}
        return on.Stored(
            place=PLACE,
            seq=seq,
            threads=tuple(state.threads.values()),
            windows=tuple(held[name] for name in windows if name in held),
            marks=MappingProxyType(
                {
                    name: replace(window, messages=MappingProxyType({}))
                    for name, window in held.items()
                    if marks is None or name in marks
                }
            ),
        )


def truth_of(script: Script) -> Truth:
    return Truth(script.entries)
