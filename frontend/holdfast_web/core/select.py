"""What is to be seen, chosen from the state: plain values that a view turns into markup.

Law L13: the view is a pure function of these. Whatever is not in `App` cannot be on screen.
"""

from dataclasses import dataclass, replace
from typing import Literal

from holdfast_protocol.state import Message, Part, Status, Thread, Window, chosen_path
from holdfast_web.core.app import App, Unsent
from holdfast_web.core.waiting import first_waiting

TITLE_OF_NEW = "New thread"
CUT = ". Cut short: the model reached its limit of length."


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The models that can be asked, and the one that will be."""

    models: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Row:
    """A thread as the sidebar shows it. `run` is "" while idle, else the run's status."""

    id: str
    title: str
    run: str
    unread: bool
    current: bool
    pinned: bool
    muted: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A message as the timeline shows it.

    `unsent` is set while the journal has not echoed it; `reason` says why it was refused, why a
    run failed, or nothing. `saved`: what is shown may be behind what happened. `cut`: the model
    ended at its own limit of length. `waits` is for whom a queued reply waits: for the one before
    it (""), for the person, or, once they let it go on, for the server to say so.
    """

    id: str
    role: str
    status: Status
    parts: tuple[Part, ...]
    started_at: int | None = None
    ended_at: int | None = None
    reason: str = ""
    unsent: Literal["", "sending", "waiting", "refused"] = ""
    saved: bool = False
    cut: bool = False
    waits: Literal["", "person", "server"] = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What `main` shows.

    `state`: `new` has no thread yet; `loading` has nothing of it to show; `fresh` is up to date
    with what this browser knows; `saved` is a saved copy; `missing` is a thread that is not there.
    """

    thread: str
    title: str
    state: Literal["new", "loading", "fresh", "saved", "missing"]
    turns: tuple[Turn, ...] = ()
    has_earlier: bool = False
    stoppable: str = ""
    """The reply that Stop would end, if any: the one that runs, never one that only waits."""


def thread_rows(app: App) -> tuple[Row, ...]:
    """The sidebar: threads of our own that are not echoed yet, pinned ones, then by `active`."""
    threads = sorted(
        (thread for thread in app.known.threads.values() if not thread.archived),
        key=lambda thread: (not thread.pinned, -thread.active),
    )
    new = {
        unsent.thread: unsent
        for unsent in app.unsent.values()
        if unsent.thread not in app.known.threads
    }
    return (*(_new_row(app, unsent) for unsent in new.values()), *(_row(app, t) for t in threads))


def _new_row(app: App, unsent: Unsent) -> Row:
    title = unsent.text.split("\n", 1)[0][:60] or TITLE_OF_NEW
    run = "" if unsent.state == "refused" else "pending"
    return Row(unsent.thread, title, run, False, unsent.thread == app.open, False, False)


def _row(app: App, thread: Thread) -> Row:
    current = thread.id == app.open
    return Row(
        id=thread.id,
        title=thread.title or TITLE_OF_NEW,
        run=thread.run.status if thread.run is not None else "",
        unread=not current and thread.active > app.seen.get(thread.id, 0),
        current=current,
        pinned=thread.pinned,
        muted=thread.muted,
    )


def model_choice(app: App) -> ModelChoice:
    """What is chosen here, else the open thread's model, else the server's first."""
    models = app.server.models
    thread = app.known.threads.get(app.open or "")
    wanted = (app.model, thread.model if thread is not None else None, app.server.model)
    chosen = next((model for model in wanted if model in models), models[0] if models else "")
    return ModelChoice(models, chosen)


def timeline(app: App) -> Timeline:
    """The open thread as far as this browser knows it. Never another thread's messages."""
    if app.open is None:
        return Timeline("", TITLE_OF_NEW, "new")
    thread = app.known.threads.get(app.open)
    window = app.known.windows.get(app.open)
    unsent = tuple(held for held in app.unsent.values() if held.thread == app.open)
    turns = _turns(app, thread, window) + _unsent_turns(unsent)
    return Timeline(
        thread=app.open,
        title=thread.title if thread is not None else TITLE_OF_NEW,
        state=_state(app, window, bool(unsent)),
        turns=turns,
        has_earlier=window is not None and window.has_more,
        stoppable=_stoppable(thread, unsent),
    )


def _stoppable(thread: Thread | None, unsent: tuple[Unsent, ...]) -> str:
    """The reply that runs, else the one that was just asked for.

    While others wait for the person, that one will stand behind them: it is not the next to run.
    """
    if thread is not None and thread.runs:
        return next((mark.message for mark in thread.runs if mark.status != "queued"), "")
    return next((held.reply for held in unsent if held.state in ("sending", "accepted")), "")


