"""How much memory a process has, as Linux counts it: RSS, and PSS, which shares what is shared."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

SETTLED_BYTES = 200_000
SETTLE_S_MAX = 15.0
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Memory:
    rss_bytes: int
    pss_bytes: int

    def __sub__(self, before: "Memory") -> "Memory":
        return Memory(self.rss_bytes - before.rss_bytes, self.pss_bytes - before.pss_bytes)

    def per(self, count: int, unit_bytes: int = 1_000, digits: int = 1) -> dict[str, float]:
        """Return it divided by so many, in kB."""
        return {
            "rss": round(self.rss_bytes / count / unit_bytes, digits),
            "pss": round(self.pss_bytes / count / unit_bytes, digits),
        }

    def mb(self) -> dict[str, float]:
        return self.per(1, 1_000_000, 2)


def memory(process: int) -> Memory:
    """Return what a process holds now."""
    fields = {}
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, size = line.partition(":")
        fields[name] = int(size.split()[0]) * 1024
    return Memory(fields["Rss"], fields["Pss"])


async def settled_memory(process: int) -> Memory:
    """Return what it holds once that no longer changes, or after a bounded while."""
    last = memory(process)
    for _ in range(round(SETTLE_S_MAX / LOOK_S)):
        await asyncio.sleep(LOOK_S)
        now = memory(process)
        if abs(now.rss_bytes - last.rss_bytes) < SETTLED_BYTES:
            return now
        last = now
    return last
