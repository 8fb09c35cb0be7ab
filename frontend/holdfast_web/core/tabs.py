"""One connection per browser: what the leader does, and what the tabs that follow it do (L21).

The leader folds, stores and passes on; a follower folds what is passed on. A follower that
missed something asks; the leader stores at once and says so; the follower reads the store.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from holdfast_protocol.events import Entry
from holdfast_protocol.limits import PARKED_ENTRIES_MAX
from holdfast_protocol.state import State, Window
from holdfast_web.core.app import App, Sync, retry_later
from holdfast_web.core.effects import Effect, FetchBootstrap, OpenStream, ReadStore, Save, Tell
from holdfast_web.core.feed import apply_entries, is_gap
from holdfast_web.core.inputs import PeerEntries, PeerStored, Stored
from holdfast_web.core.reading import ensure_history_synced
from holdfast_web.core.transport import Idle, connect

Step = tuple[App, tuple[Effect, ...]]


def started(app: App, stored: Stored | None, open_: str | None) -> Step:
    """The page begins with what the local store holds, and looks at what the address names."""
    app = replace(app, open=open_)
    if stored is not None:
        app = adopt_stored(replace(app, is_ready=True), stored)
    app, effects = ensure_history_synced(app, open_)
    return app, (FetchBootstrap(), *effects)


def adopt_stored(app: App, stored: Stored) -> App:
    """Go on from what the store holds, if that is further than what is known.

    Windows that the store did not send along stay, as saved copies; and so does a held one where
    the store's own is no more than that (L17).
    """
    if app.place == stored.place and stored.seq <= app.known.seq:
        return replace(app, stored=_marks_behind(app, stored))
    held = app.known.windows if app.place == stored.place else MappingProxyType({})
    threads = MappingProxyType({thread.id: thread for thread in stored.threads})
    windows = {n: replace(w, fresh=False) for n, w in held.items() if n in threads}
    windows |= {w.thread: w for w in stored.windows if w.fresh or w.thread not in windows}
    seen = {n: app.seen.get(n, thread.active) for n, thread in threads.items()}
    return replace(
        app,
        place=stored.place,
        known=State(stored.seq, threads, MappingProxyType(windows)),
        history=app.history.abandoned(),
        seen=MappingProxyType(seen),
        stored=stored.marks,
        missing=frozenset(),
    )


def _marks_behind(app: App, stored: Stored) -> Mapping[str, Window]:
    """Return the store's marks; one of a thread that went on since the store stood is stale."""
    threads = app.known.threads
    marks = {}
    for name, mark in stored.marks.items():
        went_on = name not in threads or threads[name].version > stored.seq
        marks[name] = replace(mark, fresh=False) if went_on else mark
    return MappingProxyType(marks)


def leadership_gained(app: App, stored: Stored | None, now_ms: int) -> Step:
    """This tab holds the lock: take over where the store stands, and open the stream."""
    app = replace(app, is_leader=True, is_asking=False, parked=())
    if stored is not None:
        app = adopt_stored(app, stored)
    app, said = synced(app, "catching-up")
    app, effects = ensure_history_synced(app, app.open)
    app, more = open_stream(app, now_ms)
    return app, (*said, *effects, *more, Save(now=True))


def leadership_lost(app: App) -> Step:
    """Another tab leads now: this one follows, and writes no more."""
    return replace(app, is_leader=False, transport=Idle(app.transport.generation)), ()


def open_stream(app: App, now_ms: int, *, anew: bool = False) -> Step:
    """Open the event connection from where this tab stands, or from a reset."""
    transport = connect(app.transport, now_ms)
    cursor = None if app.place is None or anew else app.place.cursor(app.known.seq)
    return replace(app, transport=transport), (OpenStream(transport.generation, cursor),)


def peer_entries(app: App, said: PeerEntries, now_ms: int) -> Step:
    """The leader passed entries on."""
    if app.is_leader or not app.is_ready:
        return app, ()
    entries = said.entries
    is_ours = app.place is not None and said.journal == app.place.journal
    if app.is_asking:
        return (_parked(app, entries) if is_ours else app), ()
    if is_ours and not is_gap(app, entries):
        return apply_entries(app, entries)
    app = replace(app, is_asking=True, parked=entries if is_ours else ())
    return retry_later(app, now_ms), (Tell({"type": "ask"}),)


def _parked(app: App, entries: tuple[Entry, ...]) -> App:
    """Keep them until the store was read. Past the bound the oldest go: that gap is asked for."""
    return replace(app, parked=(*app.parked, *entries)[-PARKED_ENTRIES_MAX:])


def peer_asked(app: App) -> Step:
    """A follower missed something: store at once (which tells it), and say how things are."""
    if not app.is_leader:
        return app, ()
    return app, (Save(now=True), _tell_sync(app))


def _tell_sync(app: App) -> Tell:
    return Tell({"type": "sync", "sync": app.sync})


def synced(app: App, sync: Sync) -> Step:
    """The leader's connection is so now: the other tabs are told of a change."""
    if app.sync == sync:
        return app, ()
    app = replace(app, sync=sync)
    return app, (_tell_sync(app),)


def peer_stored(app: App, said: PeerStored) -> Step:
    """The leader stored: read it, if this tab waits for that or if what it knows was replaced."""
    if app.is_leader or not (app.is_asking or said.anew or not app.is_ready):
        return app, ()
    return replace(app, is_asking=True), (ReadStore(app.open),)


def store_caught_up(app: App, stored: Stored | None) -> Step:
    """Go on from the store, then with what was passed on meanwhile."""
    if app.is_leader:
        return app, ()
    before = app.place
    if stored is not None:
        app = adopt_stored(replace(app, is_ready=True), stored)
    parked = app.parked if app.place == before else ()
    app, effects = ensure_history_synced(replace(app, parked=parked), app.open)
    if is_gap(app, parked):  # the leader cannot store, or not in time: the server is asked
        return app, (*effects, FetchBootstrap())
    app, more = apply_entries(replace(app, is_asking=False, parked=()), parked)
    return app, (*effects, *more)
