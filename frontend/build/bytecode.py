"""The two zips of .pyc files that the page starts from.

Compiled by the very Python that runs them (Pyodide, under node), as unchecked-hash files, so the
page neither compiles nor stats anything, and stored rather than deflated, because the wire's
compression does better on them whole. The templates of `views/` go through wybthon's compiler
here, so the page never carries it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from frontend.build import npm
from frontend.build.errors import BuildError
from frontend.build.paths import BUILD, CACHE, FRONTEND, PYODIDE, WYBTHON, digest

# Build-time and server-side modules of wybthon, its tests, and features that no view uses.
_WYBTHON_UNUSED = ["_prerender", "_server_dom", "build", "compiler", "dev", "forms", "router"]
_WYBTHON_UNUSED += ["server", "testing"]
_TOOLS = [BUILD / "bytecode.py", BUILD / "pyc.py", BUILD / "pyodide.mjs"]


def stdlib_zip(into: Path = CACHE) -> Path:
    """Return Python's standard library, trimmed to what a page can use; made once per version."""
    source = PYODIDE / "python_stdlib.zip"
    inputs = [source, BUILD / "pyc.py", BUILD / "left_out.txt"]
    return _made("stdlib", into, inputs, {"stdlib": _mounted(source)})


def app_zip(into: Path = CACHE) -> Path:
    """Return Holdfast's own packages and wybthon; made again when one of their files changed."""
    packages = [FRONTEND / "holdfast_protocol", FRONTEND / "holdfast_web", WYBTHON / "wybthon"]
    sources = [file for package in packages for file in package.rglob("*.py")]
    request = {
        "path": [_mounted(WYBTHON)],
        "packages": [
            {"root": _mounted(packages[0])},
            {"root": _mounted(packages[1]), "templates": True},
            {"root": _mounted(packages[2]), "leave_out": _WYBTHON_UNUSED, "bare": True},
        ],
    }
    stdlib = stdlib_zip()
    return _made("app", into, [*sources, *_TOOLS, stdlib], request, stdlib)


def _made(
    name: str,
    into: Path,
    inputs: Iterable[Path],
    request: dict[str, object],
    stdlib: Path | None = None,
) -> Path:
    """Return the zip these inputs give, from the folder if it was made before."""
    target = into / f"{name}-{digest(inputs)[:16]}.zip"
    if target.is_file():
        return target
    into.mkdir(exist_ok=True)
    for stale in into.glob(f"{name}-*.zip"):
        stale.unlink()
    request = {"out": _mounted(target), **request}
    done = npm.run_in_pyodide(BUILD / "pyc.py", json.dumps(request), stdlib=stdlib)
    if done.returncode != 0 or not target.is_file():
        raise BuildError(f"compiling the {name} failed:\n{done.stdout}{done.stderr}")
    return target


def _mounted(file: Path) -> str:
    return "/" + file.relative_to(FRONTEND.parent).as_posix()
