"""static/js/store.js: one transaction or nothing, and writers that are too old give way."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = """async (stores) => {
  const { open } = await import("/js/store.js");
  globalThis.store = await open("holdfast-test", 1, JSON.stringify(stores));
}"""
COMMIT = """async ([ops, guard]) => {
  const text = (value) => JSON.stringify(value);
  try { return JSON.parse(await store.commit(text(ops), text(guard))); }
  catch (error) { return { error: error.name }; }
}"""
READ = "async (requests) => JSON.parse(await store.read(JSON.stringify(requests)))"
STORES = {"meta": "name", "messages": ["thread", "id"], "segments": ["message", "offset"]}


async def opened(page: Page) -> Page:
    await page.evaluate(OPEN, STORES)
    return page


def guard(epoch: int, seq: int) -> dict:
    return {"store": "meta", "key": "cursor", "at_most": {"epoch": epoch, "seq": seq}}


def cursor(epoch: int, seq: int) -> dict:
    return {"put": "meta", "value": {"name": "cursor", "epoch": epoch, "seq": seq}}


def message(thread: str, name: str) -> dict:
    return {"put": "messages", "value": {"thread": thread, "id": name, "text": "ü\u2028"}}


async def test_what_is_committed_is_read_back(blank: Page) -> None:
    page = await opened(blank)
    written = [message("a", "1"), message("a", "2"), message("b", "1"), cursor(1, 5)]
    assert await page.evaluate(COMMIT, [written, None]) == {"stale": False, "bumped": []}
    requests = [
        {"all": "messages", "range": {"prefix": ["a"]}},
        {"all": "messages", "range": {"prefix": ["a"]}, "reverse": True, "limit": 1},
        {"keys": "messages"},
        {"get": "meta", "key": "cursor"},
        {"get": "meta", "key": "nothing"},
    ]
    of_a, last, keys, found, missing = await page.evaluate(READ, requests)
    assert [row["id"] for row in of_a] == ["1", "2"]
    assert of_a[0]["text"] == "ü\u2028"
    assert [row["id"] for row in last] == ["2"]
    assert keys == [["a", "1"], ["a", "2"], ["b", "1"]]
    assert (found["seq"], missing) == (5, None)


async def test_deleting_takes_one_record_or_a_range(blank: Page) -> None:
    page = await opened(blank)
    await page.evaluate(COMMIT, [[message("a", str(n)) for n in range(4)], None])
    removals = [{"delete": "messages", "key": ["a", "0"]}]
    removals += [{"clear": "messages", "range": {"from": ["a", "1"], "to": ["a", "2"]}}]
    await page.evaluate(COMMIT, [removals, None])
    assert await page.evaluate(READ, [[{"keys": "messages"}][0]]) == [[["a", "3"]]]


@pytest.mark.parametrize(
    ("stored", "given", "stale"),
    [
        ((1, 5), (1, 5), False),
        ((1, 5), (2, 9), False),
        ((1, 5), (1, 4), True),
        ((2, 5), (1, 9), True),
    ],
)
async def test_L14_an_older_writer_gives_way_and_writes_nothing(
    blank: Page, stored: tuple[int, int], given: tuple[int, int], stale: bool
) -> None:
    page = await opened(blank)
    await page.evaluate(COMMIT, [[cursor(*stored)], None])
    late = [message("a", "late"), cursor(*given)]
    assert (await page.evaluate(COMMIT, [late, guard(*given)]))["stale"] is stale
    keys, meta = await page.evaluate(READ, [{"keys": "messages"}, {"get": "meta", "key": "cursor"}])
    assert bool(keys) is not stale
    assert (meta["epoch"], meta["seq"]) == (stored if stale else given)


async def test_L14_a_write_that_fails_takes_the_others_with_it(blank: Page) -> None:
    page = await opened(blank)
    broken = [message("a", "1"), {"put": "messages", "value": {"thread": "a"}}]
    assert await page.evaluate(COMMIT, [broken, None]) == {"error": "DataError"}
    assert await page.evaluate(READ, [{"keys": "messages"}]) == [[]]


BUMP = {"bump": "meta", "key": "cursor", "field": "epoch", "set": {"name": "cursor"}}


async def test_an_epoch_is_counted_up_by_one_tab_at_a_time(blank: Page) -> None:
    page = await opened(blank)
    thrice = """async (op) => Promise.all([1, 2, 3].map(async () =>
      JSON.parse(await store.commit(JSON.stringify([op]), "null")).bumped[0]))"""
    assert sorted(await page.evaluate(thrice, BUMP)) == [1, 2, 3]


async def test_L14_counting_up_is_part_of_a_commit_and_happens_in_its_turn(blank: Page) -> None:
    page = await opened(blank)
    writes = [cursor(4, 9), message("a", "1"), {**BUMP, "set": {"name": "cursor", "seq": None}}]
    answer = await page.evaluate(COMMIT, [writes, guard(4, 9)])
    assert answer == {"stale": False, "bumped": [5]}
    meta = (await page.evaluate(READ, [{"get": "meta", "key": "cursor"}]))[0]
    assert meta == {"name": "cursor", "epoch": 5, "seq": None}
    broken = [BUMP, {"put": "messages", "value": {"thread": "a"}}]
    assert await page.evaluate(COMMIT, [broken, None]) == {"error": "DataError"}
    assert (await page.evaluate(READ, [{"get": "meta", "key": "cursor"}]))[0]["epoch"] == 5
