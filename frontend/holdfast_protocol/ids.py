"""Ids are UUIDv7 strings, minted by whoever creates the thing (L9).

Time and randomness are passed in: the page's Python starts from a memory image in which its own
`random` would be frozen, so ids may come from the operating system's randomness only.
"""

import re

from holdfast_protocol.limits import ACCOUNT_CHARS_MAX

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ACCOUNT = re.compile(rf"[a-z0-9_-]{{1,{ACCOUNT_CHARS_MAX}}}")

RANDOM_BYTES = 10


def mint(now_ms: int, random: bytes) -> str:
    """Return the UUIDv7 for this millisecond and these ten random bytes."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"an id needs {RANDOM_BYTES} random bytes, got {len(random)}")
    value = (now_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (int.from_bytes(random[:2], "big") & 0x0FFF) << 64
    value |= 0b10 << 62 | (int.from_bytes(random[2:], "big") & ((1 << 62) - 1))
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_id(value: object) -> bool:
    """Whether this is an id as Holdfast mints them."""
    return isinstance(value, str) and _UUID7.fullmatch(value) is not None


def is_account(value: object) -> bool:
    """Whether this may name an account."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None
