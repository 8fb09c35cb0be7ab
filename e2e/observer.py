"""The observer of one browser: records every look, request and error, and fails the story on them.

`observer.js` looks, `verdict.py` judges, this file carries the looks from one to the other and adds
what the browser itself reports: requests to other origins, violations of the content policy,
exceptions and console errors. It listens to requests instead of routing them, because routing
turns the HTTP cache off and would show a page nobody gets.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebError

from e2e.until import until
from e2e.verdict import Article, Ledger, Part, View

SCRIPT = Path(__file__).with_name("observer.js")
LOOKS_KEPT = 40
"""Last looks printed with a failure; costs a few kB a browser."""


@dataclass
class Observer:
    """Attach it to a browser context before its first page; ask `findings()` at the end.

    (Without slots: Playwright hangs its own attributes on whose methods it is to call.)
    """

    origin: str
    ledger: Ledger = field(default_factory=Ledger)
    arrivals: list[View] = field(default_factory=list)
    """The first look at a thread each time it came into view, the latest last."""
    _threads: dict[str, str] = field(default_factory=dict)
    _found: list[tuple[str, str]] = field(default_factory=list)
    _tolerated: list[str] = field(default_factory=list)
    _looks: deque[str] = field(default_factory=lambda: deque(maxlen=LOOKS_KEPT))

    async def attach(self, context: BrowserContext) -> None:
        await context.expose_binding("__holdfast_seen", self._told)
        await context.add_init_script(path=SCRIPT)
        context.on("request", self._requested)
        context.on("weberror", self._raised)
        context.on("console", self._printed)
        context.on("page", lambda page: page.on("crash", self._crashed))

    def tolerate(self, *pieces: str) -> None:
        """Reports holding one of these pieces belong to the story (it kills its server, say)."""
        self._tolerated.extend(pieces)

    def forgive(self, *ids: str) -> None:
        """These messages or threads may vanish: the story deletes them."""
        self.ledger.forgive(*ids)

    @property
    def growths(self) -> int:
        return self.ledger.growths

    def findings(self) -> tuple[str, ...]:
        """Return every reason to fail the story, what was on screen first."""
        reported = (
            f"{kind}: {text}"
            for kind, text in self._found
            if not any(piece in text for piece in self._tolerated)
        )
        return (*self.ledger.findings(), *dict.fromkeys(reported))

    def last_looks(self) -> str:
        """Return the last changes of the screen, one a line, for the person mending a failure."""
        return "\n".join(self._looks)

    async def first_sight(self, thread: str, message: str) -> Article:
        """Return the message as it stood in the first look when its thread last came into view."""

        async def arrived() -> bool:
            return bool(self.arrivals) and self.arrivals[-1].thread == thread

        await until(arrived, what=f"a look at thread {thread}")
        view = self.arrivals[-1]
        found = [article for article in view.articles if article.id == message]
        assert found, f"message {message} is not in the first look: {_line(view)}"
        return found[0]

    def _told(self, source: dict[str, Any], told: str) -> None:
        fact = json.loads(told)
        if "csp" in fact:
            self._found.append(("content policy", fact["csp"]))
            return
        view = _view(fact["view"])
        self._looks.append(f"{fact['at']:9.1f} ms {_line(view)}")
        self.ledger.see(fact["document"], view)
        if self._threads.get(fact["document"]) != view.thread:
            self._threads[fact["document"]] = view.thread
            self.arrivals.append(view)

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss", "ftp") and not self._is_own(request.url):
            self._found.append(("request to another origin", request.url))

    def _is_own(self, url: str) -> bool:
        return url == self.origin or url.startswith(self.origin + "/")

    def _raised(self, error: WebError) -> None:
        self._found.append(("uncaught in the page", str(error.error)))

    def _printed(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self._found.append(("console error", f"{message.text} ({where})"))

    def _crashed(self, page: Page) -> None:
        self._found.append(("crash", page.url))


def _view(raw: dict[str, Any]) -> View:
    articles = tuple(
        Article(
            id=article["id"],
            role=article["role"],
            status=article["status"],
            hidden=article["hidden"],
            parts=tuple(Part(**part) for part in article["parts"]),
        )
        for article in raw["articles"]
    )
    return View(raw["thread"], articles, raw["sync"], raw["main"], tuple(raw["strays"]))


def _line(view: View) -> str:
    messages = " ".join(
        f"{article.id[-6:]}:{article.status}"
        f"[{' '.join(f'{part.kind}:{part.chars}' for part in article.parts)}]"
        for article in view.articles
    )
    return f"main {view.main} thread {view.thread[-6:] or '-'} sync {view.sync} {messages}"
