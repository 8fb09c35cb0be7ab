"""One feed for all who follow an account: shared while they keep up, harmless when not (L11)."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.tests.api.feeding import Feeding, fed
from backend.tests.runs.fakes import settle
from holdfast_protocol.limits import BEATS_AT_ONCE_MAX, FEED_BYTES_MAX, SEND_S_MAX
from holdfast_server.api import feed as feed_module
from holdfast_server.api.feed import Batch
from holdfast_server.api.follower import Follower, News


@pytest.fixture
async def feeding() -> AsyncIterator[Feeding]:
    made = Feeding()
    await made.start()
    yield made
    await made.end()


async def test_L11_readers_who_keep_up_are_given_the_same_bytes_read_once(feeding):
    readers = [feeding.follower(0) for _ in range(3)]
    for reader in readers:
        assert await reader.pulls() is News.CAUGHT_UP
    feeding.journal.reads.clear()
    await feeding.journal.commit(2)
    first, *others = [await reader.pulls() for reader in readers]
    assert first.count == 2
    assert all(other.frame is first.frame for other in others)
    assert feeding.journal.reads == [0], "it was read more than once"


async def test_L11_who_does_not_read_is_waited_for_by_nobody(feeding):
    slow, quick = feeding.follower(0), feeding.follower(0)
    assert await slow.pulls() is News.CAUGHT_UP
    assert await quick.pulls() is News.CAUGHT_UP
    for _ in range(5):
        await feeding.journal.commit(10)
        assert (await quick.pulls()).count == 10
    assert await quick.pulls() is None
    assert (quick.seen, slow.seen) == (list(range(1, 51)), [])
    await slow.pulls_all()
    assert slow.seen == quick.seen
    assert feeding.counts.behind == 0, "what it lacked was still kept"


async def test_L11_who_falls_behind_reads_pages_of_its_own_until_it_meets_the_feed(
    feeding, monkeypatch
):
    monkeypatch.setattr(feed_module, "FEED_BYTES_MAX", 1_000)
    feeding.journal.entries_per_page = 7
    slow, quick = feeding.follower(0), feeding.follower(0)
    assert await slow.pulls() is await quick.pulls() is News.CAUGHT_UP
    for _ in range(20):
        await feeding.journal.commit(5, chars=100)
        await quick.pulls_all()
    assert feeding.counts.behind == 0
    batches = await slow.pulls_all()
    assert slow.seen == quick.seen == list(range(1, 101))
    assert max(batch.count for batch in batches) == 7, "a page of its own is bounded too"
    assert feeding.counts.behind == 1, "it fell behind once, however long it took to catch up"
    feeding.journal.reads.clear()
    await feeding.journal.commit(3)
    assert (await slow.pulls()).frame is (await quick.pulls()).frame
    assert feeding.journal.reads == [100], "they do not share again"


async def test_L11_who_begins_in_the_middle_of_a_frame_reads_on_to_its_end_and_shares(feeding):
    quick = feeding.follower(0)
    await quick.pulls()
    await feeding.journal.commit(10)
    await quick.pulls_all()
    late = feeding.follower(4)
    first = await late.pulls()
    assert (first.count, late.seen) == (6, [5, 6, 7, 8, 9, 10])
    assert await late.pulls() is News.CAUGHT_UP
    await feeding.journal.commit(3)
    assert (await late.pulls()).frame is (await quick.pulls()).frame
    assert feeding.counts.behind == 0, "to begin late is not to fall behind"


async def test_L11_a_page_of_its_own_ends_where_the_feed_is_so_that_they_meet(feeding):
    quick = feeding.follower(0)
    await quick.pulls()
    await feeding.journal.commit(10)
    await quick.pulls_all()
    late = feeding.follower(4)
    late.asks()
    feeding.journal.writes(3)  # the late one reads before the feed does
    await late.pulls()
    assert late.seen == [5, 6, 7, 8, 9, 10]
    assert (await late.pulls()).frame is (await quick.pulls()).frame
    assert late.seen[-1] == 13
    assert await late.pulls() is News.CAUGHT_UP


async def test_who_begins_where_a_kept_frame_does_asks_the_journal_for_nothing(feeding):
    quick = feeding.follower(0)
    await quick.pulls()
    await feeding.journal.commit(3)
    await feeding.journal.commit(4)
    feeding.journal.reads.clear()
    for seq, seen in ((0, [1, 2, 3, 4, 5, 6, 7]), (3, [4, 5, 6, 7]), (7, [])):
        reader = feeding.follower(seq)
        assert (await reader.pulls_all())[-1] is News.CAUGHT_UP
        assert reader.seen == seen
    assert feeding.journal.reads == []


async def test_who_is_ahead_of_the_feed_waits_for_it_and_is_given_nothing_twice():
    feeding = Feeding()
    await feeding.journal.commit(5)
    reader = feeding.follower(2)
    assert (await reader.pulls()).count == 3
    assert await reader.pulls() is News.CAUGHT_UP
    await feeding.start()
    assert await reader.pulls() is None
    await feeding.journal.commit(2)
    assert (await reader.pulls()).count == 2
    assert reader.seen == [3, 4, 5, 6, 7]
    await feeding.end()


async def test_who_reads_a_long_journal_is_told_once_that_it_caught_up_at_the_end(feeding):
    feeding.journal.entries_per_page = 10
    await feeding.journal.commit(35)
    reader = feeding.follower(1)
    *batches, last = await reader.pulls_all()
    assert [batch.count for batch in batches] == [10, 10, 10, 4]
    assert last is News.CAUGHT_UP
    await feeding.journal.commit(1)
    assert isinstance(await reader.pulls(), Batch)
    assert await reader.pulls() is None


async def test_L4_who_is_so_far_behind_that_its_place_is_no_longer_kept_is_reset(
    feeding, monkeypatch
):
    monkeypatch.setattr(feed_module, "FEED_BYTES_MAX", 1)
    slow = feeding.follower(0)
    assert await slow.pulls() is News.CAUGHT_UP
    for _ in range(4):
        await feeding.journal.commit(10)
    feeding.journal.floor = 20
    assert await slow.pulls() is News.RESET
    assert (feeding.counts.behind, feeding.counts.reset) == (1, 1)
    slow.follower.go_on_from(feeding.journal.place(40))
    assert await slow.pulls() is News.CAUGHT_UP
    await feeding.journal.commit(1)
    assert (await slow.pulls()).count == 1
    assert slow.seen == [41], "it was given what the reset had told already"


@pytest.mark.parametrize("start", [None, 6, "other"])
async def test_L4_who_comes_with_no_place_is_reset(feeding, start):
    await feeding.journal.commit(5)
    reader = feeding.follower(0)
    place = feeding.journal.place(start) if isinstance(start, int) else None
    if start == "other":
        place = type(feeding.journal.place(5))("another journal", "local", 5)
    reader.follower._go(place, is_known=place is not None and feeding.feed.has(place))
    assert await reader.pulls() is News.RESET


async def test_L12_what_is_kept_is_bounded_by_weight_and_is_one_frame_at_least(feeding):
    for _ in range(12):
        await feeding.journal.commit(1, chars=100_000)
    kept = feeding.feed._kept.values()
    assert sum(len(batch.frame) for batch in kept) == feeding.feed._kept_bytes <= FEED_BYTES_MAX
    assert len(kept) == 9
    await feeding.journal.commit(1, chars=2 * FEED_BYTES_MAX)
    assert [batch.cursor.seq for batch in kept] == [13]


async def test_L11_what_was_deleted_is_given_to_nobody_from_memory(feeding):
    slow, quick = feeding.follower(0), feeding.follower(0)
    assert await slow.pulls() is await quick.pulls() is News.CAUGHT_UP
    await feeding.journal.commit(3, chars=5)
    await quick.pulls_all()
    await feeding.journal.deletes(2, 3)
    late = feeding.follower(1)
    for reader, seen in ((slow, [1, 2, 3, 4]), (late, [2, 3, 4])):
        batches = await reader.pulls_all()
        assert reader.seen == seen
        told = b"".join(batch.frame for batch in batches if isinstance(batch, Batch))
        assert told.count(b"xxxxx") == (reader is slow), "it was given what is deleted"
    await quick.pulls_all()
    assert quick.seen == [1, 2, 3, 4]


async def test_L11_who_has_stopped_pulling_is_counted_as_behind_at_the_next_beat(
    feeding, monkeypatch
):
    monkeypatch.setattr(feed_module, "FEED_BYTES_MAX", 1)
    stopped, quick = feeding.follower(0), feeding.follower(0)
    assert await stopped.pulls() is await quick.pulls() is News.CAUGHT_UP
    for _ in range(3):
        await feeding.journal.commit(10)
        await quick.pulls_all()
    for _ in range(2):
        await feeding.journal.passes(15)
        assert feeding.counts.behind == 1
    await stopped.pulls_all()
    assert (stopped.seen, feeding.counts.behind) == (list(range(1, 31)), 1)


async def test_who_is_quiet_beats_and_beats_sooner_while_a_run_is_active(feeding):
    reader = feeding.follower(0)
    assert await reader.pulls() is News.CAUGHT_UP
    await feeding.journal.passes(14.9)
    assert await reader.pulls() is None
    await feeding.journal.passes(0.1)
    assert await reader.pulls() is News.BEAT
    feeding.beat_s = 5.0
    await feeding.journal.commit(1)  # a run never begins without an entry
    assert isinstance(await reader.pulls(), Batch)
    for _ in range(3):
        await feeding.journal.passes(4.9)
        assert await reader.pulls() is None
        await feeding.journal.passes(0.1)
        assert await reader.pulls() is News.BEAT


async def test_L12_beats_let_entries_pass(feeding):
    beats_at = []

    class Noting(Follower):
        def beat(self) -> None:
            if not beats_at:
                feeding.journal.writes(1)
            beats_at.append(feeding.feed.end)

    for _ in range(2 * BEATS_AT_ONCE_MAX):
        feeding.feed.join(Noting(feeding.feed, feeding.journal.place(0)))
    await feeding.journal.passes(15)
    assert beats_at == [0] * BEATS_AT_ONCE_MAX + [1] * BEATS_AT_ONCE_MAX


async def test_a_frame_sets_no_timer_and_stops_none(feeding):
    """Who was sent entries beats when it would have: nobody's clock is wound for each frame."""
    reader = feeding.follower(0)
    await reader.pulls()
    for _ in range(3):
        await feeding.journal.passes(4.9)
        await feeding.journal.commit(1)
        assert isinstance(await reader.pulls(), Batch)
        assert await reader.pulls() is None
    await feeding.journal.passes(0.3)
    assert await reader.pulls() is News.BEAT


