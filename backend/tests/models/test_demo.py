"""The demo: long enough to try switching, at three speeds, and honest about itself."""

import asyncio
import re

import pytest

from backend.tests.models.conftest import ask, read_all
from holdfast_server.models.choosing import demo_model
from holdfast_server.models.demo_script import DEFAULT_SUM, sum_in
from holdfast_server.models.port import ModelError, TextDelta, ToolReturned


class Time:
    """Time that passes only by being slept."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("model", "least_s", "most_s"),
    [("demo", 20, 40), ("demo-slow", 80, 160), ("demo-fast", 0.8, 1.6), (None, 20, 40)],
)
async def test_each_demo_model_keeps_its_speed(
    model: str | None, least_s: float, most_s: float
) -> None:
    time = Time()
    demo = demo_model(sleep=time.sleep)
    await read_all(demo.answer(ask("hello", model=model)))
    assert least_s <= time.passed_s <= most_s
    await demo.aclose()


async def test_it_says_what_it_is_and_offers_its_speeds() -> None:
    demo = demo_model()
    assert demo.demo
    assert demo.name == "demo"
    assert await demo.list_models() == ("demo", "demo-slow", "demo-fast")
    await demo.aclose()


async def test_its_text_is_whole_markdown_with_what_the_tools_returned() -> None:
    demo = demo_model(sleep=Time().sleep)
    events = await read_all(demo.answer(ask("what is 17 * 23?")))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    clock, calculator = (event for event in events if isinstance(event, ToolReturned))
    assert f"The clock says: {clock.result}." in text
    assert calculator.result == "391"
    assert "`17 * 23` = **391**" in text
    for marker in ("## ", "### ", "\n1. ", "\n- ", "| --- |", "```python\n", "```sh\n", "\n> "):
        assert marker in text
    assert re.search(r"both were the point\.\n$", text), "the end is there, its line break too"
    await demo.aclose()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is 2+2", "2+2"),
        ("(1 + 2) * 3 please", "(1 + 2) * 3"),
        ("hello", DEFAULT_SUM),
        ("in 2024", DEFAULT_SUM),
        ("1+" * 5_000, DEFAULT_SUM),
        ("((((((((((1" * 500, DEFAULT_SUM),
    ],
)
def test_a_sum_in_the_question_is_found(question: str, found: str) -> None:
    assert sum_in(question) == found


async def test_a_model_it_does_not_have_is_not_found() -> None:
    demo = demo_model(sleep=Time().sleep)
    with pytest.raises(ModelError) as caught:
        await read_all(demo.answer(ask("hello", model="gpt-4o")))
    assert caught.value.code == "model_not_found"
    await demo.aclose()
