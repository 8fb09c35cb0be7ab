"""Write a zip of .pyc files. Runs in Pyodide under node, never in the project's own Python.

The one argument is JSON: {"out", and either "stdlib" (a zip of sources) or "packages" (a list of
{"root", "templates"?, "leave_out"?, "bare"?}) with "path" (where wybthon is)}.
"""

from __future__ import annotations

import ast
import json
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

# What of the standard library a page cannot use: processes, servers, terminals, debuggers,
# packaging, mail, files of other programs. (code, codeop, bdb and cmd stay: traceback wants them.)
_NOT_IN_A_PAGE = frozenset(
    ["_pyio", "_pyrepl", "antigravity", "cProfile", "compileall", "configparser", "ctypes", "curses", "dbm", "doctest", "ensurepip", "filecmp", "fileinput", "ftplib", "getopt", "getpass", "idlelib", "imaplib", "lib2to3", "mailbox", "modulefinder", "multiprocessing", "netrc", "nturl2path", "optparse", "pdb", "pickletools", "plistlib", "poplib", "profile", "pstats", "pty", "py_compile", "pyclbr", "pydoc", "pydoc_data", "rlcompleter", "sched", "shelve", "smtplib", "socketserver", "sqlite3", "ssl", "symtable", "tabnanny", "this", "timeit", "tkinter", "trace", "tracemalloc", "tty", "turtle", "unittest", "venv", "wave", "webbrowser", "wsgiref", "xml", "xmlrpc", "zipapp"]
)
_ENCODINGS = frozenset(
    ["__init__", "aliases", "ascii", "charmap", "cp437", "hex_codec", "idna", "latin_1", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_8", "utf_8_sig"]
)


def main(request: dict) -> None:
    sys.path[:0] = request.get("path", [])
    modules = _stdlib(request["stdlib"]) if "stdlib" in request else _app(request["packages"])
    with zipfile.ZipFile(request["out"] + ".part", "w", zipfile.ZIP_STORED) as out:
        for name, pyc in sorted(modules):
            out.writestr(zipfile.ZipInfo(name + "c", (1980, 1, 1, 0, 0, 0)), pyc)
    Path(request["out"] + ".part").rename(request["out"])


def _stdlib(archive: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as sources:
        for name in sources.namelist():
            if name.endswith(".py") and _fits_in_a_page(name):
                filename = f"/lib/python3{sys.version_info.minor}.zip/{name}"
                source = sources.read(name)
                code = compile(source, filename, "exec", dont_inherit=True, optimize=_BARE)
                yield name, bytes(_code_to_hash_pyc(code, source_hash(source), checked=False))


def _fits_in_a_page(name: str) -> bool:
    top, _, rest = name.removesuffix(".py").partition("/")
    if top == "encodings":
        return rest in _ENCODINGS
    return top not in _NOT_IN_A_PAGE


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
