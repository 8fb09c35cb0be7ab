"""What an entry costs to deliver: entries a second, and the server's processor time for each.

    python -m e2e.bench.delivery [--seconds 2] [--readers 1000] [--runs 500] [--only fan-out]

`fan-out`: one run, all readers look at it. `each its own`: every run in an account of its own, with
one reader, so that nothing can be shared. `all to one`: the same runs in one account, with its one
reader. Each paced, and as fast as the journal goes. The runs are a script in the server's process;
the same script is run first with nobody looking, and what it uses is not counted as delivery.

Beside it the limit: the same bytes written to as many sockets by a loop that does nothing else.
"""

import argparse
import asyncio
import os
from dataclasses import dataclass

from e2e.bench.beside import Beside, beside
from e2e.bench.stage import Figures, report, spread

REACH_ENTRIES_PER_S = 20_000
CHARS = 24
"""Of text in an entry: some six tokens, as a window gathers them of a fast model."""
FLAT_OUT_ENTRIES_MAX = 200_000
"""Delivered in all, while the journal goes as fast as it can."""
LATE_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Who reads what: runs and readers by account, and how often each run appends a second."""

    name: str
    runs: list[str]
    readers: list[str]
    per_s: float

    @property
    def shared(self) -> int:
        """How many runs there are in each account."""
        return len(self.runs) // len(set(self.runs))


def shapes(runs: int, readers: int) -> list[Shape]:
    own = [f"own-{number}" for number in range(runs)]
    return [
        Shape("fan-out", ["fan"], ["fan"] * readers, REACH_ENTRIES_PER_S / readers),
        Shape("each its own", own, own, 4),
        Shape("all to one", ["one"] * runs, ["one"], 4),
    ]


async def measure(shape: Shape, seconds: float) -> Figures:
    """In processes of their own: a server and its readers, then the limit and its readers."""
    async with beside("e2e.bench.scripted") as server, beside("e2e.bench.sockets") as readers:
        port = (await server.next())["port"]
        await server.ask("begin", accounts=shape.runs)
        paced = (max(2, round(seconds * shape.per_s)), shape.per_s)
        quiet_paced = await _written(server, *paced)
        quiet = await _written(server, 2 if shape.shared < len(shape.runs) else 20, 0)
        flat_out = (_rounds(quiet, shape, seconds), 0)
        quiet = await _written(server, *flat_out)
        heads = await server.ask("heads", accounts=shape.readers)
        await readers.ask("open", port=port, streams=[(who, heads[who]) for who in shape.readers])
        at_pace, sample = await _delivered(server, readers, shape, paced, quiet_paced)
        unpaced, more = await _delivered(server, readers, shape, flat_out, quiet)
    async with beside("e2e.bench.bare") as bare, beside("e2e.bench.sockets") as readers:
        limit = await _limit(bare, readers, len(shape.readers), sample or more, at_pace)
    return {"paced": at_pace, "as fast as the journal goes": unpaced, "limit": limit}


def _rounds(quiet: Figures, shape: Shape, seconds: float) -> int:
    """Return how many appends of each run take about so long."""
    rounds = seconds * quiet["appends_per_s"] / len(shape.runs)
    delivered = len(shape.runs) * len(shape.readers) // len(set(shape.runs))
    return max(2, min(round(rounds), FLAT_OUT_ENTRIES_MAX // delivered))


async def _written(server: Beside, appends: int, per_s: float) -> Figures:
    """Let the script run with what is open; return what it came to."""
    before = (await server.ask("cpu"))["cpu_s"]
    wrote = await server.ask("write", appends=appends, each=1, chars=CHARS, per_s=per_s)
    used_s = (await server.ask("cpu"))["cpu_s"] - before
    return {
        "appends": wrote["appends"],
        "appends_per_s": round(wrote["appends"] / wrote["took_s"]),
        "append_ms": spread(wrote["append_ms"]),
        "us_per_append": round(1e6 * used_s / wrote["appends"], 1),
    }


async def _delivered(
    server: Beside, readers: Beside, shape: Shape, pace: tuple[int, float], quiet: Figures
) -> tuple[Figures, str]:
    """The same with the readers looking; also the bytes of one frame as it was sent."""
    before = (await server.ask("cpu"))["cpu_s"]
    counting = readers.ask("count", each=pace[0] * shape.shared, bound_s=LATE_S_MAX)
    wrote, read = await asyncio.gather(_written(server, *pace), counting)
    used_s = (await server.ask("cpu"))["cpu_s"] - before
    entries, sample = read["entries"], read.pop("sample")
    writing_s = 1e-6 * quiet["us_per_append"] * wrote["appends"]
    return {
        "delivered_per_s": round(entries / read["took_s"]),
        "entries": entries,
        "late_readers": read["late_readers"],
        "entries_per_frame": round(read["entries_per_frame"], 1),
        "delay_ms": read["delay_ms"],
        "server us_per_entry, all in": round(1e6 * used_s / entries, 1),
        "server us_per_entry, delivery": round(1e6 * (used_s - writing_s) / entries, 1),
        "readers us_per_entry": round(1e6 * read["cpu_s"] / entries, 1),
        "append_ms": wrote["append_ms"],
        "nobody looking": quiet,
    }, sample


async def _limit(
    bare: Beside, readers: Beside, sockets: int, sample: str, server: Figures
) -> Figures:
    """Write the frame at the server's pace and as fast as it goes, in both ways."""
    port = (await bare.next())["port"]
    await readers.ask("open", port=port, streams=[("", "")] * sockets)
    rounds = max(10, server["entries"] // sockets)
    pace = server["delivered_per_s"] / sockets
    figures: Figures = {"frame_bytes": len(sample)}
    for way in ("transport.write", "send"):
        for per_s, name in ((pace, "paced"), (0, "flat out")):
            wrote, read = await asyncio.gather(
                bare.ask("write", frame=sample, rounds=rounds, per_s=per_s, way=way),
                readers.ask("count", each=rounds, bound_s=LATE_S_MAX),
            )
            figures[f"{way}, {name}"] = {
                "us_per_write": round(wrote["cpu_us_per_write"], 1),
                "writes_per_s": round(wrote["writes_per_s"]),
                "delay_ms": read["delay_ms"],
            }
    return figures


async def measure_all(wanted: list[Shape], seconds: float) -> Figures:
    return {
        "what": "delivery of journalled entries to event streams",
        "reach": {"delivered_per_s": REACH_ENTRIES_PER_S},
        "load": os.getloadavg()[0],
        **{
            f"{shape.name}: {len(shape.runs)} runs, {len(shape.readers)} readers": await measure(
                shape, seconds
            )
            for shape in wanted
        },
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--readers", type=int, default=1_000)
    options.add_argument("--runs", type=int, default=500)
    options.add_argument("--only", help="one shape, by its name")
    given = options.parse_args()
    wanted = [one for one in shapes(given.runs, given.readers) if given.only in (None, one.name)]
    report(lambda: measure_all(wanted, given.seconds))


if __name__ == "__main__":
    main()
