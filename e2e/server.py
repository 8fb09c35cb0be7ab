"""A real `holdfast serve` as its own process: started, killed, ended and started again on the same
port and folder, as an operator or a power cut would.

Waits by state (the printed address, /healthz), bounded. Knows of the server only its command line,
its environment and its HTTP address.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from e2e.until import until

ADDRESS = re.compile(r"Holdfast is at http://127\.0\.0\.1:(\d+)")
LOG_TAIL_LINES = 120
START_S_MAX = 60.0
"""A start that takes longer is a failure; with an HTTP model it imports its libraries first."""
END_S_MAX = 20.0
"""The law says 5; how long it took is a figure, that it ended is a test."""


class ServerFailed(AssertionError):
    """The server ended, or did not start; its output is in the message."""


@dataclass(slots=True)
class Server:
    """One data folder and one port; the process on them may come and go.

    `model_url` is the base URL of an OpenAI-compatible model, None for the demo model. `program`
    is what runs it, if not the installed command.
    """

    model_url: str | None = None
    more_environment: dict[str, str] = field(default_factory=dict)
    program: list[str] = field(default_factory=list)
    port: int = 0
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="holdfast-e2e-")))
    process: subprocess.Popen | None = None
    groups: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "output.txt"

    async def start(self) -> "Server":
        """Start the process and wait until it says it is well. A second start reuses the port."""
        if self.process is not None:
            raise ValueError(f"{self.url} was started and not ended")
        written = self.log.stat().st_size if self.log.exists() else 0
        self.process = self._spawn()
        self.groups.append(self.process.pid)
        self.port = await until(
            lambda: self._printed_port(written), what="the printed address", bound_s=START_S_MAX
        )
        async with httpx.AsyncClient(trust_env=False) as client:
            await until(lambda: self._is_well(client), what="/healthz", bound_s=START_S_MAX)
        return self

    async def kill(self) -> None:
        """kill -9 the process and all it started: nothing gets to say goodbye."""
        self.strike()
        await self.killed()

    def strike(self) -> None:
        """The same without waiting for the end, from any thread and at once."""
        os.killpg(self._running().pid, signal.SIGKILL)

    async def killed(self) -> None:
        """Wait for the end of a process that was struck."""
        await self._ended(self._running())

    async def terminate(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        return await self._ended(process)

    async def dispose(self) -> None:
        """End it whatever its state, and remove its folder. Calling it again is harmless."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                await self._ended(self.process)
            except AssertionError:
                await self.kill()
                raise
        shutil.rmtree(self.folder, ignore_errors=True)

    def tail(self) -> str:
        """Return the end of what the server printed, for a failing story."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def left_behind(self) -> tuple[str, ...]:
        """Return what is still there of it after `dispose`: processes, the port, the folder."""
        alive = [f"process group {group} of {self.url}" for group in self.groups if _lives(group)]
        port = [f"something listens on port {self.port}"] if _listens(self.port) else []
        folder = [f"folder {self.folder}"] if self.folder.exists() else []
        return (*alive, *port, *folder)

    def _spawn(self) -> subprocess.Popen:
        options = ["--port", str(self.port), "--data-dir", str(self.folder / "data")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*(self.program or [str(_program())]), "serve", *options],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        # Nothing of the person's own settings: no key, no model, no proxy, no home folder. The
        # import path goes along, so that a copy of the tree is judged by its own server.
        names = ("PATH", "LANG", "TMPDIR", "PYTHONPATH")
        own = {name: os.environ[name] for name in names if name in os.environ}
        model = {"OPENAI_BASE_URL": self.model_url, "OPENAI_API_KEY": "a-key-of-the-stories"}
        return {
            **own,
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            **(model if self.model_url else {}),
            **self.more_environment,
        }

    def _running(self) -> subprocess.Popen:
        if self.process is None:
            raise ValueError(f"{self.url} is not running")
        return self.process

    async def _printed_port(self, after: int) -> int | None:
        self._fail_if_ended()
        with self.log.open("rb") as log:
            log.seek(after)
            found = ADDRESS.search(log.read().decode(errors="replace"))
        return int(found[1]) if found and int(found[1]) else None

    async def _is_well(self, client: httpx.AsyncClient) -> bool:
        self._fail_if_ended()
        try:
            return (await client.get(f"{self.url}/healthz", timeout=5)).status_code == 200
        except httpx.TransportError:
            return False

    def _fail_if_ended(self) -> None:
        code = self._running().poll()
        if code is not None:
            self.process = None
            raise ServerFailed(f"the server ended with {code}:\n{self.tail()}")

    async def _ended(self, process: subprocess.Popen) -> int:
        async def code() -> tuple[int] | None:
            return None if process.poll() is None else (process.returncode,)

        (returned,) = await until(code, what=f"the end of {self.url}", bound_s=END_S_MAX)
        self.process = None
        return returned


MakeServer = Callable[..., Awaitable[Server]]
"""Starts a server of a story's own making."""


def _program() -> Path:
    program = Path(sys.executable).with_name("holdfast")
    if not program.exists():
        raise ServerFailed(f"{program} is missing; install the project first (`make install`)")
    return program


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(1)
        return port != 0 and caller.connect_ex(("127.0.0.1", port)) == 0


async def closed_port() -> int:
    """Return a port on which nothing listens: a model that is not there."""
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    return port
