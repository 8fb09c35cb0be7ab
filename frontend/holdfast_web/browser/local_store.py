"""The browser's database: static/js/store.js, whose operations are passed through as they are."""

import json
from collections.abc import Mapping
from typing import Self

from holdfast_js import store
from pyodide.ffi import JsException


class StoreFailed(Exception):
    """The database could not do it: full, forbidden here, or closed for a newer page."""


class LocalStore:
    """One open database. Values are JSON; which stores there are is the caller's schema."""

    def __init__(self, database) -> None:
        self._database = database

    @classmethod
    async def open(cls, name: str, version: int, stores: Mapping[str, object]) -> Self:
        """Open it, making the stores that are missing; `stores` is name → key path."""
        return cls(await _done(store.open(name, version, json.dumps(dict(stores)))))

    async def commit(self, operations: list[dict], guard: dict | None = None) -> bool:
        """Write all of it or nothing; False when somebody newer than `guard` has written."""
        text = json.dumps(operations, ensure_ascii=False)
        return not json.loads(await _done(self._database.commit(text, json.dumps(guard))))["stale"]

    async def read(self, requests: list[dict]) -> list:
        """Answer the requests from one moment, in their order."""
        return json.loads(await _done(self._database.read(json.dumps(requests))))

    async def bump(self, store: str, key: str, field: str, record: dict) -> int:
        """Count a field of a record up, starting from `record` if there is none."""
        return await _done(self._database.bump(store, key, field, json.dumps(record)))

    def close(self) -> None:
        self._database.close()


async def _done(promise):
    try:
        return await promise
    except JsException as error:
        raise StoreFailed(str(error)) from error
