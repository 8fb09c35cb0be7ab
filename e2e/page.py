"""The page as a person and a screen reader know it: roles, names and the data attributes that the
page promises to keep true. Waits for states, never for time; reads nothing of the app's insides.
"""

import re
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Locator, Page, expect

Run = Literal["", "queued", "pending", "streaming"]
START_MS_MAX = 60_000
"""Python's start in a cold browser on a busy machine; everything else waits as `expect` does."""

# Read in one go: between two questions to the browser the page moves on.
READ_IDS = "all => all.map(e => e.dataset.messageId)"
READ_LINKS = """all => all.map(e => ({
    id: e.dataset.threadId, title: e.innerText.trim(), run: e.dataset.run,
    unread: e.dataset.unread, current: e.hasAttribute("aria-current")
        && e.getAttribute("aria-current") !== "false"}))"""
READ_PARTS = """all => all.map(e => ({
    kind: e.dataset.part, id: e.dataset.partId, chars: Number(e.dataset.chars),
    text: e.textContent}))"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A question that is on screen, with the answer that will be written below it (ids)."""

    thread: str
    question: str
    reply: str


@dataclass(frozen=True, slots=True)
class ThreadLink:
    id: str
    title: str
    run: str
    unread: str
    current: bool


@dataclass(frozen=True, slots=True)
class ShownPart:
    kind: str
    id: str
    chars: int
    text: str


class Chat:
    """One tab of one browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.html = page.locator("html")
        self.main = page.locator("main")
        self.articles = self.main.locator("article[data-message-id]")
        self.composer = page.get_by_role("textbox", name="Message", exact=True)
        self.send_button = page.get_by_role("button", name="Send", exact=True)
        self.stop_button = page.get_by_role("button", name="Stop", exact=True)
        self.nav = page.get_by_role("navigation", name="Threads", exact=True)

    async def open(self, thread: str | None = None) -> "Chat":
        """Go to the app, to a thread if one is named, and wait until Python handles clicks."""
        await self.page.goto(self.url + (f"/#/t/{thread}" if thread else "/"))
        await self.ready()
        if thread:
            await self.expect_thread(thread)
        return self

    async def reload(self) -> None:
        await self.page.reload()
        await self.ready()

    async def ready(self) -> None:
        await expect(self.html).to_have_attribute("data-app", "ready", timeout=START_MS_MAX)

    async def expect_sync(self, sync: str) -> None:
        await expect(self.html).to_have_attribute("data-sync", sync)

    async def new_thread(self) -> None:
        """Press New thread and wait for its empty view."""
        await self._reach_threads()
        await self.page.get_by_role("button", name="New thread", exact=True).click()
        await expect(self.articles).to_have_count(0)

    async def send(self, text: str) -> Sent:
        """Type, press Send, and wait until question and answer stand in the thread."""
        before = await self.message_ids()
        await self.composer.fill(text)
        await self.send_button.click()
        return await self.expect_sent(text, before)

    async def expect_sent(self, text: str, before: list[str]) -> Sent:
        """Wait for one question with this text and its answer below the messages of `before`."""
        await expect(self.articles).to_have_count(len(before) + 2)
        ids = await self.message_ids()
        assert ids[: len(before)] == before, f"messages moved: {before} became {ids}"
        question, reply = ids[-2:]
        await expect(self.message(question)).to_have_attribute("data-role", "user")
        await expect(self.message(question).locator("[data-part=text]")).to_have_text(text)
        await expect(self.message(reply)).to_have_attribute("data-role", "assistant")
        await expect(self.composer).to_have_value("")
        return Sent(await self.thread(), question, reply)

    async def stop(self) -> None:
        await self.stop_button.click()

    async def switch_to(self, thread: str) -> None:
        """Click the thread's link and wait until it is the one in view."""
        await self._reach_threads()
        await self.link(thread).click()
        await self.expect_thread(thread)

    async def expect_thread(self, thread: str) -> None:
        await expect(self.main).to_have_attribute("data-thread-id", thread)
        await expect(self.link(thread)).to_have_attribute("aria-current", re.compile("page|true"))

    async def thread(self) -> str:
        """Return the id of the thread in view, once it has one."""
        await expect(self.main).to_have_attribute("data-thread-id", re.compile(".+"))
        return await self.main.get_attribute("data-thread-id") or ""

    def link(self, thread: str) -> Locator:
        return self.page.locator(f'nav a[data-thread-id="{thread}"]')

    async def threads(self) -> list[ThreadLink]:
        """Return the sidebar's links, top to bottom."""
        links = await self.page.locator("nav a[data-thread-id]").evaluate_all(READ_LINKS)
        return [ThreadLink(**link) for link in links]

    async def expect_run(self, thread: str, run: Run) -> None:
        await expect(self.link(thread)).to_have_attribute("data-run", run)

    def message(self, message: str) -> Locator:
        return self.main.locator(f'article[data-message-id="{message}"]')

    async def message_ids(self) -> list[str]:
        return await self.articles.evaluate_all(READ_IDS)

    async def expect_status(self, message: str, status: str) -> None:
        await expect(self.message(message)).to_have_attribute("data-status", status)

    async def expect_text(self, message: str, text: str) -> None:
        """Wait until the answer's one text part reads `text` and counts its source truly."""
        part = self.message(message).locator("[data-part=text]")
        await expect(part).to_have_text(text.strip())
        await expect(part).to_have_attribute("data-chars", str(len(text)))

    async def expect_kinds(self, message: str, *kinds: str) -> None:
        """Wait until the message's parts are of these kinds, in this order."""
        parts = self.message(message).locator("[data-part]")
        await expect(parts).to_have_count(len(kinds))
        for place, kind in enumerate(kinds):
            await expect(parts.nth(place)).to_have_attribute("data-part", kind)

    async def parts(self, message: str) -> list[ShownPart]:
        """Return what stands in the message now."""
        parts = await self.message(message).locator("[data-part]").evaluate_all(READ_PARTS)
        return [ShownPart(**part) for part in parts]

    async def close(self) -> None:
        await self.page.close()

    async def _reach_threads(self) -> None:
        # On a narrow screen the list of threads is behind a button.
        if not await self.nav.is_visible():
            await self.page.get_by_role("button", name="Show threads", exact=True).click()
            await expect(self.nav).to_be_visible()
