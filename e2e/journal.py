"""The journal's laws as anyone can check them from outside, over the entries of a whole story."""

from collections import defaultdict

from e2e.api import TERMINAL, Json


def assert_journal_sound(entries: list[Json], *, settled: str) -> None:
    """Fail unless sequences are contiguous (L3), nothing of a run follows its one end (L6), and
    each part's offsets continue where the last delta ended. In the thread `settled` no run may be
    without an end.
    """
    assert entries, "the journal is empty: the story did nothing"
    _assert_contiguous(entries)
    _assert_offsets(entries)
    _assert_ended_once(entries, settled)


def text_by_part(entries: list[Json]) -> dict[str, str]:
    """Return what each part's deltas add up to."""
    texts: dict[str, str] = defaultdict(str)
    for entry in entries:
        if entry["type"] == "part.delta":
            texts[entry["part"]] += entry["text"]
    return dict(texts)


def assert_history_is_the_journal(entries: list[Json], message: Json) -> None:
    """Fail unless the snapshot of an answer holds what its entries say (L5)."""
    texts = text_by_part(entries)
    started = [
        entry["part"]
        for entry in entries
        if entry["type"] == "part.started" and entry["message"] == message["id"]
    ]
    assert [part["id"] for part in message["parts"]] == started
    for part in message["parts"]:
        said = part["arguments"] if part["kind"] == "tool" else part["text"]
        assert said == texts.get(part["id"], ""), f"part {part['id']} is not its entries"
    ends = [e for e in entries if e["type"] == "run.ended" and e["message"] == message["id"]]
    assert (message["status"] in TERMINAL) == bool(ends)
    if ends:
        assert message["status"] == ends[-1]["status"]
        assert not any(part["open"] for part in message["parts"])


def _assert_contiguous(entries: list[Json]) -> None:
    sequences = [entry["seq"] for entry in entries]
    wanted = list(range(sequences[0], sequences[0] + len(sequences)))
    assert sequences == wanted, f"sequences are not contiguous: {sequences}"


def _assert_ended_once(entries: list[Json], settled: str) -> None:
    announced = {
        entry["run"]
        for entry in entries
        if entry["type"] == "message.created" and entry.get("run") and entry["thread"] == settled
    }
    ended: set[str] = set()
    for entry in entries:
        run = entry.get("run")
        assert run is None or run not in ended, f"{entry['type']} of run {run} after its end"
        if entry["type"] == "run.ended":
            assert entry["status"] in TERMINAL, f"run {run} ended as {entry['status']}"
            ended.add(run)
    hanging = announced - ended
    assert not hanging, f"runs without an end: {sorted(hanging)}"


def _assert_offsets(entries: list[Json]) -> None:
    lengths: dict[str, int] = {}
    closed: set[str] = set()
    for entry in entries:
        match entry["type"]:
            case "part.started":
                assert entry["part"] not in lengths, f"part {entry['part']} started twice"
                lengths[entry["part"]] = 0
            case "part.delta":
                part = entry["part"]
                assert part in lengths, f"delta of a part that never started: {entry}"
                assert part not in closed, f"delta of a part that has ended: {entry}"
                assert entry["offset"] == lengths[part], f"a gap in part {part}: {entry}"
                assert entry["text"], f"an empty delta in part {part}"
                lengths[part] += len(entry["text"])
            case "part.ended":
                closed.add(entry["part"])
