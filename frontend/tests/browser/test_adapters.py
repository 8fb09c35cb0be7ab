"""holdfast_web/browser: each adapter against its port, in the page's own Python.

The store has a file of its own, test_local_store.py.
"""

from __future__ import annotations

import pytest

from .conftest import Python
from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARD = "import asyncio\nheard = asyncio.Queue()\n"


# --- the clock -------------------------------------------------------------------------------
async def test_a_timer_is_called_once_and_a_later_time_replaces_an_earlier_one(
    python: Python,
) -> None:
    told = await python.run(
        f"""{HEARD}
from holdfast_web.browser.clock import Clock
clock = Clock()
now = clock.now_ms()
clock.wake_at("a", now + 60_000, lambda: heard.put_nowait("never"))
clock.wake_at("a", now + 5, lambda: heard.put_nowait("a"))
clock.wake_at("b", now + 1, lambda: heard.put_nowait("cancelled"))
clock.wake_at("b", None, lambda: None)
clock.wake_at("c", now + 10, lambda: heard.put_nowait("c"))
clock.wake_at("past", now - 1000, lambda: heard.put_nowait("past"))
called = [await heard.get() for _ in range(3)]
[sorted(called), heard.qsize()]
"""
    )
    assert told == [["a", "c", "past"], 0]


async def test_a_timer_may_ask_for_itself_again_when_it_is_called(python: Python) -> None:
    told = await python.run(
        f"""{HEARD}
from holdfast_web.browser.clock import Clock
clock = Clock()
def tick():
    heard.put_nowait(clock.now_ms())
    clock.wake_at("tick", clock.now_ms() + 5, tick)
clock.wake_at("tick", clock.now_ms() + 5, tick)
first, second = await heard.get(), await heard.get()
clock.wake_at("tick", None, tick)
second - first >= 4
"""
    )
    assert told is True


async def test_random_bytes_are_as_many_as_asked_and_never_the_same(python: Python) -> None:
    told = await python.run(
        """
from holdfast_web.browser.clock import Clock
drawn = [Clock().random_bytes(10) for _ in range(100)]
[len(set(drawn)), {len(one) for one in drawn} == {10}, type(drawn[0]).__name__]
"""
    )
    assert told == [100, True, "bytes"]


# --- the event stream ------------------------------------------------------------------------
SOURCE = f"""{HEARD}
from holdfast_web.browser.event_source import EventSource
def hearing(name, heard=heard):
    return dict(
        opened=lambda: heard.put_nowait([name, "opened"]),
        text=lambda text: heard.put_nowait([name, text]),
        ended=lambda status: heard.put_nowait([name, status]),
    )
"""


async def test_the_event_source_opens_hands_over_text_and_ends(
    python: Python, site: SiteServer
) -> None:
    stream = site.stream()
    stream.feed("data: é\n\n")
    stream.end()
    told = await python.run(
        f"""{SOURCE}
source = EventSource("{site.url}", {{"X-Holdfast-Client": "b.t"}})
source.open("/stream", **hearing("s"))
[await heard.get() for _ in range(3)]
"""
    )
    assert told == [["s", "opened"], ["s", "data: é\n\n"], ["s", 0]]
    assert stream.headers["X-Holdfast-Client"] == "b.t"


async def test_the_event_source_may_be_opened_again_from_what_it_calls(
    python: Python, site: SiteServer
) -> None:
    first, second = site.stream(), site.stream()
    first.end()
    second.end()
    told = await python.run(
        f"""{SOURCE}
source = EventSource("{site.url}", {{}})
def again(status):
    heard.put_nowait(["first", status])
    source.open("/stream", **hearing("second"))
source.open("/stream", **dict(hearing("first"), ended=again))
[await heard.get() for _ in range(4)]
"""
    )
    assert told == [["first", "opened"], ["first", 0], ["second", "opened"], ["second", 0]]


async def test_an_event_source_that_was_closed_calls_nothing(
    python: Python, site: SiteServer
) -> None:
    first, second = site.stream(), site.stream()
    second.end()
    told = await python.run(
        f"""{SOURCE}
source = EventSource("{site.url}", {{}})
source.open("/stream", **hearing("closed"))
opened = await heard.get()
source.close()
source.close()
source.open("/stream", **hearing("next"))
[opened] + [await heard.get() for _ in range(2)] + [heard.qsize()]
"""
    )
    assert told == [["closed", "opened"], ["next", "opened"], ["next", 0], 0]
    first.end()


# --- requests --------------------------------------------------------------------------------
async def test_http_sends_json_with_our_headers_and_reads_the_answer(
    python: Python, site: SiteServer
) -> None:
    answer, echo = await python.run(
        f"""
from holdfast_web.browser.http import Http
answer = await Http("{site.url}", {{"X-Holdfast-Client": "b.t"}}).request("POST", "/echo", [1, "é"])
[answer.status, answer.body]
"""
    )
    assert (answer, echo["path"], echo["body"]) == (200, "/echo", [1, "é"])
    assert echo["headers"]["x-holdfast-client"] == "b.t"
    assert echo["headers"]["content-type"] == "application/json"
    bytes_written = str(len('[1, "é"]'.encode()))  # an escape would make it longer than it counts
    assert echo["headers"]["content-length"] == bytes_written


async def test_http_never_raises_for_what_the_network_does(
    python: Python, site: SiteServer
) -> None:
    told = await python.run(
        f"""
from holdfast_web.browser.http import Http
nobody = await Http("http://[", {{}}).request("GET", "/x")
no_json = await Http("{site.url}", {{}}).request("GET", "/blank")
[[one.status, one.body] for one in (nobody, no_json)]
"""
    )
    assert told == [[0, None], [200, None]]


