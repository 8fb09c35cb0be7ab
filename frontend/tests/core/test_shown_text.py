"""Law L17 over schedules: whatever happens in whatever order, no shown text ever shrinks.

One tab against a server that knows a whole journal and has journalled a growing prefix of it.
The schedule decides what comes next: entries, again or with some skipped, a reset, a cut, a
reading that ends late or not at all, a switch of threads, a reload from what was stored.
"""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from frontend.tests.contract.memory_store import Content
from frontend.tests.core.driving import Core
from frontend.tests.core.truth import PLACE, Truth
from frontend.tests.protocol.strategies import scripts
from holdfast_protocol.state import State
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.persist import (
    Saved,
    restore_marks,
    restore_threads,
    restore_window,
    writes,
)
from holdfast_web.core.select import timeline


class Tab:
    """A leading tab, its store, and what the person has seen in it."""

    def __init__(self, truth: Truth, number: Callable[[int], int]) -> None:
        self.truth = truth
        self.number = number
        self.head = 1
        self.content = Content()
        self.seen: dict[tuple[str, str], str] = {}
        self.begin()

    def begin(self) -> None:
        """Start, or reload: from the store alone, the same thread open."""
        open_ = self.core.app.open if hasattr(self, "core") else None
        self.core = Core()
        self.base = Saved()
        self.pending: list[tuple[do.Effect, int]] = []
        stored = self._stored(open_)
        self.take(on.Started(stored, open_))
        stored = self._stored(open_)
        if stored is not None:
            windows = {window.thread: window for window in stored.windows}
            threads = {thread.id: thread for thread in stored.threads}
            self.base = Saved(State(stored.seq, threads, windows), stored.marks)
        self.take(on.LeadershipGained(stored))
        self.connect()

    def _stored(self, open_: str | None) -> on.Stored | None:
        records = self.content.records(open_)
        if "seq" not in records.meta:
            return None
        marks = restore_marks(records.windows)
        held = ()
        if open_ in marks:
            held = (restore_window(marks[open_], records.messages, records.segments),)
        threads = restore_threads(records.threads)
        return on.Stored(PLACE, records.meta["seq"], threads, held, marks)

    def take(self, happened: on.Input) -> None:
        self.core.take(happened)
        self.look()
        for effect in self.core.last:
            match effect:
                case do.Save():
                    self.save()
                case do.ReadWindow() | do.FetchHistory() | do.FetchBootstrap():
                    self.pending.append((effect, self.head))

    def save(self) -> None:
        app = self.core.app
        now = Saved(app.known, app.stored)
        for write in writes(self.base, now):
            self.content.apply(write)
        self.content.meta["seq"] = app.known.seq
        self.base = now

    def look(self) -> None:
        shown = timeline(self.core.app)
        alive = self.truth.at(self.head).windows
        messages = {name for window in alive.values() for name in window.messages}
        for turn in shown.turns:
            for part in turn.parts:
                key, text = (turn.id, part.id), part.source
                before = self.seen.get(key, "")
                assert text.startswith(before) or turn.id not in messages, (before, text)
                self.seen[key] = text
        if shown.thread in self.core.app.known.windows:
            gone = {key for key in self.seen if key[0] not in messages}
            here = {(turn.id, part.id) for turn in shown.turns for part in turn.parts}
            window = self.core.app.known.windows[shown.thread]
            for key in self.seen.keys() - gone - here:
                assert key[0] not in {turn.id for turn in shown.turns}, f"{key} vanished"
            assert shown.turns or not window.messages or not shown.thread, "a blank view"

    # --- moves ---

    def connect(self) -> None:
        core = self.core
        self.take(on.StreamOpened(core.generation))
        if core.app.place is None:
            self.reset()

    def reset(self) -> None:
        self.take(on.StreamReset(self.core.generation, self.truth.bootstrap(self.head)))

    def journal(self) -> None:
        self.head = min(self.truth.head, self.head + 1 + self.number(4))

    def entries(self) -> None:
        """What is new, or something already told, or something too far on."""
        known = self.core.app.known.seq
        start = max(0, known + self.number(5) - 3)
        batch = self.truth.after(start, min(self.head, start + 1 + self.number(6)))
        self.take(on.StreamEntries(self.core.generation, batch, "[]"))

    def cut(self) -> None:
        self.take(on.StreamEnded(self.core.generation, 0, 0.5))
        self.core.now += 100_000
        self.take(on.Woke())
        self.connect()

    def switch(self) -> None:
        threads = sorted(self.truth.at(self.head).threads)
        if threads:
            self.take(on.Opened(threads[self.number(len(threads))]))

    def answer(self) -> None:
        """One reading ends: as it stood when asked, now, in between, or not at all."""
        if not self.pending:
            return
        effect, asked = self.pending.pop(self.number(len(self.pending)))
        read = asked + self.number(self.head - asked + 1)
        match effect:
            case do.ReadWindow(ticket, thread):
                self.take(on.WindowRead(ticket, self._window(thread)))
            case do.FetchHistory(ticket, thread, before):
                failed = self.number(5) == 0
                known = before is None or before in self.truth.at(read).windows[thread].messages
                if failed or not known:
                    self.take(on.HistoryFailed(ticket, 0))
                else:
                    self.take(self.truth.history(ticket, thread, read, before, limit=4))
            case do.FetchBootstrap():
                self.take(on.BootstrapRead(self.truth.bootstrap(read)))

    def _window(self, thread: str):
        records = self.content.records(thread)
        marks = restore_marks(records.windows)
        if thread not in marks:
            return None
        return restore_window(marks[thread], records.messages, records.segments)

    def earlier(self) -> None:
        self.take(on.EarlierWanted())

    def caught_up(self) -> None:
        self.take(on.StreamCaughtUp(self.core.generation, self.core.now))


