"""Tests of the views. Their templates need Python 3.14, so they run in Pyodide under node.

    cases/<view>.py   plain test functions, sync or async, with wybthon.testing
    runner.py         runs them all, in Pyodide, and prints what happened as JSON
    test_views.py     makes each of them a test of this project's pytest

`pytest frontend/tests/views -k hello` selects as usual; all cases run in the one start of Python.
"""
