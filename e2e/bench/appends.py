"""How many runs the journal bears: each journalled as its model speaks, durable first.

    python -m e2e.bench.appends [--seconds 3] [--runs 1 150 500] [--kilobytes 2 500]

Each case is a process of its own (`write_side` says what its modes are), with answers that are so
long already when the measuring begins. Beside them, in the same run: bare write and fdatasync, one
after the other, and the same runs flat out with one commit for each append.
"""

import argparse
import json
import subprocess
import sys

from e2e.bench.stage import Figures

REACH = {"runs": 150, "appends_per_s": 150 * 30, "p99 ms from entered to committed": 100}
NOTE = (
    "One core bounds it: Python runs one thread at a time, so that the loop and the journal share"
    " it. Past that windows stretch: fewer appends, each of more tokens."
)


def measure(runs: list[int], kilobytes: list[int], seconds: float) -> Figures:
    """Measure every case, one after the other."""
    return {
        "what": "appends of concurrent runs",
        "reach": REACH,
        "results": [
            {"mode": mode, "runs": many, "answer_kB": long, **_case(mode, many, long, seconds)}
            for mode in ("paced", "flat out")
            for long in kilobytes
            for many in runs
        ],
        "limits": {
            "write and fdatasync, one after the other": _case("bare", 1, 0, seconds),
            "150 runs flat out, one commit each": _case("one commit each", 150, 2, seconds),
        },
        "note": NOTE,
    }


def _case(mode: str, runs: int, kilobytes: int, seconds: float) -> Figures:
    case = {"mode": mode, "runs": runs, "chars": kilobytes * 1_000, "seconds": seconds}
    child = subprocess.run(
        [sys.executable, "-m", "e2e.bench.write_side", json.dumps(case)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=120 + seconds,
    )
    return json.loads(child.stdout)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--runs", type=int, nargs="+", default=[1, 150, 500])
    options.add_argument("--kilobytes", type=int, nargs="+", default=[2, 500])
    given = options.parse_args()
    print(json.dumps(measure(given.runs, given.kilobytes, given.seconds), indent=1))


if __name__ == "__main__":
    main()
