"""How the fault script knows what it did: phases by evidence, turns by phase, cases by seed, and
what its readers make of bytes.
"""

from typing import Any

import pytest

from e2e.api import Json
from e2e.faults.campaign import FAILURES_MAX, Campaign, Course
from e2e.faults.case import Verdict
from e2e.faults.commits import Commit
from e2e.faults.evidence import PHASES, is_group_commit, phase_of
from e2e.faults.moment import Fuse, Moment, NeverCame
from e2e.faults.plans import plan
from e2e.faults.readers import Frames, whole_entries
from e2e.faults.script import Ask, Hold, Progress, Say, Script
from e2e.faults.told import with_defaults

SCRIPT = Script(
    (
        (Say("text", ("one ", "two ")), Ask("clock", ("{", "}"))),
        (Say("text", ("three ",)), Hold()),
    )
)


def reply(*parts: tuple[str, str] | tuple[str, str, str], status: str = "interrupted") -> Json:
    told_as = []
    for kind, said, *outcome in parts:
        text = {"arguments": said} if kind == "tool" else {"text": said}
        more = {"outcome": outcome[0] if outcome else None}
        told_as.append(with_defaults({"kind": kind, **text, **more}))
    return {"status": status, "parts": told_as}


THOUGHT = Script(((Say("reasoning", ("a ", "b ")), Hold()),))
CALLED = ("text", "one two "), ("tool", "{}", "unknown")


@pytest.mark.parametrize(
    ("told_as", "script", "progress", "phase"),
    [
        (reply(), SCRIPT, Progress(0, 0, 0), "before_first_token"),
        (reply(), SCRIPT, Progress(1, 0, 0), "before_first_token"),
        (reply(), SCRIPT, Progress(1, 1, 0), "elsewhere"),
        (None, SCRIPT, Progress(0, 0, 0), "elsewhere"),
        (reply(status="complete"), SCRIPT, Progress(1, 0, 0), "elsewhere"),
        (reply(("text", "one ")), SCRIPT, Progress(1, 1, 0), "in_text"),
        (reply(("text", "one ")), SCRIPT, Progress(1, 2, 0), "in_text"),
        (reply(("text", "")), SCRIPT, Progress(1, 1, 0), "elsewhere"),
        (reply(("text", "one two ")), SCRIPT, Progress(1, 2, 0), "elsewhere"),
        (reply(("reasoning", "a ")), THOUGHT, Progress(1, 1, 0), "in_reasoning"),
        (reply(CALLED[0], ("tool", "{", "unknown")), SCRIPT, Progress(1, 3, 0), "in_arguments"),
        (reply(CALLED[0], ("tool", "", "unknown")), SCRIPT, Progress(1, 3, 0), "elsewhere"),
        (reply(*CALLED), SCRIPT, Progress(1, 4, 0), "elsewhere"),
        (reply(*CALLED), SCRIPT, Progress(1, 4, 1), "in_tool"),
        (reply(*CALLED), SCRIPT, Progress(2, 4, 1), "elsewhere"),
        (
            reply(CALLED[0], ("tool", "{}", "ok"), ("text", "three ")),
            SCRIPT,
            Progress(2, 5, 1),
            "between_last_token_and_end",
        ),
        (reply(("reasoning", "a b ")), THOUGHT, Progress(1, 2, 0), "between_last_token_and_end"),
    ],
)
def test_a_phase_is_what_model_and_journal_agree_on(
    told_as: Json | None, script: Script, progress: Progress, phase: str
) -> None:
    assert phase_of(told_as, script, progress) == phase


def test_a_group_commit_needs_a_caught_thread_and_eight_streaming_runs() -> None:
    commit = Commit("fdatasync", "holdfast.db-wal", 12)
    streaming = [reply(("text", "one "))] * 8
    assert is_group_commit(commit, streaming)
    assert not is_group_commit(None, streaming)
    assert not is_group_commit(commit, streaming[1:])
    assert not is_group_commit(commit, [*streaming[1:], reply()])


def verdict(phase: Any) -> Verdict:
    return Verdict("in_text", 1, phase, None, 0, 0, [], 0.0, 0.0)


def test_a_phase_that_came_about_too_seldom_gets_turns_again_and_then_fails() -> None:
    course = Course(Campaign(14, 1, PHASES), PHASES)
    assert course.campaign.least == 1
    assert Campaign(200, 1, PHASES).least == 10
    assert Campaign(1, 1, ("in_text",)).least == 0
    for phase in (*PHASES, *PHASES[:-1]):
        assert course.next_phase() == PHASES[len(course.verdicts) % len(PHASES)]
        course.verdicts.append(verdict(phase))
    course.verdicts.append(verdict("elsewhere"))
    assert course.next_phase() is None, "each has come about once"
    course.verdicts[6] = verdict("elsewhere")
    for _ in range(7):
        assert course.next_phase() == "in_group_commit"
        course.verdicts.append(verdict("in_text"))
    assert course.next_phase() is None, "half as many kills again, and no more"


def test_a_run_gives_up_when_cases_go_on_failing() -> None:
    course = Course(Campaign(14, 1, PHASES), PHASES)
    for _ in range(FAILURES_MAX):
        assert course.next_phase() is not None
        course.fail(["L2: gone"])
    assert course.next_phase() is None


@pytest.mark.parametrize("after_us", [0, 1])
async def test_a_fuse_strikes_once_when_its_event_has_come_often_enough(after_us: int) -> None:
    struck: list[str] = []
    fuse = Fuse(Moment("said", 2, after_us), lambda: struck.append("now"))
    assert not any((fuse.note("said"), fuse.note("asked")))
    assert fuse.note("said")
    assert not fuse.note("said")
    assert await fuse.struck() == fuse.struck_at_s
    assert struck == ["now"]


async def test_a_moment_that_does_not_come_is_told_with_what_is_missing() -> None:
    fuse = Fuse(Moment("said", 2), lambda: None)
    fuse.note("said")
    with pytest.raises(NeverCame, match=r"event='said', count=2.* 1 are missing"):
        await fuse.struck(bound_s=0)


@pytest.mark.parametrize("phase", PHASES)
def test_a_seed_always_plays_the_same_case(phase: Any) -> None:
    assert plan(phase, 7) == plan(phase, 7)
    assert plan(phase, 7) != plan(phase, 8)


# --- what a reader has received ---------------------------------------------------------------


def test_frames_come_out_whole_however_their_bytes_are_cut() -> None:
    sent = (
        b'id: c.1\nevent: journal\ndata: [{"seq": 1}]\n\n: beat\n\nevent: caught-up\ndata: {}\n\n'
    )
    for cut in range(len(sent)):
        frames = Frames()
        got = [*frames.feed(sent[:cut]), *frames.feed(sent[cut:])]
        assert got[0] == {"id": "c.1", "event": "journal", "data": '[{"seq": 1}]'}
        assert [frame.get("event") for frame in got] == ["journal", None, "caught-up"]
        assert frames.rest == b""


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (b"", []),
        (b'id: c.3\nevent: journal\ndata: [{"seq": 1},{"se', [{"seq": 1}]),
        (b'id: c.3\nevent: journal\ndata: [{"seq": 1},{"seq": 2}, {"t": "\xf0\x9f', [1, 2]),
        (b"event: caught-up\ndata: {", []),
    ],
)
def test_whole_entries_of_a_frame_that_was_cut_off_count_as_seen(torn: bytes, whole: list) -> None:
    wanted = [{"seq": one} if isinstance(one, int) else one for one in whole]
    assert whole_entries(torn) == wanted
