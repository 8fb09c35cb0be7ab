"""Whatever bytes a provider sends, they are text or a ModelError, never an exception of ours."""

import asyncio

import pytest

from backend.tests.models.conftest import MakeModel, ask, patience, read_all
from e2e.provider import Provider
from holdfast_server.models.limits import LIMITS
from holdfast_server.models.normalise import Reply
from holdfast_server.models.port import ModelError, TextDelta
from holdfast_server.models.stream import ChunkReader, EventTooLong, MalformedChunk, parse_object


def content(escaped: bytes) -> bytes:
    return b'data: {"choices": [{"delta": {"content": "' + escaped + b'"}}]}\n\n'


def read(*pieces: bytes) -> str:
    """What these pieces of a body say."""
    reader, reply = ChunkReader(LIMITS), Reply(LIMITS)
    events = [event for piece in pieces for event in reply.feed(reader.feed(piece))]
    events += reply.feed(reader.finish()) + reply.finish()
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (content(b"caf\xc3\xa9"), "café"),
        (content(b"bad \xff\xfe byte"), "bad \ufffd\ufffd byte"),
        (content(b"cut \xe2\x82"), "cut \ufffd"),
        (content(rb"nul \u0000."), "nul \x00."),
        (content(rb"lone \ud800."), "lone \ud800."),
        (content(rb"lone \udc00."), "lone \udc00."),
        (content(rb"split \ud83d") + content(rb"\ude00"), "split \ud83d\ude00"),
        (content(rb"pair \ud83d\ude00"), "pair 😀"),
        (content(rb"line\nbreak \u2028 \u0085"), "line\nbreak \u2028 \x85"),
        (content(b"a").replace(b"\n\n", b"\r\n\r\n"), "a"),
        (content(b"a").replace(b"\n", b"\r"), "a"),
        (content(b"a").replace(b"data: ", b"data:"), "a"),
        (b"\xef\xbb\xbf" + content(b"a") + content(b"b"), "ab"),
        (b": comment\n\nevent: ping\n\nid: 1\nretry: 5\n\n" + content(b"a"), "a"),
        (content(b"before") + b"data: [DONE]\n\n" + content(b"after"), "before"),
    ],
)
def test_text_passes_however_the_network_splits_it(body: bytes, said: str) -> None:
    assert read(body) == said
    assert read(*(body[at : at + 1] for at in range(len(body)))) == said
    for at in range(len(body)):
        assert read(body[:at], body[at:]) == said


@pytest.mark.parametrize(
    "chunk",
    [
        '{"choices": null}',
        '{"choices": []}',
        '{"choices": [null]}',
        '{"choices": [{}]}',
        '{"choices": [{"delta": null}]}',
        '{"choices": [{"delta": []}]}',
        '{"choices": [{"delta": {"content": 5, "reasoning": {}, "tool_calls": {}}}]}',
        '{"choices": [{"delta": {"content": [null, 1, {"type": "text"}, {"type": "image"}]}}]}',
        '{"choices": [{"delta": {"tool_calls": [null, 1, {}, {"index": "x", "function": []}]}}]}',
        '{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "{}"}}]}}]}',
        '{"choices": [{"delta": {"content": ""}, "finish_reason": 7}], "usage": 3}',
        '{"usage": {"prompt_tokens": NaN, "completion_tokens": -1}}',
        "{}",
    ],
)
def test_a_field_of_an_unexpected_kind_says_nothing(chunk: str) -> None:
    assert read(b"data: " + chunk.encode() + b"\n\n") == ""


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", "5", "null", "{", '{"a":' * 100_000])
def test_what_is_no_object_is_malformed(text: str) -> None:
    with pytest.raises(MalformedChunk):
        parse_object(text)


async def test_a_malformed_chunk_fails_the_answer_with_a_sentence(
    provider: Provider, make_model: MakeModel
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.raw(b"data: {broken\n\n")
    with pytest.raises(ModelError) as caught:
        await reading
    assert caught.value.code == "model_malformed"
    assert "broken" not in repr(caught.value.__cause__)
    await call.await_closed(bound_s=2)


async def test_a_web_page_is_not_an_answer(provider: Provider, make_model: MakeModel) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    (await provider.anext_call("hi")).fail(200, "<html>hello</html>", "text/html; charset=utf-8")
    with pytest.raises(ModelError) as caught:
        await reading
    assert caught.value.code == "model_malformed"
    assert "/v1" in caught.value.message


@pytest.mark.parametrize("limit", ["event_chars_max", "answer_bytes_max"])
async def test_an_event_without_an_end_is_bounded(
    provider: Provider, make_model: MakeModel, limit: str
) -> None:
    model = make_model(limits=patience(**{limit: 10_000}))
    reading = asyncio.create_task(read_all(model.answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.raw(b"data: " + b"x" * 20_000)
    with pytest.raises(ModelError) as caught:
        await reading
    assert caught.value.code == "model_too_long"
    await call.await_closed(bound_s=2)


def test_many_small_events_do_not_count_as_one_large_one() -> None:
    reader = ChunkReader(patience(event_chars_max=200))
    for _ in range(100):
        assert len(reader.feed(content(b"0123456789"))) == 1
    with pytest.raises(EventTooLong):
        reader.feed(b"x" * 201)


async def test_tool_calls_and_their_arguments_are_bounded(
    provider: Provider, make_model: MakeModel
) -> None:
    limits = patience(tool_calls_max=3, tool_arguments_chars_max=10)
    for question, ids, arguments in (("calls", "abcd", "{}"), ("arguments", "a", "x" * 11)):
        reading = asyncio.create_task(read_all(make_model(limits=limits).answer(ask(question))))
        call = await provider.anext_call(question)
        for index, id in enumerate(ids):
            call.tool_call(id, "clock", arguments, index=index)
        with pytest.raises(ModelError) as caught:
            await reading
        assert caught.value.code == "model_too_long"


async def test_a_reader_that_does_not_take_pauses_the_reading(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model(limits=patience(ahead_bytes_max=1_000))
    answer = model.answer(ask("hi"))
    first = asyncio.create_task(anext(answer))
    call = await provider.anext_call("hi")
    call.tokens(1, 200)
    call.finish()
    said = (await first).text  # type: ignore[union-attr]
    said += "".join(e.text for e in await read_all(answer) if isinstance(e, TextDelta))
    assert said == "".join(f"t{number} " for number in range(1, 201))
