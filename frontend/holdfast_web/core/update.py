"""The one place where what happened becomes a new state: `(app, input) -> (app, effects)`.

Stale results die here: a generation of the stream that is over, a role that this tab no longer
has. Tickets of readings die in `HistorySync`.
"""

from dataclasses import replace
from typing import assert_never

from holdfast_protocol.fold import put
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App, Sync
from holdfast_web.core.effects import (
    CloseStream,
    DeleteThread,
    Effect,
    Navigate,
    PostStop,
    Tell,
)
from holdfast_web.core.feed import adopt_bootstrap, adopt_reset, apply_entries, is_gap
from holdfast_web.core.reading import (
    ensure_history_synced,
    history_failed,
    history_read,
    open_thread,
    want_earlier,
    window_read,
)
from holdfast_web.core.sending import answered, resend, resend_waiting, submitted
from holdfast_web.core.tabs import (
    leadership_gained,
    leadership_lost,
    open_stream,
    peer_asked,
    peer_entries,
    peer_stored,
    started,
    store_caught_up,
    sync_frame,
)
from holdfast_web.core.transport import BackingOff, Connecting, Idle, heard, is_silent, lost

Step = tuple[App, tuple[Effect, ...]]


def update(app: App, happened: on.Input, now_ms: int) -> Step:
    """Return the next state and what is to be done. `now_ms` is this browser's clock."""
    if isinstance(happened, on.PersonInput):
        return _person(app, happened, now_ms)
    if isinstance(happened, on.StreamInput):
        return _stream(app, happened, now_ms)
    if isinstance(happened, on.TabInput):
        return _tabs(app, happened, now_ms)
    match happened:
        case on.Started(stored, open_):
            return started(app, stored, open_)
        case on.WindowRead():
            return window_read(app, happened)
        case on.BootstrapRead(bootstrap):
            return adopt_bootstrap(app, bootstrap)
        case on.HistoryRead():
            return history_read(app, happened)
        case on.HistoryFailed():
            return history_failed(app, happened)
        case on.SendAnswered():
            return answered(app, happened)
        case on.AskAnswered(status=status, reason=reason):
            return (app if status < 400 and status else replace(app, notice=reason)), ()
        case on.Woke() | on.Shown():
            return _check_stream(app, now_ms)
        case on.NetworkChanged(is_online):
            return _network_changed(app, is_online, now_ms)
        case _:
            assert_never(happened)


def _person(app: App, happened: on.PersonInput, now_ms: int) -> Step:
    match happened:
        case on.Opened(thread):
            return open_thread(app, thread)
        case on.Submitted():
            return submitted(app, happened, now_ms)
        case on.StopPressed(message):
            return app, (PostStop(message),)
        case on.DeletePressed(thread):
            leave: tuple[Effect, ...] = (Navigate(None),) if app.open == thread else ()
            return app, (DeleteThread(thread), *leave)
        case on.EarlierWanted():
            return want_earlier(app)
        case on.ResendPressed(message):
            return resend(app, message)
        case on.DiscardPressed(message):
            return replace(app, unsent=put(app.unsent, message, None)), ()
        case on.NoticeDismissed():
            return replace(app, notice=""), ()
        case _:
            assert_never(happened)


def _tabs(app: App, happened: on.TabInput, now_ms: int) -> Step:
    match happened:
        case on.LeadershipGained(stored):
            return leadership_gained(app, stored, now_ms)
        case on.LeadershipLost():
            app, effects = leadership_lost(app)
            return app, (CloseStream(), *effects)
        case on.PeerEntries(entries):
            return peer_entries(app, entries)
        case on.PeerAsked():
            return peer_asked(app)
        case on.PeerStored():
            return peer_stored(app, happened)
        case on.PeerSync(sync):
            return (app if app.is_leader else replace(app, sync=sync)), ()
        case on.StoreCaughtUp(stored):
            return store_caught_up(app, stored)
        case _:
            assert_never(happened)


def _stream(app: App, happened: on.StreamInput, now_ms: int) -> Step:
    if happened.generation != app.transport.generation or isinstance(app.transport, Idle):
        return app, ()  # an older connection's last words
    app = replace(app, transport=heard(app.transport, happened.generation, now_ms))
    match happened:
        case on.StreamOpened() | on.StreamHeard():
            return app, ()
        case on.StreamEntries(_, entries, text):
            if is_gap(app, entries):
                return _reopen(app, now_ms)
            app, effects = apply_entries(app, entries)
            return app, (Tell({"type": "entries", "entries": text}), *effects)
        case on.StreamCaughtUp(_, server_ms):
            server = replace(app.server, ahead_ms=server_ms - now_ms)
            return _live(replace(app, server=server))
        case on.StreamReset(_, bootstrap):
            return adopt_reset(app, bootstrap)
        case on.StreamEnded(generation, _, jitter):
            gone = lost(app.transport, generation, now_ms, jitter)
            return _synced(replace(app, transport=gone), "offline")
        case _:
            assert_never(happened)


def _live(app: App) -> Step:
    """Everything that happened is here: what waited for the server is tried again."""
    app, effects = _synced(app, "live")
    app, more = resend_waiting(app)
    app, again = ensure_history_synced(app, app.open)
    return app, (*effects, *more, *again)


def _synced(app: App, sync: Sync) -> Step:
    if app.sync == sync:
        return app, ()
    return replace(app, sync=sync), (Tell(sync_frame(sync)),)


def _reopen(app: App, now_ms: int) -> Step:
    app, said = _synced(app, "catching-up")
    app, effects = open_stream(app, now_ms)
    return app, (CloseStream(), *said, *effects)


def _check_stream(app: App, now_ms: int) -> Step:
    """Connect again when that is due, or when the connection has fallen silent."""
    transport = app.transport
    if isinstance(transport, BackingOff) and now_ms >= transport.until_ms:
        return open_stream(app, now_ms)
    if is_silent(transport, now_ms):
        return _reopen(app, now_ms)
    return app, ()


def _network_changed(app: App, is_online: bool, now_ms: int) -> Step:
    """The browser says that the network came or went. Only coming is worth acting on."""
    if is_online and isinstance(app.transport, BackingOff | Connecting):
        return _reopen(app, now_ms)
    return app, ()
