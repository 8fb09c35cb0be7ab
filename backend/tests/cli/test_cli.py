"""The command line as a person meets it: real processes."""

import asyncio
import json
import signal
import socket

import httpx
import pytest

from backend.tests.api.site import streaming
from backend.tests.cli.processes import BOUND_S, ask, complains, get, run, serving
from holdfast_protocol.limits import SHUTDOWN_S_MAX
from holdfast_server.cli import serve
from holdfast_server.runs.minting import new_id
from holdfast_server.settings import Settings, is_loopback


async def test_help_of_serve_documents_every_option():
    code, out, err = await run("serve", "--help")
    assert (code, err) == (0, "")
    for name in Settings.model_fields:
        option = "--" + name.replace("_", "-")
        named = option in out if name != "openai_api_key" else "OPENAI_API_KEY" in out
        assert named, f"{option} is missing"
        assert f"HOLDFAST_{name.upper()}" in out
    assert "OPENAI_BASE_URL" in out


def test_every_option_is_a_setting():
    options = set(serve.__annotations__) - {"context", "return"}
    assert options == set(Settings.model_fields) - {"openai_api_key"}


@pytest.mark.parametrize(
    ("arguments", "more", "sentence"),
    [
        (("--port", "many"), {}, "port"),
        (("--port", "70000"), {}, "--port"),
        (("--data-dir", ""), {}, "--data-dir: names no folder"),
        (("--data-dir", " "), {}, "--data-dir: names no folder"),
        (("--host", "0.0.0.0"), {}, "cannot listen on 0.0.0.0"),
        (("--host", "192.168.1.2"), {}, "use 127.0.0.1, ::1 or localhost"),
        (("--host", "example.com"), {}, "cannot listen on example.com"),
        (("--log-level", "loud"), {}, "--log-level"),
        (("--context-chars", "1"), {}, "--context-chars"),
        (("--port", "0", "--openai-base-url", "ftp://x"), {}, "http://"),
        (("--openai-api-key", "secret"), {}, "--openai-api-key"),
        (("--colour", "red"), {}, "--colour"),
        (("extra",), {}, "extra"),
        ((), {"HOLDFAST_PORT": "many"}, "HOLDFAST_PORT"),
        ((), {"HOLDFAST_HOST": "0.0.0.0"}, "cannot listen on 0.0.0.0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_a_wrong_option_gives_one_sentence(tmp_path, arguments, more, sentence):
    folder = ("--data-dir", str(tmp_path / "data"))
    complains(await run("serve", *folder, *arguments, **more), sentence)


async def test_an_unknown_command_gives_one_sentence():
    complains(await run("fly"), "fly")


async def test_a_data_folder_that_is_a_file_gives_one_sentence(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    folder = tmp_path / "data"
    complains(await run("serve", "--port", "0", "--data-dir", str(folder)), str(folder))


async def test_a_data_folder_below_a_file_gives_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    folder = tmp_path / "file" / "data"
    complains(await run("serve", "--port", "0", "--data-dir", str(folder)), "--data-dir")


async def test_a_data_folder_with_something_else_in_it_gives_one_sentence(tmp_path):
    (tmp_path / "holdfast.db").write_bytes(b"this is no database at all" * 100)
    complains(await run("serve", "--port", "0", "--data-dir", str(tmp_path)), str(tmp_path))


async def test_a_busy_port_gives_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await run("serve", "--port", port, "--data-dir", str(tmp_path / "data"))
    complains(ended, f"port {port} is in use")


async def test_the_address_printed_is_the_one_that_answers(tmp_path):
    async with serving(tmp_path / "deep" / "data") as (_, line):
        address = line.split()[3]
        assert line == f"Holdfast is at {address} (model: the built-in demo)\n"
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_L10_a_signal_ends_it_within_five_seconds_with_streams_and_runs_open(
    tmp_path, number
):
    loop = asyncio.get_running_loop()
    async with serving(tmp_path) as (process, line), streaming(line.split()[3]) as stream:
        thread = await ask(line)
        while "part.delta" not in (await stream.next()).data:
            pass
        asked = loop.time()
        process.send_signal(number)
        while (frame := await stream.next()) is not None:
            last = json.loads(frame.data)[-1]
        _, err = await process.communicate()
        assert loop.time() - asked < SHUTDOWN_S_MAX
        assert (process.returncode, err) == (0, b"")
    assert (last["type"], last["status"]) == ("run.ended", "interrupted")
    async with serving(tmp_path) as (_, line):
        history = await get(line, f"/api/threads/{thread}/messages")
        reply = history["messages"][0]
        assert reply["status"] == "interrupted"
        assert reply["parts"][0]["text"]


async def test_a_signal_during_half_a_request_is_answered_and_makes_no_trace(tmp_path):
    async with serving(tmp_path) as (process, line):
        host = line.split()[3].removeprefix("http://")
        reader, writer = await asyncio.open_connection(*host.split(":"))
        head = f"POST /api/threads HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n"
        writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
        async with asyncio.timeout(BOUND_S):
            assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n", "it asks for the body"
            process.send_signal(signal.SIGTERM)
            answer = await reader.read()
        writer.close()
        _, err = await process.communicate()
    assert process.returncode == 0
    assert b"HTTP/1.1 503 " in answer
    assert b'"retryable":true' in answer
    assert b"Traceback" not in err


async def test_L8_kill_9_and_a_new_start_show_what_was_seen_as_interrupted(tmp_path):
    async with serving(tmp_path) as (process, line), streaming(line.split()[3]) as stream:
        thread = await ask(line)
        frames = []
        while len(frames) < 10:
            frames += await stream.until("journal")
        process.kill()
        await process.communicate()
    seen = "".join(
        entry["text"]
        for frame in frames
        if frame.event == "journal"
        for entry in json.loads(frame.data)
        if entry["type"] == "part.delta"
    )
    async with serving(tmp_path) as (_, line):
        got = await get(line, f"/api/poll?cursor={frames[-1].id}")
        assert got["entries"][-1]["type"] == "run.ended"
        assert got["entries"][-1]["status"] == "interrupted"
        reply = (await get(line, f"/api/threads/{thread}/messages"))["messages"][0]
        kept = "".join(part["text"] or part["arguments"] for part in reply["parts"])
        assert seen
        assert kept.startswith(seen)


async def test_nothing_a_person_wrote_and_no_key_is_logged_even_at_debug(tmp_path):
    secrets = {"HOLDFAST_OPENAI_API_KEY": "sk-secret"}
    async with serving(tmp_path, "--log-level", "debug", **secrets) as (process, line):
        async with httpx.AsyncClient(base_url=line.split()[3], trust_env=False) as client:
            body = {"id": new_id(), "reply": new_id(), "text": "my diary"}
            path = f"/api/threads/{new_id()}/messages"
            assert (await client.post(path, json=body)).is_success
            await client.post(path, json={**body, "text": "other diary"})
            await client.post(f"/api/messages/{body['reply']}/stop")
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    log = (out + err).decode()
    assert body["reply"] in log
    assert "diary" not in log
    assert "secret" not in log


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_loopback_addresses_may_be_listened_on(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "fe80::1"])
def test_other_addresses_may_not(host):
    assert not is_loopback(host)


def test_the_standard_names_of_the_environment_are_honoured_and_ours_win(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://a/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "a")
    assert Settings().openai_base_url == "http://a/v1"
    monkeypatch.setenv("HOLDFAST_OPENAI_BASE_URL", "http://b/v1")
    monkeypatch.setenv("HOLDFAST_OPENAI_API_KEY", "b")
    settings = Settings()
    assert settings.openai_base_url == "http://b/v1"
    assert settings.openai_api_key.get_secret_value() == "b"
    assert "'b'" not in repr(settings)
    assert Settings(openai_base_url="http://c/v1").openai_base_url == "http://c/v1"


def test_data_goes_where_the_platform_keeps_it(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / "holdfast"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / ".local" / "share" / "holdfast"
