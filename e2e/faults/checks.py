"""What must hold after every kill, over plain records: no process, no file, no network.

Each check returns what is wrong as sentences that begin with the law; none is the good case.
`after` in the names of arguments: what the restarted server and its store tell.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from e2e.api import TERMINAL, Json
from e2e.faults.script import Script
from e2e.faults.store import Stored
from e2e.faults.told import Told, with_defaults

Faults = list[str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that its sender was told is journalled, and what its answer would say."""

    thread: str
    question: str
    reply: str
    run: str
    text: str


def received_is_kept(reader: str, received: Iterable[Json], stored: Mapping[int, Json]) -> Faults:
    """Law L2: what any reader had was durable before. Each entry is in the store, as received."""
    faults = []
    for entry in received:
        kept = stored.get(entry["seq"])
        if kept is None:
            faults.append(f"L2: {reader} had received {entry}, which the journal does not hold")
        elif kept != entry:
            faults.append(f"L2: {reader} had received {entry}, the journal holds {kept}")
    return faults


def tokens_are_told(reader: str, received: Iterable[Json], after: Mapping[str, Json]) -> Faults:
    """Law L2, as a person sees it: each delta's text stands at its offset in the history."""
    faults = []
    for delta in received:
        if delta["type"] != "part.delta":
            continue
        parts = after.get(delta["message"], {}).get("parts", ())
        said = next((said_in(part) for part in parts if part["id"] == delta["part"]), None)
        here = said and said[delta["offset"] : delta["offset"] + len(delta["text"])]
        if here != delta["text"]:
            faults.append(f"L2: {reader} had read {delta}, the history has {here!r} there")
    return faults


def store_is_gapless(after: Stored) -> Faults:
    """Law L3: sequences from the first to the head, each once."""
    faults = []
    if (after.first, after.count) != (1, after.last) or after.head != after.last:
        faults.append(
            f"L3: {after.count} entries from {after.first} to {after.last}, head {after.head}"
        )
    faults += follows("the store", [entry["seq"] for entry in after.entries])
    if after.keys != tuple(entry["seq"] for entry in after.entries):
        faults.append("L3: an entry does not bear the sequence that it is stored under")
    return faults


def follows(who: str, sequences: Sequence[int], *, first: int | None = None) -> Faults:
    """Law L3 and L4: each entry once and in order, none left out."""
    faults = []
    before = sequences[0] - 1 if first is None and sequences else (first or 1) - 1
    for seq in sequences:
        if seq != before + 1:
            faults.append(f"L3: {who} has {seq} after {before}")
        before = seq
    return faults


def replays(who: str, told: Sequence[Json], stored: Sequence[Json]) -> Faults:
    """Law L5: who reads the same stretch anew is told just what lies in the store."""
    if list(told) == list(stored):
        return []
    first = next((one for one, other in zip(told, stored, strict=False) if one != other), None)
    return [f"L5: {who} tells {len(told)} entries, stored are {len(stored)}; first other: {first}"]


def ends_once(after: Sequence[Json]) -> Faults:
    """Law L6 and L8: a run that was announced ends exactly once, and nothing of it comes later."""
    announced = [entry["run"] for entry in after if entry["type"] == "message.created"
                 and entry.get("run")]  # fmt: skip
    faults = []
    ends: Counter[str] = Counter()
    for entry in after:
        run = entry.get("run")
        if run is not None and ends[run] and entry["type"] != "run.ended":
            faults.append(f"L6: after the end of its run came {entry}")
        if entry["type"] == "run.ended":
            ends[run] += 1
    faults += [f"L8: run {run} was left without an end" for run in announced if not ends[run]]
    return faults + [f"L6: run {run} ended {n} times" for run, n in ends.items() if n > 1]


