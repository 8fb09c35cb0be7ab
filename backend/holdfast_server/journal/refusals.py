"""Why the journal does not do what it is asked.

    Refusal              the command cannot be carried out; nothing was journalled
    ├── NotFound         404  no such thing in this account
    ├── Gone             410  it was deleted; a deleted id is never used again (L9)
    ├── Conflict         409  the id exists with other content, or the state forbids it
    ├── Invalid          422  what was asked fits no shape: no id, too long, no such field value
    ├── TooMany          429  a limit is reached
    └── Fenced           —    the owner lost the run: a later attempt, a later start (L6)
    StoreUnavailable     503  the disk or the database: nobody's command is at fault
    ├── DiskFull         503  it heals when there is room again
    ├── StoreLocked      503  another program holds the store
    ├── StoreReadOnly    503  the store may not be written
    ├── StoreMissing     503  the store's file is no longer where it was opened
    └── Superseded       503  a later start of the store writes it now; this process ends (L6)

The API alone turns them into answers; messages name ids, never text that somebody wrote.
"""

from holdfast_protocol.errors import HoldfastError


class Refusal(HoldfastError):
    """The command cannot be carried out. `code` is for programs."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    code = "not_found"


class Gone(Refusal):
    code = "gone"


class Conflict(Refusal):
    code = "conflict"


class Invalid(Refusal):
    code = "invalid"


class TooMany(Refusal):
    code = "too_many"


class Fenced(Refusal):
    code = "fenced"


class StoreUnavailable(HoldfastError):
    """The store cannot be read or written now. `code` is for programs; `sentence` tells the
    person who asked what is wrong and what to do, and names nothing of the machine.
    """

    code = "store_unavailable"
    sentence = "Holdfast cannot reach its store now. Try again in a moment."


class DiskFull(StoreUnavailable):
    code = "disk_full"
    sentence = "The disk that Holdfast writes to is full. Make room on it, then try again."


class StoreLocked(StoreUnavailable):
    code = "store_locked"
    sentence = "Another program is holding Holdfast's store. Close that program, then try again."


class StoreReadOnly(StoreUnavailable):
    code = "store_read_only"
    sentence = "Holdfast may only read its store. Make its data folder writable, then try again."


class StoreMissing(StoreUnavailable):
    code = "store_missing"
    sentence = "Holdfast's store was moved or deleted. Put its data folder back, then try again."


class Superseded(StoreUnavailable):
    """Another process has started the store: nothing that this one tries can succeed again."""

    code = "superseded"
    sentence = "Another Holdfast has taken this one's place, which ends now. Try again there."
