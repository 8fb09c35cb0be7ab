"""Stop and shutdown close the upstream connection at once, seen from the server's side."""

import asyncio
import contextlib

import pytest

from backend.tests.models.conftest import MakeModel, ask, read_all
from e2e.provider import Provider
from holdfast_server.models.port import TextDelta


async def test_aclose_in_the_middle_of_an_answer_hangs_up(
    provider: Provider, make_model: MakeModel
) -> None:
    answer = make_model().answer(ask("hi"))
    first = asyncio.create_task(anext(answer))
    call = await provider.anext_call("hi")
    call.say("one ")
    assert await first == TextDelta("one ")
    await answer.aclose()
    await call.await_closed(bound_s=2)


@pytest.mark.parametrize("said", [(), ("one ",)], ids=["before the first token", "mid-answer"])
async def test_cancellation_hangs_up_and_passes_through(
    provider: Provider, make_model: MakeModel, said: tuple[str, ...]
) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say(*said)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await call.await_closed(bound_s=2)


async def test_no_task_is_left_behind(provider: Provider, make_model: MakeModel) -> None:
    reading = asyncio.create_task(read_all(make_model().answer(ask("hi"))))
    call = await provider.anext_call("hi")
    call.say("one ")
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    await call.await_closed(bound_s=2)
    assert [task for task in asyncio.all_tasks() if task.get_name() == "model-door"] == []


async def test_one_answer_hung_up_leaves_the_others(
    provider: Provider, make_model: MakeModel
) -> None:
    model = make_model()
    staying = asyncio.create_task(read_all(model.answer(ask("stays"))))
    leaving = asyncio.create_task(read_all(model.answer(ask("leaves"))))
    left = await provider.anext_call("leaves")
    stayed = await provider.anext_call("stays")
    leaving.cancel()
    await left.await_closed(bound_s=2)
    stayed.say("still here")
    stayed.finish()
    assert TextDelta("still here") in await staying
