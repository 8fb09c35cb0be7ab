"""What each case does, drawn from its seed: what the models say, and when the kill comes.

A plan makes its phase likely; whether it came about is for `evidence` to say. Must not know: the
server, and how a kill is done.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from e2e.faults.evidence import RUNS_IN_A_GROUP_MIN, Phase
from e2e.faults.moment import Moment
from e2e.faults.script import Ask, Hold, Rest, Round, Say, Script

WORDS = (
    "hold",
    "fast",
    "größer",
    "naïve",
    "日本語",
    "😀",
    "👩🏽‍🚀",
    "ﬁn",
    "a<b>&c",
    "`x`",
    "Ω≈ç",
    "\u202eabc",
)
ENDLESS = 2_000
"""Tokens of a model that is not meant to reach its end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One case. `others` run beside the target, `behind` is queued behind it in its thread."""

    target: Script
    moment: Moment
    others: tuple[Script, ...] = ()
    behind: Script | None = None


def plan(phase: Phase, seed: int) -> Plan:
    """Return the case of this phase and seed, always the same."""
    return PLANS[phase](Random(f"{phase} {seed}"))


def _before_first_token(random: Random) -> Plan:
    """The question is on its way, or journalled, or the model was asked; it has said nothing."""
    moment = random.choice(
        (
            Moment("posting", 1, random.randint(500, 8_000)),
            Moment("accepted", 1, _soon(random, 20_000)),
            Moment("asked", 1, random.randint(1, 15_000)),
            Moment("asked", 1, random.randint(1, 15_000)),
        )
    )
    return _with_company(random, Script(((Hold(),),)), moment)


def _in_text(random: Random) -> Plan:
    return _in_prose(random, "text")


def _in_reasoning(random: Random) -> Plan:
    return _in_prose(random, "reasoning")


def _in_prose(random: Random, kind: str) -> Plan:
    """Tokens at some speed between 200 and 2,000 a second, one of them the last to be sent."""
    before = random.choice(((), (_say(random, "reasoning", 1, 9),))) if kind == "text" else ()
    endless = _say(random, kind, ENDLESS, ENDLESS, random.uniform(0.0005, 0.005))
    moment = random.choice(
        (
            Moment(f"said {kind}", random.randint(5, 80), random.randint(1, 40_000)),
            Moment(f"read {kind}", random.randint(1, 8), _soon(random, 20_000)),
        )
    )
    return _with_company(random, Script(((*before, endless),)), moment)


def _in_arguments(random: Random) -> Plan:
    before = random.choice(((), (_say(random, "text", 1, 9),)))
    calls = tuple(_calculation(random) for _ in range(random.randint(0, 2)))
    note = _tokens(random, ENDLESS)
    call = Ask("clock", ('{"timezone": "UTC", "note": "', *note), random.uniform(0.0005, 0.005))
    pieces = sum(len(call.tokens) for call in calls)
    moment = random.choice(
        (
            Moment("said tool", pieces + random.randint(5, 80), random.randint(1, 40_000)),
            Moment("read tool", len(calls) + random.randint(1, 8), _soon(random, 20_000)),
        )
    )
    return _with_company(random, Script(((*before, *calls, call),)), moment)


def _in_tool(random: Random) -> Plan:
    """Many calls in one step: while they run one after the other, some have a result already."""
    before = random.choice(((), (_say(random, "text", 1, 9),)))
    calls = tuple(_calculation(random) for _ in range(random.randint(30, 60)))
    script = Script(((*before, *calls), (_say(random, "text", 3, 9),)))
    moment = random.choice(
        (
            Moment("result", 1, _soon(random, 3_000)),
            Moment("result", random.randint(1, len(calls) // 2), _soon(random, 3_000)),
        )
    )
    return _with_company(random, script, moment)


def _before_end(random: Random) -> Plan:
    """All is said. The end is held back, or races with the kill."""
    before = random.choice(((), (_say(random, "reasoning", 1, 9),)))
    words = _say(random, "text", 3, 40, random.uniform(0.0, 0.003))
    held = Script(((*before, words, Hold()),))
    racing = Script(((*before, words, Rest(random.uniform(0.03, 0.08))),))
    script, moment = random.choice(
        (
            (held, Moment("whole", 1, _soon(random, 20_000))),
            (held, Moment("said text", len(words.tokens), random.randint(40_000, 80_000))),
            (racing, Moment("round over", 1, _soon(random, 3_000))),
        )
    )
    return _with_company(random, script, moment)


def _in_group_commit(random: Random) -> Plan:
    """Many runs at full speed, killed while a thread of the server writes the store."""
    runs = random.randint(RUNS_IN_A_GROUP_MIN + 2, RUNS_IN_A_GROUP_MIN + 8)
    scripts = tuple(_streaming(random) for _ in range(runs))
    moment = Moment("commit", random.randint(1, 60))
    return Plan(scripts[0], moment, scripts[1:])


PLANS: Mapping[Phase, Callable[[Random], Plan]] = {
    "before_first_token": _before_first_token,
    "in_text": _in_text,
    "in_reasoning": _in_reasoning,
    "in_arguments": _in_arguments,
    "in_tool": _in_tool,
    "between_last_token_and_end": _before_end,
    "in_group_commit": _in_group_commit,
}


def _soon(random: Random, us_max: int) -> int:
    """Return how long after somebody outside learnt of something: often at once, when what was
    told too early would not be durable yet.
    """
    return random.choice((0, random.randint(1, 1_500), random.randint(1, us_max)))


def _with_company(random: Random, target: Script, moment: Moment) -> Plan:
    others = tuple(_mixed(random) for _ in range(random.randint(1, 3)))
    behind = _mixed(random) if random.random() < 0.4 else None
    return Plan(target, moment, others, behind)


def _streaming(random: Random) -> Script:
    kind = random.choice(("text", "text", "reasoning"))
    return Script(((_say(random, kind, ENDLESS, ENDLESS, 0.001),),))


def _mixed(random: Random) -> Script:
    """Some reasoning, text, perhaps tools and an answer to them, and an end."""
    pause_s = random.uniform(0.0, 0.006)
    first: Round = (
        _say(random, "reasoning", 1, 20, pause_s),
        _say(random, "text", 1, 60, pause_s),
        *(_calculation(random) for _ in range(random.randint(0, 3))),
    )
    calls = any(isinstance(step, Ask) for step in first)
    return Script((first, (_say(random, "text", 1, 60, pause_s),)) if calls else (first,))


def _say(random: Random, kind: str, fewest: int, most: int, pause_s: float = 0.0) -> Say:
    return Say(kind, _tokens(random, random.randint(fewest, most)), pause_s)


def _tokens(random: Random, count: int) -> tuple[str, ...]:
    """Return that many words, numbered, each with one space at its end."""
    return tuple(f"{random.choice(WORDS)}{number} " for number in range(count))


def _calculation(random: Random) -> Ask:
    expression = " + ".join(str(random.randint(1, 10**6)) for _ in range(random.randint(2, 40)))
    whole = json.dumps({"expression": expression})
    cuts = sorted(random.sample(range(1, len(whole)), min(3, len(whole) - 1)))
    pieces = (whole[a:b] for a, b in zip((0, *cuts), (*cuts, None), strict=True))
    return Ask("calculator", tuple(pieces))
