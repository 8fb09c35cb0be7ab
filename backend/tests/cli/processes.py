"""Real `holdfast` processes, and asking them over HTTP as anybody would."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from holdfast_server.runs.minting import new_id

KEPT = ("PATH", "LANG", "PYTHONPATH")
BOUND_S = 60.0
"""A start imports much, and the machine may be busy."""


def environment(**more: str) -> dict[str, str]:
    """Nothing of the person's own settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOLDFAST_OPENAI_BASE_URL": "demo", "PYTHONUNBUFFERED": "1", **more}


async def start(*arguments: str, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "holdfast_server",
        *arguments,
        env=environment(**more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*arguments: str, **more: str) -> tuple[int, str, str]:
    """Return exit code, output and complaint of a command that ends by itself."""
    process = await start(*arguments, **more)
    async with asyncio.timeout(BOUND_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def serving(folder: Path, *arguments: str, **more: str):
    """A server on a free port: gives the process and its address."""
    process = await start("serve", "--port", "0", "--data-dir", str(folder), *arguments, **more)
    try:
        async with asyncio.timeout(BOUND_S):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("Holdfast is at http://127.0.0.1:"), (
            line or (await process.stderr.read()).decode()
        )
        yield process, line
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def get(line: str, path: str) -> dict:
    """Ask the server whose printed line this is."""
    async with httpx.AsyncClient(base_url=line.split()[3], trust_env=False) as client:
        return (await client.get(path)).json()


async def ask(line: str) -> str:
    """Send a question; return the thread it made."""
    body, thread = {"id": new_id(), "reply": new_id(), "text": "hello"}, new_id()
    async with httpx.AsyncClient(base_url=line.split()[3], trust_env=False) as client:
        assert (await client.post(f"/api/threads/{thread}/messages", json=body)).is_success
    return thread


def complains(ended: tuple[int, str, str], sentence: str) -> None:
    """One line on stderr that says it, nothing else, and a code that is not 0."""
    code, out, err = ended
    assert code not in (0, None)
    assert code > 0
    assert out == ""
    assert err.startswith("holdfast: ")
    assert err.count("\n") == 1, err
    assert sentence in err
