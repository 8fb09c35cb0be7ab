"""static/js/events.js: one stream, its text in few pieces, and honest reports of its end."""

from __future__ import annotations

import asyncio
import random

import pytest
from playwright.async_api import Page

from .conftest import Complaints
from .site_server import SiteServer, Stream

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = """async ([name, url, headers]) => {
  const { open } = await import("/js/events.js");
  globalThis.heard ??= [];
  open(url, JSON.stringify(headers), (kind, said) => {
    heard.push([name, kind, said]);
    globalThis.onHeard?.();
  });
}"""
UNTIL = """(what) => new Promise((done) => {
  const enough = new Function("heard", `return ${what}`);
  globalThis.onHeard = () => enough(heard) && done(heard);
  onHeard();
})"""
CLOSE = """async () => (await import("/js/events.js")).close()"""
HIDE = """() => {
  globalThis.requestAnimationFrame = () => 1; // frames stand still
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
HOLD_FRAMES = """() => {
  globalThis.frames = [];
  globalThis.requestAnimationFrame = (go) => frames.push(go);
  globalThis.nextFrame = () => frames.splice(0).forEach((go) => go());
}"""
ENDED = "heard.some(([, kind]) => kind === 'ended')"
OPENED = "heard.some(([, kind]) => kind === 'open')"


async def open_stream(page: Page, name: str = "s", headers: dict | None = None) -> None:
    await page.evaluate(OPEN, [name, "/stream", headers or {}])


async def until(page: Page, what: str) -> list[list[str]]:
    """Wait until this JavaScript says that enough of `heard` is there, and return all of it."""
    return await asyncio.wait_for(page.evaluate(UNTIL, what), 20)


def text_of(heard: list[list[str]]) -> str:
    return "".join(said for _, kind, said in heard if kind == "text")


WIRE = 'id: 7\r\nevent: journal\r\ndata: ["é😀👩‍👩‍👧 "]\r\n\r\n\r: beat\n\ndata: \ufeff\u2028c\n\n'


@pytest.mark.parametrize("seed", range(4))
async def test_text_arrives_as_it_was_however_the_bytes_were_cut(
    blank: Page, site: SiteServer, seed: int
) -> None:
    stream, cuts = site.stream(), random.Random(seed)
    await open_stream(blank)
    rest = WIRE.encode()
    while rest:
        size = cuts.randint(1, 3)
        stream.feed(rest[:size])
        rest = rest[size:]
    stream.end()
    heard = await until(blank, ENDED)
    assert text_of(heard) == WIRE
    assert [kind for _, kind, _ in heard if kind != "text"] == ["open", "ended"]


async def test_a_character_that_the_end_cut_in_two_does_not_come_in_half(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await open_stream(blank)
    stream.feed("data: é".encode()[:-1])
    stream.end()
    assert text_of(await until(blank, ENDED)) == "data: "


async def test_bytes_that_are_no_text_are_marked_and_nothing_else_is_lost(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await open_stream(blank)
    stream.feed(b"data: a\xff\xfeb\n\n")
    stream.end()
    assert text_of(await until(blank, ENDED)) == "data: a\ufffd\ufffdb\n\n"


async def test_while_visible_text_is_handed_over_once_a_frame(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await blank.evaluate(HOLD_FRAMES)
    await open_stream(blank)
    await until(blank, OPENED)
    for _ in range(3):
        for number in range(50):
            stream.feed(f"{number};")
        # Each is a task of its own in the page; all of them wait for one and the same frame.
        await blank.wait_for_function("() => frames.length > 0", polling=5)
        assert await blank.evaluate("() => frames.length") == 1
        await blank.evaluate("() => nextFrame()")
    stream.end()
    heard = await until(blank, ENDED)
    assert text_of(heard) == "".join(f"{number};" for number in range(50)) * 3
    texts = [said for _, kind, said in heard if kind == "text"]
    assert len(texts) <= 4  # one a frame, and what the end brought


async def test_a_hidden_page_gets_everything_without_waiting_for_a_frame(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await open_stream(blank)
    await until(blank, OPENED)
    await blank.evaluate(HIDE)
    for piece in ("one", "two"):
        stream.feed(piece)
        heard = await until(blank, f"heard.at(-1)[2].endsWith('{piece}')")
    assert text_of(heard) == "onetwo"
    stream.end()


async def test_what_waits_for_a_frame_is_handed_over_when_the_page_is_hidden(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await blank.evaluate(HOLD_FRAMES)
    await open_stream(blank)
    stream.feed("before hiding")
    await blank.wait_for_function("() => frames.length > 0", polling=5)
    await blank.evaluate(HIDE)
    assert text_of(await until(blank, "heard.length > 1")) == "before hiding"
    stream.end()


FLOOD = """async ([piece, count]) => {
  let read = 0;
  const source = {
    pull(controller) {
      if (read++ === count) return controller.close();
      controller.enqueue(new Uint8Array(piece).fill(120));
    },
  };
  const headers = { "content-type": "text/event-stream" };
  const stream = new ReadableStream(source, { highWaterMark: 0 });
  globalThis.fetch = async () => new Response(stream, { headers });
  globalThis.piecesRead = () => new Promise((go) => setTimeout(() => go(read)));
}"""
"""A network that always has more: what is read of it was asked for."""


async def test_L12_reading_waits_for_a_page_that_does_not_take_what_was_read(blank: Page) -> None:
    piece, count = 1_000_000, 12
    await blank.evaluate(HOLD_FRAMES)
    await blank.evaluate(FLOOD, [piece, count])
    await open_stream(blank)
    for frame in range(1, 3):
        assert await blank.evaluate("() => piecesRead()") == 5 * frame
        await blank.evaluate("() => nextFrame()")
    assert len(text_of(await until(blank, ENDED))) == piece * count


async def test_the_headers_given_are_sent(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank, headers={"X-Holdfast-Client": "b.t"})
    await until(blank, OPENED)
    assert stream.headers["X-Holdfast-Client"] == "b.t"
    stream.end()


async def test_a_stream_that_ends_was_lost(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank)
    stream.end()
    assert await until(blank, ENDED) == [["s", "open", ""], ["s", "ended", "0"]]


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_an_error_page_ends_with_its_status_and_was_never_open(
    blank: Page, site: SiteServer, complaints: Complaints, status: int
) -> None:
    stream = site.stream(status=status, content_type="application/json")
    stream.feed('{"error":{}}')
    stream.end()
    await open_stream(blank)
    assert await until(blank, ENDED) == [["s", "ended", str(status)]]
    complaints.expect(str(status))


async def test_a_page_that_is_no_event_stream_was_never_open(blank: Page, site: SiteServer) -> None:
    stream = site.stream(content_type="text/html")
    stream.feed("<p>Log in to the hotel network")
    stream.end()
    await open_stream(blank)
    assert await until(blank, ENDED) == [["s", "ended", "0"]]


async def test_a_server_that_is_not_there_is_a_lost_connection(
    blank: Page, complaints: Complaints
) -> None:
    await blank.route("**/stream", lambda route: route.abort("connectionrefused"))
    await open_stream(blank)
    assert await until(blank, ENDED) == [["s", "ended", "0"]]
    complaints.expect("ERR_CONNECTION_REFUSED")


async def test_a_new_stream_ends_the_one_before_which_is_heard_no_more(
    blank: Page, site: SiteServer
) -> None:
    first, second = site.stream(), site.stream()
    await open_stream(blank, "first")
    await until(blank, OPENED)
    await open_stream(blank, "second")
    await closed(first)
    second.feed("b")
    heard = await until(blank, "heard.some(([, kind]) => kind === 'text')")
    assert heard == [["first", "open", ""], ["second", "open", ""], ["second", "text", "b"]]
    second.end()


async def test_after_a_close_nothing_is_handed_over(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await blank.evaluate(HOLD_FRAMES)
    await open_stream(blank)
    stream.feed("waiting for its frame")
    await blank.wait_for_function("() => frames.length > 0", polling=5)
    await blank.evaluate(CLOSE)
    await blank.evaluate(CLOSE)
    await closed(stream)
    await blank.evaluate("() => nextFrame()")
    assert await blank.evaluate("() => heard") == [["s", "open", ""]]


async def closed(stream: Stream) -> None:
    """Write until the server sees that the page has hung up."""
    while not stream.closed_by_page.is_set():
        stream.feed("data: late\n\n")
        await asyncio.to_thread(stream.closed_by_page.wait, 0.01)
