"""What the journal says, applied to what is known.

The same for entries from the event stream, from another tab, and for those parked meanwhile. A
gap is never applied over: the leader asks the server again from its cursor, a follower asks the
leader.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from holdfast_protocol.events import Entry, MessageCreated, PartDelta, ThreadDeleted
from holdfast_protocol.fold import fold, put
from holdfast_protocol.state import State, Thread, Window
from holdfast_web.core.app import App
from holdfast_web.core.effects import Effect, Save, UsePlace
from holdfast_web.core.inputs import Bootstrap
from holdfast_web.core.reading import ensure_history_synced, keep_history_synced, viewed

Step = tuple[App, tuple[Effect, ...]]


def apply_entries(app: App, entries: Iterable[Entry]) -> Step:
    """Fold the entries that are new, in order. Raises SequenceGap with nothing applied."""
    known, new = app.known, []
    for entry in entries:
        if entry.seq > known.seq:
            known = fold(known, entry)
            new.append(entry)
    if not new:
        return app, ()
    app = viewed(_without_gone(replace(app, known=known), new))
    touched = dict.fromkeys(entry.thread for entry in new if entry.message and entry.thread)
    app, effects = keep_history_synced(app, touched)
    history, unsent = app.history, app.unsent
    for entry in new:  # for the flights begun just now as well: the store lacks what began them
        history = history.park(entry)
        if isinstance(entry.event, MessageCreated):
            unsent = put(unsent, entry.event.message, None) if unsent else unsent
    calm = all(isinstance(entry.event, PartDelta) for entry in new)
    return replace(app, history=history, unsent=unsent), (*effects, Save(now=not calm))


def _without_gone(app: App, new: Iterable[Entry]) -> App:
    """A deleted thread is not there any more, in the local store either."""
    gone = {entry.event.thread for entry in new if isinstance(entry.event, ThreadDeleted)}
    if not gone:
        return app
    stored = MappingProxyType({n: mark for n, mark in app.stored.items() if n not in gone})
    return replace(app, missing=app.missing | gone, stored=stored)


def is_gap(app: App, entries: Iterable[Entry]) -> bool:
    """Whether something is missing between what is known and these, or among them."""
    at = app.known.seq
    for entry in entries:
        if entry.seq > at + 1:
            return True
        at = max(at, entry.seq)
    return False


def adopt_reset(app: App, bootstrap: Bootstrap) -> Step:
    """Start again from the account's state as the server sent it.

    What is shown stays on screen, marked as a saved copy, until its history was read again
    (L17). Another journal's content is dropped but for the thread in view, which a restored
    journal has too; what the person wrote is never dropped (L23).
    """
    moved: tuple[Effect, ...] = ()
    if app.place != bootstrap.place:
        nothing: MappingProxyType[str, Any] = MappingProxyType({})
        app = replace(app, known=_in_view(app, bootstrap), stored=nothing, seen=nothing)
        moved = (UsePlace(bootstrap.place),)
    threads = {
        thread.id: _newer(app.known.threads.get(thread.id), thread, bootstrap.seq)
        for thread in bootstrap.threads
    }
    shown = app.known.threads.get(app.open or "")
    if shown is not None:  # the list may have been too long for it; its history will tell
        threads.setdefault(shown.id, shown)
    app = replace(
        app,
        place=bootstrap.place,
        server=bootstrap.server,
        known=State(
            bootstrap.seq, MappingProxyType(threads), _as_saved_copies(app.known.windows, threads)
        ),
        stored=_as_saved_copies(app.stored, threads),
        history=app.history.abandoned(),
        seen=_all_seen(app, threads),
        missing=frozenset(),
        gap_at=None,
        is_ready=True,
        is_asking=False,
        parked=(),
    )
    app, effects = ensure_history_synced(viewed(app), app.open)
    return app, (*moved, *effects, Save(now=True, anew=True))


def _in_view(app: App, bootstrap: Bootstrap) -> State:
    """Return nothing but the window in view, and not even that to another account."""
    window = app.known.windows.get(app.open or "")
    if window is None or app.place is None or app.place.account != bootstrap.place.account:
        return State(0)
    return State(0, windows=MappingProxyType({window.thread: window}))


def _as_saved_copies(
    windows: Mapping[str, Window], threads: Mapping[str, Thread]
) -> Mapping[str, Window]:
    """Return the windows of these threads, none of them fresh."""
    return MappingProxyType(
        {name: replace(held, fresh=False) for name, held in windows.items() if name in threads}
    )


def adopt_bootstrap(app: App, bootstrap: Bootstrap) -> Step:
    """Take from a list of threads what is not older than what is held; the cursor stays.

    Law L20, its list half: a thread is replaced only by a reading that is not older than it.
    """
    if app.place is None:
        return adopt_reset(app, bootstrap)
    if app.place != bootstrap.place:
        return app, ()  # another journal: the event stream's reset will say so, with its cursor
    if app.is_asking and _closes_gap(app, bootstrap):
        return _caught_up_by(app, bootstrap)
    known = app.known
    threads = dict(known.threads)
    for thread in bootstrap.threads:
        is_lost = thread.version <= known.seq <= bootstrap.seq
        if thread.id in threads or is_lost:  # lost: it was there and nothing changed it since
            threads[thread.id] = _newer(threads.get(thread.id), thread, bootstrap.seq)
    known = replace(known, threads=MappingProxyType(threads))
    app = replace(app, known=known, server=bootstrap.server, seen=_all_seen(app, threads))
    return app, (Save(now=False),)


def _closes_gap(app: App, bootstrap: Bootstrap) -> bool:
    if bootstrap.seq < app.known.seq:
        return False
    there = replace(app, known=replace(app.known, seq=bootstrap.seq))
    return not is_gap(there, app.parked)


def _caught_up_by(app: App, bootstrap: Bootstrap) -> Step:
    """This tab missed something that no store had: the server's state closes the gap."""
    parked = app.parked
    app, effects = adopt_reset(app, bootstrap)
    app, more = apply_entries(app, parked)
    return app, (*effects, *more)


def _newer(held: Thread | None, read: Thread, seq: int) -> Thread:
    return read if held is None or seq >= held.version else held


def _all_seen(app: App, threads: Mapping[str, Thread]) -> Mapping[str, int]:
    """A thread that this tab meets in a list counts as seen, as it is."""
    return MappingProxyType(
        {name: app.seen.get(name, thread.active) for name, thread in threads.items()}
    )
