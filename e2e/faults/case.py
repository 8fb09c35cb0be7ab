"""One kill: questions are sent, the moment comes, the server dies and comes back, and what was
received before is held against what it tells now.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from e2e.api import new_id
from e2e.faults.checks import Faults
from e2e.faults.commits import Commit, Watch
from e2e.faults.evidence import RUNS_IN_A_GROUP_MIN, Found, Phase, is_group_commit, phase_of
from e2e.faults.judge import Aftermath, judge, look, tokens_received
from e2e.faults.moment import Fuse
from e2e.faults.plans import Plan, plan
from e2e.faults.question import Question
from e2e.faults.rig import Rig
from e2e.faults.script import Note, Script
from e2e.faults.witness import Witness


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one kill. `planned` is what it was meant to be, `phase` what it was."""

    planned: Phase
    seed: int
    phase: Found
    commit: Commit | None
    tokens: int
    entries: int
    faults: Faults
    play_s: float
    judge_s: float


class Case:
    """Plays one plan on a rig. Made anew for each kill."""

    def __init__(self, rig: Rig, phase: Phase, seed: int) -> None:
        self.plan: Plan = plan(phase, seed)
        self.questions: list[Question] = []
        self._rig = rig
        self._phase: Phase = phase
        self._seed = seed
        self._fuse = Fuse(self.plan.moment, rig.server.strike)
        self._commit: Commit | None = None

    async def play(self) -> Verdict:
        """Kill, start again, judge. Raises NeverCame, with the server still running."""
        for follower in self._rig.followers:
            follower.forget()
        reader = self._rig.followers[0].reader
        before, self._rig.api.first = reader.seq, reader.cursor
        sent_s = time.perf_counter()
        struck_s = await self._until_struck()
        await self._rig.server.killed()
        await self._rig.all_lost()
        reader.note = lambda _: None
        known = next(one.thread for one in self.questions if one.run is not None)
        began_s = await self._rig.come_back(known)
        back_s = time.perf_counter()
        after = await look(self._rig, before)
        faults = judge(after, self._rig.followers, self.questions, began_s)
        return Verdict(
            self._phase,
            self._seed,
            self._found(after, struck_s),
            self._commit,
            tokens_received(self._rig.followers, self.questions, after, struck_s),
            sum(len(follower.reader.receipts) for follower in self._rig.followers),
            faults,
            play_s=struck_s - sent_s,
            judge_s=time.perf_counter() - back_s,
        )

    def _found(self, after: Aftermath, struck_s: float) -> Found:
        messages = after.messages
        replies = [messages[one.reply] for one in self.questions if one.reply in messages]
        if is_group_commit(self._commit, replies):
            return "in_group_commit"
        target = self.questions[0]
        return phase_of(messages.get(target.reply), target.script, target.said.before(struck_s))

    async def _until_struck(self) -> float:
        target = self._question("target", self.plan.target, new_id(), self._fuse.note)
        others = [
            self._question(f"other {number}", script, new_id())
            for number, script in enumerate(self.plan.others)
        ]
        witness = Witness(target.reply, target.script, self._fuse.note)
        self._rig.followers[0].reader.note = witness.see
        sending = asyncio.create_task(self._send_all(target, others))
        try:
            if self.plan.moment.event != "commit":
                return await self._fuse.struck()
            await witness.streaming(RUNS_IN_A_GROUP_MIN)
            with Watch(self._rig.process, self._see_commit):
                return await self._fuse.struck()
        finally:
            await sending

    def _question(
        self, name: str, script: Script, thread: str, note: Note = lambda _: None
    ) -> Question:
        text = f"{self._phase} {self._seed} {name}"
        said = self._rig.speaker.expect(text, script, note)
        self.questions.append(Question(script, said, text, thread))
        return self.questions[-1]

    async def _send_all(self, target: Question, others: Sequence[Question]) -> None:
        """Send until all is sent or the server is gone."""
        try:
            for question in others:
                await self._send(question)
            self._fuse.note("posting")
            await self._send(target)
            self._fuse.note("accepted")
            if self.plan.behind is not None:
                await self._send(self._question("behind", self.plan.behind, target.thread))
        except httpx.TransportError:
            pass  # killed meanwhile: what was not answered was not accepted

    async def _send(self, sent: Question) -> None:
        answer = await self._rig.api.send(sent.thread, sent.question, sent.reply, sent.text)
        sent.run = answer["run"]

    def _see_commit(self, commit: Commit) -> None:
        """On the watch's thread: a thread of the server is writing the store right now."""
        if self._fuse.note("commit"):
            self._commit = commit
