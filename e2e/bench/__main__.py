"""Run every script that measures, one after the other, and print one JSON object of them all."""

import json
import subprocess
import sys

SCRIPTS = (
    *("page", "switch", "latency"),
    *("server_cpu", "model_path", "appends", "runs_fed"),
    *("replay", "delivery", "idle", "slow_reader"),
)


def main() -> int:
    figures, failed = {}, []
    for script in SCRIPTS:
        print(f"{script} …", file=sys.stderr, flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", f"e2e.bench.{script}"], stdout=subprocess.PIPE, check=False
        )
        if ran.returncode:
            failed.append(script)
        else:
            figures[script] = json.loads(ran.stdout)
    print(json.dumps({**figures, **({"failed": failed} if failed else {})}, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
