"""The benches' own parts, where a mistake would be a wrong figure instead of a failure."""

import asyncio

import pytest

from e2e.bench import profiled
from e2e.bench.lean_provider import Speaker
from e2e.bench.runs_fed import Reader
from e2e.bench.stage import percentile, spread
from e2e.bench.stamped import STAMP, token, written_ms

TOKENS = 30
ASKING = (
    "POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n%s"
)  # fmt: skip


def asking(model: str) -> str:
    body = f'{{"model": "{model}"}}'
    return ASKING % (len(body), body)


def test_a_stamp_tells_when_its_token_was_written() -> None:
    (first,), (second,) = (STAMP.findall(token(0, 50).encode()) for _ in range(2))
    assert written_ms(first) <= written_ms(second) <= written_ms(first) + 60_000
    assert STAMP.findall(token(7, 1_000).encode()) == [], "of a fast stream each tenth is stamped"


async def test_the_lean_provider_says_what_was_asked_for_and_the_reader_sees_each_token() -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Speaker, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reader = Reader()
        reading = asyncio.create_task(
            reader.read(f"http://127.0.0.1:{port}/v1", asking(f"auto-99-{TOKENS}"))
        )
        async with asyncio.timeout(10):
            while len(reader.ages_ms) < TOKENS:  # noqa: ASYNC110  there is nothing to be woken by
                await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert len(reader.ages_ms) == TOKENS


WHOLE = f'data: [{{"text":"{token(0, 50)}"}},{{"type":"run.ended"}}]\n\n'.encode()


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
def test_what_a_read_cuts_in_two_is_counted_once(cut: int) -> None:
    reader = Reader()
    held = reader.take(WHOLE[:cut])
    reader.take(held + WHOLE[cut:])
    assert (len(reader.ages_ms), reader.ended) == (1, 1)


def test_the_profile_knows_the_parts_of_the_server_from_what_they_stand_on() -> None:
    here = {"/x/holdfast_server/journal/door.py", "/x/holdfast_server/models/door.py"}
    parts = {profiled.part_of(compile("0", path, "eval")) for path in here}
    assert parts == {"journal: decide and settle", "models: chunks to events"}
    assert profiled.part_of(compile("0", "/usr/lib/python3/ast.py", "eval")) == profiled.OTHER


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile([1, 2, 3, 4], share) for share in (0.5, 0.99, 1.0)] == [2, 4, 4]
    assert spread([]) == {"n": 0}
