"""L24: bad input is data. Whatever text reaches the door, nothing behind it breaks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.tests.journal.scripts import HOSTILE
from holdfast_protocol.codec import encode_entry
from holdfast_protocol.events import Entry, PartDelta, RunEnded
from holdfast_protocol.state import Failure
from holdfast_protocol.text import clean
from holdfast_server.journal.cleaning import cleaned
from holdfast_server.journal.commands import ChangeThread, CreateThread, EndRun, Owner
from holdfast_server.journal.json_text import dump, load

IDS = ("018bcfe5-6801-7000-8000-00000000000f",) * 3


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_L24_any_text_goes_through_the_door_clean_and_whole(world, text):
    named = CreateThread(world.id(), text, text, text)
    await world.do(named)
    await world.do(ChangeThread(named.thread, {"title": "x" + text, text: text}))
    answer = await world.send(named.thread, text, model=text)
    part, tool = world.id(), world.id()
    await world.do(
        answer.start(),
        answer.write(answer.opens(part), answer.says(part, text), answer.says(part, "…")),
        answer.write(answer.opens(tool, "tool", text), answer.says(tool, text)),
        answer.write(answer.closes(tool, "tool", outcome="error", result=text)),
        answer.end("failed", error=Failure(text, text, False), usage={text: [text]}),
    )
    want = clean(text)
    assert (await world.thread(named.thread)).title == "x" + want
    asked, reply = await world.path(named.thread)
    assert asked.parts[0].text == want
    assert [part.source for part in reply.parts] == [want + "…", want]
    assert (reply.parts[1].name, reply.parts[1].result) == (want, want)
    assert (reply.error, reply.usage) == (Failure(want, want, False), {want: [want]})
    assert (await world.do(answer.question)).repeated
    assert (await world.do(named)).repeated


async def test_L24_a_pair_split_by_nobody_is_one_character(world):
    answer, part = await world.streaming(text="\ud83d\ude00")
    await world.do(answer.write(answer.says(part, "!")))
    deltas = [entry.event for entry in await world.entries() if entry.type == "part.delta"]
    assert [(delta.offset, delta.text) for delta in deltas] == [(0, "\U0001f600"), (1, "!")]


async def test_L24_a_value_that_no_store_can_keep_fails_alone(world):
    answer, part = await world.streaming()
    for usage in ({"n": float("nan")}, {"n": 2**80}, {"n": object()}):
        with pytest.raises(Exception, match=r"cannot (write|keep)"):
            await world.do(answer.end("complete", usage=usage))
    await world.do(answer.end("complete", answer.says(part, "se.")))
    assert (await world.message(answer)).parts[0].text == "Because."


@given(st.text())
def test_L24_cleaning_reaches_every_text_of_a_command(text):
    owner = Owner(text, 1, 1)
    event = PartDelta(*IDS, text, 0, text)
    usage = {text: [text, {"n": 1, "of": (text, None)}]}
    command = EndRun(owner, (event,), "complete", Failure(text, text, True), usage)
    assert _is_clean(repr_texts(cleaned(command)))
    assert cleaned(cleaned(command)) == cleaned(command)


def test_L24_what_is_clean_is_not_copied():
    command = EndRun(Owner("r", 1, 1), (PartDelta(*IDS, "p", 0, "text"),), "complete")
    assert cleaned(command) is command


def repr_texts(command: EndRun) -> list[str]:
    """Every text in such a command."""
    ((key, (first, nested)),) = command.usage.items()
    (event,) = command.events
    return [
        command.owner.run,
        event.part,
        event.text,
        command.error.code,
        command.error.message,
        key,
        first,
        nested["of"][0],
    ]


def _is_clean(texts: list[str]) -> bool:
    return all(text == clean(text) for text in texts)


clean_texts = st.text().map(clean)
free = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | clean_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(clean_texts, inner, max_size=3),
    max_leaves=8,
)


@given(clean_texts, st.none() | st.dictionaries(clean_texts, free, max_size=3))
def test_the_stores_json_is_the_standard_librarys(text, usage):
    error = Failure(text, text, True)
    for event in (
        PartDelta(*IDS, IDS[0], 0, text),
        RunEnded(*IDS, "failed", text, error, usage),
    ):
        entry = encode_entry(Entry(1, 2, event))
        standard = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        assert json.loads(dump(entry)) == json.loads(standard) == load(dump(entry)) == entry
        assert load(standard) == entry
