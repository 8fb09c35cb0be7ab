"""Whatever goes wrong at a model becomes one ModelError: a code, a sentence, whether to retry."""

import asyncio
import gzip
import socket

import pytest

from backend.tests.models.conftest import MakeModel, ask, patience, read_all
from e2e.provider import Provider
from e2e.provider_call import Call
from holdfast_server.models.port import ModelError, ToolReturned

KEY = "sk-secret-of-the-test"
QUESTION = "a private question"


def address_of_nobody() -> str:
    """An address where nobody listens: bound once, so that it is free, and given back."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


async def failure_of(reading: "asyncio.Task[object]") -> ModelError:
    with pytest.raises(ModelError) as caught:
        await reading
    said = caught.value
    assert KEY not in said.message, "a key is never shown"
    assert QUESTION not in said.message, "message text is never shown"
    assert said.message.endswith((".", "?")), "a sentence"
    return said


async def test_L12_a_body_packed_more_than_once_is_not_unpacked(make_model: MakeModel) -> None:
    packed = gzip.compress(gzip.compress(b": " + bytes(10_000_000) + b"\n\n"))
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            f"Content-Encoding: gzip, gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        )
        writer.write(head.encode() + packed)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reading = read_all(make_model(f"http://127.0.0.1:{port}/v1").answer(ask("hi")))
        said = await failure_of(asyncio.create_task(reading))
    assert said.code == "model_malformed"
    assert b"accept-encoding: identity\r\n" in asked[0].lower()


async def test_a_refused_connection_asks_whether_it_runs(make_model: MakeModel) -> None:
    where = address_of_nobody()
    reading = asyncio.create_task(read_all(make_model(where).answer(ask("hi"))))
    said = await failure_of(reading)
    port = where.rpartition(":")[2].removesuffix("/v1")
    assert said.message == f"The model at 127.0.0.1:{port} refused the connection. Is it running?"
    assert (said.code, said.retryable) == ("model_refused", True)


async def test_a_host_that_does_not_exist_is_unreachable(make_model: MakeModel) -> None:
    model = make_model("http://nowhere.invalid/v1")
    said = await failure_of(asyncio.create_task(read_all(model.answer(ask("hi")))))
    assert (said.code, said.retryable) == ("model_unreachable", True)


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        (307, "", "model_moved", False),
        (400, {"error": {"code": "context_length_exceeded"}}, "model_context", False),
        (400, {"error": {"message": QUESTION + KEY}}, "model_rejected", False),
        (401, {"error": {"message": f"Incorrect API key: {KEY}"}}, "model_unauthorized", False),
        (402, {}, "model_unpaid", False),
        (403, "<h1>no</h1>", "model_unauthorized", False),
        (404, {"error": {"code": "model_not_found"}}, "model_not_found", False),
        (408, "", "model_timeout", True),
        (413, "", "model_context", False),
        (429, {"error": {"code": "rate_limit_exceeded"}}, "model_busy", True),
        (429, {"error": {"code": "insufficient_quota"}}, "model_unpaid", False),
        (500, "\x00\xff" * 200_000, "model_server_error", True),
        (503, "", "model_server_error", True),
        (504, "", "model_timeout", True),
    ],
)
async def test_an_error_status_becomes_a_sentence(
    provider: Provider,
    make_model: MakeModel,
    status: int,
    body: object,
    code: str,
    retryable: bool,
) -> None:
    model = make_model(api_key=KEY)
    reading = asyncio.create_task(read_all(model.answer(ask(QUESTION))))
    (await provider.anext_call(QUESTION)).fail(status, body)
    said = await failure_of(reading)
    assert (said.code, said.retryable) == (code, retryable)


async def test_an_unknown_model_is_named(provider: Provider, make_model: MakeModel) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi", model="gone"))))
    (await provider.anext_call("hi")).fail(404, {})
    assert "the model gone" in (await failure_of(reading)).message


async def test_no_first_token_in_time_is_a_timeout(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model(limits=patience(first_token_s_max=0.05))
    reading = asyncio.create_task(read_all(model.answer(ask("hi"))))
    call = await provider.anext_call("hi")
    assert (await failure_of(reading)).code == "model_timeout"
    await call.await_closed(bound_s=2)


async def test_a_role_and_comments_are_no_token(provider: Provider, make_model: MakeModel) -> None:
    model = make_model(limits=patience(first_token_s_max=0.2))
    reading = asyncio.create_task(read_all(model.answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.begin()
    call.raw(b": still working\n\n")
    assert (await failure_of(reading)).code == "model_timeout"


async def test_silence_after_a_token_is_a_stall(provider: Provider, make_model: MakeModel) -> None:
    model = make_model(limits=patience(stall_s_max=0.05))
    reading = asyncio.create_task(read_all(model.answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("one ")
    assert (await failure_of(reading)).code == "model_stalled"
    await call.await_closed(bound_s=2)


def cut(call: Call) -> None:
    call.say("one ")
    call.break_off()


def end_without_finish(call: Call) -> None:
    call.say("one ")
    call.end()


def end_within_a_chunk(call: Call) -> None:
    call.say("one ")
    call.raw(b'data: {"choices": [{"del')
    call.end()


def cut_before_anything(call: Call) -> None:
    call.break_off()


@pytest.mark.parametrize("end", [cut, end_without_finish, end_within_a_chunk, cut_before_anything])
async def test_a_stream_without_an_end_broke_off(
    provider: Provider, make_model: MakeModel, end: "object"
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    end(await provider.anext_call("hi"))  # type: ignore[operator]
    said = await failure_of(reading)
    assert (said.code, said.retryable) == ("model_broke_off", True)


async def test_what_came_before_the_break_is_given_first(
    provider: Provider, make_model: MakeModel
) -> None:
    said = ""

    async def read() -> None:
        nonlocal said
        async for event in make_model().answer(ask("hi")):
            said += event.text  # type: ignore[union-attr]

    reading = asyncio.create_task(read())
    call = await provider.anext_call("hi")
    call.tokens(1, 100)
    call.end()
    await failure_of(reading)
    assert said == "".join(f"t{number} " for number in range(1, 101))


async def test_an_end_mark_without_a_reason_is_an_end(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("all")
    call.raw(b"data: [DONE]")
    call.end()
    assert [type(event).__name__ for event in await reading] == ["TextDelta", "Finished"]


@pytest.mark.parametrize(
    ("report", "code"),
    [
        ({"message": QUESTION, "code": 429}, "model_busy"),
        ({"message": QUESTION, "code": "context_length_exceeded"}, "model_context"),
        ({"message": QUESTION}, "model_server_error"),
        (QUESTION, "model_server_error"),
    ],
)
async def test_an_error_inside_the_stream_ends_it(
    provider: Provider, make_model: MakeModel, report: object, code: str
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("one ")
    call.chunk({"error": report})
    assert (await failure_of(reading)).code == code


async def test_an_answer_held_back_for_its_content_says_so(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.finish("content_filter")
    assert (await failure_of(reading)).code == "model_withheld"


async def test_an_answer_of_nothing_says_so(provider: Provider, make_model: MakeModel) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    (await provider.anext_call("hi")).finish()
    assert (await failure_of(reading)).code == "model_empty"


async def test_a_model_that_only_calls_tools_is_ended(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model(limits=patience(tool_rounds_max=2))
    events: list[object] = []

    async def read() -> None:
        async for event in model.answer(ask("loop")):
            events.append(event)

    reading = asyncio.create_task(read())
    for _ in range(2):
        call = await provider.anext_call("loop")
        call.tool_call("x", "clock", "{}")
        call.finish("tool_calls")
    assert (await failure_of(reading)).code == "model_tool_loop"
    assert sum(isinstance(event, ToolReturned) for event in events) == 2


async def test_an_unreachable_server_has_no_list(make_model: MakeModel) -> None:
    model = make_model(address_of_nobody())
    assert (await failure_of(asyncio.create_task(model.list_models()))).code == "model_refused"
