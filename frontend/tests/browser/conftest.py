"""A built site, a server for it, Chromium, and a page that fails its test if it broke a rule."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Route, async_playwright

from frontend.build.make import build
from frontend.build.paths import DIST

from .site_server import SiteServer

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="session")
def site() -> Iterator[SiteServer]:
    build()
    server = SiteServer(DIST)
    yield server
    server.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = await playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser
        await browser.close()


class Complaints(list[str]):
    """What a page must not do: break its policy, ask another origin, throw, or log an error.

    A test that provokes one of these takes it out again with `expect`; one that breaks the whole
    page on purpose says so with `expect_trouble`, because such complaints come when they like.
    """

    trouble_expected = False

    def watch(self, page: Page, origin: str) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error" or "Content Security Policy" in message.text:
                self.append(f"console: {message.text}")

        def on_request(request: Request) -> None:
            if not request.url.startswith((origin, "data:", "blob:")):
                self.append(f"foreign request: {request.url}")

        page.on("console", on_console)
        page.on("request", on_request)
        page.on("pageerror", lambda error: self.append(f"exception: {error}"))
        page.on("crash", lambda _: self.append("the page crashed"))

    def expect_trouble(self) -> None:
        self.trouble_expected = True

    def expect(self, part: str) -> None:
        found = [complaint for complaint in self if part in complaint]
        assert found, f"no complaint with {part!r} in {list(self)}"
        for complaint in found:
            self.remove(complaint)


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, site: SiteServer, complaints: Complaints) -> AsyncIterator[Page]:
    """A fresh page in a fresh profile, nowhere yet."""
    context = await chromium.new_context(base_url=site.url)
    opened = await context.new_page()
    complaints.watch(opened, site.url)
    yield opened
    await context.close()
    site.forget()
    assert complaints.trouble_expected or complaints == []


class Python:
    """A page in which Python runs and the app does not."""

    _RUN = """async ([code, files]) => {
      const { python } = await import("/js/interpreter.js");
      const interpreter = await python;
      for (const [path, text] of Object.entries(files)) interpreter.FS.writeFile(path, text);
      const names = interpreter.toPy({});
      try {
        return JSON.parse(await interpreter.runPythonAsync(code, { globals: names }));
      } finally {
        names.destroy();
      }
    }"""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def run(self, code: str, files: Mapping[str, str] | None = None) -> object:
        """Run lines of Python, of which the last is an expression with a JSON value.

        `files` are put into Python's file system before.
        """
        *lines, last = code.strip().splitlines()
        program = ["import json", "from asyncio import Future", *lines, f"json.dumps({last})"]
        return await self.page.evaluate(self._RUN, ["\n".join(program), dict(files or {})])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _python(chromium: Browser, site: SiteServer) -> AsyncIterator[tuple[Python, Complaints]]:
    """One start of Python for all tests of a module: it takes two seconds."""
    context = await chromium.new_context(base_url=site.url)
    opened = await context.new_page()
    complaints = Complaints()
    complaints.watch(opened, site.url)
    await opened.goto("/python")
    await opened.wait_for_selector("html[data-app=ready]", state="attached")
    yield Python(opened), complaints
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def python(_python: tuple[Python, Complaints], site: SiteServer) -> AsyncIterator[Python]:
    """The module's page with Python, which fails this test if it broke a rule during it."""
    python, complaints = _python
    yield python
    site.forget()
    broken = list(complaints)
    complaints.clear()
    assert broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def blank(page: Page) -> Page:
    """The page on /blank: the policy, and no script."""
    await page.goto("/blank")
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def still(page: Page) -> Page:
    """The real page on a thread's address, in which Python never starts."""

    async def nothing(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body="")

    await page.route("**/js/boot.js", nothing)
    await page.goto("/#/t/7")
    return page
