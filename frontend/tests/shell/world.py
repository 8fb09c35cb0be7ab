"""A browser in memory: tabs with fake ports, one clock, and nothing that moves by itself.

Whatever could happen next (a coroutine's next step, a message between tabs, an answer of the
server, a frame of a stream, a timer that is due) is a `Move`. A test makes them one at a time,
in any order it likes, or all of them until it is quiet. The tabs share databases, locks, the
channel and the little that `LocalStores` keeps outside of them.
"""

import inspect
import itertools
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from frontend.tests.contract.memory_store import Content, MemoryStore
from holdfast_protocol import ids
from holdfast_protocol.cursor import Cursor
from holdfast_web.core import inputs as on
from holdfast_web.core.app import App
from holdfast_web.ports import Answer, LocalStore, Ports, StoreFailed
from holdfast_web.shell.shell import Shell

ORIGIN = "https://holdfast.test"
FIRST_MS = 1_750_000_000_000


class Turn:
    """Awaiting this lets whatever else may happen, happen."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def turn() -> None:
    await Turn()


@dataclass(slots=True)
class Request:
    """A request under way. It ends when a test, or a server, answers it."""

    method: str
    path: str
    body: Any
    answer: Answer | None = None


@dataclass(slots=True)
class Connection:
    """An event stream: the page's end of it, and how far its server has come with it."""

    url: str
    opened: Callable[[], None]
    text: Callable[[str], None]
    ended: Callable[[int], None]
    is_open: bool = False
    is_told: bool = False
    at: Cursor | None = None


class FakeClock:
    def __init__(self, browser: "Browser", seed: int) -> None:
        self.timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._browser = browser
        self._random = itertools.count(seed)

    def now_ms(self) -> int:
        return self._browser.now

    def random_bytes(self, count: int) -> bytes:
        return next(self._random).to_bytes(16, "little")[:count]

    def wake_at(self, name: str, at_ms: float | None, wake: Callable[[], None]) -> None:
        self.timers.pop(name, None)
        if at_ms is not None:
            self.timers[name] = (at_ms, wake)


class FakeStores:
    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self.opened: list[MemoryStore] = []

    def last_place(self) -> str | None:
        return self._browser.last_place

    def remember_place(self, name: str) -> None:
        self._browser.last_place = name

    async def open(self, name: str, stores: Mapping[str, Any]) -> LocalStore:
        await turn()
        if self._browser.has_no_database:
            raise StoreFailed("refused")
        store = MemoryStore(self._browser.databases.setdefault(name, Content()), turn)
        self.opened.append(store)
        await turn()
        return store


class FakeEvents:
    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.opened: list[str] = []

    def open(
        self,
        url: str,
        *,
        opened: Callable[[], None],
        text: Callable[[str], None],
        ended: Callable[[int], None],
    ) -> None:
        self.opened.append(url)
        self.connection = Connection(url, opened, text, ended)

    def close(self) -> None:
        self.connection = None

    def cut(self, status: int = 0) -> None:
        """The connection is lost, or was refused."""
        lost, self.connection = self.connection, None
        if lost is not None:
            lost.ended(status)


class FakeHttp:
    def __init__(self) -> None:
        self.pending: list[Request] = []

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        request = Request(method, path, body)
        self.pending.append(request)
        while request.answer is None:
            await turn()
        return request.answer

    def answer(self, request: Request, status: int, body: Any = None) -> None:
        self.pending.remove(request)
        request.answer = Answer(status, body)


class FakeTabs:
    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self.channel = ""
        self.heard: Callable[[str], None] | None = None
        self.inbox: list[str] = []

    def ask_to_lead(self, name: str, gained: Callable[[], None]) -> None:
        self._browser.locks.setdefault(name, []).append((self, gained))
        self._browser.grant(name)

    def step_down(self) -> None:
        for name, line in self._browser.locks.items():
            line[:] = [(tab, gained) for tab, gained in line if tab is not self]
            if self._browser.holders.get(name) is self:
                del self._browser.holders[name]
            self._browser.grant(name)

    def listen(self, name: str, heard: Callable[[str], None]) -> None:
        self.channel, self.heard = name, heard

    def tell(self, text: str) -> None:
        for tab in self._browser.tabs:
            if tab.tabs is not self and tab.tabs.channel == self.channel:
                tab.tabs.inbox.append(text)


class FakeAddress:
    def __init__(self, thread: str | None) -> None:
        self._thread = thread
        self._changed: Callable[[str | None], None] = lambda thread: None

    def thread(self) -> str | None:
        return self._thread

    def go(self, thread: str | None) -> None:
        if thread != self._thread:
            self._thread = thread
            self._changed(thread)

    def listen(self, changed: Callable[[str | None], None]) -> None:
        self._changed = changed


class FakePage:
    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self.hide: Callable[[], None] = lambda: None
        self.show: Callable[[], None] = lambda: None
        self.network: Callable[[bool], None] = lambda is_online: None

    def listen(
        self,
        *,
        hidden: Callable[[], None],
        shown: Callable[[], None],
        network: Callable[[bool], None],
    ) -> None:
        self.hide, self.show, self.network = hidden, shown, network

    def set_root(self, **attributes: str) -> None:
        self.root |= attributes


@dataclass(frozen=True, slots=True)
class Move:
    """Something that may happen next. `what` is for whoever reads a failing schedule."""

    what: str
    make: Callable[[], None]


