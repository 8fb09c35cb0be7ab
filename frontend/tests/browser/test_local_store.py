"""browser/local_store.py on a real IndexedDB: the contract that the store in memory keeps too."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontend.tests.contract import local_store
from frontend.tests.contract.local_store import CASES

from .conftest import Python

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRACT = {"/lib/contract_of_the_local_store.py": Path(local_store.__file__).read_text("utf-8")}


@pytest.mark.parametrize("name", CASES)
async def test_indexeddb_is_a_local_store(python: Python, name: str) -> None:
    told = await python.run(
        f"""
import sys, traceback
sys.path.append("/lib")
import contract_of_the_local_store as contract
from holdfast_web.browser.local_store import BrowserStores
from holdfast_web.core.persist import STORES
opened = []
async def open():
    opened.append(await BrowserStores().open("{name}", STORES))
    return opened[-1]
told = "" if __debug__ else "asserts are not compiled"
try:
    await contract.CASES["{name}"](open)
except Exception:
    told = traceback.format_exc()
for store in opened:
    await store.close()
told
""",
        CONTRACT,
    )
    assert told == ""


async def test_a_store_that_was_closed_has_failed(python: Python) -> None:
    told = await python.run(
        """
from holdfast_web.browser.local_store import BrowserStores
from holdfast_web.core.persist import STORES
from holdfast_web.ports import StoreFailed
store = await BrowserStores().open("closed", STORES)
await store.close()
failed = []
for use in (store.read(None), store.lead(), store.commit((), epoch=1, seq=1), store.clear()):
    try:
        await use
    except StoreFailed as error:
        failed.append(bool(str(error)))
failed
"""
    )
    assert told == [True] * 4


async def test_a_record_that_cannot_be_stored_has_failed_and_the_others_are_not_there(
    python: Python,
) -> None:
    told = await python.run(
        """
from holdfast_web.browser.local_store import BrowserStores
from holdfast_web.core.persist import STORES
from holdfast_web.ports import StoreFailed
store = await BrowserStores().open("broken", STORES)
writes = ({"put": "threads", "value": {"id": "t"}}, {"put": "threads", "value": {"no": "id"}})
failed = False
try:
    await store.commit(writes, epoch=await store.lead(), seq=1)
except StoreFailed:
    failed = True
records = await store.read(None)
await store.close()
[failed, len(records.threads), records.meta["seq"] if "seq" in records.meta else None]
"""
    )
    assert told == [True, 0, None]


async def test_the_browser_remembers_which_place_was_used_last(python: Python) -> None:
    told = await python.run(
        """
from holdfast_web.browser.local_store import BrowserStores
stores = BrowserStores()
before = stores.last_place()
stores.remember_place("journal.local")
[before, BrowserStores().last_place()]
"""
    )
    assert told == [None, "journal.local"]
    await python.page.evaluate("() => localStorage.clear()")


async def test_L14_clearing_takes_an_epoch_that_no_other_tab_gets(python: Python) -> None:
    told = await python.run(
        """
from asyncio import gather
from holdfast_web.browser.local_store import BrowserStores
from holdfast_web.core.persist import STORES
one, other = [await BrowserStores().open("race", STORES) for _ in range(2)]
ends = await gather(one.clear(), other.lead(), one.clear(), other.lead(), one.clear())
records = await one.read(None)
await one.close()
await other.close()
[ends[1], ends[3], records.meta["epoch"]]
"""
    )
    assert told == [2, 4, 5]
