"""The HTTP contract as a client sees it: the server's truth, to which a story holds the page.

Speaks JSON, imports nothing of the app; `entries` reads the journal from the story's first cursor.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from e2e.until import until

TERMINAL = frozenset({"complete", "stopped", "failed", "interrupted"})
PAGES_MAX = 1_000
"""A listing that never ends is a failure of the server, found after this many pages."""

Json = dict[str, Any]


@dataclass
class Api:
    """One account of one server. `begin` takes the cursor from which `entries` reads."""

    url: str
    first: str = ""

    def __post_init__(self) -> None:
        # A client of its own, so that no proxy of the machine comes between.
        self._client = httpx.AsyncClient(
            base_url=self.url,
            timeout=30,
            trust_env=False,
            headers={"X-Holdfast-Client": "story.api", "Origin": self.url},
        )

    async def begin(self) -> "Api":
        self.first = (await self.bootstrap())["cursor"]
        return self

    async def aclose(self) -> None:
        await self._client.aclose()

    async def bootstrap(self) -> Json:
        return await self._ask("GET", "/api/bootstrap")

    async def threads(self) -> list[Json]:
        """Return all threads, in the server's order."""
        found: list[Json] = []
        for _ in range(PAGES_MAX):
            before = {"before": found[-1]["id"]} if found else {}
            page = (await self._ask("GET", "/api/threads", params=before))["threads"]
            if not page:
                return found
            found.extend(page)
        raise AssertionError(f"GET /api/threads gave more than {PAGES_MAX} pages")

    async def messages(self, thread: str) -> list[Json]:
        """Return the thread's chosen path, oldest first, read page by page."""
        found: list[Json] = []
        for _ in range(PAGES_MAX):
            before = {"before": found[-1]["id"]} if found else {}
            page = await self._ask("GET", f"/api/threads/{thread}/messages", params=before)
            found.extend(page["messages"])
            if not page["has_more"]:
                return found[::-1]
        raise AssertionError(f"thread {thread} has more than {PAGES_MAX} pages")

    async def message(self, thread: str, message: str) -> Json:
        return next(found for found in await self.messages(thread) if found["id"] == message)

    async def send(
        self, thread: str, message: str, reply: str, text: str, *, model: str | None = None
    ) -> Json:
        """Send as another browser would."""
        content = {"id": message, "reply": reply, "text": text}
        content |= {"model": model} if model else {}
        return await self._ask("POST", f"/api/threads/{thread}/messages", json=content)

    async def delete_thread(self, thread: str) -> None:
        answer = await self._client.delete(f"/api/threads/{thread}")
        assert answer.is_success, f"DELETE gave {answer.status_code}: {answer.text}"

    async def until_status(self, thread: str, message: str, status: str) -> None:
        """Wait until the server says so."""

        async def reached() -> bool:
            return (await self.message(thread, message))["status"] == status

        await until(reached, what=f"message {message} to be {status}")

    async def entries(self) -> list[Json]:
        """Return every journal entry since `begin`, by poll, page after page."""
        found: list[Json] = []
        cursor = self.first
        for _ in range(PAGES_MAX):
            page = await self._ask("GET", "/api/poll", params={"cursor": cursor, "wait": 0})
            assert "reset" not in page, f"the cursor {cursor!r} was answered with reset"
            found.extend(page["entries"])
            cursor = page["cursor"]
            if not page["more"]:
                return found
        raise AssertionError(f"/api/poll gave more than {PAGES_MAX} pages")

    async def _ask(self, method: str, path: str, **more: Any) -> Json:
        answer = await self._client.request(method, path, **more)
        assert answer.is_success, f"{method} {path} gave {answer.status_code}: {answer.text}"
        return answer.json()


def text_of(message: Json) -> str:
    """Return the answer's text as the server has it: its text parts, joined in order."""
    return "".join(part["text"] for part in message["parts"] if part["kind"] == "text")


def new_id() -> str:
    """Return a UUIDv7, as a client mints it."""
    now_ms = time.time_ns() // 1_000_000
    bits = (now_ms << 80) | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | (0x7 << 76)
    return str(UUID(int=bits & ~(0x3 << 62) | (0x2 << 62)))