async def test_L11_a_reader_who_takes_nothing_for_too_long_is_closed_and_counted(feeding):
    stuck, sending, idle = readers = [feeding.follower(0) for _ in range(3)]
    cut = []
    for reader in readers:
        await reader.pulls()
        reader.follower.cut = lambda reader=reader: cut.append(reader)
    stuck.follower.sending_since_s = feeding.journal.now_s
    for _ in range(int(SEND_S_MAX / 15)):
        sending.follower.sending_since_s = feeding.journal.now_s
        await feeding.journal.passes(15)
        await idle.pulls()
    assert cut == [], "closed before its time was up"
    await feeding.journal.passes(15)
    assert cut == [stuck]
    assert feeding.counts.closed == 1
    assert await stuck.pulls() is News.ENDED


async def test_at_the_end_what_is_journalled_is_still_given(feeding):
    feeding.journal.entries_per_page = 2
    reader, slow = feeding.follower(0), feeding.follower(0)
    assert await reader.pulls() is await slow.pulls() is News.CAUGHT_UP
    feeding.feed.close()
    await feeding.journal.commit(5)
    assert (await reader.pulls_all())[-1] is News.ENDED
    assert (await slow.pulls_all())[-1] is News.ENDED
    assert reader.seen == slow.seen == [1, 2, 3, 4, 5]
    feeding.feed.close()


