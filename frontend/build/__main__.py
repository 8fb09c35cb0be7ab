"""`python -m frontend.build`: build the page and say what was made and how long it took."""

from __future__ import annotations

import sys
import time

from frontend.build.errors import BuildError
from frontend.build.make import build
from frontend.build.paths import DIST


def main() -> int:
    started = time.monotonic()
    try:
        manifest = build()
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    megabytes = sum(entry["bytes"] for entry in manifest["files"].values()) / 1e6
    seconds = time.monotonic() - started
    print(f"built {DIST}: {len(manifest['files'])} files, {megabytes:.1f} MB, {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
