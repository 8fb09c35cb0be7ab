"""Puts a state on screen: the views, then the bodies they made room for, in one task.

One task is one picture: nothing in between is ever painted, so a body is never seen empty. A long
thread takes several: see views/stretch.py.
"""

from dataclasses import replace

from holdfast_web.browser.bodies import Bodies
from holdfast_web.browser.composer import Composer
from holdfast_web.browser.page import Page
from holdfast_web.browser.reading import Place, Reading
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.core.bodies import operations, whole
from holdfast_web.core.select import Timeline, Turn, timeline
from holdfast_web.ports import Clock
from holdfast_web.shell.shell import Shell
from holdfast_web.views.screen import NOTHING_OPEN, Screen
from holdfast_web.views.spoken import spoken
from holdfast_web.views.stretch import Stretch, cut, opening, to_end, wider

TICK_MS = 1000
"""How often the clock of a running answer is painted."""
PAUSE_MS = 32
"""Between two steps of drawing a long thread: two frames for what came before and for tokens."""
PLACES_MAX = 200
"""Threads of which it is remembered where their reader was; the others open at their end."""


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
        self._timeline: Timeline = NOTHING_OPEN
        self._shown: Timeline = NOTHING_OPEN
        self._stretch: Stretch | None = None
        self._drawn: dict[str, Turn] = {}
        self._places: dict[str, Place] = {}
        self._pressed: set[str] = set()

    def paint(self, app: App) -> None:
        """Show this state."""
        now = timeline(app)
        before, self._timeline = self._timeline, now
        moved = before.thread != now.thread
        if moved:
            self._leave(before.thread)
        asked = not moved and _has_new_question(before, now)
        self._stretch = self._stretched(None if moved else self._stretch, now, asked)
        self._show(app, now, moved, asked)
        sentence = "" if moved else spoken(before, now)
        if sentence is not None:
            self._screen.say(sentence)
        self._page.set_thread(now.thread, f"{now.title} · Holdfast" if now.thread else "Holdfast")
        self._page.set_root(sync=app.sync, leader="true" if app.is_leader else "false")
        self._composer.set_running(bool(now.stoppable))
        self._tell_taken(app)
        self._come_back()

    # --- the thread ----------------------------------------------------------------------------
    def _leave(self, thread: str) -> None:
        """Remember where the reader was."""
        self._places.pop(thread, None)
        place = self._reading.place()
        if place is not None:
            self._places[thread] = place
        if len(self._places) > PLACES_MAX:
            del self._places[next(iter(self._places))]

    def _stretched(self, stretch: Stretch | None, now: Timeline, asked: bool) -> Stretch | None:
        if not now.turns:
            return None
        if stretch is None:
            place = self._places.get(now.thread)
            return opening(now.turns, place.message if place is not None else None)
        return to_end(stretch) if asked else stretch

    def _show(self, app: App, now: Timeline, moved: bool, asked: bool) -> None:
        before, self._shown = self._shown, self._cut(now)
        opened = moved or bool(self._shown.turns and not before.turns)
        place: Place | None = None
        grew_above = not opened and _first(before) != _first(self._shown)
        if opened:
            place = self._places.get(now.thread)
        elif grew_above and not asked:
            place = self._reading.place()
        self._screen.show(app, self._shown, self._clock.now_ms())
        self._draw({} if moved else self._drawn, self._shown.turns)
        if opened or grew_above or asked:
            self._reading.go_to(place)

    def _cut(self, now: Timeline) -> Timeline:
        if self._stretch is None:
            return now
        turns = cut(now.turns, self._stretch)
        return replace(now, turns=turns, has_earlier=now.has_earlier and turns[:1] == now.turns[:1])

    def _draw(self, drawn: dict[str, Turn], turns: tuple[Turn, ...]) -> None:
        refused = self._bodies.apply(operations(drawn, turns))
        self._drawn = {turn.id: turn for turn in turns}
        again = {one["message"] for one in refused}
        if again:
            self._bodies.apply([whole(turn) for turn in turns if turn.id in again])

    # --- later ---------------------------------------------------------------------------------
    def _come_back(self) -> None:
        """Have the clock of a running answer painted, and what is missing of a long thread."""
        now_ms = self._clock.now_ms()
        running = any(turn.status in ("pending", "streaming") for turn in self._shown.turns)
        tick = (now_ms // TICK_MS + 1) * TICK_MS if running else None
        self._clock.wake_at("tick", tick, self._again)
        partial = len(self._shown.turns) < len(self._timeline.turns)
        self._clock.wake_at("widen", now_ms + PAUSE_MS if partial else None, self._widen)

    def _again(self) -> None:
        self.paint(self._shell.app)

    def _widen(self) -> None:
        if self._stretch is not None:
            self._stretch = wider(self._timeline.turns, self._stretch)
        self._again()

    # --- what was pressed ----------------------------------------------------------------------
    def pressed(self, message: str) -> None:
        """A question was sent from the composer; it is told once somebody else keeps it."""
        self._pressed.add(message)

    def _tell_taken(self, app: App) -> None:
        for message in tuple(self._pressed):
            unsent = app.unsent.get(message)
            if unsent is None or unsent.state == "accepted":
                self._pressed.discard(message)
                self._composer.taken(message)

    def stop(self) -> None:
        """Stop was pressed: it means the reply that was on screen."""
        if self._timeline.stoppable:
            self._shell.dispatch(on.StopPressed(self._timeline.stoppable))


def _first(shown: Timeline) -> str | None:
    return shown.turns[0].id if shown.turns else None


def _has_new_question(before: Timeline, now: Timeline) -> bool:
    """Whether the person just sent something: they want to see it, wherever they were reading."""
    known = {turn.id for turn in before.turns}
    return any(turn.unsent and turn.id not in known for turn in now.turns)
