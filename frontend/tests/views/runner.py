"""Run the view cases in Pyodide and print {case: null or what went wrong} as the last line.

A case is a function `test_…` in cases/*.py. Not pytest: that would have to be fetched for another
Python. A failure shows the local variables of every frame instead of rewritten asserts.
"""

import importlib
import inspect
import json
import sys
import traceback
from pathlib import Path

CASES = Path(__file__).parent / "cases"
sys.path[:0] = ["/frontend", "/frontend/.cache/wybthon"]
importlib.import_module("wybthon")  # From now on, importing a module compiles its templates.


async def finish() -> int:
    """Run everything. pyodide.mjs awaits this and exits with what it returns."""
    results: dict[str, str | None] = {}
    for file in sorted(CASES.glob("*.py")):
        try:
            module = importlib.import_module(f"tests.views.cases.{file.stem}")
        except Exception as error:
            results[file.stem] = _told(error)
            continue
        for name, test in list(vars(module).items()):
            if name.startswith("test_") and callable(test):
                results[f"{file.stem}::{name}"] = await _run(test)
    print(json.dumps(results))
    return 0


async def _run(test) -> str | None:
    from wybthon.testing import cleanup

    try:
        result = test()
        if inspect.isawaitable(result):
            await result
    except Exception as error:
        return _told(error)
    finally:
        cleanup()
    return None


def _told(error: Exception) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
