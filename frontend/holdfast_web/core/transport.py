"""The event connection, as an immutable value whose transitions return new ones.

    Idle ──connect──▶ Connecting ──opened──▶ Live
                          ▲  └────lost────┐    │lost
                          └──due── BackingOff ◀┘

Each connection bears a generation: what an older one still says is not listened to.
"""

from dataclasses import dataclass

from holdfast_protocol.limits import BEAT_IDLE_S, RECONNECT_MS_MAX, RECONNECT_MS_MIN

SILENCE_MS_MAX = int(2.5 * BEAT_IDLE_S * 1000)
"""A connection that says nothing for so long is dead, whatever the socket believes."""


@dataclass(frozen=True, slots=True)
class Idle:
    """No connection and none wanted: this tab follows, or has not begun."""

    generation: int = 0


@dataclass(frozen=True, slots=True)
class Connecting:
    generation: int
    failures: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class Live:
    """Open. `heard_ms` is when it last said anything."""

    generation: int
    heard_ms: int


@dataclass(frozen=True, slots=True)
class BackingOff:
    """Lost; the next attempt is due at `until_ms`."""

    generation: int
    failures: int
    until_ms: int


Transport = Idle | Connecting | Live | BackingOff


def connect(transport: Transport, now_ms: int) -> Connecting:
    """Begin a connection of a new generation."""
    failures = transport.failures if isinstance(transport, BackingOff | Connecting) else 0
    return Connecting(transport.generation + 1, failures, now_ms)


def heard(transport: Transport, generation: int, now_ms: int) -> Transport:
    """The connection opened, or said something."""
    if transport.generation != generation or not isinstance(transport, Connecting | Live):
        return transport
    return Live(generation, now_ms)


def lost(transport: Transport, generation: int, now_ms: int, jitter: float) -> Transport:
    """The connection ended. `jitter` in [0, 1) spreads the attempts of many browsers."""
    if transport.generation != generation or not isinstance(transport, Connecting | Live):
        return transport
    failures = transport.failures + 1 if isinstance(transport, Connecting) else 1
    wait = min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** min(failures - 1, 10))
    return BackingOff(generation, failures, now_ms + int(wait * (0.5 + jitter / 2)))


def wake_at(transport: Transport) -> int | None:
    """When time alone will change this value; None if never."""
    match transport:
        case BackingOff():
            return transport.until_ms
        case Live():
            return transport.heard_ms + SILENCE_MS_MAX
        case Connecting():
            return transport.since_ms + SILENCE_MS_MAX
    return None


def is_silent(transport: Transport, now_ms: int) -> bool:
    """Whether a connection has said nothing for too long."""
    due = wake_at(transport)
    return isinstance(transport, Live | Connecting) and due is not None and now_ms >= due