class Tab:
    """One tab: a shell on fake ports. `published` is every state that it showed."""

    def __init__(self, browser: "Browser", name: str, thread: str | None) -> None:
        self.name = name
        self.browser = browser
        self.clock = FakeClock(browser, seed=1_000_000 * (len(browser.tabs) + browser.closed + 1))
        self.stores = FakeStores(browser)
        self.events = FakeEvents()
        self.http = FakeHttp()
        self.tabs = FakeTabs(browser)
        self.address = FakeAddress(thread)
        self.page = FakePage()
        self.running: list[Any] = []
        self.published: list[App] = []
        ports = Ports(
            clock=self.clock,
            stores=self.stores,
            events=self.events,
            http=self.http,
            tabs=self.tabs,
            address=self.address,
            page=self.page,
            spawn=self.spawn,
            origin=ORIGIN,
        )
        self.shell = Shell(ports, self._publish)

    def submit(self, text: str) -> None:
        """Send from the composer: to the open thread or a new one, under fresh ids."""
        fresh = (
            ids.mint(self.clock.now_ms(), self.clock.random_bytes(ids.RANDOM_BYTES))
            for _ in range(3)
        )
        thread, message, reply = fresh
        self.shell.dispatch(on.Submitted(text, self.shell.app.open or thread, message, reply))

    def _publish(self, app: App) -> None:
        self.published.append(app)
        self.browser.look(self, app)

    def spawn(self, work: Awaitable[None]) -> None:
        assert inspect.iscoroutine(work)
        self.running.append(work)

    def moves(self) -> Iterator[Move]:
        """What this tab by itself may do next. A request that waits for its answer does not."""
        for work in self.running:
            yield Move(f"{self.name}: {work.__name__}", lambda work=work: self._go_on(work))
        if self.tabs.inbox and self.tabs.heard is not None:
            yield Move(f"{self.name}: hear {self.tabs.inbox[0][:40]}", self._hear)
        due = [name for name, (at, _) in self.clock.timers.items() if at <= self.browser.now]
        for name in due:
            yield Move(f"{self.name}: timer {name}", lambda name=name: self._wake(name))

    def _go_on(self, work: Any) -> None:
        try:
            work.send(None)
        except StopIteration:
            self.running.remove(work)
        except BaseException:
            self.running.remove(work)
            raise
        else:  # behind the others, so that whoever waits for an answer holds nobody up
            self.running.remove(work)
            self.running.append(work)

    @property
    def is_waiting(self) -> bool:
        """Whether all that runs here waits for answers of the server."""
        return len(self.running) == len(self.http.pending)

    def _hear(self) -> None:
        heard = self.tabs.heard
        assert heard is not None
        heard(self.tabs.inbox.pop(0))

    def _wake(self, name: str) -> None:
        _, wake = self.clock.timers.pop(name)
        wake()

    @property
    def app(self) -> App:
        return self.shell.app


@dataclass(slots=True)
class Browser:
    """What the tabs of one browser share. `look` is called with every state that a tab shows."""

    now: int = FIRST_MS
    databases: dict[str, Content] = field(default_factory=dict)
    last_place: str | None = None
    has_no_database: bool = False
    tabs: list[Tab] = field(default_factory=list)
    locks: dict[str, list[tuple[FakeTabs, Callable[[], None]]]] = field(default_factory=dict)
    holders: dict[str, FakeTabs] = field(default_factory=dict)
    closed: int = 0
    look: Callable[[Tab, App], None] = lambda tab, app: None

    def open_tab(self, thread: str | None = None) -> Tab:
        tab = Tab(self, f"tab {len(self.tabs) + self.closed + 1}", thread)
        self.tabs.append(tab)
        tab.spawn(tab.shell.start())
        return tab

    def close(self, tab: Tab) -> None:
        """The tab is gone from one moment to the next, its work with it."""
        self.tabs.remove(tab)
        self.closed += 1
        for work in tab.running:
            work.close()
        tab.running.clear()
        tab.events.close()
        tab.tabs.step_down()

    def reload(self, tab: Tab) -> Tab:
        self.close(tab)
        return self.open_tab(tab.address.thread())

    def grant(self, name: str) -> None:
        line = self.locks.get(name, [])
        if name not in self.holders and line:
            holder, gained = line.pop(0)
            self.holders[name] = holder
            gained()

    def moves(self) -> list[Move]:
        return [move for tab in self.tabs for move in tab.moves()]

    @property
    def is_quiet(self) -> bool:
        """Whether only time or the server can make anything happen."""
        idle = all(tab.is_waiting for tab in self.tabs)
        inboxes = any(tab.tabs.inbox and tab.tabs.heard for tab in self.tabs)
        timers = (at for tab in self.tabs for at, _ in tab.clock.timers.values())
        return idle and not inboxes and all(at > self.now for at in timers)

    def settle(self) -> None:
        """Make moves until it is quiet."""
        for _ in range(10_000):
            if self.is_quiet:
                return
            for move in self.moves():
                move.make()
        raise AssertionError(f"never quiet: {[move.what for move in self.moves()]}")

    @property
    def content(self) -> Content:
        """The database used last."""
        journal, _, account = (self.last_place or "").partition(".")
        return self.databases[f"holdfast {ORIGIN} {journal} {account}"]

    @property
    def leaders(self) -> list[Tab]:
        return [tab for tab in self.tabs if tab.app.is_leader]
