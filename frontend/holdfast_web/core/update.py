"""The one place where what happened becomes a new state: `(app, input) -> (app, effects)`.

Stale results die here: a generation of the stream that is over, a role that this tab no longer
has. Tickets of readings die in `HistorySync`.
"""

from dataclasses import replace
from typing import assert_never

from holdfast_protocol.events import Entry
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App, Sync, retry_later
from holdfast_web.core.effects import (
    CloseStream,
    DeleteThread,
    Effect,
    FetchBootstrap,
    Navigate,
    PostContinue,
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
from holdfast_web.core.sending import (
    answered,
    discard,
    move_lines,
    resend,
    resend_waiting,
    submitted,
)
from holdfast_web.core.tabs import (
    leadership_gained,
    leadership_lost,
    open_stream,
    peer_asked,
    peer_entries,
    peer_stored,
    started,
    store_caught_up,
    synced,
)
from holdfast_web.core.transport import BackingOff, Connecting, Idle, heard, is_silent, lost
from holdfast_web.core.transport import wake_at as transport_due
from holdfast_web.core.waiting import (
    continue_answered,
    continue_pressed,
    forget_continued,
    settle_continued,
)

Step = tuple[App, tuple[Effect, ...]]


def update(app: App, happened: on.Input, now_ms: int) -> Step:
    """Return the next state and what is to be done. `now_ms` is this browser's clock."""
    app, effects = _decided(app, happened, now_ms)
    if app.continuing:
        app = settle_continued(app)
    if not app.unsent:
        return app, effects
    app, more = move_lines(app)
    return app, (*effects, *more)


def wake_at(app: App) -> int | None:
    """When time alone will change something: `Woke` is due then. None if never."""
    due = [at for at in (transport_due(app.transport), app.retry_ms) if at is not None]
    return min(due, default=None)


def _decided(app: App, happened: on.Input, now_ms: int) -> Step:
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
            return history_failed(app, happened, now_ms)
        case on.SendAnswered():
            return answered(app, happened, now_ms)
        case on.StopAnswered(message, status):
            return _stop_answered(app, message, status, now_ms), ()
        case on.ContinueAnswered():
            return continue_answered(app, happened, now_ms), ()
        case on.DeleteAnswered(status, reason):
            return (app if 200 <= status < 400 else replace(app, notice=reason)), ()
        case on.Woke() | on.Shown():
            return _check_time(app, now_ms)
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
        case on.ModelChosen(model):
            return replace(app, model=model), ()
        case on.StopPressed(message):
            app = forget_continued(app, message)
            return replace(app, stopping=app.stopping | {message}), (PostStop(message),)
        case on.ContinuePressed(message):
            return continue_pressed(app, message)
        case on.DeletePressed(thread):
            if app.open != thread:
                return app, (DeleteThread(thread),)
            app, effects = open_thread(app, None)
            return app, (DeleteThread(thread), *effects, Navigate(None))
        case on.EarlierWanted():
            return want_earlier(app)
        case on.ResendPressed(message):
            return resend(app, message)
        case on.DiscardPressed(message):
            return discard(app, message)
        case on.NoticeDismissed():
            return replace(app, notice=""), ()
        case _:
            assert_never(happened)


def _stop_answered(app: App, message: str, status: int, now_ms: int) -> App:
    """A stop that did not reach the server is asked again; any answer settles it."""
    if status == 0 or status >= 500:
        return retry_later(app, now_ms)
    return replace(app, stopping=app.stopping - {message})


def _tabs(app: App, happened: on.TabInput, now_ms: int) -> Step:
    match happened:
        case on.LeadershipGained(stored):
            return leadership_gained(app, stored, now_ms)
        case on.LeadershipLost():
            app, effects = leadership_lost(app)
            return app, (CloseStream(), *effects)
        case on.PeerEntries():
            return peer_entries(app, happened, now_ms)
        case on.PeerAsked():
            return peer_asked(app)
        case on.PeerStored():
            return peer_stored(app, happened)
        case on.PeerSync(sync):
            return _peer_sync(app, sync)
        case on.StoreCaughtUp(stored):
            return store_caught_up(app, stored)
        case _:
            assert_never(happened)


def _stream(app: App, happened: on.StreamInput, now_ms: int) -> Step:
    if happened.generation != app.transport.generation or isinstance(app.transport, Idle):
        return app, ()  # an older connection's last words
    if isinstance(happened, on.StreamEnded):
        gone = lost(app.transport, happened.generation, now_ms, happened.jitter)
        return synced(replace(app, transport=gone), "offline")
    app = replace(app, transport=heard(app.transport, happened.generation, now_ms))
    match happened:
        case on.StreamOpened():
            return synced(app, "catching-up")
        case on.StreamHeard():
            return app, ()
        case on.StreamEntries(_, entries, text):
            return _entries_came(app, entries, text, now_ms)
        case on.StreamCaughtUp(_, server_ms):
            server = replace(app.server, ahead_ms=server_ms - now_ms)
            return _live(replace(app, server=server))
        case on.StreamReset(_, bootstrap):
            return adopt_reset(app, bootstrap)
        case _:
            assert_never(happened)


def _entries_came(app: App, entries: tuple[Entry, ...], text: str, now_ms: int) -> Step:
    """Apply and pass on. A gap is asked for again; if it is still there, everything is."""
    if app.place is None:
        return app, ()  # they begin nowhere: a stream without a cursor begins with a reset
    if is_gap(app, entries):
        is_same = app.gap_at == app.known.seq
        return _reopen(replace(app, gap_at=app.known.seq), now_ms, anew=is_same)
    app, effects = apply_entries(app, entries)
    told = {"type": "entries", "journal": app.place.journal, "entries": text}
    return app, (Tell(told), *effects)


def _live(app: App) -> Step:
    """Everything that happened is here."""
    app, said = synced(app, "live")
    app, effects = _ask_again(app)
    return app, (*said, *effects)


def _peer_sync(app: App, sync: Sync) -> Step:
    if app.is_leader:
        return app, ()
    app = replace(app, sync=sync)
    return _ask_again(app) if sync == "live" else (app, ())


def _ask_again(app: App) -> Step:
    """Ask the server for all that it did not answer."""
    app = replace(resend_waiting(app), retry_ms=None, history=app.history.rested())
    app, effects = ensure_history_synced(app, app.open)
    if app.is_asking or not app.server.model:
        effects = (*effects, FetchBootstrap())
    stops = (PostStop(message) for message in app.stopping)
    continues = (PostContinue(asked) for asked in app.continuing.values())
    return app, (*effects, *stops, *continues)


def _reopen(app: App, now_ms: int, *, anew: bool = False) -> Step:
    app, said = synced(app, "catching-up")
    app, effects = open_stream(app, now_ms, anew=anew)
    return app, (CloseStream(), *said, *effects)


def _check_time(app: App, now_ms: int) -> Step:
    """Do what is due by now."""
    app, effects = _check_stream(app, now_ms)
    if app.retry_ms is None or now_ms < app.retry_ms:
        return app, effects
    app, more = _ask_again(app)
    return app, (*effects, *more)


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
    if not is_online:
        return app, ()
    app, asked = _ask_again(app)
    if not isinstance(app.transport, BackingOff | Connecting):
        return app, asked
    app, effects = _reopen(app, now_ms)
    return app, (*asked, *effects)