async def test_when_the_store_fails_readers_are_let_go_and_may_come_back(feeding):
    reader = feeding.follower(0)
    assert await reader.pulls() is News.CAUGHT_UP
    feeding.journal.fails = True
    await feeding.journal.commit(1)
    assert await reader.pulls() is News.ENDED
    feeding.journal.fails = False
    await feeding.start()
    again = feeding.follower(0)
    assert (await again.pulls()).count == 1


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, 9).map(lambda count: ("commit", count)),
            st.integers(0, 3).map(lambda who: ("read before the feed", who)),
            st.integers(0, 3).map(lambda who: ("pull", who)),
            st.integers(0, 3).map(lambda who: ("come back", who)),
        ),
        min_size=5,
        max_size=60,
    ),
    kept=st.sampled_from([1, 500, 2_000, FEED_BYTES_MAX]),
    per_page=st.integers(1, 12),
)
def test_L11_whoever_reads_at_whatever_pace_is_given_every_entry_once(steps, kept, per_page):
    async def test(feeding: Feeding) -> None:
        feeding.journal.entries_per_page = per_page
        readers = [feeding.follower(0) for _ in range(4)]
        committed = 0
        for what, number in steps:
            match what:
                case "commit":
                    await feeding.journal.commit(number)
                    committed += number
                case "read before the feed":
                    readers[number].asks()
                    feeding.journal.writes(3)
                    committed += 3
                    await readers[number].pulls()
                case "pull":
                    await readers[number].pulls()
                case "come back":
                    old = readers[number]
                    await old.leaves()
                    readers[number] = feeding.follower(len(old.seen))
                    readers[number].seen = old.seen
        await settle()
        for reader in readers:
            pulled = await reader.pulls_all()
            assert reader.seen == list(range(1, committed + 1))
            assert sum(news is News.CAUGHT_UP for news in pulled) <= 1
        assert feeding.feed.end == committed

    before, feed_module.FEED_BYTES_MAX = feed_module.FEED_BYTES_MAX, kept
    try:
        fed(test)
    finally:
        feed_module.FEED_BYTES_MAX = before
