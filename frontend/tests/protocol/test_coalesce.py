"""Law L10, its policy: when pending changes are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.coalesce import Coalescer, retry_ms, window_ms
from holdfast_protocol.limits import RETRY_WRITE_MS_MAX, STORE_WINDOW_MS_MAX, WINDOW_MS_MAX

SHORTEST, LONGEST, RETRY = 5.0, 33.0, 200.0


def quiet() -> Coalescer:
    return Coalescer(SHORTEST, LONGEST, RETRY)


def written(took: float, since: float = 0.0) -> Coalescer:
    """One that has written once, from `since` on."""
    coalescer = quiet()
    coalescer.touch(since)
    coalescer.begin(since)
    coalescer.settle(since + took)
    return coalescer


@pytest.mark.parametrize(
    ("write_ms", "window"),
    [(0, SHORTEST), (1, SHORTEST), (4, 8), (10, 20), (16.5, LONGEST), (400, LONGEST)],
)
def test_L10_the_window_stretches_with_the_write_up_to_the_longest(write_ms, window):
    assert window_ms(write_ms, shortest=SHORTEST, longest=LONGEST) == window


def test_L10_clean_means_nothing_is_due():
    coalescer = quiet()
    assert coalescer.due_at is None
    assert not coalescer.is_dirty


def test_L10_the_first_change_after_a_quiet_spell_goes_at_once():
    coalescer = quiet()
    coalescer.touch(100)
    assert coalescer.due_at == 100
    later = written(took=2)
    later.touch(1_000)
    assert later.due_at == 1_000


def test_L10_a_change_inside_the_window_waits_for_its_end_and_no_longer():
    coalescer = written(took=4)
    coalescer.touch(6)
    assert coalescer.due_at == 4 + 8
    coalescer.touch(11)
    assert coalescer.due_at == 12, "a later change must not push the write away"


def test_L10_nothing_is_due_while_a_write_is_under_way():
    coalescer = quiet()
    coalescer.touch(0)
    coalescer.begin(0)
    assert coalescer.due_at is None
    coalescer.touch(1)
    assert coalescer.due_at is None
    assert coalescer.is_dirty


def test_L10_a_change_during_a_write_is_due_after_it_without_another_event():
    coalescer = quiet()
    coalescer.touch(0)
    coalescer.begin(0)
    coalescer.touch(3)
    coalescer.settle(4)
    assert coalescer.due_at == 12


def test_L10_a_write_with_nothing_after_it_leaves_all_clean():
    coalescer = written(took=4)
    assert coalescer.due_at is None
    assert not coalescer.is_dirty


def test_L10_a_hurry_ends_the_window():
    coalescer = written(took=10)
    coalescer.touch(11)
    assert coalescer.due_at == 30
    coalescer.hurry(12)
    assert coalescer.due_at == 12


def test_L10_a_hurry_during_a_write_is_due_as_soon_as_it_is_done():
    coalescer = quiet()
    coalescer.touch(0)
    coalescer.begin(0)
    coalescer.touch(1)
    coalescer.hurry(2)
    coalescer.settle(10)
    assert coalescer.due_at <= 10


def test_L10_a_hurry_is_over_with_its_write():
    coalescer = quiet()
    coalescer.hurry(0)
    coalescer.begin(0)
    coalescer.touch(1)
    coalescer.settle(4)
    assert coalescer.due_at == 12


@pytest.mark.parametrize("touched_meanwhile", [False, True])
def test_L10_a_failed_write_stays_pending_and_is_retried(touched_meanwhile):
    coalescer = quiet()
    coalescer.touch(0)
    coalescer.begin(0)
    if touched_meanwhile:
        coalescer.touch(1)
    coalescer.fail(2)
    assert coalescer.is_dirty
    assert coalescer.due_at == 2 + LONGEST
    coalescer.begin(35)
    coalescer.settle(36)
    assert not coalescer.is_dirty


def retries(coalescer: Coalescer, count: int) -> list[float]:
    """How long each of so many failing writes in a row is waited for."""
    waits, now = [], 0.0
    coalescer.touch(now)
    for _ in range(count):
        coalescer.begin(now)
        coalescer.fail(now)
        waits.append(coalescer.due_at - now)
        now = coalescer.due_at
    return waits


def test_L10_each_further_failure_waits_twice_as_long_up_to_the_longest():
    assert retries(quiet(), 5) == [33, 66, 132, RETRY, RETRY]


@pytest.mark.parametrize("window", [0, WINDOW_MS_MAX, STORE_WINDOW_MS_MAX])
def test_L10_a_store_that_is_gone_is_neither_hammered_nor_forgotten(window):
    waits = retries(Coalescer(window / 4, window), 2_000)
    assert waits == sorted(waits)
    assert waits[0] > 0
    assert waits[-1] == RETRY_WRITE_MS_MAX
    assert len([wait for wait in waits if wait < RETRY_WRITE_MS_MAX]) <= 10


def test_L10_a_write_that_succeeds_forgets_the_failures_before_it():
    coalescer = quiet()
    retries(coalescer, 4)
    now = coalescer.due_at
    coalescer.begin(now)
    coalescer.settle(now)
    coalescer.touch(now)
    assert coalescer.due_at == now + SHORTEST
    assert retries(coalescer, 1) == [LONGEST]


def test_L10_a_change_after_a_failure_waits_for_the_retry():
    coalescer = quiet()
    retries(coalescer, 3)
    due = coalescer.due_at
    coalescer.touch(due - 1)
    assert coalescer.due_at == due


def test_L10_a_failed_write_is_not_hammered_by_what_was_hurried_before_it_failed():
    coalescer = quiet()
    coalescer.hurry(0)
    coalescer.begin(0)
    coalescer.hurry(1)
    coalescer.fail(2)
    assert coalescer.due_at == 2 + LONGEST


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, LONGEST), (2, 2 * LONGEST), (3, 100), (10_000_000, 100)]
)
def test_L10_the_wait_for_a_retry_is_one_pure_function(failures, wait):
    assert retry_ms(failures, first=LONGEST, longest=100) == wait


def test_L10_a_hurry_after_a_failure_does_not_wait_for_the_retry():
    coalescer = quiet()
    coalescer.touch(0)
    coalescer.begin(0)
    coalescer.fail(2)
    coalescer.hurry(3)
    assert coalescer.due_at == 3


def test_L10_window_0_makes_every_change_due_at_once():
    coalescer = Coalescer(0, 0)
    for now in range(0, 50, 5):
        coalescer.touch(now)
        assert coalescer.due_at == now
        coalescer.begin(now)
        coalescer.settle(now + 5)


@given(st.lists(st.tuples(st.sampled_from(["touch", "hurry", "tick", "fail"]), st.integers(0, 50))))
def test_L10_whatever_happens_a_change_waits_at_most_one_longest_window(steps):
    """Once no write is under way, what is pending is due within a window, or a retry's wait."""
    coalescer, now, dirty = Coalescer(SHORTEST, WINDOW_MS_MAX), 0.0, False
    longest = WINDOW_MS_MAX
    for step, ms in steps:
        now += ms
        if step in ("touch", "hurry"):
            getattr(coalescer, step)(now)
            dirty = True
        elif coalescer.due_at is not None and coalescer.due_at <= now:
            coalescer.begin(now)
            now += ms
            if step == "fail":
                coalescer.fail(now)
                longest = RETRY_WRITE_MS_MAX
            else:
                coalescer.settle(now)
                dirty, longest = False, WINDOW_MS_MAX
        assert coalescer.is_dirty == dirty
        assert coalescer.due_at is None or coalescer.due_at <= now + longest
        assert (coalescer.due_at is not None) == dirty
