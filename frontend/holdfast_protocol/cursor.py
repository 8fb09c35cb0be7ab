"""A cursor: "I have applied everything up to here".

Opaque to whoever holds it. It names the journal and the account besides the sequence, so that a
cursor of another store, of an older copy of the store, or of another person is never mistaken
for a place in this one (L4).
"""

import re
from dataclasses import dataclass

from holdfast_protocol.ids import is_account, is_id

_SEQUENCE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one account's journal. `seq` 0 is before the first entry."""

    journal: str
    account: str
    seq: int

    def __str__(self) -> str:
        return f"{self.journal}.{self.account}.{self.seq}"

    def at(self, seq: int) -> "Cursor":
        """The same journal at another sequence."""
        return Cursor(self.journal, self.account, seq)


def parse_cursor(text: object) -> Cursor | None:
    """Return the cursor that `text` writes, or None for anything else whatever."""
    if not isinstance(text, str):
        return None
    fields = text.split(".")
    if len(fields) != 3:
        return None
    journal, account, seq = fields
    if not (is_id(journal) and is_account(account) and _SEQUENCE.fullmatch(seq)):
        return None
    return Cursor(journal, account, int(seq))
