"""Each view case as a test of its own; all of them run in one start of Pyodide."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from frontend.build import bytecode, npm, wybthon

HERE = Path(__file__).parent
NAMES = [
    f"{file.stem}::{name}"
    for file in sorted((HERE / "cases").glob("*.py"))
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
]


@pytest.fixture(scope="module")
def results() -> dict[str, str | None]:
    npm.install()
    wybthon.install()
    done = npm.run_in_pyodide(HERE / "runner.py", stdlib=bytecode.stdlib_zip())
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", NAMES)
def test_view(name: str, results: dict[str, str | None]) -> None:
    failed_import = results.get(name.partition("::")[0])
    assert name in results, failed_import or f"{name} was not run; these were: {sorted(results)}"
    assert results[name] is None, results[name]
