"""Many kills of one server folder: which cases, until when, and what they come to together."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from e2e.api import Json
from e2e.bench.stage import spread
from e2e.faults import commits
from e2e.faults.case import Case, Verdict
from e2e.faults.evidence import Phase
from e2e.faults.judge import judge_whole
from e2e.faults.keeping import keep
from e2e.faults.moment import NeverCame
from e2e.faults.rig import Rig, rig
from e2e.server import Server, ServerFailed
from e2e.until import Overdue

LEAST = 10
"""Kills that each phase needs in a whole run."""
REACH_MS = 2_000
FAULTS_SHOWN_MAX = 10
FAULT_CHARS_MAX = 600
"""What is longer is whole in the folder that is kept."""
FAILURES_MAX = 3
"""Cases that fail before the run gives up; each is kept, folder and recordings."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """`kills` cases, the phases by turns, seeds from `seed` on."""

    kills: int
    seed: int
    phases: Sequence[Phase]

    @property
    def least(self) -> int:
        """How often each phase has to come about: ten times, in a shorter run half its turns."""
        return min(LEAST, self.kills // (2 * len(self.phases)))

    @property
    def kills_max(self) -> int:
        """Phases that came about too seldom get more turns, half as many again at most."""
        return self.kills + self.kills // 2


@dataclass(slots=True)
class Course:
    """What has come of a campaign so far."""

    campaign: Campaign
    phases: Sequence[Phase]
    verdicts: list[Verdict] = field(default_factory=list)
    failures: list[Json] = field(default_factory=list)

    def next_phase(self) -> Phase | None:
        """Return the phase of the next case, None when it is enough."""
        number = len(self.verdicts)
        if len(self.failures) >= FAILURES_MAX:
            return None
        if number < self.campaign.kills:
            return self.phases[number % len(self.phases)]
        rare = [phase for phase in self.phases if self.found[phase] < self.campaign.least]
        return rare[0] if rare and number < self.campaign.kills_max else None

    @property
    def next_seed(self) -> int:
        return self.campaign.seed + len(self.verdicts)

    @property
    def found(self) -> Counter[str]:
        return Counter(verdict.phase for verdict in self.verdicts)

    def fail(self, faults: Sequence[str], **more: str) -> None:
        shown = [fault[:FAULT_CHARS_MAX] for fault in faults[:FAULTS_SHOWN_MAX]]
        self.failures.append({**more, "faults": shown})


async def kill_many(campaign: Campaign, say: Say, server: Server | None = None) -> Json:
    """Run the campaign on a folder of its own and return its figures and failures."""
    async with rig(server) as stage:
        why_not = commits.why_not(stage.process)
        phases = [phase for phase in campaign.phases if not why_not or phase != "in_group_commit"]
        if why_not:
            say(f"in_group_commit is left out: {why_not}")
        course = Course(campaign, phases)
        while (phase := course.next_phase()) and await _kill_once(course, stage, phase, say):
            pass
        if not course.failures and (faults := await judge_whole(stage)):
            kept = keep(stage, "the whole journal", None, faults)
            course.fail(faults, case="the whole journal", kept=str(kept))
        rare = [phase for phase in phases if course.found[phase] < campaign.least]
        if rare and not course.failures:
            counted = ", ".join(f"{phase} {course.found[phase]} times" for phase in rare)
            course.fail([f"came about too seldom (least {campaign.least}): {counted}"])
        return _report(course, stage, why_not)


async def _kill_once(course: Course, stage: Rig, phase: Phase, say: Say) -> bool:
    """Play one case; return whether the rig can go on."""
    seed = course.next_seed
    replay = f"python -m e2e.faults --kills 1 --phase {phase} --seed {seed}"
    case = Case(stage, phase, seed)
    try:
        verdict = await case.play()
    except (NeverCame, ServerFailed, Overdue, AssertionError) as failed:
        faults, can_go_on = [f"{type(failed).__name__}: {failed}"], False
    else:
        faults, can_go_on = verdict.faults, True
        course.verdicts.append(verdict)
        say(_line(len(course.verdicts), verdict))
    if faults:
        kept = keep(stage, replay, case, faults)
        course.fail(faults, replay=replay, kept=str(kept))
        say(f"FAILED: {faults[0][:FAULT_CHARS_MAX]}\nagain: {replay}\nkept: {kept}")
    return can_go_on


def _line(number: int, verdict: Verdict) -> str:
    commit = f" {verdict.commit.call} of {verdict.commit.file}" if verdict.commit else ""
    return (
        f"{number:4} seed {verdict.seed} {verdict.planned}: {verdict.phase}{commit},"
        f" {verdict.tokens} tokens, {verdict.entries} entries,"
        f" {verdict.play_s:.2f} s to the kill, {verdict.judge_s:.2f} s to judge"
    )


def _report(course: Course, stage: Rig, why_not: str | None) -> Json:
    verdicts = course.verdicts
    caught = [asdict(verdict.commit) for verdict in verdicts if verdict.commit]
    return {
        "seed": course.campaign.seed,
        "kills": len(verdicts),
        "phases": {phase: course.found[phase] for phase in course.phases},
        "elsewhere": course.found["elsewhere"],
        "least": course.campaign.least,
        **({"left_out": {"in_group_commit": why_not}} if why_not else {}),
        "commits_caught": dict(Counter(f"{one['call']} {one['file']}" for one in caught)),
        "tokens_received": sum(verdict.tokens for verdict in verdicts),
        "entries_checked": sum(verdict.entries for verdict in verdicts),
        "recovered_ms": {
            **spread(stage.recovered_ms),
            "reach": REACH_MS,
            "start_on_an_empty_folder": round(stage.empty_ms, 1),
        },
        "ms": {
            "to_the_kill": spread([verdict.play_s * 1000 for verdict in verdicts]),
            "to_judge": spread([verdict.judge_s * 1000 for verdict in verdicts]),
        },
        "failures": course.failures,
    }
