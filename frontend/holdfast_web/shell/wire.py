"""What the server and the other tabs send, read into the values that the core takes.

Law L24 at this door: nothing that arrives can raise past it. An entry of a known type that does
not fit is kept and skipped like one of an unknown type; anything else that does not fit is None.
"""

import json
from typing import Any

from holdfast_protocol.codec import decode_entry, decode_message, decode_thread
from holdfast_protocol.cursor import parse_cursor
from holdfast_protocol.errors import MalformedEntry
from holdfast_protocol.events import Entry, Unknown
from holdfast_web.core import inputs as on
from holdfast_web.core.app import Place, Server
from holdfast_web.core.inputs import Bootstrap


def parse_json(text: str) -> Any:
    """Return what the text holds, or None if it is no JSON, or nested too deeply to be ours."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def entries_of(text: str) -> tuple[Entry, ...]:
    """Return the entries of a JSON array, in order."""
    records = parse_json(text)
    if not isinstance(records, list):
        return ()
    return tuple(entry for record in records if (entry := _entry(record)) is not None)


def _entry(record: Any) -> Entry | None:
    try:
        return decode_entry(record)
    except MalformedEntry:
        pass
    match record:
        case {"seq": int(seq), "at": int(at)}:
            return Entry(seq, at, Unknown(record))
    return None


def bootstrap_of(body: Any, now_ms: int) -> Bootstrap | None:
    """Return the account's state as bootstrap and reset carry it. `now_ms` is our clock."""
    if not isinstance(body, dict):
        return None
    cursor = parse_cursor(body.get("cursor"))
    threads = body.get("threads")
    if cursor is None or not isinstance(threads, list):
        return None
    try:
        decoded = tuple(decode_thread(thread) for thread in threads)
    except MalformedEntry:
        return None
    server = _server(body, now_ms)
    return Bootstrap(Place(cursor.journal, cursor.account), cursor.seq, decoded, server)


def _server(body: dict[str, Any], now_ms: int) -> Server:
    model = body.get("model")
    name, is_demo = "", False
    if isinstance(model, dict):
        name, is_demo = str(model.get("name") or ""), model.get("demo") is True
    listed = body.get("models")
    models = tuple(m for m in listed if isinstance(m, str)) if isinstance(listed, list) else ()
    now = body.get("now")
    return Server(name, is_demo, models, now - now_ms if isinstance(now, int) else 0)


def history_of(ticket: int, body: Any) -> on.HistoryRead | None:
    """Return a page of a thread's history, or None if the body is none."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        return None
    cursor = parse_cursor(body.get("cursor"))
    if cursor is None:
        return None
    try:
        messages = tuple(decode_message(message) for message in body["messages"])
        thread = decode_thread(body["thread"]) if "thread" in body else None
    except MalformedEntry:
        return None
    return on.HistoryRead(ticket, thread, messages, cursor.seq, body.get("has_more") is True)


def peer_input_of(text: str) -> on.Input | None:
    """Return what another tab said. It may be of another version: anything odd is None."""
    match parse_json(text):
        case {"type": "entries", "journal": str(journal), "entries": str(entries)}:
            return on.PeerEntries(journal, entries_of(entries))
        case {"type": "stored", "seq": int(seq), "anew": bool(anew)}:
            return on.PeerStored(seq, anew)
        case {"type": "sync", "sync": "live" | "polling" | "catching-up" | "offline" as sync}:
            return on.PeerSync(sync)
        case {"type": "ask"}:
            return on.PeerAsked()
    return None


def reason_of(status: int, body: Any) -> str:
    """Return the sentence of an error answer, fit for the person."""
    match body:
        case {"error": {"message": str(message)}}:
            return message
    return "The server did not answer." if status == 0 else f"The server answered {status}."
