"""The bounds of the model path, each with what it costs.

Must not know: anything else. The bounds that both sides share are in `holdfast_protocol.limits`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Tests pass smaller ones; production passes none."""

    connect_s_max: float = 10.0
    """A host that does not answer at all: how long the person waits to learn it."""

    first_token_s_max: float = 300.0
    """From the request to the first token: a large local model may be read from disk before it."""

    stall_s_max: float = 120.0
    """Between two tokens. Longer silence means that nobody is at work."""

    drain_s_max: float = 0.1
    """For the end of a body after the provider's end mark, so that its connection can be used
    again. A server that keeps it open loses the connection, and the person this much time."""

    list_s_max: float = 5.0
    """One look at `/models`. The page's first picture may wait for it."""

    probe_s_max: float = 0.3
    """Looking for a local Ollama at start-up, when nothing is configured: delays that start."""

    rehearsal_s_max: float = 5.0
    """The answer from a script at start-up, within this machine: it takes some 75 ms. Past it the
    start goes on, and the first question loads what is left to load."""

    tool_s_max: float = 30.0
    """One tool call. Past it the model is told that the tool took too long."""

    tool_rounds_max: int = 16
    """Answers with tool calls in one turn: a model that only ever calls tools is ended here."""

    tool_calls_max: int = 64
    """Tool calls in one answer; each is a part of the message."""

    tool_arguments_chars_max: int = 1_000_000
    """Arguments of one call, held in memory until the tool runs."""

    event_chars_max: int = 4_000_000
    """One event of the provider's stream, held in memory until it is whole."""

    ahead_bytes_max: int = 1_000_000
    """Read from the provider and not yet taken by the run; past it, reading pauses."""

    answer_bytes_max: int = 64_000_000
    """One response body, framing included: some 60 times what fits in a longest answer."""

    error_bytes_max: int = 65_536
    """What is read of a refusal, to tell its kind."""

    models_bytes_max: int = 4_000_000
    """What is read of `/models`."""

    models_max: int = 1_000
    """Models listed; they travel with bootstrap."""

    gather_s: float = 0.016
    """How long reading pauses after a burst, so that a fast model costs no more than a slow one:
    at 1,000 tokens a second it adds some 9 ms to a token, and a burst is 17 of them. At 50 a second
    it adds nothing: the next token is further away than the pause."""


LIMITS = Limits()