async def test_a_tab_names_itself_anew_and_its_browser_as_before(python: Python) -> None:
    told = await python.run(
        """
from holdfast_web.browser.client import client_headers
names = [client_headers()["X-Holdfast-Client"].split(".") for _ in range(2)]
[names[0][0] == names[1][0], names[0][1] == names[1][1], len(names[0])]
"""
    )
    assert told == [True, False, 2]


# --- other tabs ------------------------------------------------------------------------------
async def test_the_next_tab_leads_when_the_first_steps_down(python: Python) -> None:
    told = await python.run(
        f"""{HEARD}
from holdfast_web.browser.tabs import Tabs
one, two = Tabs(), Tabs()
one.ask_to_lead("lock", lambda: heard.put_nowait("one"))
order = [await heard.get()]
two.ask_to_lead("lock", lambda: heard.put_nowait("two"))
one.step_down()
one.step_down()
order.append(await heard.get())
one.ask_to_lead("lock", lambda: heard.put_nowait("one again"))
two.step_down()
order + [await heard.get()]
"""
    )
    assert told == ["one", "two", "one again"]


async def test_tabs_hear_each_other_and_not_themselves(python: Python) -> None:
    told = await python.run(
        f"""{HEARD}
from holdfast_web.browser.tabs import Tabs
one, two = Tabs(), Tabs()
one.tell("before anybody listens")
one.listen("channel", lambda text: heard.put_nowait(["one", text]))
two.listen("channel", lambda text: heard.put_nowait(["two", text]))
one.tell("é😀")
said = [await heard.get()]
two.tell("back")
said + [await heard.get(), heard.qsize()]
"""
    )
    assert told == [["two", "é😀"], ["one", "back"], 0]


# --- the page --------------------------------------------------------------------------------
async def test_the_address_names_a_thread_or_none(python: Python) -> None:
    told = await python.run(
        f"""{HEARD}
from holdfast_web.browser.page import Address
address = Address()
address.listen(heard.put_nowait)
address.go("t1")
told = [await heard.get(), address.thread()]
address.go("t1")
address.go(None)
told + [await heard.get(), address.thread(), heard.qsize()]
"""
    )
    assert told == ["t1", "t1", None, None, 0]


@pytest.mark.parametrize(
    ("address", "thread"),
    [("", None), ("#/", None), ("#/t/", None), ("#/t/a%20b", "a b"), ("#/t/a/b", None)],
)
async def test_an_address_that_is_not_ours_names_no_thread(
    python: Python, address: str, thread: str | None
) -> None:
    told = await python.run(
        f"""
from holdfast_web.browser.page import thread_of
thread_of({address!r})
"""
    )
    assert told == thread


async def test_the_page_says_how_it_stands(python: Python) -> None:
    base = await python.run(
        """
from holdfast_web.browser.page import Page
page = Page()
page.set_root(sync="live", leader="true")
page.set_thread("t1", "Tides · Holdfast")
page.base()
"""
    )
    root = python.page.locator("html")
    assert await root.get_attribute("data-sync") == "live"
    assert await root.get_attribute("data-leader") == "true"
    assert await python.page.locator("main").get_attribute("data-thread-id") == "t1"
    assert await python.page.title() == "Tides · Holdfast"
    assert python.page.url.startswith(base)


async def test_the_page_tells_when_it_is_hidden_and_when_the_network_goes(python: Python) -> None:
    told = await python.run(
        f"""{HEARD}
from js import Event, Object, document, window, dispatchEvent
from pyodide.ffi import to_js
from holdfast_web.browser.page import Page
told = lambda what: lambda *more: heard.put_nowait([what, *more])
Page().listen(hidden=told("hidden"), shown=told("shown"), network=told("network"))
def be(state):
    change = to_js({{"configurable": True, "value": state}}, dict_converter=Object.fromEntries)
    Object.defineProperty(document, "visibilityState", change)
    document.dispatchEvent(Event.new("visibilitychange"))
be("hidden")
be("visible")
dispatchEvent(Event.new("offline"))
dispatchEvent(Event.new("pagehide"))
[await heard.get() for _ in range(heard.qsize())]
"""
    )
    assert told == [["hidden"], ["shown"], ["network", True], ["hidden"]]


# --- what is written and shown ---------------------------------------------------------------
async def test_the_composer_hands_over_what_was_pressed(python: Python) -> None:
    await python.page.evaluate("() => (location.hash = '#/t/seven')")
    box = python.page.get_by_role("textbox", name="Message")
    await box.fill("before")
    await box.press("Enter")
    told = await python.run(
        """
from holdfast_web.browser.composer import Composer
composer, pressed = Composer(), []
composer.connect(sent=pressed.append, stopped=lambda: None)
composer.taken(pressed[0].message)
composer.set_running(True)
composer.show("again")
[[one.text, one.open, len({one.thread, one.message, one.reply})] for one in pressed]
"""
    )
    assert told == [["before", "seven", 3]]
    assert await box.input_value() == "again"
    assert await python.page.get_by_role("button", name="Stop").is_visible()
    await python.page.reload()
    await python.page.wait_for_selector("html[data-app=ready]", state="attached")
    assert (
        await python.run(
            """
from holdfast_web.browser.composer import Composer
pressed = []
Composer().connect(sent=pressed.append, stopped=lambda: None)
len(pressed)
"""
        )
        == 0
    )


async def test_bodies_say_what_was_refused(python: Python) -> None:
    told = await python.run(
        """
from holdfast_web.browser.bodies import Bodies
Bodies().apply([{"op": "append", "message": "none", "part": "p", "offset": 0, "text": "x"}])
"""
    )
    assert told == [{"message": "none", "part": "p", "have": -1}]
