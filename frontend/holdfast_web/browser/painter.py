"""Puts a state on screen: the views, then the bodies they made room for, in one task.

One task is one picture: nothing in between is ever painted, so a body is never seen empty.
"""

from holdfast_web.browser.bodies import Bodies
from holdfast_web.browser.composer import Composer
from holdfast_web.browser.page import Page
from holdfast_web.browser.reading import END, Reading
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.core.bodies import operations, whole
from holdfast_web.core.select import Timeline, Turn
from holdfast_web.ports import Clock
from holdfast_web.shell.shell import Shell
from holdfast_web.views.screen import NOTHING_OPEN, Screen

TICK_MS = 1000
"""How often the clock of a running answer is painted."""


class Painter:
    """What is on screen, and what was pressed and is not yet taken over."""

    def __init__(
        self, screen: Screen, page: Page, composer: Composer, clock: Clock, shell: Shell
    ) -> None:
        self._screen = screen
        self._page = page
        self._composer = composer
        self._clock = clock
        self._shell = shell
        self._bodies = Bodies()
        self._reading = Reading()
        self._shown: Timeline = NOTHING_OPEN
        self._drawn: dict[str, Turn] = {}
        self._places: dict[str, float] = {}
        self._pressed: set[str] = set()

    def paint(self, app: App) -> None:
        """Show this state."""
        before = self._shown
        moved = before.thread != (app.open or "")
        if moved:
            self._places[before.thread] = self._reading.place()
        shown = self._screen.show(app, self._clock.now_ms())
        self._shown = shown
        self._page.set_thread(shown.thread)
        self._page.set_title(f"{shown.title} · Holdfast" if shown.thread else "Holdfast")
        self._page.set_sync(app.sync)
        self._page.set_leader(app.is_leader)
        self._draw({} if moved else self._drawn, shown.turns)
        self._scroll(before, shown)
        self._composer.set_running(bool(shown.stoppable))
        self._tell_taken(app)
        self._tick(shown)

    def _draw(self, drawn: dict[str, Turn], turns: tuple[Turn, ...]) -> None:
        refused = self._bodies.apply(operations(drawn, turns))
        self._drawn = {turn.id: turn for turn in turns}
        again = {one["message"] for one in refused}
        if again:
            self._bodies.apply([whole(turn) for turn in turns if turn.id in again])

    def _scroll(self, before: Timeline, shown: Timeline) -> None:
        """Come back to where a thread was left; a question just sent shows the end."""
        if before.thread != shown.thread or (shown.turns and not before.turns):
            self._reading.go_to(self._places.get(shown.thread, END))
        elif any(turn.unsent for turn in shown.turns[len(before.turns) :]):
            self._reading.to_end()

    def _tell_taken(self, app: App) -> None:
        for message in tuple(self._pressed):
            unsent = app.unsent.get(message)
            if unsent is None or unsent.state in ("accepted", "refused"):
                self._pressed.discard(message)
                self._composer.taken(message)

    def _tick(self, shown: Timeline) -> None:
        running = any(turn.status in ("pending", "streaming") for turn in shown.turns)
        due = (self._clock.now_ms() // TICK_MS + 1) * TICK_MS if running else None
        self._clock.wake_at("tick", due, lambda: self.paint(self._shell.app))

    def pressed(self, message: str) -> None:
        """A question was sent from the composer; it is told once somebody else keeps it."""
        self._pressed.add(message)

    def stop(self) -> None:
        """Stop was pressed: it means the reply that was on screen."""
        if self._shown.stoppable:
            self._shell.dispatch(on.StopPressed(self._shown.stoppable))
