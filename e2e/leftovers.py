"""Nothing may be left behind: no process, no port, no folder of any story.

All that is started inherits one variable of the environment, and is found by it in /proc even when
its parent has died. Where there is no /proc, servers, ports and folders are still checked.
"""

import os
import uuid
from pathlib import Path

from e2e.server import Server
from e2e.until import until

MARK = "E2E_SESSION"
GONE_S_MAX = 10.0


class Leftovers:
    """Everything that one test session started."""

    def __init__(self) -> None:
        # A name of its own, so that what one has started is not taken for another's.
        self._mark = f"{MARK}_{uuid.uuid4().hex}"
        os.environ[self._mark] = "1"
        self._servers: list[Server] = []

    def watch(self, server: Server) -> None:
        server.more_environment.setdefault(self._mark, "1")
        self._servers.append(server)

    async def assert_none(self, *, bound_s: float = GONE_S_MAX) -> None:
        """Fail, naming what is left; a process that is just ending is given a moment."""

        async def nothing() -> bool:
            return not self._left()

        try:
            await until(nothing, what="everything to be gone", bound_s=bound_s)
        except AssertionError:
            raise AssertionError("left behind:\n" + "\n".join(self._left())) from None

    def _left(self) -> list[str]:
        servers = [left for server in self._servers for left in server.left_behind()]
        return servers + [f"process {name}" for name in self._processes()]

    def _processes(self) -> list[str]:
        wanted = f"{self._mark}=1".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found.append(f"{folder.name}: {command[:200]}")
            except OSError:
                continue  # it ended while we looked, or is somebody else's
        return found
