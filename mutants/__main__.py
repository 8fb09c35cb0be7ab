"""`make mutants`: break each law's guard on purpose, and see its test go red.

The tables beside this file hold one row for each guard: the law, the file, the text that is the
guard, what it is replaced by, and the test that must fail then, whose name says what holds. The
work tree itself is never touched: every mutant lives in a copy, which comes first on the import
path. A row whose text is not found exactly once, whose test is not green before the break, or does
not fail after it, fails the run.

    python -m mutants            all rows
    python -m mutants L6 L14     the rows of these laws
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TREES = ("frontend", "backend", "e2e", "mutants")
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", ".cache", "artifacts", "*.png")
"""What is compiled comes along: it is known by its source's time, and a mutant has its own."""
AT_ONCE = 2 * (os.cpu_count() or 1)
"""Where a guard is gone, many a test waits for what never comes: that needs no processor."""
RUN_S_MAX = 300
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Only the plugins that the tests need: finding and loading all takes longer than most tests."""
FAILED = 1
"""pytest's exit code for tests that ran and failed; an import error or no test is another."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way to break one guard."""

    law: str
    file: str
    old: str
    new: str
    test: str


def table() -> list[Mutant]:
    """Return the rows of all tables."""
    tables = sorted(Path(__file__).parent.glob("*.toml"))
    return [Mutant(**row) for file in tables for row in tomllib.loads(file.read_text())["mutant"]]


def run_test(copy: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run these tests against the code in `copy`."""
    paths = os.pathsep.join((str(copy / "frontend"), str(copy / "backend"), str(copy)))
    plugins = ("no:cacheprovider", "pytest_asyncio.plugin", "mutants.no_shrinking")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *(f"-p{one}" for one in plugins), *tests],
        cwd=copy,
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
    )


def make_copy(folder: Path) -> Path:
    """Copy what the tests need into `folder`."""
    for tree in TREES:
        shutil.copytree(ROOT / tree, folder / tree, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def fault_of(mutant: Mutant) -> str | None:
    """Apply the mutant in a copy; return what is wrong with its row, or None if it went red."""
    with tempfile.TemporaryDirectory(prefix="holdfast-mutant-") as name:
        copy = make_copy(Path(name))
        path = copy / mutant.file
        text = path.read_text()
        if text.count(mutant.old) != 1:
            return f"its text stands {text.count(mutant.old)} times in {mutant.file}, not once"
        path.write_text(text.replace(mutant.old, mutant.new))
        done = run_test(copy, [mutant.test])
    if done.returncode == FAILED:
        return None
    last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
    return f"pytest exited {done.returncode}: {' '.join(last)}"


def main(laws: list[str]) -> int:
    """Run the rows of these laws, or all; return the exit code."""
    rows = [row for row in table() if not laws or row.law in laws]
    tests = sorted({row.test for row in rows})
    with tempfile.TemporaryDirectory(prefix="holdfast-mutant-") as name:
        green = run_test(make_copy(Path(name)), tests)
    if green.returncode != 0:
        print(green.stdout, green.stderr)
        print("The tests are not green before anything was broken.")
        return 1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = list(pool.map(fault_of, rows))
    for row, fault in zip(rows, faults, strict=True):
        print(f"{'red' if fault is None else 'NOT RED'} {row.law:4} {row.test}")
        if fault is not None:
            print(f"        {row.file}: {fault}")
    survived = sum(fault is not None for fault in faults)
    print(f"mutants: {len(rows) - survived} passed, {survived} failed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
