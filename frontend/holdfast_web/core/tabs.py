"""One connection per browser: what the leader does, and what the tabs that follow it do (L21).

The leader folds, stores and passes on; a follower folds what is passed on. A follower that
missed something asks; the leader stores at once and says so; the follower reads the store.
"""

from dataclasses import replace
from types import MappingProxyType

from holdfast_protocol.events import Entry
from holdfast_protocol.state import State
from holdfast_web.core.app import App, Sync
from holdfast_web.core.effects import Effect, FetchBootstrap, OpenStream, ReadStore, Save, Tell
from holdfast_web.core.feed import apply_entries, is_gap
from holdfast_web.core.inputs import PeerStored, Stored
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

    Windows that the store did not send along stay, as saved copies.
    """
    app = replace(app, stored=stored.marks, server=stored.server or app.server)
    if app.place is not None and app.place == stored.place and stored.seq <= app.known.seq:
        return app
    held = app.known.windows if app.place == stored.place else MappingProxyType({})
    threads = MappingProxyType({thread.id: thread for thread in stored.threads})
    windows = {n: replace(w, fresh=False) for n, w in held.items() if n in threads}
    windows |= {window.thread: window for window in stored.windows}
    seen = {n: app.seen.get(n, thread.active) for n, thread in threads.items()}
    return replace(
        app,
        place=stored.place,
        known=State(stored.seq, threads, MappingProxyType(windows)),
        history=app.history.abandoned(),
        seen=MappingProxyType(seen),
    )


def leadership_gained(app: App, stored: Stored | None, now_ms: int) -> Step:
    """This tab holds the lock: take over where the store stands, and open the stream."""
    app = replace(app, is_leader=True, is_asking=False, parked=())
    if stored is not None:
        app = adopt_stored(app, stored)
    app, effects = ensure_history_synced(app, app.open)
    app, more = open_stream(app, now_ms)
    return app, (*effects, *more)


def leadership_lost(app: App) -> Step:
    """Another tab leads now: this one follows, and writes no more."""
    return replace(app, is_leader=False, transport=Idle(app.transport.generation)), ()


def open_stream(app: App, now_ms: int) -> Step:
    """Open the event connection from where this tab stands."""
    transport = connect(app.transport, now_ms)
    cursor = app.place.cursor(app.known.seq) if app.place is not None else None
    return replace(app, transport=transport), (OpenStream(transport.generation, cursor),)


def peer_entries(app: App, entries: tuple[Entry, ...]) -> Step:
    """The leader passed entries on."""
    if app.is_leader or not app.is_ready:
        return app, ()
    if app.is_asking:
        return replace(app, parked=(*app.parked, *entries)), ()
    if is_gap(app, entries):
        return replace(app, is_asking=True, parked=entries), (Tell({"type": "ask"}),)
    return _followed(*apply_entries(app, entries))


def _followed(app: App, effects: tuple[Effect, ...]) -> Step:
    """A follower shows what it knows; storing it is the leader's."""
    return app, tuple(effect for effect in effects if not isinstance(effect, Save))


def peer_asked(app: App) -> Step:
    """A follower missed something: store at once (which tells it), and say how things are."""
    if not app.is_leader:
        return app, ()
    return app, (Save(now=True), Tell(sync_frame(app.sync)))


def sync_frame(sync: Sync) -> dict[str, str]:
    """What the leader tells of its connection."""
    return {"type": "sync", "sync": sync}


def peer_stored(app: App, said: PeerStored) -> Step:
    """The leader stored: read it, if this tab waits for that or if what it knows was replaced."""
    if app.is_leader or not (app.is_asking or said.anew or not app.is_ready):
        return app, ()
    return replace(app, is_asking=True), (ReadStore(app.open),)


def store_caught_up(app: App, stored: Stored | None) -> Step:
    """Go on from the store, then with what was passed on meanwhile."""
    if app.is_leader:
        return app, ()
    parked = app.parked
    app = replace(app, is_asking=False, parked=())
    if stored is not None:
        app = adopt_stored(replace(app, is_ready=True), stored)
    app, effects = ensure_history_synced(app, app.open)
    app, more = peer_entries(app, parked)
    return app, (*effects, *more)
