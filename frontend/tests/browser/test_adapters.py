"""holdfast_web/browser: each adapter once, in the page's own Python."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page

from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

RUN = """async (code) => {
  const { python } = await import("/js/interpreter.js");
  return JSON.parse(await (await python).runPythonAsync(code));
}"""


async def in_page(page: Page, code: str) -> object:
    """Run lines of Python whose last is an expression with a JSON value."""
    await page.goto("/")
    await page.wait_for_selector("html[data-app=ready]", state="attached")
    *lines, last = code.strip().splitlines()
    program = ["import json", "from asyncio import Future", *lines, f"json.dumps({last})"]
    return await page.evaluate(RUN, "\n".join(program))


async def test_the_local_store_writes_reads_and_gives_way(page: Page) -> None:
    told = await in_page(
        page,
        """
from holdfast_web.browser.local_store import LocalStore, StoreFailed
store = await LocalStore.open("t", 1, {"meta": "name"})
record = {"name": "cursor", "epoch": 2, "text": "ü"}
guard = {"store": "meta", "key": "cursor", "at_most": {"epoch": 1}}
first = await store.commit([{"put": "meta", "value": record}])
second = await store.commit([{"delete": "meta", "key": "cursor"}], guard)
found = await store.read([{"get": "meta", "key": "cursor"}])
count = await store.bump("meta", "leader", "epoch", {"name": "leader"})
store.close()
failed = ""
try:
    await store.commit([{"put": "meta", "value": record}])
except StoreFailed as error:
    failed = str(error)
[first, second, found[0]["text"], count, "closing" in failed]
""",
    )
    assert told == [True, False, "ü", 1, True]


async def test_the_event_source_hands_over_lists(page: Page, site: SiteServer) -> None:
    stream = site.stream()
    stream.feed('id: 1\ndata: {"a": 1}\n\n')
    stream.end()
    told = await in_page(
        page,
        """
from holdfast_web.browser.event_source import EventSource
done, got = Future(), []
def receive(generation, items):
    got.extend([generation, item] for item in items)
    if items[-1].get("stream") == "closed":
        done.set_result(None)
source = EventSource(receive)
source.open(3, "/stream", {"Last-Event-ID": "c"})
await done
source.close(3)
got
""",
    )
    frame = {"event": "message", "id": "1", "data": json.dumps({"a": 1})}
    assert told == [[3, {"stream": "open", "status": 200}], [3, frame], [3, {"stream": "closed"}]]


async def test_http_answers_with_a_status_or_with_none(page: Page) -> None:
    told = await in_page(
        page,
        """
from holdfast_web.browser.http import Http
http = Http()
good = await http.request("POST", "/echo", {"Content-Type": "application/json"}, "[1]", 5000)
none = await http.request("GET", "http://[", {}, None, 5000)
[good, none[0]]
""",
    )
    assert told == [[200, "[1]"], 0]


async def test_locks_and_channels_call_back(page: Page) -> None:
    told = await in_page(
        page,
        """
from holdfast_web.browser.tabs import Channel, Locks
held, heard = Future(), Future()
release = Locks().request("l", steal=False, held=lambda: held.set_result("held"), lost=print)
one, two = Channel("c", print), Channel("c", heard.set_result)
one.post("text")
answer = [await held, await heard, Locks.supported()]
release(); one.close(); two.close()
answer
""",
    )
    assert told == ["held", "text", True]


async def test_the_page_tells_and_takes_its_state(page: Page) -> None:
    told = await in_page(
        page,
        """
from holdfast_web.browser.page import Page
page, heard = Page(), []
page.watch(lambda kind, said: heard.append([kind, said]))
page.set_sync("live"); page.set_leader(True); page.set_thread("t1"); page.set_title("Title")
moved = Future()
page.watch(lambda kind, said: kind == "address" and moved.set_result(said))
page.navigate("#/t/t1")
[await moved, page.address(), page.facts()["visible"], len(page.random_bytes(16))]
""",
    )
    assert told == ["#/t/t1", "#/t/t1", True, 16]
    root = page.locator("html")
    assert await root.get_attribute("data-sync") == "live"
    assert await root.get_attribute("data-leader") == "true"
    assert await page.locator("main").get_attribute("data-thread-id") == "t1"


async def test_bodies_say_what_was_refused(page: Page) -> None:
    told = await in_page(
        page,
        """
from holdfast_web.browser.bodies import Bodies
Bodies().apply([{"op": "append", "message": "none", "part": "p", "offset": 0, "text": "x"}])
""",
    )
    assert told == [{"message": "none", "part": "p", "have": -1}]
