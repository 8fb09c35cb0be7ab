"""Reads what a reply answers, as far back as the model will be told. Knows only the journal."""

from holdfast_protocol.limits import MESSAGES_PER_PAGE_MAX
from holdfast_protocol.state import Message
from holdfast_server.journal.port import Journal, MessagesOf
from holdfast_server.models.port import Turn
from holdfast_server.runs.runner import Job
from holdfast_server.runs.turn import choose, said


async def read_turn(journal: Journal, job: Job, chars_max: int) -> Turn:
    """Return the turn for the job's reply: the path above it, the newest that fits."""
    newest_first: list[Message] = []
    chars, above, more = 0, job.message, True
    while more and chars <= chars_max:
        scope = MessagesOf(job.account, job.thread, before=above, limit=MESSAGES_PER_PAGE_MAX)
        page = await journal.snapshot(scope)
        newest_first += page.messages
        chars += sum(len(said(message)) for message in page.messages)
        more = page.has_more and bool(page.messages)
        above = page.messages[-1].id if page.messages else above
    return choose(
        newest_first,
        model=job.model or page.thread.model,
        instructions=page.thread.instructions,
        chars_max=chars_max,
    )
