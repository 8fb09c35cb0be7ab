"""The page and the server must tell the same: text, order, counts, status, and a sound journal."""

from e2e.api import Api, text_of
from e2e.journal import assert_history_is_the_journal, assert_journal_sound
from e2e.page import Chat, Sent


async def assert_agree(chat: Chat, api: Api, sent: Sent, *, text: str, status: str) -> None:
    """Wait for this text and status on the page, then hold the server's truth against it.

    `text` is the source of all text parts together.
    """
    await chat.expect_status(sent.reply, status)
    message = await api.message(sent.thread, sent.reply)
    assert message["status"] == status
    assert text_of(message) == text
    await _assert_same_parts(chat, message)
    await _assert_row(api, sent, status)
    entries = await api.entries()
    assert_journal_sound(entries, settled=sent.thread)
    assert_history_is_the_journal(entries, message)


async def _assert_same_parts(chat: Chat, message: dict) -> None:
    shown = [(part.id, part.kind) for part in await chat.parts(message["id"])]
    assert shown == [(part["id"], part["kind"]) for part in message["parts"]]
    for part, stored in zip(await chat.parts(message["id"]), message["parts"], strict=True):
        if stored["kind"] == "text":
            assert part.chars == len(stored["text"])
            assert part.text.split() == stored["text"].split()


async def _assert_row(api: Api, sent: Sent, status: str) -> None:
    """The thread's row in the list: nothing runs any more, and its version is its last entry."""
    row = next(row for row in await api.threads() if row["id"] == sent.thread)
    assert row["run"] is None, f"the answer is {status} and the thread still says {row['run']}"
    last = [entry["seq"] for entry in await api.entries() if entry.get("thread") == sent.thread]
    assert row["version"] == last[-1]
