"""How a thread's window comes to be here: from the local store, else from the server.

Law L19 is kept by `HistorySync`; this is what uses it, on first sight, on a switch, on return
and for threads that grow out of sight alike. A view is never seeded from another thread.
"""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from holdfast_protocol.fold import fold_window, put
from holdfast_protocol.state import Window
from holdfast_web.core.app import App
from holdfast_web.core.effects import Effect, FetchHistory, ReadWindow, Save
from holdfast_web.core.history_sync import Flight, Source
from holdfast_web.core.inputs import HistoryFailed, HistoryRead, WindowRead

Step = tuple[App, tuple[Effect, ...]]


def open_thread(app: App, thread: str | None) -> Step:
    """Look at another thread. Leaving one touches no run, and no connection either (L18)."""
    app = replace(app, open=thread)
    held = app.known.threads.get(thread or "")
    if held is not None:
        app = replace(app, seen=put(app.seen, held.id, held.active))
    return ensure_history_synced(app, thread)


def ensure_history_synced(app: App, thread: str | None) -> Step:
    """Have the thread's window read unless a fresh one is here. Calling it again is harmless."""
    if thread is None or not app.is_ready or thread in app.missing:
        return app, ()
    window = app.known.windows.get(thread)
    if window is not None and window.fresh:
        return app, ()
    if thread not in app.known.threads and any(u.thread == thread for u in app.unsent.values()):
        return app, ()  # a thread of our own that the journal has not echoed yet
    return _want(app, thread, "store" if window is None and thread in app.stored else "server")


def keep_history_synced(app: App, threads: Iterable[str]) -> Step:
    """Law L15, its reading half: the leader holds a window of every thread that grows."""
    effects: tuple[Effect, ...] = ()
    if app.is_leader:
        for thread in threads:
            if thread not in app.known.windows and thread in app.known.threads:
                app, more = ensure_history_synced(app, thread)
                effects += more
    return app, effects


def want_earlier(app: App) -> Step:
    """Have the page above the oldest message of the open thread read."""
    window = app.known.windows.get(app.open or "")
    if window is None or not window.has_more or not window.messages:
        return app, ()
    oldest = min(window.messages.values(), key=lambda message: message.seq)
    return _want(app, window.thread, "server", oldest.id)


def _want(app: App, thread: str, source: Source, before: str | None = None) -> Step:
    history, flight = app.history.want(thread, source, before)
    app = replace(app, history=history)
    if flight is None:
        return app, ()
    if source == "store":
        return app, (ReadWindow(flight.ticket, thread),)
    return app, (FetchHistory(flight.ticket, thread, before),)


def window_read(app: App, read: WindowRead) -> Step:
    """Take the store's window of a thread.

    To the leader it is as fresh as the store's mark was when the reading began: what came since
    is parked. A follower shows it as a saved copy, because the store lags behind what it knows.
    """
    history, flight = app.history.settled(read.ticket)
    app = replace(app, history=history)
    if flight is None:
        return app, ()
    thread = flight.thread
    if read.window is None:
        return _want(replace(app, stored=put(app.stored, thread, None)), thread, "server")
    mark = app.stored.get(thread)
    fresh = app.is_leader and mark is not None and mark.fresh and flight.parked is not None
    app = _adopt(app, replace(read.window, fresh=fresh and read.window.fresh), flight)
    return ensure_history_synced(app, thread)


def history_read(app: App, read: HistoryRead) -> Step:
    """Take a page of a thread that the server sent. A dead ticket's is dropped here."""
    history, flight = app.history.settled(read.ticket)
    app = replace(app, history=history)
    if flight is None:
        return app, ()
    if flight.parked is None:
        return _want(app, flight.thread, "server", flight.before)
    app = _adopt_thread(app, read)
    messages = {message.id: message for message in read.messages}
    held = app.known.windows.get(flight.thread)
    if flight.before is not None and held is not None:
        older = {name: message for name, message in messages.items() if name not in held.messages}
        window = replace(
            held, messages=MappingProxyType({**older, **held.messages}), has_more=read.has_more
        )
    else:
        window = Window(flight.thread, read.seq, MappingProxyType(messages), read.has_more)
    return _adopt(app, window, flight), (Save(now=False),)


def _adopt_thread(app: App, read: HistoryRead) -> App:
    """Law L20: a reading replaces a thread's row only if it is not older than what is held."""
    thread = read.thread
    if thread is None:
        return app
    held = app.known.threads.get(thread.id)
    if held is not None and read.seq < held.version:
        return app
    return replace(app, known=replace(app.known, threads=put(app.known.threads, thread.id, thread)))


def _adopt(app: App, window: Window, flight: Flight) -> App:
    """Put the window in its place, with what was parked for it applied on top."""
    folded: Window | None = window
    for entry in flight.parked or ():
        folded = fold_window(folded, entry)
    windows = put(app.known.windows, flight.thread, folded)
    return replace(app, known=replace(app.known, windows=windows))


def history_failed(app: App, failed: HistoryFailed) -> Step:
    """Let go of the flight. What is not there is said so; the rest is tried when live again."""
    history, flight = app.history.settled(failed.ticket)
    app = replace(app, history=history)
    if flight is None or failed.status not in (404, 410):
        return app, ()
    return replace(app, missing=app.missing | {flight.thread}), ()
