"""The local store on IndexedDB: static/js/store.js, told what is in it.

One record, `head`, holds the leader's epoch and the sequence that the content belongs to; every
commit is guarded by it in its own transaction (L14).
"""

import json
from collections.abc import Mapping
from typing import Any, Self

from holdfast_js import page, store
from pyodide.ffi import JsException

from holdfast_web.ports import LocalStore, Records, StoreFailed, StoreGaveWay

VERSION = 1
Stores = Mapping[str, str | tuple[str, ...]]


class BrowserStores:
    """The stores of this browser, by name, and which one was used last."""

    def last_place(self) -> str | None:
        return page.recall("place") or None

    def remember_place(self, name: str) -> None:
        page.remember("place", name)

    async def open(self, name: str, stores: Stores) -> LocalStore:
        return await IndexedStore.open(name, stores)


class IndexedStore:
    """One open database."""

    def __init__(self, database: Any, stores: Stores) -> None:
        self._database = database
        self._stores = stores

    @classmethod
    async def open(cls, name: str, stores: Stores) -> Self:
        """Open it, making the stores that are missing."""
        opening = store.open(name, VERSION, json.dumps(dict(stores)))
        return cls(await _done(opening), stores)

    async def read(self, thread: str | None) -> Records:
        requests = [{"get": "meta", "key": "head"}, {"all": "threads"}, {"all": "windows"}]
        if thread is not None:
            under = {"prefix": [thread]}
            requests += [{"all": "messages", "range": under}, {"all": "segments", "range": under}]
        answers = json.loads(await _done(self._database.read(json.dumps(requests))))
        head, threads, windows, *rest = answers
        messages, segments = rest or ([], [])
        return Records(head or {}, tuple(threads), tuple(windows), tuple(messages), tuple(segments))

    async def lead(self) -> int:
        answer = await self._run([_later_epoch()], None)
        return answer["bumped"][0]

    async def commit(self, writes: tuple[dict[str, Any], ...], *, epoch: int, seq: int) -> None:
        head = {"put": "meta", "value": {"name": "head", "epoch": epoch, "seq": seq}}
        operations = [*(self._operation(write) for write in writes), head]
        guard = {"store": "meta", "key": "head", "at_most": {"epoch": epoch, "seq": seq}}
        await self._run(operations, guard)

    def _operation(self, write: dict[str, Any]) -> dict[str, Any]:
        if "put" in write:
            return write
        name, under = write["clear"], write["under"]
        span = {"only": under[0]} if isinstance(self._stores[name], str) else {"prefix": under}
        return {"clear": name, "range": span}

    async def clear(self) -> None:
        everything = {"from": 0}  # numbers sort before all the strings and arrays that are keys
        cleared = [{"clear": name, "range": everything} for name in self._stores if name != "meta"]
        await self._run([*cleared, _later_epoch(seq=None)], None)

    async def _run(
        self, operations: list[dict[str, Any]], guard: dict[str, Any] | None
    ) -> dict[str, Any]:
        text = json.dumps(operations)
        answer = json.loads(await _done(self._database.commit(text, json.dumps(guard))))
        if answer["stale"]:
            raise StoreGaveWay
        return answer

    async def close(self) -> None:
        self._database.close()


def _later_epoch(**fields: Any) -> dict[str, Any]:
    """The write after which whoever led until now gives way."""
    return {"bump": "meta", "key": "head", "field": "epoch", "set": {"name": "head", **fields}}


async def _done(promise: Any) -> Any:
    try:
        return await promise
    except JsException as error:
        raise StoreFailed(str(error)) from error
