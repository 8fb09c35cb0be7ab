"""Many slow or silent models, and a fast one beside them that does not notice."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from backend.tests.models.conftest import MakeModel, ask, read_all
from e2e.provider import Provider
from e2e.provider_call import Call
from holdfast_server.models.chat_completions import ChatCompletions
from holdfast_server.models.port import Finished, ModelEvent, TextDelta

SLOW = 150
Reading = asyncio.Task[list[ModelEvent]]


@pytest.fixture
async def model(make_model: MakeModel) -> ChatCompletions:
    return make_model()


@pytest.fixture
async def slow_ones(model: ChatCompletions, provider: Provider) -> AsyncIterator[list[Reading]]:
    """As many answers under way as there may well be: half are silent, half said one word."""
    reading = [asyncio.create_task(read_all(model.answer(ask("slow")))) for _ in range(SLOW)]
    calls = [await provider.anext_call("slow") for _ in reading]
    for call in calls[::2]:
        call.say("w")
    yield reading
    for one in reading:
        one.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def whole_answer(model: ChatCompletions, provider: Provider) -> None:
    """Ask, and be answered from beginning to end."""
    answer = asyncio.create_task(read_all(model.answer(ask("fast"))))
    call = await provider.anext_call("fast")
    call.tokens(1, 100)
    call.finish()
    text = "".join(event.text for event in await answer if isinstance(event, TextDelta))
    assert text == "".join(f"t{number} " for number in range(1, 101))


async def test_a_fast_answer_comes_whole_while_150_others_say_nothing(
    model: ChatCompletions, provider: Provider, slow_ones: list[Reading]
) -> None:
    await whole_answer(model, provider)
    assert not any(one.done() for one in slow_ones)


async def test_the_slow_ones_come_whole_too_when_they_speak_at_last(
    model: ChatCompletions, provider: Provider
) -> None:
    reading = [asyncio.create_task(read_all(model.answer(ask("slow")))) for _ in range(SLOW)]
    calls: list[Call] = [await provider.anext_call("slow") for _ in reading]
    await whole_answer(model, provider)
    for call in calls:
        call.say("at last")
        call.finish()
    for events in await asyncio.gather(*reading):
        assert TextDelta("at last") in events
        assert isinstance(events[-1], Finished)


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """A name server that answers nothing for `silent.test`, as where the network is gone.

    Gives a count of those that asked; at the end they are told that there is no such host.
    """
    asked, end = threading.Semaphore(0), threading.Event()
    ask_truly = socket.getaddrinfo

    def ask_name(host: str | bytes | None, *more: object, **named: object) -> object:
        if host not in ("silent.test", b"silent.test"):
            return ask_truly(host, *more, **named)  # type: ignore[call-overload]
        asked.release()
        end.wait()
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", ask_name)
    yield asked
    end.set()


async def test_a_name_that_nobody_knows_holds_up_nobody_else(
    model: ChatCompletions,
    make_model: MakeModel,
    provider: Provider,
    silent_names: threading.Semaphore,
) -> None:
    lost = make_model("http://silent.test/v1")
    asking = asyncio.create_task(read_all(lost.answer(ask("anybody there?"))))
    assert await asyncio.to_thread(silent_names.acquire, timeout=10), "the name was not asked for"
    await whole_answer(model, provider)
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


@pytest.fixture
def deaf_host() -> Iterator[str]:
    """An address where connections are neither accepted nor refused: its queue is full."""
    with contextlib.ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            caller = held.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


async def test_a_host_that_lets_nobody_in_holds_up_nobody_else(
    model: ChatCompletions, make_model: MakeModel, provider: Provider, deaf_host: str
) -> None:
    lost = make_model(deaf_host)
    asking = [asyncio.create_task(read_all(lost.answer(ask("hello?")))) for _ in range(20)]
    await whole_answer(model, provider)
    assert not any(one.done() for one in asking)
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
