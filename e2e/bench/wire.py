"""What the delivery scripts know of the bytes of an event stream: enough to count entries cheaply.

An entry is one `"seq":`, which no text can contain, for JSON escapes its quotes. A scripted text
begins with the moment of its append, by the clock that all processes of a machine share.
"""

import re
import resource

ACCOUNT_HEADER = "x-bench-account"
STAMP_DIGITS = 20
ENTRY = b'"seq":'
FRAME = b"event: journal\n"
CAUGHT_UP = b"event: caught-up"
STAMP = re.compile(rb'"text":"(\d{20})')
ONE_ENTRY = re.compile(rb"event: journal\nid: [^\n]*\ndata: \[\{[^\n\[\]{}]*\}\]\n\n")


def asking(account: str, cursor: str) -> bytes:
    """Return the request for an event stream from this cursor on."""
    return (
        f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: {cursor}\r\n"
        f"{ACCOUNT_HEADER}: {account}\r\n\r\n"
    ).encode()


def raise_files_max() -> int:
    """Let this process open as many files as it may; return how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
