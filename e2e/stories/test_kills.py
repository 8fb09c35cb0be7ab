"""Kill -9 at random moments: a short run of `python -m e2e.faults`, which does it 200 times."""

import json

from e2e.faults.campaign import Campaign, kill_many
from e2e.faults.evidence import PHASES
from e2e.leftovers import Leftovers
from e2e.server import Server

KILLS = 21
SEED = 1


async def test_L2_L3_L6_L8_nothing_that_a_reader_had_is_lost_by_a_kill_at_any_moment(
    leftovers: Leftovers,
) -> None:
    server = Server()
    leftovers.watch(server)
    report = await kill_many(Campaign(KILLS, SEED, PHASES), say=print, server=server)
    assert not report["failures"], json.dumps(report, indent=1, ensure_ascii=False)
    assert report["tokens_received"] > 0
