"""Where the build reads and writes: all under `frontend/`, which Pyodide under node sees whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent.parent
BUILD = FRONTEND / "build"
CACHE = FRONTEND / ".cache"
DIST = FRONTEND / "dist"
NODE_MODULES = FRONTEND / "node_modules"
STATIC = FRONTEND / "holdfast_web" / "static"
PYODIDE = NODE_MODULES / "pyodide"
WYBTHON = CACHE / "wybthon"


def digest(files: Iterable[Path]) -> str:
    """Return a hash over names and contents, which changes whenever a build step must run again."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.relative_to(FRONTEND)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
