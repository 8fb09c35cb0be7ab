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
from e2e.api import Api
from e2e.foreign import foreign_model as foreign_model
from e2e.leftovers import Leftovers
from e2e.page import Chat
from e2e.provider import Provider
from e2e.server import MakeServer, Server
from e2e.visitors import Visitors

HERE = Path(__file__).parent
BOUND_MS = 30_000
"""Longest wait for a state of the page. A failing story costs this long; a passing one does not."""
STORY_BOUND_S = 180
"""A story that hangs is cut here, so that it fails with its name and its logs."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "grows_nothing(why): no answer gets longer on screen")
    config.addinivalue_line(
        "markers", "grows_at_its_own_pace(why): a screen may or may not see an answer get longer"
    )


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
async def leftovers() -> AsyncIterator[Leftovers]:
    """Outlives all else here, and fails the session if a process, port or folder did too."""
    watched = Leftovers()
    yield watched
    await watched.assert_none()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def playwright(leftovers: Leftovers) -> AsyncIterator[Playwright]:
    expect.set_options(timeout=BOUND_MS)
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    chromium = browsers.find(playwright.chromium.executable_path)
    running = await chromium.launch(playwright)
    yield running
    await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[Provider]:
    with Provider() as listening:
        yield listening


@pytest_asyncio.fixture(loop_scope="session")
async def make_server(leftovers: Leftovers) -> AsyncIterator[MakeServer]:
    """Start servers of a story's own making; each is ended and removed with the story."""
    started: list[Server] = []

    async def make(**settings: object) -> Server:
        server = Server(**settings)
        started.append(server)
        leftovers.watch(server)
        return await server.start()

    yield make
    for server in started:
        print(f"--- output of {server.url}\n{server.tail()}")
    for server in started:
        await server.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def server(make_server: MakeServer, provider: Provider) -> Server:
    """A server whose model is the story's provider."""
    return await make_server(model_url=provider.base_url)


@pytest_asyncio.fixture(loop_scope="session")
async def api(server: Server) -> AsyncIterator[Api]:
    client = await Api(server.url).begin()
    yield client
    await client.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(
    browser: Browser, make_server: MakeServer, request: pytest.FixtureRequest
) -> AsyncIterator[Visitors]:
    """Browsers of people who visit; judged when the story is over, every one of them.

    (On `make_server`, so that they have left before the servers end: a page without its server
    has good reason to complain.)
    """
    visiting = Visitors(browser)
    yield visiting
    await visiting.leave()
    marked = request.node.get_closest_marker
    grows = None if marked("grows_at_its_own_pace") else not marked("grows_nothing")
    visiting.assert_unharmed(grows=grows)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(visitors: Visitors, server: Server, api: Api) -> Chat:
    """One tab of one browser, its Python ready. (`api` first: its cursor is the story's start.)"""
    visitor = await visitors.arrive(server.url)
    return await visitor.open()
