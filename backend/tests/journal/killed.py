"""Writes into a data folder until it is killed; prints the place after each append.

python -m backend.tests.journal.killed FOLDER
"""

import asyncio
import itertools
import sys
from pathlib import Path

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import World
from holdfast_server.journal.connections import connect_writer


async def write_for_ever(folder: Path) -> None:
    world = World(await open_journal(folder, connect=connect_writer))
    answer, part = await world.streaming(text="0 ")
    print(answer.thread, flush=True)
    for number in itertools.count(1):
        await world.do(answer.write(answer.says(part, f"{number} ")))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(write_for_ever(Path(sys.argv[1])))
