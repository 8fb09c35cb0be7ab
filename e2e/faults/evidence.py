"""In which phase a run was when its server was killed: told afterwards, by what the model had been
asked and had sent, and by what the journal holds. Never by what the case had in mind.

Pure. Where the two do not fit together the answer is `elsewhere`, which counts for no phase.
"""

from collections.abc import Sequence
from typing import Literal

from e2e.api import Json
from e2e.faults.checks import said_in
from e2e.faults.commits import Commit
from e2e.faults.script import Progress, Script

Phase = Literal[
    "before_first_token",
    "in_text",
    "in_reasoning",
    "in_arguments",
    "in_tool",
    "between_last_token_and_end",
    "in_group_commit",
]
PHASES: tuple[Phase, ...] = (
    *("before_first_token", "in_text", "in_reasoning", "in_arguments", "in_tool"),
    *("between_last_token_and_end", "in_group_commit"),
)

Found = Phase | Literal["elsewhere"]
RUNS_IN_A_GROUP_MIN = 8


def phase_of(reply: Json | None, script: Script, progress: Progress) -> Found:
    """Return where a run was. `reply` is the message as its journal tells it after the restart,
    None if it was never journalled; `progress` is the model's, at the moment of the kill.
    """
    if reply is None or reply["status"] != "interrupted":
        return "elsewhere"
    parts, wanted = reply["parts"], script.parts
    if not parts:
        return "before_first_token" if progress.tokens == 0 else "elsewhere"
    if any(part["outcome"] == "unknown" for part in parts):
        return _in_a_call(parts, script, progress)
    is_whole = [said_in(part) for part in parts] == [part.text for part in wanted]
    if is_whole and progress.tokens == script.tokens:
        return "between_last_token_and_end"
    last = said_in(parts[-1])
    if not last or last == wanted[len(parts) - 1].text:
        return "elsewhere"  # between two parts: what comes next had not arrived
    return "in_text" if parts[-1]["kind"] == "text" else "in_reasoning"


def _in_a_call(parts: Sequence[Json], script: Script, progress: Progress) -> Found:
    """Tools without a result: they were being called for, or they were at work."""
    wanted = script.parts
    if all(said_in(part) == whole.text for part, whole in zip(parts, wanted, strict=False)):
        # All was said and the response was over: the tools were at work, if the model was not
        # asked to go on yet.
        is_at_work = progress.rounds == progress.asked
        return "in_tool" if is_at_work else "elsewhere"
    return "in_arguments" if said_in(parts[-1]) else "elsewhere"


def is_group_commit(commit: Commit | None, replies: Sequence[Json]) -> bool:
    """Whether a thread was caught inside a write of the store while enough runs streamed."""
    streaming = [reply for reply in replies if reply["status"] == "interrupted" and reply["parts"]]
    return commit is not None and len(streaming) >= RUNS_IN_A_GROUP_MIN
