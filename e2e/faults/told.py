"""What a client makes of the entries that it is told: an independent, plain fold.

It follows PROTOCOL.md as far as a story of sends, runs and kills needs it, and says so where it
meets more. Must not know: any code of the app, whose own fold is not to be its own judge.
"""

from typing import Any

from e2e.api import Json

PART: Json = {
    **dict.fromkeys(("started_at", "ended_at", "name", "result", "outcome")),
    **dict.fromkeys(("media_type", "size", "url")),
    "open": False,
    "text": "",
    "arguments": "",
}
"""What a part has when nothing is said of it."""


class Told:
    """Messages by id and the leaf of each thread, as of the entries applied."""

    def __init__(self) -> None:
        self.messages: dict[str, Json] = {}
        self.threads: dict[str, Json] = {}

    def apply(self, entry: Json) -> None:
        match entry["type"]:
            case "thread.created":
                self.threads[entry["thread"]] = {"leaf": None, "version": 0}
            case "message.created":
                self._create(entry)
            case "message.changed":
                message = self.messages[entry["message"]]
                changed = {name: entry.get(name) for name in ("status", "model")}
                message |= {name: value for name, value in changed.items() if value is not None}
            case "run.started":
                self._start(entry)
            case "part.started" | "part.delta" | "part.ended" | "run.ended":
                self._write(entry)
            case other:
                raise ValueError(f"no {other} is to be expected here: {entry}")
        self.threads[entry["thread"]]["version"] = entry["seq"]

    def path(self, thread: str) -> list[Json]:
        """Return the thread's chosen path, oldest first."""
        found: list[Json] = []
        at: str | None = self.threads[thread]["leaf"]
        while at is not None:
            found.append(self.messages[at])
            at = self.messages[at]["parent"]
        return found[::-1]

    def _create(self, entry: Json) -> None:
        self.threads[entry["thread"]]["leaf"] = entry["message"]
        self.messages[entry["message"]] = {
            "id": entry["message"],
            **{name: entry[name] for name in ("thread", "role", "parent", "status", "seq")},
            **{name: entry.get(name) for name in ("model", "run")},
            **dict.fromkeys(("started_at", "ended_at", "error", "usage")),
            "created_at": entry["at"],
            "parts": [with_defaults(part) for part in entry.get("parts", ())],
        }

    def _start(self, entry: Json) -> None:
        message = self.messages[entry["message"]]
        message |= {"status": "streaming", "run": entry["run"], "error": None, "ended_at": None}
        if message["started_at"] is None:
            message["started_at"] = entry["at"]

    def _write(self, entry: Json) -> None:
        message, at = self.messages[entry["message"]], entry["at"]
        parts = {part["id"]: part for part in message["parts"]}
        match entry["type"]:
            case "part.started":
                own = {name: entry.get(name) for name in ("kind", "name")}
                part = {**PART, "id": entry["part"], "open": True, "started_at": at, **own}
                message["parts"].append(part)
            case "part.delta":
                _grow(parts[entry["part"]], entry)
            case "part.ended":
                outcome = {name: entry.get(name) for name in ("outcome", "result")}
                _close(parts[entry["part"]], at, **outcome)
            case "run.ended":
                end = {name: entry.get(name) for name in ("error", "usage")}
                message |= {"status": entry["status"], "ended_at": at, **end}
                for part in message["parts"]:
                    if part["open"]:
                        _close(part, at)


def with_defaults(part: Json) -> Json:
    """Return a part with the fields that its record leaves out."""
    return {**PART, **part}


def _grow(part: Json, entry: Json) -> None:
    field = "arguments" if part["kind"] == "tool" else "text"
    if entry["offset"] != len(part[field]):
        raise ValueError(f"{entry} does not continue the {len(part[field])} characters before it")
    part[field] += entry["text"]


def _close(part: Json, at: int, **more: Any) -> None:
    part |= {"open": False, "ended_at": at, **more}
    if part["kind"] == "tool" and part["outcome"] is None:
        part["outcome"] = "unknown"
