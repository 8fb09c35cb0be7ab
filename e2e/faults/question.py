"""A question that a case sends, with all that is known of it outside the server."""

from dataclasses import dataclass, field

from e2e.api import new_id
from e2e.faults.checks import Accepted
from e2e.faults.script import Said, Script


@dataclass(slots=True)
class Question:
    """`run` is None until its sender was told 202."""

    script: Script
    said: Said
    text: str
    thread: str
    question: str = field(default_factory=new_id)
    reply: str = field(default_factory=new_id)
    run: str | None = None

    @property
    def accepted(self) -> Accepted | None:
        if self.run is None:
            return None
        return Accepted(self.thread, self.question, self.reply, self.run, self.text)
