"""Runs the core against the ports: the page's one composition root.

`dispatch` is the only way anything changes. It holds no rule of its own: what happens next was
decided in `core`, and what a port reports becomes an input.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import assert_never

from holdfast_protocol.state import State, Window
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App, Continuation, Place, Unsent
from holdfast_web.core.persist import (
    STORES,
    Saved,
    restore_marks,
    restore_threads,
    restore_window,
)
from holdfast_web.core.update import update, wake_at
from holdfast_web.ports import LocalStore, Ports, Records, StoreFailed
from holdfast_web.shell.saver import Saver
from holdfast_web.shell.stream import Stream
from holdfast_web.shell.wire import bootstrap_of, history_of, peer_input_of, reason_of

ACCOUNT = "local"
"""Until people log in, the one whose lock and channel this browser's tabs share."""


class Shell:
    """One tab's running page. `publish` is called with every new state."""

    def __init__(self, ports: Ports, publish: Callable[[App], None]) -> None:
        self.app = App()
        self._ports = ports
        self._publish = publish
        self._store: LocalStore | None = None
        self._holds_lock = False
        self._moving = 0
        self._stream = Stream(ports, self.dispatch)
        self._saver = Saver(
            ports,
            known=lambda: self.app,
            stored=self._stored,
            gave_way=self._gave_way,
            failed=self._store_failed,
        )

    # --- starting ----------------------------------------------------------------------------
    async def start(self) -> None:
        """Show what the local store holds, then join the other tabs."""
        ports = self._ports
        stored = await self._open_last_store()
        self.dispatch(on.Started(stored, ports.address.thread()))
        ports.address.listen(lambda thread: self.dispatch(on.Opened(thread)))
        ports.page.listen(
            hidden=self._saver.flush,
            shown=lambda: self.dispatch(on.Shown()),
            network=lambda is_online: self.dispatch(on.NetworkChanged(is_online)),
        )
        ports.tabs.listen(self._name("tabs"), self._heard)
        self._ask_to_lead()
        ports.tabs.tell('{"type": "ask"}')

    def _ask_to_lead(self) -> None:
        spawn, name = self._ports.spawn, self._name("leader")
        self._ports.tabs.ask_to_lead(name, lambda: spawn(self._lead()))

    def _name(self, what: str) -> str:
        return f"holdfast {what} {self._ports.origin} {ACCOUNT}"

    async def _open_last_store(self) -> on.Stored | None:
        place = self._last_place()
        if place is None:
            return None
        try:
            store = await self._open_store(place)
            return await self._read(store, place, self._ports.address.thread())
        except StoreFailed:
            self._store_failed()
            return None

    def _last_place(self) -> Place | None:
        journal, _, account = (self._ports.stores.last_place() or "").partition(".")
        return Place(journal, account) if account else None

    async def _open_store(self, place: Place) -> LocalStore:
        """Open the store of this place, which takes the place of any other."""
        name = f"holdfast {self._ports.origin} {place.journal} {place.account}"
        opened = await self._ports.stores.open(name, STORES)
        left, self._store = self._store, opened
        if left is not None:
            await left.close()
        return opened

    async def _read(self, store: LocalStore, place: Place, thread: str | None) -> on.Stored | None:
        """Read the store; None while nothing was ever committed to it."""
        records = await store.read(thread)
        seq = records.meta.get("seq")
        if type(seq) is not int or seq < 0:
            return None
        marks = restore_marks(records.windows)
        window = _window(records, thread, marks)
        windows = (window,) if window is not None else ()
        return on.Stored(place, seq, restore_threads(records.threads), windows, marks)

    async def _lead(self) -> None:
        """The lock is ours: take the next epoch in the store, then the connection."""
        self._holds_lock = True
        stored, place, store = None, self.app.place, self._store
        if store is not None and place is not None and not self._moving:
            try:
                epoch = await store.lead()
                read = await self._read(store, place, self.app.open)
                if store is self._store and place == self.app.place:
                    self._saver.begin(store, epoch, _saved(read))
                    stored = read
            except StoreFailed:
                self._store_failed()
        self.dispatch(on.LeadershipGained(stored))

    async def _use_place(self, place: Place) -> None:
        """The data is of another place than thought: the leader begins its store empty."""
        self._saver.end()
        self._moving += 1
        try:
            store = await self._open_store(place)
            if self._holds_lock and place == self.app.place:
                await store.clear()
                epoch = await store.lead()
                if store is self._store:
                    self._saver.begin(store, epoch, Saved())
                    self._saver.touch(now=True, anew=True)
            if place == self.app.place:
                self._ports.stores.remember_place(f"{place.journal}.{place.account}")
        except StoreFailed:
            self._store_failed()
        finally:
            self._moving -= 1

    # --- one step ----------------------------------------------------------------------------
    def dispatch(self, happened: on.Input) -> None:
        """Take one input: decide, show, act."""
        self.app, effects = update(self.app, happened, self._ports.clock.now_ms())
        self._publish(self.app)
        for effect in effects:
            self._run(effect)
        self._ports.clock.wake_at("core", wake_at(self.app), lambda: self.dispatch(on.Woke()))

    def _run(self, effect: do.Effect) -> None:
        ports = self._ports
        match effect:
            case do.Save(now, anew):
                if self.app.is_leader:
                    self._saver.touch(now=now, anew=anew)
                    if now and self._store is None:
                        self._stored(self.app.known.seq, anew)  # nobody should wait for it
            case do.Tell(frame):
                self._stream.tell(frame)
            case do.OpenStream(generation, cursor):
                self._stream.open(generation, cursor)
            case do.CloseStream():
                ports.events.close()
            case do.Navigate(thread):
                ports.address.go(thread)
            case do.ReadWindow(ticket, thread):
                ports.spawn(self._read_window(ticket, thread))
            case do.ReadStore(thread):
                ports.spawn(self._read_store(thread))
            case do.UsePlace(place):
                ports.spawn(self._use_place(place))
            case do.FetchHistory():
                ports.spawn(self._fetch_history(effect))
            case do.FetchBootstrap():
                ports.spawn(self._fetch_bootstrap())
            case do.PostMessage(unsent):
                ports.spawn(self._post_message(unsent))
            case do.PostStop(message):
                ports.spawn(self._post_stop(message))
            case do.PostContinue(continuation):
                ports.spawn(self._post_continue(continuation))
            case do.DeleteThread(thread):
                ports.spawn(self._delete_thread(thread))
            case _:
                assert_never(effect)

    # --- the store ---------------------------------------------------------------------------
    async def _read_window(self, ticket: int, thread: str) -> None:
        window = None
        if self._store is not None:
            try:
                records = await self._store.read(thread)
                window = _window(records, thread, restore_marks(records.windows))
            except StoreFailed:
                self._store_failed()
        self.dispatch(on.WindowRead(ticket, window))

    async def _read_store(self, thread: str | None) -> None:
        stored, store, place = None, self._store, self.app.place
        try:
            if store is None or place is None or place != self._last_place():
                stored = await self._open_last_store()
            else:
                stored = await self._read(store, place, thread)
        except StoreFailed:
            self._store_failed()
        self.dispatch(on.StoreCaughtUp(stored))

    def _stored(self, seq: int, anew: bool) -> None:
        self._stream.tell({"type": "stored", "seq": seq, "anew": anew})

    def _gave_way(self) -> None:
        """A later leader wrote: this tab was frozen or robbed. It follows from now on."""
        self._holds_lock = False
        self._ports.tabs.step_down()
        self.dispatch(on.LeadershipLost())
        self._ask_to_lead()

    def _store_failed(self) -> None:
        """Go on without a local store: the server has everything."""
        self._saver.end()
        self._store = None

    # --- other tabs and the server -----------------------------------------------------------
    def _heard(self, text: str) -> None:
        said = peer_input_of(text)
        if said is not None:
            self.dispatch(said)

    async def _fetch_history(self, wanted: do.FetchHistory) -> None:
        path = f"/api/threads/{wanted.thread}/messages"
        if wanted.before is not None:
            path += f"?before={wanted.before}"
        answer = await self._ports.http.request("GET", path)
        read = history_of(wanted.ticket, answer.body) if answer.status == 200 else None
        self.dispatch(read or on.HistoryFailed(wanted.ticket, answer.status))

    async def _fetch_bootstrap(self) -> None:
        answer = await self._ports.http.request("GET", "/api/bootstrap")
        if answer.status == 200:
            bootstrap = bootstrap_of(answer.body, self._ports.clock.now_ms())
            if bootstrap is not None:
                self.dispatch(on.BootstrapRead(bootstrap))

    async def _post_message(self, unsent: Unsent) -> None:
        body = {"id": unsent.message, "reply": unsent.reply, "text": unsent.text}
        if unsent.model:
            body["model"] = unsent.model
        path = f"/api/threads/{unsent.thread}/messages"
        answer = await self._ports.http.request("POST", path, body)
        reason = reason_of(answer.status, answer.body)
        self.dispatch(on.SendAnswered(unsent.message, answer.status, reason))

    async def _post_stop(self, message: str) -> None:
        answer = await self._ports.http.request("POST", f"/api/messages/{message}/stop")
        self.dispatch(on.StopAnswered(message, answer.status))

    async def _post_continue(self, asked: Continuation) -> None:
        path = f"/api/messages/{asked.message}/continue"
        answer = await self._ports.http.request("POST", path, {"run": asked.run})
        self.dispatch(on.ContinueAnswered(asked.message, answer.status))

    async def _delete_thread(self, thread: str) -> None:
        answer = await self._ports.http.request("DELETE", f"/api/threads/{thread}")
        reason = reason_of(answer.status, answer.body)
        self.dispatch(on.DeleteAnswered(answer.status, reason))


def _window(records: Records, thread: str | None, marks: Mapping[str, Window]) -> Window | None:
    mark = marks.get(thread) if thread is not None else None
    if mark is None:
        return None
    return restore_window(mark, records.messages, records.segments)


def _saved(stored: on.Stored | None) -> Saved:
    """What the store holds, as the base that later writes are compared with."""
    if stored is None:
        return Saved()
    threads = MappingProxyType({thread.id: thread for thread in stored.threads})
    windows = MappingProxyType({window.thread: window for window in stored.windows})
    return Saved(State(stored.seq, threads, windows), stored.marks)
