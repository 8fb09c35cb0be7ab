"""A helper process of a script that measures: it is asked, and answers, by lines of JSON.

The driver's half is `Beside`, the helper's is `answer`. A helper ends when its input does.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

ANSWER_BYTES_MAX = 2**26
ENDING_S_MAX = 20.0

Asked = dict[str, Any]


class Beside:
    """One helper. One question at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def ask(self, what: str, **more: Any) -> Asked:
        """Return what it answers. Raises RuntimeError when it ended instead."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
        return await self.next()

    async def next(self) -> Asked:
        """Return the next line that it says."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a helper ended with {await self._process.wait()}")
        return json.loads(line)


@asynccontextmanager
async def beside(module: str, *arguments: str) -> AsyncIterator[Beside]:
    """Run `python -m module` beside us for as long as inside."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=ANSWER_BYTES_MAX,
    )
    assert process.stdin is not None
    try:
        yield Beside(process)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(ENDING_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def say(answer: Asked) -> None:
    """The helper's half: say one line."""
    print(json.dumps(answer), flush=True)


async def answer(ways: dict[str, Callable[..., Awaitable[Asked]]]) -> None:
    """The helper's half: answer each question by the way it names, until the input ends."""
    asked = asyncio.StreamReader(limit=ANSWER_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(asked), sys.stdin
    )
    while line := await asked.readline():
        question = json.loads(line)
        say(await ways[question.pop("do")](**question))
