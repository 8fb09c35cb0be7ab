"""The tools a model may call: a clock and a calculator.

A tool that fails is an answer like any other: the model reads why and goes on. Tools of others
(MCP) join the same table.
Must not know: how a model asks, and what a call becomes in a message.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from holdfast_protocol.limits import TOOL_RESULT_CHARS_MAX
from holdfast_server.models.calculator import NotArithmetic, calculate
from holdfast_server.models.limits import Limits
from holdfast_server.models.port import Outcome

CUT = "\n… (cut: the result was longer)"


class ToolFailed(Exception):
    """The tool could not do it. The message is for the model and the person."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call. `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Mapping[str, Any]], Awaitable[str]]

    def described(self) -> dict[str, Any]:
        """As chat completions want it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": dict(self.parameters),
            },
        }


class Toolbox:
    """The tools of one server, by name. Holds no state between calls."""

    def __init__(self, tools: tuple[Tool, ...], limits: Limits) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._limits = limits

    def described(self) -> list[dict[str, Any]]:
        return [tool.described() for tool in self._tools.values()]

    async def call(self, name: str, arguments: str) -> tuple[Outcome, str]:
        """Run one tool. Never raises for what the model asked or the tool did."""
        tool = self._tools.get(name)
        if tool is None:
            return "error", f"There is no tool named {name}."
        try:
            given = read_arguments(arguments)
            async with asyncio.timeout(self._limits.tool_s_max):
                result = await tool.run(given)
        except ToolFailed as error:
            return "error", str(error)
        except TimeoutError:
            return "error", f"The tool took longer than {self._limits.tool_s_max:g} seconds."
        except Exception as error:
            # A tool's bug must not end the answer; its kind is enough for the model to go on.
            return "error", f"The tool failed: {type(error).__name__}."
        if len(result) > TOOL_RESULT_CHARS_MAX:
            result = result[: TOOL_RESULT_CHARS_MAX - len(CUT)] + CUT
        return "ok", result


def read_arguments(text: str) -> Mapping[str, Any]:
    """Return the arguments' object; no text at all means none. Raises ToolFailed."""
    if not text.strip():
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ToolFailed("The arguments are not valid JSON.") from None
    if not isinstance(given, dict):
        raise ToolFailed("The arguments must be a JSON object.")
    return given


def built_in(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[Tool, ...]:
    """Return the clock and the calculator."""

    async def clock(given: Mapping[str, Any]) -> str:
        zone = given.get("timezone") or "UTC"
        try:
            local = now().astimezone(ZoneInfo(zone))
        except (KeyError, ValueError, TypeError, OSError):
            raise ToolFailed("This time zone is not known. Use a name like Europe/Paris.") from None
        return local.strftime(f"%A, %d %B %Y, %H:%M:%S ({zone})")

    async def calculator(given: Mapping[str, Any]) -> str:
        expression = given.get("expression")
        if not isinstance(expression, str):
            raise ToolFailed("Give the arithmetic as text in `expression`.")
        try:
            return calculate(expression)
        except NotArithmetic as error:
            raise ToolFailed(f"It cannot be calculated: {error}.") from None

    return (
        Tool(
            "clock",
            "Tells the current date and time.",
            {
                "type": "object",
                "properties": {
                    "timezone": {
                        "type": "string",
                        "description": "IANA name such as Europe/Paris. UTC if left out.",
                    }
                },
            },
            clock,
        ),
        Tool(
            "calculator",
            "Calculates an arithmetic expression exactly, for example (3 + 4) * 2 ** 10.",
            {
                "type": "object",
                "properties": {"expression": {"type": "string"}},
                "required": ["expression"],
            },
            calculator,
        ),
    )
