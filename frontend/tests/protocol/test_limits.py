"""Every bound is documented, has its unit, and fits the bounds around it."""

import ast
import inspect
from itertools import pairwise

import pytest

from holdfast_protocol import limits

NAMES = sorted(name for name in vars(limits) if name.isupper())


def documented() -> set[str]:
    """The constants followed by a docstring of their own."""
    lines = ast.parse(inspect.getsource(limits)).body
    return {
        line.targets[0].id
        for line, after in pairwise(lines)
        if isinstance(line, ast.Assign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }


@pytest.mark.parametrize("name", NAMES)
def test_L12_a_limit_says_what_it_costs(name):
    assert name in documented()


@pytest.mark.parametrize("name", NAMES)
def test_L12_a_limit_is_a_positive_number(name):
    value = getattr(limits, name)
    assert type(value) in (int, float)
    assert value > 0


def test_L12_limits_fit_into_each_other():
    assert limits.WINDOW_MS_MAX <= 33 < limits.STORE_WINDOW_MS_MAX <= 250
    assert 4 * limits.MESSAGE_CHARS_MAX < limits.BODY_BYTES_MAX
    assert limits.DELTA_CHARS_MAX < limits.ENTRY_BYTES_PER_READ_MAX
    assert limits.MESSAGE_CHARS_MAX <= limits.ANSWER_CHARS_MAX
    assert limits.BEAT_ACTIVE_S < limits.BEAT_IDLE_S < limits.POLL_WAIT_S_MAX < 30
    assert limits.RECONNECT_MS_MIN < limits.RECONNECT_MS_MAX
    assert limits.WINDOWS_IN_MEMORY_MAX < limits.WINDOWS_STORED_MAX
    assert limits.ENTRIES_PER_READ_MAX <= limits.PARKED_ENTRIES_MAX
    assert limits.SHUTDOWN_S_MAX <= 5
