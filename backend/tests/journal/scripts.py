"""Generated scripts: anything that people, runs and restarts may do to a journal, in any order.

A step names its object by a number, which is taken from what there is by then; a step without an
object does nothing. Refusals are part of life, and change nothing.
"""

from collections.abc import Awaitable, Callable

from hypothesis import strategies as st

from backend.tests.journal.world import Answer, World
from holdfast_server.journal.commands import (
    ChangeThread,
    CreateThread,
    DeleteMessage,
    DeleteThread,
    Send,
)
from holdfast_server.journal.refusals import Refusal

HOSTILE = (
    "",
    "\0",
    "\ud800",
    "\udc00\ud800",
    "\ud83d\ude00",
    "é",
    "e\u0301",
    "\u2028",
    "'; DROP TABLE entries; --",
    '{"seq":1}',
    "data: x\n\n",
    "%s?1:q",
    "\U0010ffff",
    "\ufeff",
    "a" * 70,
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
numbers = st.integers(0, 7)
changes = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "muted": st.booleans(),
        "pinned": st.booleans(),
        "archived": st.booleans(),
        "model": st.none() | texts,
        "instructions": st.none() | texts,
        "nonsense": texts,
    },
)
STEPS = {
    # what happens: how often, with what
    "send": (5, numbers | st.none(), st.none() | numbers, texts),
    "start": (5, numbers),
    "open": (5, numbers, st.sampled_from(["text", "reasoning", "tool"])),
    "say": (6, numbers, numbers, texts),
    "close": (2, numbers, numbers),
    "end": (2, numbers, st.sampled_from(["complete", "stopped", "failed"]), texts),
    "create": (1, st.none() | texts),
    "change": (2, numbers, changes),
    "leaf": (1, numbers, numbers),
    "again": (1, numbers),
    "delete message": (1, numbers),
    "delete thread": (1, numbers),
    "restart": (1,),
}
kinds = st.sampled_from([kind for kind, (often, *_) in STEPS.items() for _ in range(often)])
steps = kinds.flatmap(lambda kind: st.tuples(st.just(kind), *STEPS[kind][1:]))
scripts = st.lists(steps, min_size=15, max_size=35)


class Play:
    """Plays a script in a world. `restart` closes the journal and opens it again."""

    def __init__(self, world: World, restart: Callable[[], Awaitable[None]]) -> None:
        self._world = world
        self._restart = restart
        self._threads: list[str] = []
        self._messages: list[str] = []
        self._commands: list[CreateThread | Send] = []
        self._answers: list[Answer] = []
        self._parts: dict[str, list[tuple[str, str]]] = {}

    async def play(self, script: list[tuple]) -> None:
        for step, *with_ in script:
            await getattr(self, "_" + step.replace(" ", "_"))(*with_)

    async def _do(self, command) -> bool:
        try:
            await self._world.do(command)
        except Refusal:
            return False
        return True

    async def _create(self, title) -> None:
        command = CreateThread(self._world.id(), title, None, None)
        await self._do(command)
        self._threads.append(command.thread)
        self._commands.append(command)

    async def _change(self, thread, changed) -> None:
        if self._threads:
            await self._do(ChangeThread(_nth(self._threads, thread), changed))

    async def _leaf(self, thread, message) -> None:
        if self._threads and self._messages:
            leaf = {"leaf": _nth(self._messages, message)}
            await self._do(ChangeThread(_nth(self._threads, thread), leaf))

    async def _send(self, thread, parent, text) -> None:
        asked = self._world.question(
            _nth(self._threads, thread) if thread is not None and self._threads else None,
            text,
            parent=_nth(self._messages, parent) if parent is not None and self._messages else None,
        )
        await self._do(asked)
        self._threads.append(asked.thread)
        self._messages += [asked.message, asked.reply]
        self._commands.append(asked)
        self._answers.append(Answer(asked, self._world.journal.epoch))

    async def _again(self, which) -> None:
        if self._commands:
            await self._do(_nth(self._commands, which))

    async def _start(self, which) -> None:
        if self._answers:
            await self._do(_nth(self._answers, which).start())

    async def _open(self, which, kind) -> None:
        if self._answers:
            answer, part = _nth(self._answers, which), self._world.id()
            await self._do(answer.start())  # refused when it has started
            name = "clock" if kind == "tool" else None
            if await self._do(answer.write(answer.opens(part, kind, name))):
                self._parts.setdefault(answer.run, []).append((part, kind))

    async def _say(self, which, part, text) -> None:
        if self._answers:
            answer = _nth(self._answers, which)
            if parts := self._parts.get(answer.run):
                await self._do(answer.write(answer.says(_nth(parts, part)[0], text)))
            else:
                await self._open(which, "text")

    async def _close(self, which, part) -> None:
        if self._answers:
            answer = _nth(self._answers, which)
            if parts := self._parts.get(answer.run):
                name, kind = parts.pop(part % len(parts))
                result = {"outcome": "ok", "result": "12\0"} if kind == "tool" else {}
                await self._do(answer.write(answer.closes(name, kind, **result)))

    async def _end(self, which, status, text) -> None:
        if self._answers:
            answer = _nth(self._answers, which)
            parts = self._parts.get(answer.run)
            last = (answer.says(parts[0][0], text),) if parts else ()
            await self._do(answer.end(status, *last, usage={"said": text}))

    async def _delete_message(self, which) -> None:
        if self._messages:
            await self._do(DeleteMessage(_nth(self._messages, which)))

    async def _delete_thread(self, which) -> None:
        if self._threads:
            await self._do(DeleteThread(_nth(self._threads, which)))


def _nth(things: list, number: int):
    """The newest is 0: most of what happens, happens to it."""
    return things[-1 - number % len(things)]
