"""Kill -9 a real server again and again and judge what is left; prints JSON.

    python -m e2e.faults                      200 kills over all phases, a seed of its own
    python -m e2e.faults --kills 20 --seed 7
    python -m e2e.faults --kills 1 --phase in_text --seed 12     one case again

The n-th kill (from 0) of a run plays the case of `seed + n`. Ends with 1 if anything was lost, or
if a phase came about too seldom.
"""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Sequence
from typing import get_args

from e2e.api import Json
from e2e.faults.campaign import Campaign, kill_many
from e2e.faults.evidence import PHASES, Phase

KILLS = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--kills", type=int, default=KILLS)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--phase", choices=get_args(Phase), default=None)
    given = options.parse_args(arguments)
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    phases = PHASES if given.phase is None else (given.phase,)
    campaign = Campaign(given.kills, seed, phases)
    report = asyncio.run(_run(campaign))
    print(json.dumps(report, indent=1, ensure_ascii=False))
    return 1 if report["failures"] else 0


async def _run(campaign: Campaign) -> Json:
    """Run it; SIGTERM ends all that it started, too."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    return await kill_many(campaign, say=lambda line: print(line, file=sys.stderr))


if __name__ == "__main__":
    sys.exit(main())
