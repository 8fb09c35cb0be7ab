"""What the person sends, from the key press until the journal echoes it (L9, L20, L23).

A question keeps its ids through every attempt, so the server knows it again; it leaves this list
only when the journal names it, or when the person discards it.
"""

from dataclasses import replace

from holdfast_protocol.fold import put
from holdfast_protocol.limits import MESSAGE_CHARS_MAX
from holdfast_protocol.text import clean
from holdfast_web.core.app import App, Unsent
from holdfast_web.core.effects import Effect, Navigate, PostMessage
from holdfast_web.core.inputs import SendAnswered, Submitted
from holdfast_web.core.reading import open_thread

Step = tuple[App, tuple[Effect, ...]]


def submitted(app: App, sent: Submitted, now_ms: int) -> Step:
    """Send a question to the open thread, or to a new one."""
    text = clean(sent.text).strip()
    if not text:
        return app, ()
    thread = app.open or sent.thread
    unsent = Unsent(thread, sent.message, sent.reply, text, now_ms)
    if len(text) > MESSAGE_CHARS_MAX:
        reason = f"This is longer than {MESSAGE_CHARS_MAX:,} characters. Shorten it to send it."
        unsent = replace(unsent, state="refused", reason=reason)
    app = replace(app, unsent=put(app.unsent, sent.message, unsent))
    effects: tuple[Effect, ...] = ()
    if app.open != thread:
        app, effects = open_thread(app, thread)
        effects = (*effects, Navigate(thread))
    if unsent.state == "sending" and _is_next(app, unsent):
        effects = (*effects, PostMessage(unsent))
    return app, effects


def _is_next(app: App, unsent: Unsent) -> bool:
    """Whether nothing sent earlier in its thread still waits: questions keep their order."""
    earlier = (held for held in app.unsent.values() if held.thread == unsent.thread)
    return next(earlier) is unsent


def answered(app: App, answer: SendAnswered) -> Step:
    """The server answered a send, or did not."""
    unsent = app.unsent.get(answer.message)
    if unsent is None:
        return app, ()
    if answer.status == 202:
        held = replace(unsent, state="sending")
        app = replace(app, unsent=put(app.unsent, answer.message, held))
        return app, _next_of(app, unsent.thread, after=answer.message)
    retryable = answer.status == 0 or answer.status >= 500
    state = "waiting" if retryable else "refused"
    held = replace(unsent, state=state, reason=answer.reason)
    return replace(app, unsent=put(app.unsent, answer.message, held)), ()


def _next_of(app: App, thread: str, *, after: str) -> tuple[Effect, ...]:
    """The question that waited for this one to be taken, if there is one."""
    names = [name for name, held in app.unsent.items() if held.thread == thread]
    following = names[names.index(after) + 1 :]
    first = app.unsent[following[0]] if following else None
    return (PostMessage(first),) if first is not None and first.state != "refused" else ()


def resend(app: App, message: str) -> Step:
    """Try one question again."""
    unsent = app.unsent.get(message)
    if unsent is None:
        return app, ()
    unsent = replace(unsent, state="sending", reason="")
    return replace(app, unsent=put(app.unsent, message, unsent)), (PostMessage(unsent),)


def resend_waiting(app: App) -> Step:
    """The server is there again: send the first waiting question of each thread."""
    effects: tuple[Effect, ...] = ()
    threads: set[str] = set()
    for unsent in tuple(app.unsent.values()):
        if unsent.thread not in threads and unsent.state == "waiting":
            app, more = resend(app, unsent.message)
            effects += more
        threads.add(unsent.thread)
    return app, effects
