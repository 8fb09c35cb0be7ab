"""A reply that waits for the person: how the page knows it, and how the person lets it go on.

It is known from the journal alone (PROTOCOL.md says when), so every tab and device agrees. What is
pressed is asked of the server until it answers; what is shown changes when the journal says so.
"""

from collections.abc import Sequence
from dataclasses import replace

from holdfast_protocol.fold import put
from holdfast_protocol.run_state import wait_for_person
from holdfast_protocol.state import Message, Thread
from holdfast_web.core.app import App, Continuation, retry_later
from holdfast_web.core.effects import Effect, PostContinue
from holdfast_web.core.inputs import ContinueAnswered

Step = tuple[App, tuple[Effect, ...]]


def first_waiting(thread: Thread, path: Sequence[Message]) -> str | None:
    """Return the reply on the path that the person is waited for at; those below wait for it."""
    if not wait_for_person(thread.runs):
        return None
    unfinished = {mark.message for mark in thread.runs}
    waiting = (one.id for one in path if one.status == "queued" and one.id in unfinished)
    return next(waiting, None)


def continue_pressed(app: App, message: str) -> Step:
    """Let a reply of the open thread go on, once. One that waits for nobody is left alone."""
    window = app.known.windows.get(app.open or "")
    held = window.messages.get(message) if window is not None else None
    if held is None or held.run is None or message in app.continuing:
        return app, ()
    asked = Continuation(held.thread, held.id, held.run)
    if not _is_to_come(app, asked):
        return app, ()
    continuing = put(app.continuing, message, asked)
    app = replace(app, continuing=continuing, stopping=app.stopping - {message})
    return app, (PostContinue(asked),)


def continue_answered(app: App, answer: ContinueAnswered, now_ms: int) -> App:
    """A continue that did not reach the server is asked again. One that the server took is settled
    by its echo, so that no button comes back in between; one that it refused is settled by that.
    """
    if answer.status == 0 or answer.status >= 500:
        return retry_later(app, now_ms)
    return app if answer.status < 300 else forget_continued(app, answer.message)


def forget_continued(app: App, message: str) -> App:
    return replace(app, continuing=put(app.continuing, message, None))


def settle_continued(app: App) -> App:
    """Forget what the journal has settled.

    Called after every input: a press from before must not let a reply go on that waits for the
    person anew.
    """
    for asked in app.continuing.values():
        if not _is_to_come(app, asked):
            app = forget_continued(app, asked.message)
    return app


def _is_to_come(app: App, asked: Continuation) -> bool:
    thread = app.known.threads.get(asked.thread)
    if thread is None or not wait_for_person(thread.runs):
        return False
    return any(mark.message == asked.message for mark in thread.runs)
