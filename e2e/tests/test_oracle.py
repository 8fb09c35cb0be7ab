"""The rest of the oracle can fail too: growth, leftovers, numbered tokens, journals, waits."""

import asyncio
import sys

import pytest
from playwright.async_api import Browser

from e2e.journal import assert_journal_sound
from e2e.leftovers import Leftovers
from e2e.numbered import assert_numbered, tokens
from e2e.server import Server, ServerFailed
from e2e.static_site import serve
from e2e.until import Overdue, until
from e2e.visitors import Visitors

ANSWER = """<!doctype html><html data-app="ready" data-sync="live" data-leader="true">
<link rel="icon" href="data:,"><main data-thread-id="A"><article data-message-id="m1"
 data-role="assistant" data-status="streaming"><div data-part="text" data-part-id="p1"
 data-chars="2">t1</div></article></main></html>"""
GROW = """async () => { document.querySelector('[data-part]').dataset.chars = 5;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); }"""


@pytest.mark.parametrize("deed", ["() => 0", GROW], ids=["still", "growing"])
async def test_a_story_must_grow_exactly_if_it_says_so(browser: Browser, deed: str) -> None:
    visitors = Visitors(browser)
    with serve({"/": ANSWER}) as origin:
        visitor = await visitors.arrive(origin)
        page = (await visitor.tab()).page
        await page.goto(origin)
        await page.evaluate(deed)
        await visitors.leave()
    grew = deed == GROW
    visitors.assert_unharmed(grows=grew)
    with pytest.raises(AssertionError, match="grew 1 times" if grew else "saw nothing grow"):
        visitors.assert_unharmed(grows=not grew)


async def test_a_process_a_story_left_running_is_found_and_named() -> None:
    leftovers = Leftovers()
    waits_for_ever = "import sys; sys.stdin.read()"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", waits_for_ever, stdin=asyncio.subprocess.PIPE
    )
    with pytest.raises(AssertionError, match=f"process {child.pid}: .*stdin.read"):
        await leftovers.assert_none(bound_s=0.2)
    child.stdin.close()
    await child.wait()
    await leftovers.assert_none(bound_s=5)


async def test_a_folder_a_server_left_is_found() -> None:
    leftovers = Leftovers()
    server = Server()
    leftovers.watch(server)
    with pytest.raises(AssertionError, match=f"folder {server.folder}"):
        await leftovers.assert_none(bound_s=0)
    await server.dispose()
    await leftovers.assert_none(bound_s=0)


async def test_a_server_that_ends_at_once_fails_with_what_it_printed(leftovers: Leftovers) -> None:
    server = Server(more_environment={"HOLDFAST_HOST": "0.0.0.0"})
    leftovers.watch(server)
    with pytest.raises(ServerFailed, match=r"cannot listen on 0\.0\.0\.0"):
        await server.start()
    await server.dispose()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("t1 t3 ", r"lost \[2\]"),
        ("t1 t2 t2 t3 ", r"repeated \[2\]"),
        ("t2 t1 t3 ", "read"),
        ("t1 t2 t3 t4 ", "read"),
        ("t1 t2 t3 x", "besides the tokens"),
    ],
)
def test_a_gap_a_repeat_a_swap_and_an_extra_show(text: str, complaint: str) -> None:
    assert_numbered(tokens(1, 3), 3)
    with pytest.raises(AssertionError, match=complaint):
        assert_numbered(text, 3)


def entry(seq: int, type: str, **more: object) -> dict:
    return {"seq": seq, "type": type, "thread": "A", "message": "m", "run": "r", **more}


SOUND = [
    entry(4, "message.created"),
    entry(5, "part.started", part="p", kind="text"),
    entry(6, "part.delta", part="p", offset=0, text="ab"),
    entry(7, "part.delta", part="p", offset=2, text="c"),
    entry(8, "part.ended", part="p"),
    entry(9, "run.ended", status="complete"),
]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([], "journal is empty"),
        ([SOUND[0], *SOUND[2:]], "not contiguous"),
        (SOUND[:-1], "without an end"),
        ([*SOUND, entry(10, "run.ended", status="failed")], "after its end"),
        ([*SOUND[:-1], entry(9, "run.ended", status="streaming")], "ended as streaming"),
        ([*SOUND[:3], {**SOUND[3], "offset": 1}, *SOUND[4:]], "a gap in part p"),
        ([*SOUND[:2], entry(6, "part.started", part="p")], "started twice"),
        ([SOUND[0], entry(5, "part.delta", part="q", offset=0, text="a")], "never started"),
        ([*SOUND[:5], entry(9, "part.delta", part="p", offset=3, text="d")], "has ended"),
    ],
)
def test_an_unsound_journal_is_told_from_a_sound_one(entries: list, complaint: str) -> None:
    assert_journal_sound(SOUND, settled="A")
    assert_journal_sound(SOUND[:-1], settled="another thread")
    with pytest.raises(AssertionError, match=complaint):
        assert_journal_sound(entries, settled="A")


async def test_a_wait_that_meets_its_bound_says_what_it_waited_for() -> None:
    async def never() -> None:
        return None

    with pytest.raises(Overdue, match=r"0\.1 s for the moon; the last look gave None"):
        await until(never, what="the moon", bound_s=0.1)
