"""What the components read: one signal for each thing that is seen, and what a person can do."""

from collections.abc import Callable
from dataclasses import dataclass

from wybthon import create_signal, flush

from holdfast_web.core.app import App
from holdfast_web.core.select import ModelChoice, Timeline, model_choice, thread_rows

NOTHING_OPEN = Timeline("", "", "loading")


@dataclass(frozen=True)
class Actions:
    """What the components can ask for. Most take the id of what it is about."""

    delete: Callable[[str], None]
    earlier: Callable[[], None]
    resend: Callable[[str], None]
    edit: Callable[[str], None]
    discard: Callable[[str], None]
    ask_again: Callable[[str], None]
    answer_now: Callable[[str], None]
    skip: Callable[[str], None]
    dismiss: Callable[[], None]
    choose: Callable[[str], None]


class Screen:
    """The signals. Setting them is the only way anything on screen changes (L13)."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions
        self.rows, self._set_rows = create_signal(())
        self.timeline, self._set_timeline = create_signal(NOTHING_OPEN)
        self.sync, self._set_sync = create_signal("catching-up")
        self.server, self._set_server = create_signal(None)
        self.choice, self._set_choice = create_signal(ModelChoice((), ""))
        self.notice, self._set_notice = create_signal("")
        self.spoken, self._set_spoken = create_signal("")
        self.now_ms, self._set_now_ms = create_signal(0)

    def show(self, app: App, shown: Timeline, now_ms: int) -> None:
        """Show this state at once, and of its open thread as much as `shown` has."""
        self._set_rows(thread_rows(app))
        self._set_timeline(shown)
        self._set_sync(app.sync)
        self._set_server(app.server)
        self._set_choice(model_choice(app))
        self._set_notice(app.notice)
        self._set_now_ms(now_ms + app.server.ahead_ms)
        flush()

    def say(self, sentence: str) -> None:
        """Have a screen reader say this, once."""
        self._set_spoken(sentence)
        flush()
