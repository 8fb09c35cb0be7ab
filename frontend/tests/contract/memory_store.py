"""A local store in memory, with the transactions of the real one.

Every value goes through JSON, as it does on its way to IndexedDB. Records come back in the order
of their keys. `turn` is awaited before and after each transaction: whatever else happens there,
what happens inside one is seen whole or not at all.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from holdfast_web.core.persist import STORES
from holdfast_web.ports import LocalStore, Records, StoreFailed, StoreGaveWay


async def at_once() -> None:
    """A turn that takes no time."""


class Content:
    """What one database holds; it outlives the pages that open it."""

    def __init__(self) -> None:
        self.meta: dict[str, Any] = {}
        self.stores: dict[str, dict[tuple[Any, ...], Any]] = {
            name: {} for name in STORES if name != "meta"
        }

    def apply(self, write: Mapping[str, Any]) -> None:
        """Carry one write out."""
        match json.loads(json.dumps(write)):
            case {"put": str(store), "value": value}:
                self.stores[store][key_of(store, value)] = value
            case {"clear": str(store), "under": under}:
                held, prefix = self.stores[store], tuple(under)
                for key in [key for key in held if key[: len(prefix)] == prefix]:
                    del held[key]
            case other:
                raise AssertionError(f"no such write: {other}")

    def records(self, thread: str | None) -> Records:
        """What a read for this thread gives."""

        def under(store: str) -> tuple[Any, ...]:
            held = self.stores[store]
            return tuple(held[key] for key in sorted(held) if key[0] == thread)

        def whole(store: str) -> tuple[Any, ...]:
            return tuple(self.stores[store][key] for key in sorted(self.stores[store]))

        gave = (whole("threads"), whole("windows"), under("messages"), under("segments"))
        return Records(dict(self.meta), *(tuple(json.loads(json.dumps(one))) for one in gave))


def key_of(store: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
    path = STORES[store]
    fields = (path,) if isinstance(path, str) else path
    return tuple(record[name] for name in fields)


class MemoryStore:
    """One page's handle on a database. `broken` makes everything fail from then on."""

    def __init__(self, content: Content, turn: Callable[[], Awaitable[None]] = at_once) -> None:
        self.content = content
        self.broken = False
        self.is_closed = False
        self.commits: list[tuple[dict[str, Any], ...]] = []
        self._turn = turn

    async def _begin(self) -> None:
        await self._turn()
        if self.broken or self.is_closed:
            raise StoreFailed("the store is gone")

    async def read(self, thread: str | None) -> Records:
        await self._begin()
        records = self.content.records(thread)
        await self._turn()
        return records

    async def lead(self) -> int:
        await self._begin()
        self.content.meta["epoch"] = self.content.meta.get("epoch", 0) + 1
        epoch = self.content.meta["epoch"]
        await self._turn()
        return epoch

    async def commit(self, writes: tuple[dict[str, Any], ...], *, epoch: int, seq: int) -> None:
        await self._begin()
        meta = self.content.meta
        if meta.get("epoch", 0) > epoch or meta.get("seq", 0) > seq:
            raise StoreGaveWay(f"the store is at epoch {meta.get('epoch')}, seq {meta.get('seq')}")
        for write in writes:
            self.content.apply(write)
        meta["seq"] = seq
        self.commits.append(writes)
        await self._turn()

    async def clear(self) -> None:
        await self._begin()
        for held in self.content.stores.values():
            held.clear()
        self.content.meta = {"epoch": self.content.meta.get("epoch", 0) + 1}
        await self._turn()

    async def close(self) -> None:
        self.is_closed = True


_: type[LocalStore] = MemoryStore
