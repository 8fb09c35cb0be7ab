"""Over a real socket: what only shows with one (L7, L8, L10)."""

import asyncio
import json
import socket

import httpx

from backend.tests.api.site import Site, served, streaming
from backend.tests.runs.fakes import settle
from backend.tests.store import all_entries, end_of, text_reaches, until
from holdfast_server.models.port import Finished, TextDelta
from holdfast_server.runs.minting import new_id


async def test_an_event_stream_says_how_it_wants_to_be_handled(site):
    async with served(site) as (address, _), streaming(address) as stream:
        headers = stream.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-cache, no-transform"
        assert headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in headers


async def test_the_second_piece_of_an_answer_waits_for_no_acknowledgement_of_the_first(site):
    async with (
        served(site) as (address, web),
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        await client.get("/healthz")
        (connection,) = web.server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_answer_streams_as_it_is_said(site):
    async with served(site) as (address, _), streaming(address) as stream:
        await stream.until("caught-up")
        sent = await site.sends_and_hears("why?")
        said = ""
        while said != "so":
            for entry in json.loads((await stream.next()).data):
                said += entry.get("text", "") if entry["type"] == "part.delta" else ""
        assert site.model.open == 1, "the answer was read whole before any of it was shown"
        await site.server.runs.stop("local", sent["reply"])


async def test_a_stream_goes_on_where_the_last_one_was_left(site):
    async with served(site) as (address, _):
        async with streaming(address) as stream:
            frames = await stream.until("caught-up")
        last = frames[0].id
        sent = await site.sends_and_hears("why?")
        site.model.finishes(to="why?")
        await end_of(site.journal, sent["reply"])
        every = []
        for ask in (
            {"headers": {"Last-Event-ID": last}},
            {"params": {"cursor": last}},
            {"headers": {"Last-Event-ID": last}, "params": {"cursor": "nonsense"}},
        ):
            async with streaming(address, **ask) as stream:
                frames = await stream.until("caught-up")
            every.append([entry for frame in frames[:-1] for entry in json.loads(frame.data)])
        assert every[0] == every[1] == every[2] == await all_entries(site.journal)


async def test_L7_a_reader_who_leaves_stops_no_run(site):
    async with served(site) as (address, _):
        async with streaming(address) as stream:
            await stream.until("caught-up")
            sent = await site.sends_and_hears("why?")
        await until(lambda: not site.server.reading.streams())
        await site.client.aclose()
        assert site.model.open == 1
        site.model.says(TextDelta(" it is"), Finished(None), to="why?")
        assert (await end_of(site.journal, sent["reply"]))["status"] == "complete"


async def test_L7_an_asker_who_leaves_before_the_answer_stops_no_run(site):
    thread, body = new_id(), {"id": new_id(), "reply": new_id(), "text": "why?"}
    append, reached, free = site.journal.append, asyncio.Event(), asyncio.Event()

    async def slow(account, command):
        receipt = await append(account, command)
        reached.set()
        await free.wait()
        return receipt

    async with served(site) as (address, _):
        site.journal.append = slow
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            asking = asyncio.create_task(client.post(f"/api/threads/{thread}/messages", json=body))
            await reached.wait()
            asking.cancel()
            await asyncio.wait({asking})
        site.journal.append = append
        free.set()
        site.model.says(TextDelta("so"), Finished(None), to="why?")
        assert (await end_of(site.journal, body["reply"]))["status"] == "complete"


async def test_L11_a_poll_whose_client_left_gives_its_place_back(site):
    place = (await site.get("/api/bootstrap"))["cursor"]
    async with served(site) as (address, _):
        url = httpx.URL(f"{address}/api/poll", params={"cursor": place, "wait": 25})
        _, writer = await asyncio.open_connection("127.0.0.1", url.port)
        writer.write(f"GET {url.raw_path.decode()} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await until(lambda: site.server.reading.streams() == 1)
        writer.close()
        await until(lambda: site.server.reading.streams() == 0)


async def test_L10_shutdown_shows_the_end_of_every_run_and_ends_streams_and_polls(site):
    async with served(site) as (address, web), streaming(address) as stream:
        await stream.until("caught-up")
        sent = await site.sends_and_hears("why?")
        place = str(await site.journal.head("local"))
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client:
            polling = asyncio.create_task(
                client.get("/api/poll", params={"cursor": place, "wait": 25})
            )
            await settle()
            web.should_exit = True
            entries = []
            while (frame := await stream.next()) is not None:
                entries += json.loads(frame.data)
            assert (await polling).status_code == 200
        assert (entries[-1]["type"], entries[-1]["status"]) == ("run.ended", "interrupted")
        assert entries[-1]["message"] == sent["reply"]


async def test_a_request_on_a_server_that_ends_is_told_to_try_later(site):
    await site.server.end()
    body = {"id": new_id(), "reply": new_id(), "text": "why?"}
    answer = await site.client.post(f"/api/threads/{new_id()}/messages", json=body)
    assert (answer.status_code, answer.json()["error"]["retryable"]) == (503, True)


async def test_L8_a_restart_ends_what_was_running_as_interrupted_with_its_text(site):
    first = await site.sends_and_hears("why?")
    queued = await site.sends("and then?", first["thread"])
    before = await all_entries(site.journal)
    after = await site.crash()
    try:
        entries = await all_entries(after.journal)
        assert entries[: len(before)] == before
        ended = {
            entry["message"]: entry["status"] for entry in entries if entry["type"] == "run.ended"
        }
        assert ended == {first["reply"]: "interrupted", queued["reply"]: "interrupted"}
        texts = [message["parts"] for message in await after.messages(first["thread"])]
        assert texts[2][0]["text"] == "so"
        assert texts[2][0]["open"] is False
        assert (await after.threads())[0]["run"] is None
        assert after.model.turns == [], "nothing is tried again by itself"
    finally:
        await after.close()


async def test_L8_what_was_sent_before_a_restart_is_answered_the_same_and_not_run_again(site):
    body = {"id": new_id(), "reply": new_id(), "text": "why?"}
    path = f"/api/threads/{new_id()}/messages"
    first = (await site.client.post(path, json=body)).json()
    after: Site = await site.crash()
    try:
        again = await after.client.post(path, json=body)
        assert (again.status_code, again.json()) == (202, first)
        assert after.model.turns == []
    finally:
        await after.close()


async def test_L8_a_cursor_of_before_the_restart_is_still_a_place(site):
    sent = await site.sends_and_hears("why?")
    after = await site.crash()
    try:
        got = await after.get("/api/poll", cursor=sent["cursor"])
        assert got["entries"][-1]["status"] == "interrupted"
    finally:
        await after.close()


async def test_text_is_there_for_a_reader_as_soon_as_another_reader_saw_it(site):
    async with served(site) as (address, _), streaming(address) as one:
        await one.until("caught-up")
        async with streaming(address) as two:
            await two.until("caught-up")
            sent = await site.sends_and_hears("why?")
            await text_reaches(site.journal, sent["reply"], "so")
            seen = []
            for stream in (one, two):
                ids = []
                while not ids or not ids[-1].endswith(str(await site.journal.head("local"))):
                    ids.append((await stream.next()).id)
                seen.append(ids[-1])
            assert seen[0] == seen[1]
