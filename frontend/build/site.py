"""Puts the files of the page in their places in `frontend/dist`, with a manifest beside them.

Plain ES modules, no bundler: the page loads a few dozen files, all of them its own. Every URL is
relative, so any web server can serve the folder from any path.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from frontend.build.errors import BuildError
from frontend.build.paths import DIST, NODE_MODULES, STATIC, WYBTHON, digest

# Source → place. PyScript's core asks for its other chunks only for workers, editors, terminals,
# TOML and archives in its configuration: none of that is here, so neither are they.
# (.mjs becomes .js: not every web server knows that .mjs is JavaScript.)
_VENDOR = {
    "@pyscript/core/dist/core.js": "vendor/pyscript/core.js",
    "@pyscript/core/dist/core-*.js": "vendor/pyscript/",
    "@pyscript/core/dist/error-*.js": "vendor/pyscript/",
    "pyodide/pyodide.mjs": "vendor/pyodide/pyodide.js",
    "pyodide/pyodide.asm.mjs": "vendor/pyodide/pyodide.asm.js",
    "pyodide/pyodide.asm.wasm": "vendor/pyodide/pyodide.asm.wasm",
    "marked/lib/marked.esm.js": "vendor/marked.js",
    "dompurify/dist/purify.es.mjs": "vendor/purify.js",
    "idb/build/index.js": "vendor/idb.js",
}

_KERNEL = WYBTHON / "wybthon/_kernel.js"
_LOCK = NODE_MODULES / "pyodide/pyodide-lock.json"


def write(stdlib: Path, app: Path) -> dict:
    """Write the whole site, replacing the one before, and return its manifest.

    Where the one before was made from the same inputs it is left alone: somebody may be serving it.
    """
    vendored = {_source(pattern): place for pattern, place in _VENDOR.items()}
    statics = [file for file in STATIC.rglob("*") if file.is_file()]
    inputs = digest([*statics, *vendored, stdlib, app, _KERNEL, _LOCK, Path(__file__)])
    if (manifest := _read_manifest()).get("inputs") == inputs:
        return manifest
    fresh = DIST.with_name(f"dist.new-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(STATIC, fresh)
    _join_styles(fresh)
    for source, place in vendored.items():
        _vendor(source, fresh / place)
    _write(fresh / "vendor/pyodide/lock.js", _lock())
    _write(fresh / "vendor/wybthon-kernel.js", _kernel())
    (fresh / "py").mkdir()
    shutil.copyfile(stdlib, fresh / "py/stdlib.zip")
    shutil.copyfile(app, fresh / "py/app.zip")
    manifest = {"inputs": inputs, **_manifest(fresh)}
    _write(fresh / "build.json", json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.rename(DIST)
    return manifest


def _join_styles(site: Path) -> None:
    """Make the stylesheets that index.html names one file: nothing is painted before all are here.

    They are files of their own for whoever reads them; the page would wait for each in turn.
    """
    index = site / "index.html"
    page = index.read_text(encoding="utf-8")
    links = re.findall(r'<link rel="stylesheet" href="(.+?)">\n', page)
    styles = "\n".join((site / name).read_text(encoding="utf-8") for name in links)
    for name in links:
        page = page.replace(f'<link rel="stylesheet" href="{name}">\n', "", 1)
    shutil.rmtree(site / "css")
    one = '<link rel="stylesheet" href="style.css">\n'
    _write(index, page.replace("<title>", one + "<title>", 1))
    _write(site / "style.css", styles)


def _read_manifest() -> dict:
    """The manifest of the site that is there; empty where there is none that can be read."""
    try:
        return json.loads((DIST / "build.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _source(pattern: str) -> Path:
    found = sorted(NODE_MODULES.glob(pattern))
    if len(found) != 1:
        raise BuildError(f"expected one file like node_modules/{pattern}, found {len(found)}")
    return found[0]


def _vendor(source: Path, place: Path) -> None:
    target = place / source.name if place.suffix == "" else place
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".js":
        _write(target, _without_source_map(source.read_text(encoding="utf-8")))
    else:
        shutil.copyfile(source, target)


def _without_source_map(script: str) -> str:
    body, mark, _ = script.rpartition("\n//# sourceMappingURL=")
    return body + "\n" if mark else script


def _lock() -> str:
    """Pyodide's lock file without its packages: the page loads none, so it must not fetch one."""
    full = json.loads(_LOCK.read_text(encoding="utf-8"))
    return f"export default {json.dumps({'info': full['info'], 'packages': {}})};\n"


def _kernel() -> str:
    """wybthon's DOM kernel as a module. It is one expression, which wybthon itself would eval."""
    return f"export default {_KERNEL.read_text(encoding='utf-8')}"


def _manifest(site: Path) -> dict:
    packages = ["@pyscript/core", "dompurify", "idb", "marked", "pyodide"]
    files = sorted(file for file in site.rglob("*") if file.is_file())
    return {
        "versions": {name: _version(name) for name in packages},
        "files": {
            file.relative_to(site).as_posix(): {
                "bytes": file.stat().st_size,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
            for file in files
        },
    }


def _version(package: str) -> str:
    return json.loads((NODE_MODULES / package / "package.json").read_text())["version"]


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
