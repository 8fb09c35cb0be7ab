"""A model's events become parts: with ids, code-point offsets and clean text.

Consecutive text (or reasoning) is one part, a change of kind ends it and starts another, a tool
call is a part from its name to its result. What is not yet written gathers here, all deltas of a
part as one: pieces of calls made side by side come in turns, and each piece of its own would be an
entry of its own. Pure: it knows no clock, no journal and no model, and ids are minted by whoever
makes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from holdfast_protocol.events import PartDelta, PartEnded, PartStarted
from holdfast_protocol.limits import (
    ANSWER_CHARS_MAX,
    DELTA_CHARS_MAX,
    MODEL_NAME_CHARS_MAX,
    PARTS_PER_MESSAGE_MAX,
    TOOL_RESULT_CHARS_MAX,
)
from holdfast_protocol.state import PartKind
from holdfast_protocol.text import clean, clean_chunk
from holdfast_server.models.port import (
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)

PartEvent = PartStarted | PartDelta | PartEnded
ContentEvent = ReasoningDelta | TextDelta | ToolCalled | ToolArguments | ToolReturned

CUT = "\n[cut: the result was longer than Holdfast keeps]"


class LimitReached(Exception):
    """The answer has grown as far as it may. `message` tells the person which limit it met."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class _Open:
    """A part that may still grow. `held` is half a character that ended the last chunk."""

    id: str
    kind: PartKind
    chars: int = 0
    held: str = ""


@dataclass(slots=True)
class _Gathered:
    """Text of one part that nobody has written yet."""

    part: str
    offset: int
    chunks: list[str] = field(default_factory=list)


class Parts:
    """The parts of one message while its run writes them."""

    def __init__(
        self,
        *,
        thread: str,
        message: str,
        run: str,
        new_id: Callable[[], str],
        parts_max: int = PARTS_PER_MESSAGE_MAX,
        chars_max: int = ANSWER_CHARS_MAX,
    ) -> None:
        self._of = (thread, message, run)
        self._new_id = new_id
        self._parts_max = parts_max
        self._chars_left = chars_max
        self._chars_max = chars_max
        self._prose: _Open | None = None
        self._tools: dict[str, _Open] = {}
        self._pending: list[PartStarted | PartEnded | _Gathered] = []
        self._gathered: dict[str, _Gathered] = {}
        self.started = 0
        self.pending_chars = 0

    def take(self, event: ContentEvent) -> bool:
        """Add one event of the model; tell whether it changed the structure.

        Raises LimitReached, with everything that still fitted taken.
        """
        match event:
            case TextDelta(text):
                return self._say("text", text)
            case ReasoningDelta(text):
                return self._say("reasoning", text)
            case ToolCalled(call, name):
                self._end_prose()
                self._tools[call] = self._start("tool", clean(name)[:MODEL_NAME_CHARS_MAX])
                return True
            case ToolArguments(call, text):
                self._extend(self._tools[call], text)
                return False
            case ToolReturned(call, outcome, result):
                part = self._tools.pop(call)
                self._release(part)
                kept = self._spend(_cut(clean(result)))
                self._pending.append(
                    PartEnded(*self._of, part.id, "tool", outcome=outcome, result=kept)
                )
                self._require_room()
                return True

    def finish(self) -> None:
        """Nothing more will come: give out what was held back for a second half."""
        for part in (self._prose, *self._tools.values()):
            if part is not None:
                self._release(part)

    def drain(self) -> tuple[PartEvent, ...]:
        """Return what is not yet written, and forget it."""
        pending, self._pending, self.pending_chars = self._pending, [], 0
        self._gathered.clear()
        return tuple(event for item in pending for event in self._as_events(item))

    def _say(self, kind: PartKind, text: str) -> bool:
        if not text:
            return False
        is_new = self._prose is None or self._prose.kind != kind
        if is_new:
            self._end_prose()
            self._prose = self._start(kind)
        self._extend(self._prose, text)
        return is_new

    def _start(self, kind: PartKind, name: str | None = None) -> _Open:
        if self.started >= self._parts_max:
            raise LimitReached(
                "too_many_parts",
                f"The answer was ended at {self._parts_max:,} parts, the most that one may have.",
            )
        self.started += 1
        part = _Open(self._new_id(), kind)
        self._pending.append(PartStarted(*self._of, part.id, kind, name))
        return part

    def _end_prose(self) -> None:
        if self._prose is not None:
            self._release(self._prose)
            self._pending.append(PartEnded(*self._of, self._prose.id, self._prose.kind))
            self._prose = None

    def _release(self, part: _Open) -> None:
        held, part.held = part.held, ""
        self._append(part, clean(held))

    def _extend(self, part: _Open, chunk: str) -> None:
        text, part.held = clean_chunk(part.held, chunk)
        self._append(part, self._spend(text))
        self._require_room()

    def _append(self, part: _Open, text: str) -> None:
        if not text:
            return
        gathered = self._gathered.get(part.id)
        if gathered is None:
            gathered = self._gathered[part.id] = _Gathered(part.id, part.chars)
            self._pending.append(gathered)
        gathered.chunks.append(text)
        part.chars += len(text)
        self.pending_chars += len(text)

    def _spend(self, text: str) -> str:
        fits = text[: max(0, self._chars_left)]
        self._chars_left -= len(text)
        return fits

    def _require_room(self) -> None:
        if self._chars_left < 0:
            raise LimitReached(
                "answer_too_long",
                f"The answer was ended at {self._chars_max:,} characters, the most that one"
                " may have.",
            )

    def _as_events(self, item: PartStarted | PartEnded | _Gathered) -> Iterator[PartEvent]:
        if not isinstance(item, _Gathered):
            yield item
            return
        text = "".join(item.chunks)
        for at in range(0, len(text), DELTA_CHARS_MAX):
            yield PartDelta(*self._of, item.part, item.offset + at, text[at : at + DELTA_CHARS_MAX])


def _cut(result: str) -> str:
    if len(result) <= TOOL_RESULT_CHARS_MAX:
        return result
    return result[: TOOL_RESULT_CHARS_MAX - len(CUT)] + CUT
