"""Judges what the observer saw: text that shrank, views that went blank, things shown twice.

Pure: looks go in, findings come out; knows nothing of browsers, processes or time.

The rules, per document (one load of the page) and thread in view:
  - a message once shown is in every later look at its thread, in the same order, unless it or its
    thread was deleted (a story says so with `forgive`);
  - a part once shown stays, its data-chars never falls and its readable text stays;
  - a status that was terminal stays;
  - no id twice, no message under two threads, no text of an answer outside its parts.
Over documents of one browser: a document that says it is live shows, at its last look, no less than
any document before it had shown. (Sooner cannot be asked: what was painted in the last 250 ms need
not be stored, and is read again from the cursor.)
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

TERMINAL = frozenset({"complete", "stopped", "failed", "interrupted"})

READABLE_BEFORE_IT_COUNTS = 16
"""Fewer readable characters than this may turn into markup (a fence, a rule) and show nothing."""

READABLE_MAY_HALVE_BELOW = 400
"""Markup found late (a link's address) may swallow half of a short text, never of a long one."""


@dataclass(frozen=True, slots=True)
class Part:
    id: str | None
    kind: str
    chars: int | None
    shown: int


@dataclass(frozen=True, slots=True)
class Article:
    id: str
    role: str | None
    status: str | None
    parts: tuple[Part, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One look at the page: what main held. `main` is visible, hidden or absent."""

    thread: str
    articles: tuple[Article, ...] = ()
    sync: str | None = "live"
    main: str = "visible"
    strays: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """A message as far as a document has shown it: the most of each part."""

    thread: str
    status: str | None = None
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass(slots=True)
class _Document:
    earlier: dict[str, _Seen]
    messages: dict[str, _Seen] = field(default_factory=dict)
    last: View | None = None


class Ledger:
    """What one browser's documents have shown, and what was wrong with it."""

    def __init__(self) -> None:
        self._documents: dict[str, _Document] = {}
        self._findings: dict[str, None] = {}
        self._forgiven: set[str] = set()
        self.growths = 0
        """How often an answer's part that was on screen had got longer at the next look."""

    def forgive(self, *ids: str) -> None:
        """Messages or threads that may vanish from now on: the story deletes them."""
        self._forgiven.update(ids)

    def see(self, document: str, view: View) -> None:
        """Judge one look against all that this document has shown."""
        if document not in self._documents:
            self._documents[document] = _Document(earlier=_most(self._documents.values()))
        page = self._documents[document]
        for finding in self._judge(page, view):
            self._findings.setdefault(finding)
        self._learn(page, view)

    def findings(self) -> tuple[str, ...]:
        """Return all that was wrong up to now, each once, in the order it was found."""
        late = (f for page in self._documents.values() for f in self._shortfalls(page))
        return tuple(dict.fromkeys((*self._findings, *late)))

    def _judge(self, page: _Document, view: View) -> Iterator[str]:
        if view.main == "absent":
            if page.last is not None and page.last.main != "absent":
                yield "main vanished from the page"
            return
        if view.main == "hidden":
            return
        yield from _twice(view)
        yield from _untrue(view)
        yield from self._moved(page, view)
        yield from self._vanished(page, view)
        for article in view.articles:
            if (seen := page.messages.get(article.id)) is not None:
                yield from _fell_back(article, seen)

    def _moved(self, page: _Document, view: View) -> Iterator[str]:
        for article in view.articles:
            seen = page.messages.get(article.id)
            if seen is not None and seen.thread != view.thread:
                where = view.thread or "no thread"
                yield f"message {article.id} of thread {seen.thread} shown in {where}"
        known = [article.id for article in view.articles if article.id in page.messages]
        order = [message for message in page.messages if message in set(known)]
        if len(known) == len(set(known)) and known != order:
            yield f"messages of thread {view.thread} changed places: {order} became {known}"

    def _vanished(self, page: _Document, view: View) -> Iterator[str]:
        if view.thread in self._forgiven:
            return
        present = {article.id for article in view.articles if not article.hidden}
        expected = [
            message
            for message, seen in page.messages.items()
            if seen.thread == view.thread and message not in self._forgiven
        ]
        gone = [message for message in expected if message not in present]
        if gone and not present:
            yield f"the view of thread {view.thread} went blank after its content was shown"
        else:
            yield from (f"message {message} vanished from thread {view.thread}" for message in gone)

    def _learn(self, page: _Document, view: View) -> None:
        page.last = view
        if view.main != "visible":
            return
        for article in view.articles:
            seen = page.messages.setdefault(article.id, _Seen(view.thread))
            seen.status = article.status
            for name, part in _named(article).items():
                before = seen.parts.get(name)
                if article.role == "assistant" and before and (part.chars or 0) > before.chars > 0:
                    self.growths += 1
                seen.parts[name] = _more(before, part)

    def _shortfalls(self, page: _Document) -> Iterator[str]:
        view = page.last
        if view is None or view.sync != "live" or view.main != "visible":
            return
        shown = {article.id: article for article in view.articles}
        for message, seen in page.earlier.items():
            if seen.thread != view.thread or {message, seen.thread} & self._forgiven:
                continue
            if message not in shown:
                yield f"message {message} had been shown and is missing after the reload"
                continue
            now = _named(shown[message])
            for name, part in seen.parts.items():
                chars = (now[name].chars or 0) if name in now else 0
                if chars < (part.chars or 0):
                    yield (
                        f"part {name} of message {message} had shown {part.chars} characters and "
                        f"is live with {chars} after the reload"
                    )


def _twice(view: View) -> Iterator[str]:
    messages = Counter(article.id for article in view.articles)
    parts = Counter(part.id for article in view.articles for part in article.parts if part.id)
    yield from (
        f"message {message} stands twice in main" for message, n in messages.items() if n > 1
    )
    yield from (f"part {part} stands twice in main" for part, n in parts.items() if n > 1)
    yield from (f"text of an answer stands outside its parts: {piece!r}" for piece in view.strays)


def _untrue(view: View) -> Iterator[str]:
    if view.articles and not view.thread:
        yield "messages are shown while main names no thread"
    for article in view.articles:
        if not article.role or not article.status:
            yield f"message {article.id} lacks data-role or data-status"
        for part in article.parts:
            if not part.id or part.chars is None:
                yield f"a {part.kind} part of message {article.id} lacks data-part-id or data-chars"


def _fell_back(article: Article, seen: _Seen) -> Iterator[str]:
    if seen.status in TERMINAL and article.status != seen.status:
        yield f"message {article.id} was {seen.status} and became {article.status}"
    now = _named(article)
    for name, before in seen.parts.items():
        part = now.get(name)
        if part is None:
            yield f"part {name} vanished from message {article.id}"
            continue
        if (part.chars or 0) < (before.chars or 0):
            yield f"data-chars of part {name} fell from {before.chars} to {part.chars}"
        if part.kind == "text" and _lost_text(before.shown, part.shown):
            yield f"part {name} showed {before.shown} readable characters and now {part.shown}"


def _named(article: Article) -> dict[str, Part]:
    """Return the parts by id; those of a question by place.

    The browser shows a question before the server has named its parts, and may swap the names.
    """
    if article.role == "user":
        return {f"place {place}": part for place, part in enumerate(article.parts)}
    return {str(part.id): part for part in article.parts}


def _lost_text(before: int, now: int) -> bool:
    if now == 0:
        return before >= READABLE_BEFORE_IT_COUNTS
    return before >= READABLE_MAY_HALVE_BELOW and now * 2 < before


def _more(before: Part | None, now: Part) -> Part:
    if before is None:
        return Part(now.id, now.kind, now.chars or 0, now.shown)
    chars = max(before.chars or 0, now.chars or 0)
    return Part(now.id, now.kind, chars, max(before.shown, now.shown))


def _most(pages: Iterator[_Document]) -> dict[str, _Seen]:
    most: dict[str, _Seen] = {}
    for page in pages:
        for message, seen in page.messages.items():
            kept = most.setdefault(message, _Seen(seen.thread, seen.status))
            for name, part in seen.parts.items():
                kept.parts[name] = _more(kept.parts.get(name), part)
    return most
