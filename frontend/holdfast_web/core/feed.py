"""What the journal says, applied to what is known.

The same for entries from the event stream, from another tab, and for those parked meanwhile. A
gap is never applied over: the leader asks the server again from its cursor, a follower asks the
leader.
"""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from holdfast_protocol.events import Entry, MessageCreated, PartDelta
from holdfast_protocol.fold import fold, put
from holdfast_protocol.state import State, Thread
from holdfast_web.core.app import App
from holdfast_web.core.effects import Effect, FetchBootstrap, Save, UsePlace
from holdfast_web.core.inputs import Bootstrap
from holdfast_web.core.reading import ensure_history_synced, keep_history_synced

Step = tuple[App, tuple[Effect, ...]]


def apply_entries(app: App, entries: Iterable[Entry]) -> Step:
    """Fold the entries that are new, in order. Raises SequenceGap with nothing applied."""
    known, history, unsent = app.known, app.history, app.unsent
    touched: dict[str, None] = {}
    calm = True
    for entry in entries:
        if entry.seq <= known.seq:
            continue
        known = fold(known, entry)
        history = history.park(entry)
        if entry.message is not None and entry.thread is not None:
            touched[entry.thread] = None
        if isinstance(entry.event, MessageCreated) and entry.event.message in unsent:
            unsent = put(unsent, entry.event.message, None)
        calm = calm and isinstance(entry.event, PartDelta)
    if known is app.known:
        return app, ()
    strangers = known.strangers - app.known.strangers
    app = replace(app, known=known, history=history, unsent=unsent)
    app, effects = keep_history_synced(_viewed(app), touched)
    if strangers:
        effects = (*effects, FetchBootstrap())
    return app, (*effects, Save(now=not calm))


def _viewed(app: App) -> App:
    """What is open is seen: it bears no unread mark."""
    thread = app.known.threads.get(app.open or "")
    if thread is None or app.seen.get(thread.id) == thread.active:
        return app
    return replace(app, seen=put(app.seen, thread.id, thread.active))


def is_gap(app: App, entries: tuple[Entry, ...]) -> bool:
    """Whether something lies between what is known and the first of these that is new."""
    new = next((entry for entry in entries if entry.seq > app.known.seq), None)
    return new is not None and new.seq != app.known.seq + 1


def adopt_reset(app: App, bootstrap: Bootstrap) -> Step:
    """Start again from the account's state as the server sent it.

    What is shown stays on screen, marked as a saved copy, until its history was read again
    (L17). Another journal's content is dropped; what the person wrote is not (L23).
    """
    moved: tuple[Effect, ...] = ()
    if app.place != bootstrap.place:
        app = replace(
            App(open=app.open, unsent=app.unsent, transport=app.transport),
            is_leader=app.is_leader,
            history=app.history,
            sync=app.sync,
        )
        moved = (UsePlace(bootstrap.place),)
    threads = {
        thread.id: _newer(app.known.threads.get(thread.id), thread, bootstrap.seq)
        for thread in bootstrap.threads
    }
    stale = {
        name: replace(window, fresh=False)
        for name, window in app.known.windows.items()
        if name in threads
    }
    app = replace(
        app,
        place=bootstrap.place,
        server=bootstrap.server,
        known=State(bootstrap.seq, MappingProxyType(threads), MappingProxyType(stale)),
        stored=MappingProxyType({n: replace(w, fresh=False) for n, w in app.stored.items()}),
        history=app.history.abandoned(),
        seen=_all_seen(app, threads),
        missing=frozenset(),
        is_ready=True,
    )
    app, effects = ensure_history_synced(app, app.open)
    return app, (*moved, *effects, Save(now=True, anew=True))


def adopt_bootstrap(app: App, bootstrap: Bootstrap) -> Step:
    """Take from a list of threads what is not older than what is held; the cursor stays.

    Law L20, its list half: a thread is replaced only by a reading that is not older than it.
    """
    if app.place is None:
        return adopt_reset(app, bootstrap)
    if app.place != bootstrap.place:
        return app, ()  # another journal: the event stream's reset will say so, with its cursor
    threads = dict(app.known.threads)
    for thread in bootstrap.threads:
        if thread.id in threads or thread.id in app.known.strangers:
            threads[thread.id] = _newer(threads.get(thread.id), thread, bootstrap.seq)
    known = replace(app.known, threads=MappingProxyType(threads), strangers=frozenset())
    return replace(app, known=known, server=bootstrap.server), (Save(now=False),)


def _newer(held: Thread | None, read: Thread, seq: int) -> Thread:
    return read if held is None or seq >= held.version else held


def _all_seen(app: App, threads: dict[str, Thread]) -> MappingProxyType[str, int]:
    """A thread that this tab meets for the first time counts as seen, as it is."""
    return MappingProxyType(
        {name: app.seen.get(name, thread.active) for name, thread in threads.items()}
    )
