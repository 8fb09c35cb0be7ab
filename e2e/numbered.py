"""Numbered tokens: text in which a gap, a repeat or a swap shows."""

import re
from collections import Counter


def tokens(first: int, last: int) -> str:
    """Return `t1 t2 … ` from `first` to `last`, each followed by one space, as `Call.tokens`."""
    return "".join(f"t{number} " for number in range(first, last + 1))


def assert_numbered(text: str, last: int, *, first: int = 1) -> None:
    """Fail, naming what is lost or repeated, unless `text` is exactly these tokens in order."""
    found = [int(number) for number in re.findall(r"t(\d+)", text)]
    wanted = list(range(first, last + 1))
    lost = sorted(set(wanted) - set(found))
    more = sorted(number for number, times in Counter(found).items() if times > 1)
    assert found == wanted, (
        f"wanted t{first} to t{last}; lost {lost}, repeated {more}, read {found}"
    )
    rest = re.sub(r"t\d+\s?", "", text).strip()
    assert not rest, f"besides the tokens the text holds {rest!r}"
