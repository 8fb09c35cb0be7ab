"""static/js/events.js: one stream, whole frames in few batches, and honest reports of its end."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page

from .conftest import Complaints
from .site_server import SiteServer, Stream

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = """async ([generation, url, headers]) => {
  const { open } = await import("/js/events.js");
  globalThis.batches ??= [];
  const receive = (generation, json) => {
    batches.push([generation, JSON.parse(json)]);
    globalThis.onBatch?.();
  };
  open(generation, url, JSON.stringify(headers), receive);
}"""
UNTIL = """(count) => new Promise((done) => {
  const items = () => batches.flatMap(([, items]) => items).filter((one) => one.stream !== "beat");
  const look = () => items().length >= count && done(items());
  globalThis.onBatch = look;
  look();
})"""
ABORT = """async (generation) => (await import("/js/events.js")).abort(generation)"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  if (hidden) globalThis.requestAnimationFrame = () => 1; // frames stand still
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def open_stream(page: Page, generation: int = 1, headers: dict | None = None) -> None:
    await page.evaluate(OPEN, [generation, "/stream", headers or {}])


async def items(page: Page, count: int) -> list[dict]:
    """All items received but beats, once there are this many."""
    return await asyncio.wait_for(page.evaluate(UNTIL, count), 10)


def frame(data: str, event: str = "message", id: str = "") -> dict:
    return {"event": event, "id": id, "data": data}


async def test_frames_arrive_whole_however_the_bytes_were_cut(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    wire = 'id: 7\r\nevent: journal\r\ndata: ["é😀"]\r\n\r\n\r'
    wire += "data:a\rdata: b\r\r: beat\n\ndata: c\n\n"
    await open_stream(blank)
    for byte in wire.encode():
        stream.feed(bytes([byte]))
    stream.feed("data: not whole")
    stream.end()
    received = await items(blank, 5)
    frames = [frame('["é😀"]', "journal", "7"), frame("a\nb"), frame("c")]
    assert received == [{"stream": "open", "status": 200}, *frames, {"stream": "closed"}]


async def test_a_comment_is_a_beat(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank)
    await items(blank, 1)
    stream.feed(": still here\n\n")
    stream.end()
    await items(blank, 2)
    batches = await blank.evaluate("() => batches.flatMap(([, items]) => items)")
    assert {"stream": "beat"} in batches


async def test_what_arrives_within_a_frame_is_one_batch(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank)
    await items(blank, 1)
    stream.feed("".join(f"data: {number}\n\n" for number in range(500)))
    stream.end()
    received = await items(blank, 502)
    assert [item["data"] for item in received[1:-1]] == [str(number) for number in range(500)]
    assert len(await blank.evaluate("() => batches")) <= 6


async def test_L12_a_flood_is_handed_over_in_bounded_batches(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank)
    stream.feed("".join(f"data: {number}\n\n" for number in range(20_000)))
    stream.end()
    received = await items(blank, 20_002)
    assert [item["data"] for item in received[1:-1]] == [str(number) for number in range(20_000)]
    sizes = [len(batch) for _, batch in await blank.evaluate("() => batches")]
    assert max(sizes) <= 1000


async def test_a_hidden_page_gets_everything_without_waiting_for_a_frame(
    blank: Page, site: SiteServer
) -> None:
    stream = site.stream()
    await open_stream(blank)
    await items(blank, 1)
    await blank.evaluate(HIDE, True)
    stream.feed("data: while hidden\n\n")
    assert (await items(blank, 2))[1] == frame("while hidden")
    stream.end()


async def test_the_headers_given_are_sent(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank, headers={"Last-Event-ID": "j.local.12", "X-Holdfast-Client": "b.t"})
    await items(blank, 1)
    assert stream.headers["Last-Event-ID"] == "j.local.12"
    assert stream.headers["X-Holdfast-Client"] == "b.t"
    stream.end()


async def test_an_error_page_is_a_refusal_with_its_status(
    blank: Page, site: SiteServer, complaints: Complaints
) -> None:
    stream = site.stream(status=503, content_type="application/json")
    stream.feed('{"error":{}}')
    stream.end()
    await open_stream(blank)
    refused = {"stream": "refused", "status": 503, "text": '{"error":{}}'}
    assert await items(blank, 1) == [refused]
    complaints.expect("503")


async def test_a_page_that_is_no_event_stream_is_a_refusal(blank: Page, site: SiteServer) -> None:
    stream = site.stream(content_type="text/html")
    stream.feed("<p>Log in to the hotel network")
    stream.end()
    await open_stream(blank)
    assert (await items(blank, 1))[0]["stream"] == "refused"


async def test_a_server_that_is_not_there_is_a_failure(blank: Page, complaints: Complaints) -> None:
    await blank.route("**/stream", lambda route: route.abort("connectionrefused"))
    await open_stream(blank)
    assert (await items(blank, 1))[0]["stream"] == "failed"
    complaints.expect("ERR_CONNECTION_REFUSED")


async def test_a_new_stream_ends_the_one_before_which_is_heard_no_more(
    blank: Page, site: SiteServer
) -> None:
    first, second = site.stream(), site.stream()
    await open_stream(blank, 1)
    await items(blank, 1)
    await open_stream(blank, 2)
    await items(blank, 2)
    await closed(first)
    second.feed("data: b\n\n")
    assert (await items(blank, 3))[2] == frame("b")
    second.end()


async def test_after_an_abort_nothing_is_handed_over(blank: Page, site: SiteServer) -> None:
    stream = site.stream()
    await open_stream(blank)
    await items(blank, 1)
    await blank.evaluate(ABORT, 1)
    await blank.evaluate(ABORT, 1)
    await closed(stream)
    assert len(await blank.evaluate("() => batches")) == 1


async def closed(stream: Stream) -> None:
    """Write until the server sees that the page has hung up."""
    while not stream.closed_by_page.is_set():
        stream.feed("data: late\n\n")
        await asyncio.to_thread(stream.closed_by_page.wait, 0.01)
