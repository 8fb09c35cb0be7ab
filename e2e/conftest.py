"""What every story stands on: one Chromium, one event loop, a provider, a server, browsers that
are observed, and a check at the very end that nothing was left behind.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect

from e2e import browser as browsers

HERE = Path(__file__).parent
BOUND_MS = 30_000
"""Longest wait for a state of the page. A failing story costs this long; a passing one does not."""
STORY_BOUND_S = 180
"""A story that hangs is cut here, so that it fails with its name and its logs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all of e2e on one loop (the browser outlives a story), each story within a bound."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.obj = _bounded(item.obj)


def _bounded(story: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(story)
    async def run(*fixtures: object, **named: object) -> None:
        async with asyncio.timeout(STORY_BOUND_S):
            await story(*fixtures, **named)

    return run


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    expect.set_options(timeout=BOUND_MS)
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    chromium = browsers.find(playwright.chromium.executable_path)
    running = await chromium.launch(playwright)
    yield running
    await running.close()
