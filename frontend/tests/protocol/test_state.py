"""The values that the fold makes: the path a thread shows, the run its row shows."""

from dataclasses import FrozenInstanceError

import pytest

from holdfast_protocol.state import (
    STATUSES,
    TERMINAL,
    Message,
    Part,
    RunMark,
    Thread,
    Window,
    chosen_path,
)

from .script import counted_id

A, B, C, D = (counted_id(n) for n in range(1, 5))


def window(*links: tuple[str, str | None, int]) -> Window:
    messages = {id: Message(id, D, parent, "user", "complete", seq) for id, parent, seq in links}
    return Window(D, 0, messages)


@pytest.mark.parametrize(
    ("links", "leaf", "path"),
    [
        ([(A, None, 1), (B, A, 2), (C, B, 3)], C, [A, B, C]),
        ([(A, None, 1), (B, A, 2), (C, A, 3)], B, [A, B]),
        ([(A, None, 1), (B, A, 2), (C, A, 3)], C, [A, C]),
        ([(B, A, 2), (C, B, 3)], C, [B, C]),
        ([(A, None, 1)], None, []),
        ([(A, None, 1)], B, []),
        ([(A, B, 1), (B, A, 2)], B, [A, B]),
        ([(A, A, 1)], A, [A]),
        ([(A, B, 2), (B, A, 2)], A, [A]),
    ],
)
def test_the_chosen_path_goes_from_the_oldest_held_to_the_leaf_and_ends(links, leaf, path):
    assert [message.id for message in chosen_path(window(*links), leaf)] == path


@pytest.mark.parametrize(
    ("statuses", "shown"),
    [
        ([], None),
        (["pending", "queued"], 0),
        (["queued", "streaming"], 1),
        (["streaming", "streaming"], 0),
    ],
)
def test_a_thread_shows_the_reply_being_written_else_the_first_one_waiting(statuses, shown):
    marks = tuple(RunMark(counted_id(n), status) for n, status in enumerate(statuses))
    thread = Thread(A, "", 0, 1, 1, runs=marks)
    assert thread.run is (None if shown is None else marks[shown])


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_a_message_is_terminal_in_four_statuses(status):
    assert Message(A, D, None, "user", status, 1).is_terminal == (status in TERMINAL)


@pytest.mark.parametrize(("kind", "source"), [("tool", "{}"), ("text", "t"), ("reasoning", "t")])
def test_the_source_of_a_part_is_what_its_deltas_build(kind, source):
    assert Part(A, kind, text="t", arguments="{}").source == source


def test_state_is_frozen():
    with pytest.raises(FrozenInstanceError):
        window().fresh = False
    with pytest.raises(TypeError):
        Window(D, 0).messages[A] = None
