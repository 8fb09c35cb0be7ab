"""Law L5: **Two reads, one truth**: a long poll is given what an event stream is."""

import asyncio
import json

import pytest

from backend.tests.api.site import Site, served, streaming
from backend.tests.store import until
from holdfast_server.models.port import Finished, TextDelta, ToolArguments, ToolCalled, ToolReturned
from holdfast_server.runs.minting import new_id

Heard = list[tuple[str, object]]
"""What a reader was told, cut into single entries, since frames and pages may be cut anywhere."""


LAST = {"tokens": 7}
"""What the model counted of the last answer: how its end is known."""


def without_time(content: dict) -> dict:
    return {**content, "now": 0}


async def by_stream(address: str, cursor: str | None, heard: Heard) -> None:
    """Read until the end of the answer to "and?"."""
    ask = {} if cursor is None else {"params": {"cursor": cursor}}
    async with streaming(address, **ask) as stream:
        while not is_end(heard):
            frame = await stream.next()
            content = json.loads(frame.data)
            if frame.event == "journal":
                assert frame.id.endswith(f".{content[-1]['seq']}")
                heard += [("entry", entry) for entry in content]
            elif frame.event == "reset":
                assert frame.id == content["cursor"]
                heard.append(("reset", without_time(content)))


async def by_polls(site: Site, cursor: str | None, heard: Heard) -> None:
    """The same, asking again and again."""
    while not is_end(heard):
        ask = {} if cursor is None else {"cursor": cursor}
        content = await site.get("/api/poll", wait=25, **ask)
        if "reset" in content:
            heard.append(("reset", without_time(content["reset"])))
            cursor = content["reset"]["cursor"]
        else:
            assert content["changed"] is bool(content["entries"])
            heard += [("entry", entry) for entry in content["entries"]]
            cursor = content["cursor"]
            assert cursor.endswith(f".{content['entries'][-1]['seq']}")


def is_end(heard: Heard) -> bool:
    return bool(heard) and heard[-1][1].get("usage") == LAST


async def journal_something(site: Site) -> None:
    """Have a turn with tools answered while others read."""
    await site.talk("why?")
    await site.sends("and?")
    for event in (
        TextDelta("so"),
        ToolCalled("call", "look"),
        ToolArguments("call", "{}"),
        ToolReturned("call", "ok", "seen " * 100),
        TextDelta(" it is"),
        Finished(LAST),
    ):
        site.model.says(event, to="and?")
        await asyncio.sleep(0)


@pytest.mark.parametrize("begins", ["nowhere", "elsewhere", "at the first entry", "at the head"])
async def test_L5_a_long_poll_is_given_what_an_event_stream_is(site, begins):
    await site.talk("before")
    head = await site.journal.head("local")
    cursor, told = {
        "nowhere": (None, 1),
        "elsewhere": (f"{new_id()}.local.{head.seq}", 1),
        "at the first entry": (str(head.at(0)), head.seq),
        "at the head": (str(head), 0),
    }[begins]
    streamed: Heard = []
    polled: Heard = []
    async with served(site) as (address, _):
        reading = [
            asyncio.create_task(by_stream(address, cursor, streamed)),
            asyncio.create_task(by_polls(site, cursor, polled)),
        ]
        await until(lambda: site.server.reading.streams() == 2)
        await until(lambda: len(streamed) == len(polled) == told)
        await journal_something(site)
        await asyncio.gather(*reading)
    assert len(streamed) > told + 10
    assert streamed == polled
