"""The clock, the calculator, and the table they are in."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.tests.models.conftest import patience
from holdfast_protocol.limits import TOOL_RESULT_CHARS_MAX
from holdfast_server.models.calculator import NotArithmetic, calculate
from holdfast_server.models.limits import LIMITS
from holdfast_server.models.tools import Tool, Toolbox, built_in

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(12 + 30) * 24", "1008"),
        ("2 ** 100", "1267650600228229401496703205376"),
        ("2^10", "1024"),
        ("7 // 2 + 7 % 2", "4"),
        ("-3 × 4 ÷ 2", "-6.0"),
        ("sqrt(16) + max(1, 2, 3)", "7.0"),
        ("round(pi, 3)", "3.142"),
        ("0.1 + 0.2", "0.30000000000000004"),
    ],
)
def test_arithmetic_is_calculated(expression: str, value: str) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1 +",
        "1 / 0",
        "9 ** 9 ** 9",
        "10 ** 10000000",
        "2 ** -10 ** 9999",
        "(-8) ** 0.5",
        "1e308 * 10",
        "exp(100000)",
        "sqrt(-1)",
        "9" * 499,
        "1" * 501,
        "(" * 200,
        "-" * 499 + "1",
        "x",
        "True",
        "'a' * 3",
        "1j",
        "[1][0]",
        "().__class__",
        "__import__('os')",
        "max()",
        "round(1.5, None)",
        "round(5, -10 ** 7)",
        "abs(x=1)",
        "lambda: 1",
        "1 if 1 else 2",
        "a := 1",
        "\x00",
        "\ud800",
    ],
)
def test_anything_else_is_refused_quickly(expression: str) -> None:
    began_s = time.process_time()
    if expression in ("9" * 499, "-" * 499 + "1"):
        assert calculate(expression).strip("-") in ("9" * 499, "1")
    else:
        with pytest.raises(NotArithmetic):
            calculate(expression)
    assert time.process_time() - began_s < 1


async def test_the_clock_tells_the_time_where_it_is_asked_for() -> None:
    box = Toolbox(built_in(lambda: NOON), LIMITS)
    assert await box.call("clock", "") == ("ok", "Sunday, 01 March 2026, 12:00:00 (UTC)")
    assert await box.call("clock", '{"timezone": "Asia/Tokyo"}') == (
        "ok",
        "Sunday, 01 March 2026, 21:00:00 (Asia/Tokyo)",
    )


@pytest.mark.parametrize("zone", ['"Nowhere/Land"', '"../../etc/passwd"', "5", '"%n"', '"\\ud800"'])
async def test_a_zone_that_is_none_is_an_error_of_the_call(zone: str) -> None:
    outcome, result = await Toolbox(built_in(), LIMITS).call("clock", f'{{"timezone": {zone}}}')
    assert outcome == "error"
    assert "time zone" in result


def tool(run: Any) -> Toolbox:
    return Toolbox((Tool("own", "", {}, run),), patience(tool_s_max=0.02))


async def test_a_tool_that_breaks_or_hangs_is_an_error_of_the_call() -> None:
    async def breaks(given: Mapping[str, Any]) -> str:
        raise RuntimeError("with a secret inside")

    async def hangs(given: Mapping[str, Any]) -> str:
        await asyncio.Event().wait()
        return ""

    assert await tool(breaks).call("own", "{}") == ("error", "The tool failed: RuntimeError.")
    outcome, result = await tool(hangs).call("own", "{}")
    assert (outcome, result) == ("error", "The tool took longer than 0.02 seconds.")


async def test_a_long_result_is_cut_and_says_so() -> None:
    async def talks(given: Mapping[str, Any]) -> str:
        return "x" * (TOOL_RESULT_CHARS_MAX + 1)

    outcome, result = await tool(talks).call("own", "{}")
    assert outcome == "ok"
    assert len(result) == TOOL_RESULT_CHARS_MAX
    assert "cut" in result[-40:]
