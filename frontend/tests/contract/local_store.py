"""What every `ports.LocalStore` must do, as cases that take a way to open one.

Each case is an async function of `open`, an async callable that opens the same new and empty
database every time it is called, as another tab or a reload would. They use no test framework,
so that the same cases run on the store in memory and, in a browser, on IndexedDB.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from holdfast_web.ports import LocalStore, StoreGaveWay

Open = Callable[[], Awaitable[LocalStore]]

T1, T2 = "thread-1", "thread-2"


def thread_put(thread: str, title: str = "") -> dict[str, Any]:
    return {"put": "threads", "value": {"id": thread, "title": title}}


def message_put(thread: str, message: str) -> dict[str, Any]:
    return {"put": "messages", "value": {"thread": thread, "id": message}}


def segment_put(thread: str, message: str, offset: int, text: str) -> dict[str, Any]:
    value = {"thread": thread, "message": message, "part": "p", "offset": offset, "text": text}
    return {"put": "segments", "value": value}


def clear(store: str, *under: str) -> dict[str, Any]:
    return {"clear": store, "under": list(under)}


async def refuses(store: LocalStore, *writes: dict[str, Any], epoch: int, seq: int) -> bool:
    """Whether the store gives way to what is there instead of writing this."""
    try:
        await store.commit(writes, epoch=epoch, seq=seq)
    except StoreGaveWay:
        return True
    return False


async def case_new_store_is_empty_and_has_no_sequence(open: Open) -> None:
    records = await (await open()).read(T1)
    assert records.meta.get("seq") is None
    assert (records.threads, records.windows, records.messages, records.segments) == ((),) * 4


async def case_commit_is_read_back_with_its_sequence(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    await store.commit((thread_put(T1, "a"), message_put(T1, "m")), epoch=epoch, seq=7)
    records = await (await open()).read(T1)
    assert records.meta["seq"] == 7
    assert records.threads == ({"id": T1, "title": "a"},)
    assert records.messages == ({"thread": T1, "id": "m"},)


async def case_put_replaces_the_record_of_the_same_key(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    await store.commit((thread_put(T1, "a"),), epoch=epoch, seq=1)
    await store.commit((thread_put(T1, "b"),), epoch=epoch, seq=2)
    assert (await store.read(None)).threads == ({"id": T1, "title": "b"},)


async def case_messages_and_segments_are_those_of_the_thread_asked_for(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    puts = [message_put(t, f"m-{t}") for t in (T1, T2)]
    puts += [segment_put(t, f"m-{t}", 0, t) for t in (T1, T2)]
    await store.commit(tuple(puts), epoch=epoch, seq=1)
    records = await store.read(T2)
    assert [message["id"] for message in records.messages] == [f"m-{T2}"]
    assert [segment["text"] for segment in records.segments] == [T2]
    assert (await store.read(None)).messages == ()


async def case_segments_come_in_the_order_of_their_offsets(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    puts = tuple(segment_put(T1, "m", offset, str(offset)) for offset in (100, 9, 20, 0))
    await store.commit(puts, epoch=epoch, seq=1)
    texts = [segment["text"] for segment in (await store.read(T1)).segments]
    assert texts == ["0", "9", "20", "100"]


async def case_clear_takes_what_lies_under_the_key_and_nothing_else(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    puts = [message_put(T1, "m"), message_put(T1, "n"), message_put(T2, "m")]
    puts += [segment_put(T1, name, 0, name) for name in ("m", "n")]
    await store.commit(tuple(puts), epoch=epoch, seq=1)
    await store.commit((clear("messages", T1, "m"), clear("segments", T1, "m")), epoch=epoch, seq=2)
    records = await store.read(T1)
    assert [message["id"] for message in records.messages] == ["n"]
    assert [segment["text"] for segment in records.segments] == ["n"]
    assert len((await store.read(T2)).messages) == 1


async def case_writes_of_one_commit_happen_in_their_order(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    writes = (thread_put(T1), clear("threads", T1), thread_put(T1, "last"))
    await store.commit(writes, epoch=epoch, seq=1)
    assert (await store.read(None)).threads == ({"id": T1, "title": "last"},)


async def case_text_comes_back_as_it_was_written(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    text = "\U0001f600 e\u0301 \u2028 </script> \ufffd \\u0000"
    await store.commit((segment_put(T1, "m", 0, text),), epoch=epoch, seq=1)
    assert (await store.read(T1)).segments[0]["text"] == text


async def case_every_lead_takes_a_later_epoch(open: Open) -> None:
    one, other = await open(), await open()
    first, second, third = await one.lead(), await other.lead(), await one.lead()
    assert 0 < first < second < third


async def case_L14_writer_of_an_older_epoch_gives_way_and_writes_nothing(open: Open) -> None:
    old, new = await open(), await open()
    epoch = await old.lead()
    await old.commit((thread_put(T1),), epoch=epoch, seq=5)
    later = await new.lead()
    assert await refuses(old, thread_put(T2), epoch=epoch, seq=9)
    records = await new.read(None)
    assert (len(records.threads), records.meta["seq"]) == (1, 5)
    assert not await refuses(new, thread_put(T2), epoch=later, seq=5)


async def case_L14_older_sequence_gives_way_and_an_equal_one_does_not(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    await store.commit((thread_put(T1),), epoch=epoch, seq=5)
    assert await refuses(store, thread_put(T2), epoch=epoch, seq=4)
    assert len((await store.read(None)).threads) == 1
    assert not await refuses(store, thread_put(T2), epoch=epoch, seq=5)


async def case_commit_without_writes_moves_the_sequence(open: Open) -> None:
    store = await open()
    await store.commit((), epoch=await store.lead(), seq=3)
    assert (await store.read(None)).meta["seq"] == 3


async def case_clear_forgets_content_and_sequence_and_every_leader_gives_way(open: Open) -> None:
    store = await open()
    epoch = await store.lead()
    await store.commit((thread_put(T1), message_put(T1, "m")), epoch=epoch, seq=5)
    await store.clear()
    records = await store.read(T1)
    assert (records.meta.get("seq"), records.threads, records.messages) == (None, (), ())
    assert await refuses(store, thread_put(T1), epoch=epoch, seq=9)
    later = await store.lead()
    assert later > epoch
    assert not await refuses(store, thread_put(T1), epoch=later, seq=1)


CASES = {name: case for name, case in list(globals().items()) if name.startswith("case_")}
"""By name, each to be run on a database of its own."""
