"""A process with a journal that does what it is told, line by line, and says what came of it.

python -m backend.tests.journal.stopped FOLDER

    append      change the title of its thread: prints "done", or the error's name
    COMMIT      the same, but the process stops itself in that transaction just before this
    SAVEPOINT   statement, and goes on when it is continued
"""

import asyncio
import signal
import sys
import threading
from pathlib import Path

from backend.tests.journal.opening import Watched, open_journal
from backend.tests.journal.world import World
from holdfast_protocol.errors import HoldfastError
from holdfast_server.journal.commands import ChangeThread
from holdfast_server.journal.connections import connect_writer


class Stopping(Watched):
    """Stops its process before a statement that begins so, once."""

    stops_at = None

    def execute(self, sql, *values):
        if self.stops_at is not None and sql.startswith(self.stops_at):
            self.stops_at = None
            # To this very thread: one to the process would let it run on until another got it.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return super().execute(sql, *values)


async def obey(folder: Path) -> None:
    journal = await open_journal(folder, connect=lambda path: connect_writer(path, Stopping))
    thread = await World(journal, first_id=journal.epoch * 1000).create("before")
    print(journal.epoch, flush=True)
    while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if order != "append":
            journal._connection.stops_at = order
        try:
            await journal.append("local", ChangeThread(thread, {"title": "after"}))
            print("done", flush=True)
        except HoldfastError as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    asyncio.run(obey(Path(sys.argv[1])))