MOVES = (
    *(Tab.journal, Tab.entries, Tab.entries, Tab.answer, Tab.answer, Tab.switch),
    *(Tab.reset, Tab.cut, Tab.begin, Tab.earlier, Tab.caught_up),
)


class Numbers:
    """Small numbers out of one big one: how a schedule's move goes about its work."""

    def __init__(self) -> None:
        self.seed = 0

    def __call__(self, below: int) -> int:
        self.seed, picked = divmod(self.seed, below)
        return picked


@given(scripts, st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 10**6)), max_size=60))
def test_L17_no_shown_text_ever_shrinks_and_no_view_goes_blank(script, schedule) -> None:
    numbers = Numbers()
    tab = Tab(Truth(script.entries), numbers)
    for move, numbers.seed in schedule:
        move(tab)
    drain(tab)


def drain(tab: Tab) -> None:
    """Let everything arrive: the tab then knows what a fresh reader would."""
    tab.head = tab.truth.head
    tab.cut()
    for _ in range(20):
        known = tab.core.app.known.seq
        batch = tab.truth.after(known)
        tab.take(on.StreamEntries(tab.core.generation, batch, "[]"))
        tab.caught_up()
        while tab.pending:
            effect, _ = tab.pending.pop(0)
            match effect:
                case do.ReadWindow(ticket, thread):
                    tab.take(on.WindowRead(ticket, tab._window(thread)))
                case do.FetchHistory(ticket, thread, before):
                    tab.take(tab.truth.history(ticket, thread, None, before))
                case do.FetchBootstrap():
                    tab.take(on.BootstrapRead(tab.truth.bootstrap()))
    app = tab.core.app
    assert app.known.seq == tab.truth.head
    assert dict(app.known.threads) == dict(tab.truth.at().threads)
    if app.open in app.known.threads:
        fresh = Core()
        fresh.take(on.Started(None, app.open), on.BootstrapRead(tab.truth.bootstrap()))
        fresh.take(tab.truth.history(fresh.only(do.FetchHistory).ticket, app.open))
        assert timeline(app).state == "fresh"
        shown, true = timeline(app).turns, timeline(fresh.app).turns
        assert shown == true[-len(shown) :]
