"""Arithmetic from untrusted text: parsed, never executed, and bounded.

Must not know: that a model asks.
"""

import ast
import math
import operator
from collections.abc import Callable

EXPRESSION_CHARS_MAX = 500
"""One expression. Parsing and walking it costs well under a millisecond."""

DIGITS_MAX = 1_000
"""Of a whole number on the way or at the end: larger ones would cost time and say nothing."""

Number = int | float

BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
UNARY: dict[type[ast.unaryop], Callable[[Number], Number]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def _rounded(value: Number, digits: int = 0) -> Number:
    # Python raises ten to as many digits before it looks at the value.
    if abs(digits) > DIGITS_MAX:
        raise NotArithmetic("round knows at most 1,000 digits")
    return round(value, digits) if digits else round(value)


FUNCTIONS: dict[str, Callable[..., Number]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "ln": math.log,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": _rounded,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}
CONSTANTS: dict[str, Number] = {"pi": math.pi, "e": math.e, "tau": math.tau}


class NotArithmetic(ValueError):
    """The text is no arithmetic, or its value is out of bounds. The message says which."""


def calculate(expression: str) -> str:
    """Return the value as text, or raise NotArithmetic."""
    if len(expression) > EXPRESSION_CHARS_MAX:
        raise NotArithmetic(f"the expression is longer than {EXPRESSION_CHARS_MAX} characters")
    plain = expression.strip().replace("^", "**").replace("×", "*").replace("÷", "/")
    try:
        tree = ast.parse(plain.replace("−", "-"), mode="eval")
        value = _bounded(_value(tree.body))
    except NotArithmetic:
        raise
    except ZeroDivisionError:
        raise NotArithmetic("division by zero") from None
    except OverflowError:
        raise NotArithmetic("the value is too large") from None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise NotArithmetic("this is not an arithmetic expression") from None
    return str(value)


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _bounded(value)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return UNARY[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return _combined(type(op), _value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _bounded(FUNCTIONS[name](*map(_value, args)))
        case _:
            raise NotArithmetic("only numbers, + - * / // % ** and common functions are known")


def _combined(op: type[ast.operator], left: Number, right: Number) -> Number:
    # A power's size is known before it is taken; taking it first could cost minutes.
    if op is ast.Pow and left and abs(right) * math.log10(abs(left) + 1) > DIGITS_MAX:
        raise NotArithmetic("the value is too large")
    return _bounded(BINARY[op](left, right))


def _bounded(value: Number) -> Number:
    if isinstance(value, complex):
        raise NotArithmetic("the value is not a real number")
    if isinstance(value, int) and value.bit_length() > DIGITS_MAX * 4:
        raise NotArithmetic("the value is too large")
    if not math.isfinite(value) if isinstance(value, float) else False:
        raise NotArithmetic("the value is not a finite number")
    return value
