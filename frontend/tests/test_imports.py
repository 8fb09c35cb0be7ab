"""Who may import whom, what the pure layers may touch, and that no module holds state.

    protocol ◀── core ◀── ports ◀── shell ◀── browser        server ──▶ protocol only
                   ◀── views ◀──────────────┘               e2e ──▶ neither

An arrow not drawn is a failure here. Pure layers get ids and time passed in, so the standard
library's modules are listed by name for them: one that is not on the list needs a reason.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND, WEB, SERVER, E2E = (
    *(ROOT / "frontend", ROOT / "frontend" / "holdfast_web"),
    *(ROOT / "backend" / "holdfast_server", ROOT / "e2e"),
)

PURE = frozenset(
    {
        *("abc", "bisect", "collections", "collections.abc", "dataclasses", "enum", "functools"),
        *("heapq", "html", "itertools", "json", "math", "operator", "re", "string", "textwrap"),
        *("types", "typing", "unicodedata", "urllib.parse"),
    }
)
"""The standard library as far as it has no input, output, clock or randomness."""

OURS = ("holdfast_protocol", "holdfast_web", "holdfast_server")
PAGE = ("js", "pyodide", "pyodide_js", "pyscript", "micropip")

LAYERS: dict[Path, tuple[str, ...]] = {
    FRONTEND / "holdfast_protocol": ("holdfast_protocol",),
    WEB / "core": ("holdfast_protocol", "holdfast_web.core"),
    WEB / "ports.py": ("holdfast_protocol", "holdfast_web.core"),
    WEB / "shell": (
        *("holdfast_protocol", "holdfast_web.core", "holdfast_web.ports", "holdfast_web.shell"),
    ),
    WEB / "views": ("holdfast_protocol", "holdfast_web.core", "holdfast_web.views"),
    WEB / "browser": ("holdfast_protocol", "holdfast_web"),
    SERVER: ("holdfast_protocol", "holdfast_server"),
    E2E: (),
}
"""What of our own each layer may import."""

MEASURE_PARTS_OF_THE_SERVER = {
    E2E / "bench" / name for name in ("model_path.py", "scripted.py", "write_side.py")
}
"""They time one part of the server inside a process of their own; no story uses them."""


def sources(layer: Path) -> Iterator[Path]:
    found = [layer] if layer.is_file() else sorted(layer.rglob("*.py"))
    return (path for path in found if "node_modules" not in path.parts)


def cases(*layers: Path) -> list:
    return [
        pytest.param(layer, path, id=str(path.relative_to(ROOT)))
        for layer in layers
        for path in sources(layer)
    ]


def imported(path: Path) -> set[str]:
    """The full names of the modules that a file imports, wherever in it."""
    text = path.read_text(encoding="utf-8")
    if WEB / "views" in path.parents:  # its t-strings are newer than the Python that runs this
        return set(re.findall(r"^\s*(?:from|import)\s+([\w.]+)", text, re.M))
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize(("layer", "path"), cases(*LAYERS))
def test_a_layer_imports_of_ours_only_what_it_may(layer, path):
    ours = {name for name in imported(path) if any(is_within(name, own) for own in OURS)}
    strays = {
        name for name in ours if not any(is_within(name, allowed) for allowed in LAYERS[layer])
    }
    assert not strays or path in MEASURE_PARTS_OF_THE_SERVER


@pytest.mark.parametrize(("layer", "path"), cases(FRONTEND / "holdfast_protocol", WEB / "core"))
def test_a_pure_layer_imports_no_input_output_clock_or_randomness(layer, path):
    foreign = {
        name for name in imported(path) if not any(is_within(name, own) for own in LAYERS[layer])
    }
    assert {name for name in foreign if not any(is_within(name, pure) for pure in PURE)} == set()


@pytest.mark.parametrize(("layer", "path"), cases(FRONTEND / "holdfast_protocol", WEB / "core"))
def test_a_pure_layer_calls_nothing_that_reaches_outside(layer, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if _is_plain_call(node)}
    assert not called & {"open", "print", "input", "eval", "exec", "__import__", "id", "hash"}


@pytest.mark.parametrize(
    ("layer", "path"),
    cases(*(layer for layer in LAYERS if layer != WEB / "browser"), FRONTEND / "build"),
)
def test_only_browser_touches_the_page(layer, path):
    strays = {name for name in imported(path) if any(is_within(name, page) for page in PAGE)}
    assert not strays


@pytest.mark.parametrize(("layer", "path"), cases(FRONTEND / "holdfast_protocol", WEB / "core"))
def test_a_pure_layer_holds_no_state_in_a_module(layer, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global)]
    assert not [line.lineno for line in tree.body if _binds_mutable(line)]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"cache", "lru_cache"}, "a cache is state"


MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = {"list", "dict", "set", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict"}
READ_ONLY = re.compile(r"(Mapping|Shape|Sequence)\b")


def _binds_mutable(line: ast.stmt) -> bool:
    """Whether a module's line binds a list, dict or set that is not declared read-only.

    It sees what is written at the outermost level and no deeper: a tuple of lists would pass.
    """
    if not isinstance(line, ast.Assign | ast.AnnAssign) or line.value is None:
        return False
    makes = _is_plain_call(line.value) and line.value.func.id in MAKERS
    if not (makes or isinstance(line.value, MUTABLE)):
        return False
    declared = ast.unparse(line.annotation) if isinstance(line, ast.AnnAssign) else ""
    names = ast.unparse(line.target if isinstance(line, ast.AnnAssign) else line.targets[0])
    return names != "__all__" and not READ_ONLY.match(declared)


def _is_plain_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


@pytest.mark.parametrize(
    ("source", "is_mutable"),
    [
        ("X = []", True),
        ("X = {}", True),
        ("X: dict[str, int] = {}", True),
        ("X = set()", True),
        ("X = [n for n in y]", True),
        ("X = Counter()", True),
        ("X: Mapping[str, int] = {}", False),
        ("X = frozenset({1})", False),
        ("X = (1, 2)", False),
        ("X = MappingProxyType({})", False),
    ],
)
def test_the_check_for_state_knows_its_cases(source, is_mutable):
    assert _binds_mutable(ast.parse(source).body[0]) == is_mutable


def test_every_layer_is_there():
    assert [layer for layer in LAYERS if layer != E2E and not list(sources(layer))] == []
