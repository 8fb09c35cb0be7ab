"""How a thread's window comes to be here: from the local store, else from the server.

Law L19 is kept by `HistorySync`; this is what uses it, on first sight, on a switch, on return
and for threads that grow out of sight alike. A view is never seeded from another thread.
"""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from holdfast_protocol.fold import fold_thread, fold_window, put
from holdfast_protocol.ids import is_id
from holdfast_protocol.state import Message, Thread, Window
from holdfast_web.core.app import App, retry_later
from holdfast_web.core.effects import Effect, FetchHistory, ReadWindow, Save
from holdfast_web.core.history_sync import Flight, Source
from holdfast_web.core.inputs import HistoryFailed, HistoryRead, WindowRead

Step = tuple[App, tuple[Effect, ...]]


def open_thread(app: App, thread: str | None) -> Step:
    """Look at another thread. Leaving one touches no run, and no connection either (L18)."""
    app = viewed(replace(app, open=thread, history=app.history.rested(thread or "")))
    return ensure_history_synced(app, thread)


def viewed(app: App) -> App:
    """What is open is seen: it bears no unread mark."""
    thread = app.known.threads.get(app.open or "")
    if thread is None or app.seen.get(thread.id) == thread.active:
        return app
    return replace(app, seen=put(app.seen, thread.id, thread.active))


def ensure_history_synced(app: App, thread: str | None) -> Step:
    """Have the thread's window read unless a fresh one is here. Calling it again is harmless."""
    if thread is None or not app.is_ready or thread in app.history.resting:
        return app, ()
    if not is_id(thread):  # an address that was typed, or made up
        return replace(app, missing=app.missing | {thread}), ()
    window = app.known.windows.get(thread)
    if window is not None and window.fresh:
        return app, ()
    if thread not in app.known.threads and _is_not_to_be_had(app, thread):
        return app, ()
    return _want(app, thread, "store" if window is None and thread in app.stored else "server")


def _is_not_to_be_had(app: App, thread: str) -> bool:
    """Whether an unknown thread is not there, or is our own and not yet echoed by the journal."""
    if thread in app.known.strangers:
        return False
    return thread in app.missing or any(u.thread == thread for u in app.unsent.values())


def keep_history_synced(app: App, threads: Iterable[str]) -> Step:
    """Law L15, its reading half: the leader holds a window of every thread that grows.

    A thread whose row was never read is read by every tab: the reading brings the row.
    """
    effects: tuple[Effect, ...] = ()
    for thread in threads:
        if app.is_leader or thread in app.known.strangers:
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
    window = replace(read.window, fresh=fresh and read.window.fresh)
    app = _placed(app, thread, _with_parked(window, flight))
    app, effects = ensure_history_synced(app, thread)
    return app, (*effects, Save(now=False))


def history_read(app: App, read: HistoryRead) -> Step:
    """Take a page of a thread that the server sent. A dead ticket's is dropped here."""
    history, flight = app.history.settled(read.ticket)
    app = replace(app, history=history)
    if flight is None:
        return app, ()
    thread = flight.thread
    if flight.parked is None:
        return _want(app, thread, "server", flight.before)
    messages = sorted(read.messages, key=lambda message: message.seq)
    by_id = MappingProxyType({message.id: message for message in messages})
    page = _with_parked(Window(thread, read.seq, by_id, read.has_more), flight)
    held = app.known.windows.get(thread)
    if flight.before is None:
        app = viewed(_with_row(_placed(app, thread, page), read, flight))
    elif held is not None and page is not None:
        app = _placed(app, thread, _merged(held, page))
    app, effects = ensure_history_synced(app, thread)
    return app, (*effects, Save(now=False))


def _with_parked(window: Window, flight: Flight) -> Window | None:
    """Return the window with what was parked for it on top; None if that deleted the thread."""
    folded: Window | None = window
    for entry in flight.parked or ():
        folded = fold_window(folded, entry)
    return folded


def _merged(held: Window, earlier: Window) -> Window:
    """Return the held window with an earlier page above it. What is held stays as it is (L20)."""
    messages: dict[str, Message] = {**earlier.messages, **held.messages}
    return replace(held, messages=MappingProxyType(messages), has_more=earlier.has_more)


def _placed(app: App, thread: str, window: Window | None) -> App:
    return replace(app, known=replace(app.known, windows=put(app.known.windows, thread, window)))


def _with_row(app: App, read: HistoryRead, flight: Flight) -> App:
    """Law L20: a reading replaces a thread's row only if it is not older than what is held.

    To the row of a thread that was not known, what was parked for it applies; a deletion too.
    """
    row: Thread | None = read.thread
    if row is None or row.id != flight.thread:
        return app
    held = app.known.threads.get(row.id)
    if held is not None and read.seq < held.version:
        return app
    for entry in flight.parked or ():
        row = fold_thread(row, entry)
    known = app.known
    threads = put(known.threads, flight.thread, row)
    known = replace(known, threads=threads, strangers=known.strangers - {flight.thread})
    return replace(app, known=known)


def history_failed(app: App, failed: HistoryFailed, now_ms: int) -> Step:
    """Let go of the flight. What is not there is said so; the rest is asked again later."""
    history, flight = app.history.failed(failed.ticket)
    app = replace(app, history=history)
    if flight is None:
        return app, ()
    if failed.status not in (404, 410):
        return retry_later(app, now_ms), ()
    if flight.before is not None:
        return app, ()  # the message that the page hangs from is gone, not the thread
    known = app.known
    known = replace(
        known,
        threads=put(known.threads, flight.thread, None),
        windows=put(known.windows, flight.thread, None),
        strangers=known.strangers - {flight.thread},
    )
    app = replace(app, known=known, missing=app.missing | {flight.thread})
    return app, (Save(now=False),)
