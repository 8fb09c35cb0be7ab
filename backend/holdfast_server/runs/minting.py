"""New ids, from the operating system's clock and randomness (L9)."""

import os
import time

from holdfast_protocol.ids import RANDOM_BYTES, mint


def new_id() -> str:
    """Return an id that nobody has had before."""
    return mint(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))
