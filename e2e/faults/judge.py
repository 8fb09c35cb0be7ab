"""The look around after a restart, and everything that is held against it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, takewhile

from e2e.api import Json
from e2e.faults import checks, store
from e2e.faults.checks import Faults, said_in
from e2e.faults.question import Question
from e2e.faults.rig import Follower, Rig
from e2e.faults.script import Script
from e2e.faults.store import Stored
from e2e.faults.told import Told


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the store holds, and what the restarted server tells by history and by a fresh poll."""

    before: int
    stored: Stored
    history: dict[str, list[Json]]
    rows: dict[str, Json]
    replayed: list[Json]

    @property
    def messages(self) -> dict[str, Json]:
        return {message["id"]: message for path in self.history.values() for message in path}


async def look(rig: Rig, before: int) -> Aftermath:
    """Read everything after the sequence `before`, once all readers have come to its end."""
    stored = store.read(rig.folder, after=before)
    await asyncio.gather(*(follower.reader.has_reached(stored.last) for follower in rig.followers))
    created = [one["thread"] for one in stored.entries if one["type"] == "thread.created"]
    history = {thread: await rig.api.messages(thread) for thread in created}
    rows = {row["id"]: row for row in (await rig.api.bootstrap())["threads"]}
    return Aftermath(before, stored, history, rows, await rig.api.entries())


def judge(
    after: Aftermath, followers: Iterable[Follower], questions: Sequence[Question], began_s: float
) -> Faults:
    """Return all that is wrong. `began_s`: when the restart began."""
    of_readers = (_reader_faults(follower, after) for follower in followers)
    of_questions = (_question_faults(question, after, began_s) for question in questions)
    return [
        *checks.store_is_gapless(after.stored),
        *checks.ends_once(after.stored.entries),
        *checks.replays("a fresh poll", after.replayed, after.stored.entries),
        *chain.from_iterable(of_readers),
        *chain.from_iterable(of_questions),
    ]


async def judge_whole(rig: Rig) -> Faults:
    """Hold the whole journal, after all kills, against all that the server tells."""
    stored = store.read(rig.folder)
    told = Told()
    for entry in stored.entries:
        told.apply(entry)
    faults = [*checks.store_is_gapless(stored), *checks.ends_once(stored.entries)]
    for thread in told.threads:
        faults += checks.goes_on("the store", told, thread, await rig.api.messages(thread))
    return faults


def _reader_faults(follower: Follower, after: Aftermath) -> Faults:
    reader, stored = follower.reader, {entry["seq"]: entry for entry in after.stored.entries}
    received = [receipt.entry for receipt in reader.receipts]
    faults = [f"L4: {reader.name}: {fault}" for fault in reader.faults]
    faults += checks.received_is_kept(reader.name, [*received, *reader.torn], stored)
    faults += checks.tokens_are_told(reader.name, [*received, *reader.torn], after.messages)
    faults += checks.follows(reader.name, [one["seq"] for one in received], first=after.before + 1)
    if faults:
        return faults  # a fold of a broken record would say the same again, and less well
    try:
        follower.catch_up()
    except (ValueError, KeyError) as broken:
        return [f"L5: {reader.name} cannot apply what it received: {broken!r}"]
    for thread, path in after.history.items():
        faults += checks.goes_on(reader.name, follower.told, thread, path)
        faults += checks.is_settled(follower.told, thread, after.rows.get(thread))
    return faults


def _question_faults(question: Question, after: Aftermath, began_s: float) -> Faults:
    faults: Faults = []
    reply = after.messages.get(question.reply)
    if question.accepted is not None:
        faults += checks.is_there(question.accepted, after.messages)
    elif (reply is None) != (question.question not in after.messages):
        faults.append(f"L1: of {question.text!r}, never accepted, one half is there")
    if reply is not None:
        faults += checks.is_as_said(reply, question.script)
    if any(asked_s > began_s for asked_s in question.said.asked):
        faults.append(f"L8: the model was asked {question.text!r} again by itself")
    return faults


def tokens_received(
    followers: Iterable[Follower], questions: Iterable[Question], after: Aftermath, until_s: float
) -> int:
    """Return how many tokens had reached some reader whole, each counted once, by that time."""
    reached: dict[str, int] = {}
    for follower in followers:
        for receipt in follower.reader.receipts:
            entry = receipt.entry
            if entry["type"] == "part.delta" and receipt.at_s <= until_s:
                end = entry["offset"] + len(entry["text"])
                reached[entry["part"]] = max(end, reached.get(entry["part"], 0))
    return sum(
        _tokens_within(question.script, after.messages[question.reply], reached)
        for question in questions
        if question.reply in after.messages
    )


def _tokens_within(script: Script, reply: Json, reached: dict[str, int]) -> int:
    whole = 0
    for part, step in zip(reply["parts"], script.speaking, strict=False):
        ends = accumulate(map(len, step.tokens))
        chars = min(reached.get(part["id"], 0), len(said_in(part)))
        whole += sum(1 for _ in takewhile(lambda end, most=chars: end <= most, ends))
    return whole
