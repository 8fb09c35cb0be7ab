"""What a browser starts from, and starts again from when its cursor is no place: one content."""

import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from holdfast_protocol import PROTOCOL_VERSION, limits
from holdfast_protocol.codec import encode_thread
from holdfast_protocol.cursor import Cursor
from holdfast_server.api.catalogue import Catalogue
from holdfast_server.api.reading import Reading
from holdfast_server.journal.port import Threads

THREADS_AT_START = 100
LIMITS: Mapping[str, int | float] = {
    "message_chars": limits.MESSAGE_CHARS_MAX,
    "title_chars": limits.TITLE_CHARS_MAX,
    "instructions_chars": limits.INSTRUCTIONS_CHARS_MAX,
    "model_name_chars": limits.MODEL_NAME_CHARS_MAX,
    "search_chars": limits.SEARCH_CHARS_MAX,
    "body_bytes": limits.BODY_BYTES_MAX,
    "threads_per_page": limits.THREADS_PER_PAGE_MAX,
    "messages_per_page": limits.MESSAGES_PER_PAGE_MAX,
    "poll_wait_s": limits.POLL_WAIT_S_MAX,
    "beat_idle_s": limits.BEAT_IDLE_S,
}
VERSIONS: Mapping[str, int | str] = {"protocol": PROTOCOL_VERSION, "server": version("holdfast")}


def now_ms() -> int:
    """Return the server's time, for display and gating only."""
    return time.time_ns() // 1_000_000


async def bootstrap(
    reading: Reading, catalogue: Catalogue, account: str
) -> tuple[Cursor, dict[str, Any]]:
    """Return the content and the cursor it was read at, in one transaction (L5)."""
    listed = await reading.snapshot(Threads(account, limit=THREADS_AT_START))
    return listed.cursor, {
        "account": account,
        "journal": listed.cursor.journal,
        "threads": [encode_thread(thread) for thread in listed.threads],
        "has_more": listed.has_more,
        "models": list(catalogue.models),
        "model": {"name": catalogue.name, "demo": catalogue.demo},
        "limits": LIMITS,
        "versions": VERSIONS,
        "cursor": str(listed.cursor),
        "now": now_ms(),
    }