def is_closed(message: Json) -> Faults:
    """Law L6: an ended reply has no open part, and a tool without a result is `unknown`."""
    faults = [
        f"L6: part {part['id']} of an ended reply is open" for part in message["parts"]
        if part["open"]
    ]  # fmt: skip
    for part in message["parts"]:
        wanted = ("unknown",) if part["result"] is None else ("ok", "error")
        if part["kind"] == "tool" and part["outcome"] not in wanted:
            faults.append(
                f"L6: tool {part['id']} with the result {part['result']!r} has the outcome"
                f" {part['outcome']}"
            )
    return faults


def is_there(sent: Accepted, after: Mapping[str, Json]) -> Faults:
    """Law L8: what was accepted is there, question and reply, and its reply has an end."""
    question, reply = after.get(sent.question), after.get(sent.reply)
    if question is None or reply is None:
        missing = "question" if question is None else "reply"
        return [f"L8: the {missing} of {sent.text!r} was accepted and is gone"]
    faults = is_closed(reply)
    if "".join(part["text"] for part in question["parts"]) != sent.text:
        faults.append(f"L2: the question {sent.text!r} is told as {question['parts']}")
    if reply["run"] != sent.run:
        faults.append(
            f"L8: reply {sent.reply} was accepted with run {sent.run}, has {reply['run']}"
        )
    if reply["status"] not in TERMINAL:
        faults.append(f"L8: reply {sent.reply} is left {reply['status']} by a server that is gone")
    return faults


def is_as_said(reply: Json, script: Script) -> Faults:
    """The reply is what the model said, as far as it goes; all of it if it is complete."""
    faults = []
    told = [(part["kind"], said_in(part)) for part in reply["parts"]]
    wanted = [(part.kind, part.text) for part in script.parts]
    for number, (kind, text) in enumerate(told):
        if number >= len(wanted) or kind != wanted[number][0]:
            faults.append(f"L2: part {number} of {reply['id']} is {kind}, the model said {wanted}")
            break
        if not wanted[number][1].startswith(text):
            faults.append(f"L2: the model never said {text!r}, part {number} of {reply['id']}")
        if number < len(told) - 1 and kind != "tool" and text != wanted[number][1]:
            faults.append(f"L2: part {number} of {reply['id']} lacks its end: {text!r}")
    if reply["status"] == "complete" and told != wanted:
        faults.append(f"L2: {reply['id']} is complete and lacks something: {told}")
    if reply["status"] not in ("complete", "interrupted"):
        faults.append(f"L8: {reply['id']} ended as {reply['status']}: {reply['error']}")
    return faults


def goes_on(reader: str, told: Told, thread: str, after: Sequence[Json]) -> Faults:
    """Law L5: a client that went on from its cursor holds what a fresh snapshot holds."""
    if thread not in told.threads:
        return [f"L5: {reader} knows nothing of thread {thread}"]
    path = told.path(thread)
    faults = []
    for held, fresh in zip(path, after, strict=False):
        same = {name: fresh.get(name) for name in held}
        same["parts"] = [with_defaults(part) for part in fresh["parts"]]
        if held != same:
            differ = [name for name in held if held[name] != same[name]]
            faults.append(
                f"L5: {reader} and the history differ in {', '.join(differ)} of {held['id']}: "
                + "; ".join(f"{held[name]!r} against {same[name]!r}" for name in differ)
            )
    if len(path) != len(after):
        faults.append(f"L5: {reader} has {len(path)} messages of {thread}, history {len(after)}")
    return faults


def is_settled(told: Told, thread: str, row: Json | None) -> Faults:
    """Law L5 and L8: the thread's row stands where its entries do, and nothing runs in it."""
    if row is None:
        return [f"L5: thread {thread} is not listed"]
    faults = [f"L8: thread {thread} still says {row['run']}"] if row["run"] is not None else []
    for name, held in told.threads[thread].items():
        if row[name] != held:
            faults.append(f"L5: thread {thread} has {name} {row[name]}, by its entries {held}")
    return faults


def said_in(part: Json) -> str:
    """Return what the model said in a part."""
    return part["arguments"] if part["kind"] == "tool" else part["text"]
