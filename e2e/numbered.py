"""Numbered tokens: text in which a gap, a repeat or a swap shows."""

import re


def tokens(first: int, last: int) -> str:
    """Return `t0001 t0002 … ` from `first` to `last`, each followed by one space."""
    return "".join(f"t{number:04d} " for number in range(first, last + 1))


def assert_numbered(text: str, last: int, *, first: int = 1) -> None:
    """Fail, naming what is lost or repeated, unless `text` is exactly these tokens in order."""
    found = [int(number) for number in re.findall(r"t(\d{4})", text)]
    wanted = list(range(first, last + 1))
    lost = sorted(set(wanted) - set(found))
    more = sorted({number for number in found if found.count(number) > 1})
    assert found == wanted, (
        f"wanted t{first:04d} to t{last:04d}; lost {lost}, repeated {more}, read {found}"
    )
    rest = re.sub(r"t\d{4}\s?", "", text).strip()
    assert not rest, f"besides the tokens the text holds {rest!r}"
