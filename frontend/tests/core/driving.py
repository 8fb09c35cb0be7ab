"""The core, driven by hand: inputs in, effects out, the clock an argument."""

from typing import TypeVar

from frontend.tests.core.truth import PLACE, Truth
from holdfast_web.core import effects as do
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.core.update import update

T = TypeVar("T")


class Core:
    """One tab's core. `last` are the effects of the last input, `all` those of every one."""

    def __init__(self, app: App | None = None) -> None:
        self.app = app or App()
        self.now = 1_000
        self.last: tuple[do.Effect, ...] = ()
        self.all: list[do.Effect] = []

    def take(self, *happened: on.Input) -> tuple[do.Effect, ...]:
        for one in happened:
            self.app, self.last = update(self.app, one, self.now)
            self.all += self.last
        return self.last

    def only(self, kind: type[T]) -> T:
        """The one effect of this kind that the last input had."""
        (found,) = self.some(kind)
        return found

    def some(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.last if isinstance(effect, kind)]

    @property
    def generation(self) -> int:
        return self.app.transport.generation

    def entries(self, *entries) -> tuple[do.Effect, ...]:
        return self.take(on.StreamEntries(self.generation, tuple(entries), "[]"))

    def peer_entries(self, *entries, journal: str = PLACE.journal) -> tuple[do.Effect, ...]:
        return self.take(on.PeerEntries(journal, tuple(entries)))


def leader(
    truth: Truth, seq: int, open_: str | None = None, *, marks: set[str] | None = None
) -> Core:
    """A leader whose store had everything up to `seq` and the open thread's window at hand."""
    core = Core()
    stored = truth.stored(seq, windows={open_} if open_ else set(), marks=marks)
    core.take(on.Started(stored, open_))
    core.take(on.BootstrapRead(truth.bootstrap(seq)))
    core.take(on.LeadershipGained(stored))
    core.take(on.StreamOpened(core.generation), on.StreamCaughtUp(core.generation, core.now))
    return core


def follower(truth: Truth, seq: int, open_: str | None = None) -> Core:
    core = Core()
    stored = truth.stored(seq, windows={open_} if open_ else set())
    core.take(on.Started(stored, open_), on.BootstrapRead(truth.bootstrap(seq)))
    core.take(on.PeerSync("live"))
    return core


def sources(app: App) -> dict[tuple[str, str], str]:
    """The source text of every part in every window: what data-chars counts."""
    return {
        (message.id, part.id): part.source
        for window in app.known.windows.values()
        for message in window.messages.values()
        for part in message.parts
    }
