"""Small states to show, for the view cases. Ids are words: views never look into them."""

from dataclasses import replace

from holdfast_protocol.state import Failure, Message, Part, RunMark, State, Thread, Window
from holdfast_web.core.app import App, Continuation, Unsent
from holdfast_web.core.select import timeline
from holdfast_web.views.screen import Actions, Screen

REFUSAL = "The model at localhost:11434 refused the connection."


def actions(**given) -> Actions:
    nothing = {name: (lambda *_: None) for name in Actions.__dataclass_fields__}
    return Actions(**{**nothing, **given})


def thread(name: str, active: int = 1, **fields) -> Thread:
    return Thread(name, name.title(), 0, active, active, **fields)


def running(name: str, status: str, active: int = 1) -> Thread:
    return thread(name, active, runs=(RunMark("a", status),))


def exchange(status: str = "complete", **fields) -> tuple[Message, Message]:
    """A question "q" and its answer "a"."""
    said = (Part("p-q", "text", text="?"),)
    failed = Failure("refused", REFUSAL, True) if status == "failed" else None
    times = {"started_at": 1_000, "ended_at": 3_500, "error": failed}
    question = Message("q", "t", None, "user", "complete", 1, said)
    return question, Message("a", "t", "q", "assistant", status, 2, (), **{**times, **fields})


def showing(*messages: Message, fresh: bool = True, has_more: bool = False, **fields) -> App:
    """The thread "t" is open and holds these."""
    held = {message.id: message for message in messages}
    leaf = messages[-1].id if messages else None
    window = Window("t", 9, held, has_more=has_more, fresh=fresh)
    known = State(9, {"t": thread("t", leaf=leaf)}, {"t": window})
    return App(known=known, **{"open": "t", "is_ready": True, "sync": "live", **fields})


def waiting(*statuses: str, let_go_on: bool = False) -> App:
    """The thread "t" with a line of answers "a0", "a1"…, of these statuses; "a1" let go on."""
    path = [Message("q", "t", None, "user", "complete", 1)]
    for at, status in enumerate(statuses):
        path.append(Message(f"a{at}", "t", path[-1].id, "assistant", status, at + 2, run=f"r{at}"))
    app = showing(*path)
    runs = tuple(RunMark(one.id, one.status) for one in path[1:] if not one.is_terminal)
    known = replace(app.known, threads={"t": replace(app.known.threads["t"], runs=runs)})
    continuing = {"a1": Continuation("t", "a1", "r1")} if let_go_on else {}
    return replace(app, known=known, continuing=continuing)


def listing(*threads: Thread, **fields) -> App:
    return App(known=State(9, {one.id: one for one in threads}), is_ready=True, **fields)


def unsent(state: str, **fields) -> dict[str, Unsent]:
    """A question "u" with its reply "v", on its way in this state."""
    return {"u": Unsent("t", "u", "v", "And then?", 1_000, state, **fields)}


def show(screen: Screen, app: App, now_ms: int = 0) -> None:
    """Show all of this state."""
    screen.show(app, timeline(app), now_ms)


def without_window(app: App) -> App:
    return replace(app, known=replace(app.known, windows={}))


def tags(shown, name: str) -> list:
    """All elements of this kind, in their order."""
    return [node for node in shown._elements() if node.tag == name]
