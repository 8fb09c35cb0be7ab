"""Watches every state that a tab shows, as a person would (L17).

What was shown of a part stays shown as long as its message is there; what is shown is a prefix of
what the journal holds; a thread of which something was shown is never a blank page.
"""

from collections.abc import Callable

from frontend.tests.shell.world import Tab
from holdfast_web.core.app import App, Place
from holdfast_web.core.select import timeline

TrueText = Callable[[str, str], str | None]
"""`(message, part)` to its text in the journal by now; None when it is not, or no more, there."""


class Watch:
    """Give it to a `Browser` as `look`. `grew` counts how often some text became longer."""

    def __init__(self, true_text: TrueText) -> None:
        self._true_text = true_text
        self._shown: dict[tuple[str, str, str], str] = {}
        self._threads: set[tuple[str, Place | None, str]] = set()
        self.grew = 0

    def __call__(self, tab: Tab, app: App) -> None:
        shown = timeline(app)
        for turn in shown.turns:
            for part in turn.parts:
                if part.id != turn.id:  # of a question that is not echoed yet
                    self._look(tab.name, turn.id, part.id, part.source)
        if any(not turn.unsent for turn in shown.turns):
            self._threads.add((tab.name, app.place, shown.thread))
        elif (tab.name, app.place, shown.thread) in self._threads:
            assert shown.state in ("missing", "new"), f"{tab.name}: blank, {shown.state}"

    def _look(self, tab: str, message: str, part: str, text: str) -> None:
        true = self._true_text(message, part)
        if true is None:
            return
        before = self._shown.get((tab, message, part), "")
        assert text.startswith(before), f"{tab}: {before!r} became {text!r}"
        assert true.startswith(text), f"{tab}: shows {text!r}, the journal has {true!r}"
        self.grew += len(text) > len(before)
        self._shown[tab, message, part] = text
