"""Writes what is known into the local store, while it streams (L14, L15).

Only the leader's saver writes. The core says what changed, the shared coalescer when it is
written; content and the sequence it belongs to go in one transaction.
"""

from collections.abc import Callable

from holdfast_protocol.coalesce import Coalescer
from holdfast_protocol.limits import STORE_WINDOW_MS_MAX
from holdfast_web.core.app import App
from holdfast_web.core.persist import Saved, writes
from holdfast_web.ports import LocalStore, Ports, StoreFailed, StoreGaveWay

SHORTEST_MS = 50
"""Between two writes of a stream; IndexedDB takes 1-3 ms for one."""


class Saver:
    """Keeps one local store up with what this tab knows."""

    def __init__(
        self,
        ports: Ports,
        *,
        known: Callable[[], App],
        stored: Callable[[int, bool], None],
        gave_way: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        self._ports = ports
        self._known = known
        self._stored = stored
        self._gave_way = gave_way
        self._failed = failed
        self._store: LocalStore | None = None
        self._epoch = 0
        self._turn = 0
        self._base = Saved()
        self._anew = False
        self._coalescer = Coalescer(shortest_ms=SHORTEST_MS, longest_ms=STORE_WINDOW_MS_MAX)

    def begin(self, store: LocalStore, epoch: int, base: Saved) -> None:
        """Write to this store from now on; `base` is what it holds."""
        self._store, self._epoch, self._base = store, epoch, base
        self._turn += 1

    def end(self) -> None:
        """Write no more: another tab leads, or another store is to be written."""
        self._store = None
        self._turn += 1

    def flush(self) -> None:
        """The page may be gone soon: store at once what is pending. Does nothing when clean."""
        if self._coalescer.is_dirty:
            self.touch(now=True)

    def touch(self, *, now: bool, anew: bool = False) -> None:
        """Something is known that is not stored. `now`: store it without waiting for more."""
        self._anew = self._anew or anew
        at = self._ports.clock.now_ms()
        if now:
            self._coalescer.hurry(at)
        else:
            self._coalescer.touch(at)
        self._schedule()

    def _schedule(self) -> None:
        due = self._coalescer.due_at
        if due is None or self._store is None:
            return
        if due <= self._ports.clock.now_ms():
            self._coalescer.begin(self._ports.clock.now_ms())
            self._ports.clock.wake_at("save", None, self._schedule)
            self._ports.spawn(self._write(self._store, self._turn))
        else:
            self._ports.clock.wake_at("save", due, self._schedule)

    async def _write(self, store: LocalStore, turn: int) -> None:
        """Write once. What a write says that began before `begin` or `end` is not listened to."""
        try:
            if turn == self._turn:
                await self._commit(store, turn)
        except StoreGaveWay:
            if turn == self._turn:
                self.end()
                self._gave_way()
        except StoreFailed:
            if turn == self._turn:
                self.end()
                self._failed()
        finally:
            self._coalescer.settle(self._ports.clock.now_ms())
        self._schedule()

    async def _commit(self, store: LocalStore, turn: int) -> None:
        base, epoch = self._base, self._epoch
        if self._known().known.seq < base.known.seq:
            # The journal was set back, and what is stored lies ahead of it: begin anew.
            await store.clear()
            epoch = await store.lead()
            base = Saved()
        app, anew = self._known(), self._anew
        target = Saved(app.known, app.stored)
        self._anew = False
        await store.commit(writes(base, target), epoch=epoch, seq=target.known.seq)
        if turn == self._turn:
            self._epoch, self._base = epoch, target
            self._stored(target.known.seq, anew)
