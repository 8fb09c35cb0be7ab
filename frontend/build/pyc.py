"""Write a zip of .pyc files. Runs in Pyodide under node, never in the project's own Python.

The one argument is JSON: {"out", and either "stdlib" (a zip of sources) or "packages" (a list of
{"root", "templates"?, "leave_out"?, "bare"?}) with "path" (where wybthon is)}.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash
from pathlib import Path

# Without docstrings and asserts, for code that is not ours. Ours keeps its asserts: they guard
# invariants in the page as they do in the tests.
_BARE = 2
_OURS = 0

_LEFT_OUT = Path(__file__).with_name("left_out.txt")


def main(request: dict) -> None:
    sys.path[:0] = request.get("path", [])
    modules = _stdlib(request["stdlib"]) if "stdlib" in request else _app(request["packages"])
    part = Path(f"{request['out']}.{os.urandom(4).hex()}")  # two builds may be under way
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as out:
        for name, pyc in sorted(modules):
            out.writestr(zipfile.ZipInfo(name + "c", (1980, 1, 1, 0, 0, 0)), pyc)
    part.rename(request["out"])


def _stdlib(archive: str) -> Iterator[tuple[str, bytes]]:
    """Compile what a page can use; left_out.txt names the rest."""
    lines = _LEFT_OUT.read_text().splitlines()
    left_out = {line for line in lines if line and not line.startswith("#")}
    with zipfile.ZipFile(archive) as sources:
        for name in sources.namelist():
            if name.endswith(".py") and not left_out.intersection(_paths(name)):
                filename = f"/lib/python3{sys.version_info.minor}.zip/{name}"
                source = sources.read(name)
                code = compile(source, filename, "exec", dont_inherit=True, optimize=_BARE)
                yield name, bytes(_code_to_hash_pyc(code, source_hash(source), checked=False))


def _paths(name: str) -> list[str]:
    """A module's own path without suffix, and those of the packages around it."""
    parts = name.removesuffix(".py").split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _app(packages: list[dict]) -> Iterator[tuple[str, bytes]]:
    for package in packages:
        root = Path(package["root"])
        left_out = {root / f"{name}.py" for name in package.get("leave_out", ())}
        for file in sorted(root.rglob("*.py")):
            if file in left_out:
                continue
            name = file.relative_to(root.parent).as_posix()
            source = file.read_bytes()
            code = _compiled(source, name, package)
            yield name, bytes(_code_to_hash_pyc(code, source_hash(source), checked=False))


def _compiled(source: bytes, name: str, package: dict):
    tree = ast.parse(source, name)
    if package.get("templates"):
        from wybthon.compiler import transform

        tree = transform(tree, name, source.decode())
    optimize = _BARE if package.get("bare") else _OURS
    return compile(tree, name, "exec", dont_inherit=True, optimize=optimize)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
