"""Numbered tokens that carry the time at which they were written, and a provider that sends them.

    python -m e2e.bench.stamped          (prints its address as JSON; ends with standard input)

Few are stamped and the stamp is short, so that a stream weighs what a model's would: every tenth
token at 100 a second and more, else each. The page reads them with `in_page.js`.
"""

import json
import re
import sys
import time
from dataclasses import dataclass
from functools import partial

from e2e.provider import Provider
from e2e.provider_call import Call, Pace

SINCE_MS = 1_700_000_000_000
"""Stamps count tenths of milliseconds from here, so that eight characters hold them."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
STAMP = re.compile(rb"@([0-9a-z]{8}) ")


def every(rate: float) -> int:
    """Return which tokens are stamped at this rate: those whose number it divides."""
    return 10 if rate >= 100 else 1


def token(number: int, rate: float) -> str:
    """Return the token as it is written now."""
    return f"t{number}@{_base36(_now())} " if number % every(rate) == 0 else f"t{number} "


def written_ms(stamp: bytes) -> float:
    """Return when a token with this stamp was written, in milliseconds since 1970."""
    return SINCE_MS + int(stamp, 36) / 10


def _now() -> int:
    return round((time.time() * 1000 - SINCE_MS) * 10)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits


@dataclass(frozen=True, slots=True)
class StampedPace(Pace):
    def token(self, number: int) -> str:
        return token(number, self.rate)


def main() -> None:
    answer = partial(Call.speak_at, pace=StampedPace(5_000, 1_000))
    with Provider(models=("auto-50", "auto-1000"), answer=answer) as provider:
        print(json.dumps({"base_url": provider.base_url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
