"""The scripted provider is what the stories trust, so it is tested by a client that is not ours."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from e2e.provider import Provider
from e2e.provider_call import Call


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(models=["one", "two"]) as running:
        yield running


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "one", "messages": [{"role": "user", "content": text}], "stream": True, **more}


async def test_models_are_listed(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        listed = (await client.get("models")).json()
        assert [one["id"] for one in listed["data"]] == ["one", "two"]
        assert (await client.get("nothing")).status_code == 404


async def test_a_chunk_is_released_when_the_test_says_so_and_not_before(
    provider: Provider,
) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        opening = asyncio.create_task(
            client.send(
                client.build_request("POST", "chat/completions", json=asking("hi")), stream=True
            )
        )
        call = await provider.anext_call("hi")
        assert not opening.done(), "not even the head is sent"
        call.say("one ")
        response = await opening
        lines = response.aiter_lines()
        first = json.loads((await anext(lines)).removeprefix("data: "))
        assert first["choices"][0]["delta"] == {"content": "one "}
        call.finish()
        rest = [line async for line in lines if line]
        assert rest[-1] == "data: [DONE]"
        await response.aclose()


async def test_calls_are_told_apart_by_their_text(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        posts = {
            text: asyncio.create_task(
                client.post("chat/completions", json=asking(text, stream=False))
            )
            for text in "abc"
        }
        for text in "cab":
            call = await provider.anext_call(text)
            call.say(text, text)
            call.finish()
        for text, post in posts.items():
            assert (await post).json()["choices"][0]["message"]["content"] == text * 2


async def test_a_connection_serves_one_call_after_another(provider: Provider) -> None:
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=provider.base_url, limits=limits) as client:
        for text in ("first", "second", "third"):
            post = asyncio.create_task(client.post("chat/completions", json=asking(text)))
            call = await provider.anext_call(text)
            call.tokens(1, 3)
            call.finish()
            assert "t3 " in (await post).text


async def test_a_client_that_leaves_is_noticed(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        post = asyncio.create_task(client.post("chat/completions", json=asking("hi")))
        call = await provider.anext_call("hi")
        call.say("one ")
        post.cancel()
        await call.await_closed()


async def test_a_client_that_stays_is_not_taken_for_gone(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        post = asyncio.create_task(client.post("chat/completions", json=asking("hi")))
        call = await provider.anext_call("hi")
        with pytest.raises(AssertionError, match="kept the connection open"):
            await call.await_closed(bound_s=0.05)
        call.finish()
        assert (await post).status_code == 200


async def test_a_failure_has_its_status_and_a_break_is_a_break(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        post = asyncio.create_task(client.post("chat/completions", json=asking("hi")))
        (await provider.anext_call("hi")).fail(429, {"error": {"code": "slow_down"}})
        assert (await post).status_code == 429
        post = asyncio.create_task(client.post("chat/completions", json=asking("hi")))
        call = await provider.anext_call("hi")
        call.say("one ")
        call.break_off()
        with pytest.raises(httpx.TransportError):
            await post


async def test_waiting_for_a_call_that_never_comes_says_what_is_there(provider: Provider) -> None:
    async with httpx.AsyncClient(base_url=provider.base_url) as client:
        post = asyncio.create_task(client.post("chat/completions", json=asking("other")))
        call = await provider.anext_call("other")
        with pytest.raises(AssertionError, match="no request for 'hi'"):
            await provider.anext_call("hi", bound_s=0.05)
        call.finish()
        await post


def test_as_a_process_it_answers_by_itself() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "e2e.provider", "--tokens", "20", "--stamped"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        base_url = json.loads(process.stdout.readline())["base_url"]
        answer = httpx.post(f"{base_url}/chat/completions", json=asking("hi")).text
        *chunks, last = (line.removeprefix("data: ") for line in answer.splitlines() if line)
        assert last == "[DONE]"
        texts = [json.loads(chunk)["choices"][0]["delta"].get("content") for chunk in chunks]
        numbers = [text.partition("@")[0] for text in texts if text]
        assert numbers == [f"t{number}" for number in range(20)]
        process.stdin.close()
    assert process.returncode == 0


async def test_a_provider_given_an_answer_writes_it_until_the_client_leaves() -> None:
    left = asyncio.Event()

    async def answer(call: Call) -> None:
        call.put({"content": call.text})
        if call.text == "whole":
            call.put_end("stop")
            return
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            here.call_soon_threadsafe(left.set)
            raise

    here = asyncio.get_running_loop()
    with Provider(answer=answer) as provider:
        async with httpx.AsyncClient(base_url=provider.base_url) as client:
            said = (await client.post("chat/completions", json=asking("whole"))).text
            assert '{"content": "whole"}' in said
            assert said.endswith("data: [DONE]\n\n")
            request = client.build_request("POST", "chat/completions", json=asking("held"))
            response = await client.send(request, stream=True)
            await response.aclose()
            await asyncio.wait_for(left.wait(), 10)


async def test_a_provider_is_deserted_once_all_that_the_dead_had_asked_is_noted() -> None:
    async def answer(call: Call) -> None:
        await asyncio.Event().wait()

    body = json.dumps(asking("last words")).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: provider\r\nContent-Length: %d\r\n\r\n"
    with Provider(answer=answer) as provider:
        port = int(provider.base_url.split(":")[2].split("/")[0])
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as dying:
                dying.sendall(head % len(body) + body)
        await provider.deserted()
        assert [call.text for call in provider.calls] == ["last words"] * 20