def _state(
    app: App, window: Window | None, has_unsent: bool
) -> Literal["loading", "fresh", "saved", "missing"]:
    if window is not None:
        return "fresh" if window.fresh else "saved"
    if app.open in app.missing and not has_unsent:
        return "missing"
    return "fresh" if has_unsent and app.open not in app.known.threads else "loading"


def _turns(app: App, thread: Thread | None, window: Window | None) -> tuple[Turn, ...]:
    if thread is None or window is None:
        return ()
    path = chosen_path(window, _leaf(thread, window))
    turns = tuple(_turn(message, not window.fresh) for message in path)
    waiting = first_waiting(thread, path)
    if waiting is None:
        return turns
    waits = "server" if waiting in app.continuing else "person"
    return tuple(replace(turn, waits=waits) if turn.id == waiting else turn for turn in turns)


def _leaf(thread: Thread, window: Window) -> str | None:
    """Where the path ends. A saved copy may lack the leaf: it is shown as far as it goes (L17)."""
    if thread.leaf is None or thread.leaf in window.messages:
        return thread.leaf
    newest = max(window.messages.values(), key=lambda message: message.seq, default=None)
    return newest.id if newest is not None else None


def _turn(message: Message, saved: bool) -> Turn:
    return Turn(
        id=message.id,
        role=message.role,
        status=message.status,
        parts=message.parts,
        started_at=message.started_at or message.created_at,
        ended_at=message.ended_at,
        reason=message.error.message if message.error is not None else "",
        saved=saved,
        cut=bool(message.usage and message.usage.get("cut") is True),
    )


def _unsent_turns(line: tuple[Unsent, ...]) -> tuple[Turn, ...]:
    """The questions of one thread as they will stand there, each with the place of its answer.

    One that waits for the server keeps those behind it waiting too.
    """
    turns: list[Turn] = []
    waits = False
    for unsent in line:
        waits = waits or unsent.state == "waiting"
        state = unsent.state
        if state != "refused":
            state = "waiting" if waits else "sending"
        turns.append(_question(unsent, state))
        if state == "sending":
            turns.append(Turn(unsent.reply, "assistant", "pending", (), started_at=unsent.at))
        elif state == "waiting":
            turns.append(Turn(unsent.reply, "assistant", "queued", (), unsent=state))
    return tuple(turns)


def _question(unsent: Unsent, state: Literal["sending", "waiting", "refused"]) -> Turn:
    """A question that is not echoed. Its one part bears its id, as the journal will name it."""
    return Turn(
        id=unsent.message,
        role="user",
        status="pending",
        parts=(Part(id=unsent.message, kind="text", text=unsent.text),),
        reason=unsent.reason,
        unsent=state,
    )


def status_line(turn: Turn, now_ms: int, sync: str) -> str:
    """Return what the line under an answer says; "" for a question that simply stands there.

    `now_ms` is the server's clock as far as it is known here.
    """
    if turn.unsent and turn.role == "assistant":
        return ""  # the line under its question says it
    if turn.unsent:
        return {
            "sending": "",
            "waiting": "Not sent yet. It goes out when the server answers.",
            "refused": f"Not sent. {turn.reason}",
        }[turn.unsent]
    if turn.role == "user":
        return ""
    if turn.status in ("pending", "streaming") and sync == "offline":
        return "Connection lost. Trying again…"
    match turn.status:
        case "queued":
            return {
                "": "Queued",
                "person": "Waiting for you",
                "server": "Asked again when the server answers.",
            }[turn.waits]
        case "pending":
            return "Waiting for the model…"
        case "streaming":
            verb = "Streaming" if turn.parts else "Working"
            return f"{verb} for {duration(now_ms - (turn.started_at or now_ms))}…"
        case "complete":
            took = duration((turn.ended_at or 0) - (turn.started_at or 0))
            return f"Done in {took}" + (CUT if turn.cut else "")
        case "stopped":
            return "Stopped"
        case "failed":
            return turn.reason or "The model failed."
        case "interrupted":
            return turn.reason or "Interrupted: the server was restarted."


def duration(ms: int) -> str:
    """Return a length of time as a person says it: "0.4 s", "12 s", "3 min 5 s"."""
    seconds = max(0, ms) / 1000
    if seconds < 10:
        return f"{int(seconds * 10) / 10} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
