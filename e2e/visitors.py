"""Browsers of the people in a story: each with its own storage, observer and tabs.

The only way in which a story opens a page, so that none goes unobserved.
"""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, BrowserContext

from e2e.observer import Observer
from e2e.page import Chat


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser; all its tabs share its storage."""

    url: str
    context: BrowserContext
    observer: Observer

    async def tab(self) -> Chat:
        """Return a new, empty tab."""
        return Chat(await self.context.new_page(), self.url)

    async def open(self, thread: str | None = None) -> Chat:
        """Open the app in a new tab and wait until it is ready."""
        return await (await self.tab()).open(thread)


class Visitors:
    """All browsers of a story."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._all: list[Visitor] = []

    def __getitem__(self, place: int) -> Visitor:
        return self._all[place]

    async def arrive(self, url: str, **options: Any) -> Visitor:
        """Start a browser with empty storage; `options` are Playwright's for a context."""
        context = await self._browser.new_context(**options)
        visitor = Visitor(url, context, Observer(url))
        self._all.append(visitor)
        await visitor.observer.attach(context)
        return visitor

    async def leave(self) -> None:
        """Close every browser; what was seen until then counts."""
        for visitor in self._all:
            await visitor.context.close()

    def assert_unharmed(self, *, grows: bool | None) -> None:
        """Fail on anything that any observer found, and on a story in which nothing grew.

        `grows` False is a claim too: then an answer that got longer is the failure. None where
        the story cannot know.
        """
        for place, visitor in enumerate(self._all):
            print(f"--- browser {place}, last looks\n{visitor.observer.last_looks()}")
        found = [
            f"browser {place}: {finding}"
            for place, visitor in enumerate(self._all)
            for finding in visitor.observer.findings()
        ]
        assert not found, "the observer saw:\n" + "\n".join(found)
        growths = sum(visitor.observer.growths for visitor in self._all)
        assert grows is not True or growths, "the observer saw nothing grow"
        assert grows is not False or not growths, f"an answer grew {growths} times, and none should"
