"""What the person sends, from the key press until the journal echoes it (L9, L20, L23).

A question keeps its ids through every attempt, so the server knows it again; it leaves this list
only when the journal names it, or when the person discards it. The questions of a thread stand
in line: one request at a time, in the order of sending; one that was refused stands aside.
"""

from dataclasses import replace

from holdfast_protocol.fold import put
from holdfast_protocol.limits import MESSAGE_CHARS_MAX
from holdfast_protocol.text import clean
from holdfast_web.core.app import App, Unsent, retry_later
from holdfast_web.core.effects import Effect, Navigate, PostMessage
from holdfast_web.core.inputs import SendAnswered, Submitted
from holdfast_web.core.reading import open_thread

Step = tuple[App, tuple[Effect, ...]]


def submitted(app: App, sent: Submitted, now_ms: int) -> Step:
    """Send a question to the thread it was written in.

    A new thread comes into view, unless the person looks at another one by now.
    """
    text = clean(sent.text).strip()
    if not text or sent.message in app.unsent:
        return app, ()
    thread = sent.thread
    unsent = Unsent(thread, sent.message, sent.reply, text, now_ms, model=app.model)
    if len(text) > MESSAGE_CHARS_MAX:
        reason = f"This is longer than {MESSAGE_CHARS_MAX:,} characters. Shorten it to send it."
        unsent = replace(unsent, state="refused", reason=reason)
    app = replace(app, unsent=put(app.unsent, sent.message, unsent))
    if app.open is not None or thread in app.known.threads:
        return app, ()
    app, effects = open_thread(app, thread)
    return app, (*effects, Navigate(thread))


def answered(app: App, answer: SendAnswered, now_ms: int) -> Step:
    """The server answered a send, or did not."""
    unsent = app.unsent.get(answer.message)
    if unsent is None or unsent.state != "sending":
        return app, ()
    if answer.status == 202:
        return _put(app, replace(unsent, state="accepted")), ()
    if answer.status == 0 or answer.status >= 500:
        app = retry_later(app, now_ms)
        return _put(app, replace(unsent, state="waiting", reason=answer.reason)), ()
    return _put(app, replace(unsent, state="refused", reason=answer.reason)), ()


def resend(app: App, message: str) -> Step:
    """Try one question again, and with it what waits before it in its thread."""
    asked = app.unsent.get(message)
    if asked is None:
        return app, ()
    for unsent in app.unsent.values():
        is_meant = unsent.state == "waiting" and unsent.thread == asked.thread
        if is_meant or (unsent is asked and unsent.state == "refused"):
            app = _put(app, replace(unsent, state="queued", reason=""))
    return app, ()


def resend_waiting(app: App) -> App:
    """The server is there again: what waited for it stands in line again."""
    for unsent in app.unsent.values():
        if unsent.state == "waiting":
            app = _put(app, replace(unsent, state="queued", reason=""))
    return app


def discard(app: App, message: str) -> Step:
    """Forget a question. A new thread of which nothing is left is left too."""
    discarded = app.unsent.get(message)
    if discarded is None:
        return app, ()
    app = replace(app, unsent=put(app.unsent, message, None))
    thread = discarded.thread
    is_left = thread in app.known.threads or any(u.thread == thread for u in app.unsent.values())
    if is_left or app.open != thread:
        return app, ()
    app, effects = open_thread(app, None)
    return app, (*effects, Navigate(None))


def move_lines(app: App) -> Step:
    """Take out what the journal has named, and send the first in line of each thread.

    Called after every input, so that no way of leaving the line can leave it standing.
    """
    effects: list[Effect] = []
    busy: set[str] = set()
    for unsent in app.unsent.values():
        window = app.known.windows.get(unsent.thread)
        if window is not None and unsent.message in window.messages:
            app = replace(app, unsent=put(app.unsent, unsent.message, None))
        elif unsent.state not in ("accepted", "refused") and unsent.thread not in busy:
            busy.add(unsent.thread)
            if unsent.state == "queued":
                sent = replace(unsent, state="sending")
                app = _put(app, sent)
                effects.append(PostMessage(sent))
    return app, tuple(effects)


def _put(app: App, unsent: Unsent) -> App:
    return replace(app, unsent=put(app.unsent, unsent.message, unsent))
