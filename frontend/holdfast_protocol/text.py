"""Law L24, its text half: one function cleans text at the door.

Everything that a model, a tool or a person sends passes here before it reaches the journal, so
that every store and codec behind the door can hold it: a surrogate pair split over two chunks
is joined, a lone surrogate and NUL become U+FFFD, and all else survives unchanged.
"""

import re

_UNCLEAN = re.compile("[\ud800-\udfff\0]")


def clean(text: str) -> str:
    """Return `text` as every store can hold it. Cleaning twice changes nothing."""
    if text.isascii() and "\0" not in text:  # a hundred times faster than the search, and usual
        return text
    if not _UNCLEAN.search(text):
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace").replace("\0", "\ufffd")


def clean_chunk(held: str, chunk: str) -> tuple[str, str]:
    """Clean one chunk of a stream: `(held, chunk) -> (clean text, held)`.

    `held` is "" at first, or the high surrogate that ended the previous chunk and may yet be
    joined by its low half. At the end of the stream, `clean(held)` is what is left.
    """
    text = held + chunk
    if text and "\ud800" <= text[-1] <= "\udbff":
        return clean(text[:-1]), text[-1]
    return clean(text), ""
