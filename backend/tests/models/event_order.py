"""What every model keeps to, whatever it says: checked event by event."""

from holdfast_server.models.port import (
    Finished,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)


def assert_well_formed(events: list[ModelEvent]) -> None:
    """Calls begin once, return once, take arguments only in between; the end comes once, last."""
    open_calls: set[str] = set()
    known: set[str] = set()
    for place, event in enumerate(events):
        where = f"event {place} of {len(events)}: {event}"
        match event:
            case TextDelta(text=text) | ReasoningDelta(text=text):
                assert text, f"empty delta at {where}"
            case ToolCalled(call=call, name=name):
                assert call not in known, f"a call began twice at {where}"
                assert name, f"a call without a name at {where}"
                known.add(call)
                open_calls.add(call)
            case ToolArguments(call=call, text=text):
                assert call in open_calls, f"arguments outside their call at {where}"
                assert text, f"empty arguments at {where}"
            case ToolReturned(call=call):
                assert call in open_calls, f"a result without a call at {where}"
                open_calls.remove(call)
            case Finished():
                assert place == len(events) - 1, f"something follows {where}"
    assert isinstance(events[-1], Finished), f"no end, but {events[-1]}"
    assert not open_calls, f"calls without a result: {open_calls}"
