"""Who asks: `X-Holdfast-Client: <browser id>.<tab id>`.

Read tolerantly: a missing or malformed header means an unknown client, never an error.
"""

from dataclasses import dataclass

from holdfast_protocol.ids import is_id
from holdfast_protocol.limits import CLIENT_CHARS_MAX


@dataclass(frozen=True, slots=True)
class Client:
    browser: str
    tab: str


def parse_client(header: str | None) -> Client | None:
    """Return the client that the header names, or None for anything else whatever."""
    if header is None or len(header) > CLIENT_CHARS_MAX:
        return None
    browser, _, tab = header.partition(".")
    return Client(browser, tab) if is_id(browser) and is_id(tab) else None
