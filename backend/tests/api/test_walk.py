"""The walk over every route that changes something, and every path of the runner (L1).

After each step the thread's row, its place in `GET /api/threads` and a poll of that thread must
tell of it, and no other thread may. What each entry type does by itself is the journal's walk.
"""

from collections.abc import Awaitable, Callable

import pytest

from backend.tests.api.site import Site
from backend.tests.journal.replay import Replay
from backend.tests.journal.walk import assert_marked
from backend.tests.runs.fakes import FINAL
from backend.tests.store import end_of
from holdfast_protocol.codec import decode_entry, decode_thread
from holdfast_protocol.events import Entry
from holdfast_protocol.limits import ANSWER_CHARS_MAX
from holdfast_server.journal.port import Threads
from holdfast_server.models.port import (
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)
from holdfast_server.runs.minting import new_id

Step = Callable[[Site], Awaitable[object]]


async def _create(site: Site) -> None:
    await site.client.post("/api/threads", json={"id": new_id(), "title": "Plans"})


async def _change(site: Site) -> None:
    thread = (await site.threads())[-1]["id"]
    for change in ({"title": "Other"}, {"pinned": True}, {"muted": True}, {"archived": True}):
        await site.client.patch(f"/api/threads/{thread}", json=change)


async def _choose_leaf(site: Site) -> None:
    thread = (await site.threads())[-1]
    question = (await site.messages(thread["id"]))[-1]
    await site.client.patch(f"/api/threads/{thread['id']}", json={"leaf": question["id"]})


async def _delete_thread(site: Site) -> None:
    sent = await site.sends_and_hears("walk")
    await site.client.delete(f"/api/threads/{sent['thread']}")


async def _delete_message(site: Site) -> None:
    sent = await site.sends_and_hears("walk", (await site.threads())[-1]["id"])
    await site.client.delete(f"/api/messages/{sent['message']}")


async def _send(site: Site) -> None:
    await site.talk("walk", thread=(await site.threads())[-1]["id"])


async def _stop(site: Site) -> None:
    sent = await site.sends_and_hears("walk")
    await site.client.post(f"/api/messages/{sent['reply']}/stop")


async def _continue(site: Site) -> None:
    sent = await site.sends_and_hears("walk")
    waiting = await site.sends("next", sent["thread"])
    await site.client.post(f"/api/messages/{sent['reply']}/stop")
    path, body = f"/api/messages/{waiting['reply']}/continue", {"run": waiting["run"]}
    await site.client.post(path, json=body)
    site.model.says(TextDelta("2"), Finished(None), to="next")
    await end_of(site.journal, waiting["reply"])


async def _presence(site: Site) -> None:
    body = {"thread": None, "visible": True, "focused": True}
    await site.client.put("/api/presence", json=body)


ROUTES: dict[str, Step] = {
    "POST /api/threads": _create,
    "PATCH /api/threads/{thread}": _change,
    "DELETE /api/threads/{thread}": _delete_thread,
    "POST /api/threads/{thread}/messages": _send,
    "POST /api/messages/{message}/stop": _stop,
    "POST /api/messages/{message}/continue": _continue,
    "DELETE /api/messages/{message}": _delete_message,
}
WITHOUT_ENTRY = {"PUT /api/presence": _presence}


def says(*events) -> Step:
    """A path of the runner: the model says this, and the run ends with it."""

    async def step(site: Site) -> None:
        sent = await site.sends("walk")
        site.model.says(*events, to="walk")
        await end_of(site.journal, sent["reply"])

    return step


async def _queued(site: Site) -> None:
    first = await site.sends_and_hears("walk")
    second = await site.sends("next", first["thread"])
    site.model.finishes(to="walk")
    site.model.says(TextDelta("2"), Finished(None), to="next")
    await end_of(site.journal, second["reply"])


async def _stop_queued(site: Site) -> None:
    first = await site.sends_and_hears("walk")
    second = await site.sends("next", first["thread"])
    await site.client.post(f"/api/messages/{second['reply']}/stop")
    site.model.finishes(to="walk")
    await end_of(site.journal, first["reply"])


async def _stop_before(site: Site) -> None:
    body = {"id": new_id(), "reply": new_id(), "text": "walk"}
    await site.client.post(f"/api/messages/{body['reply']}/stop")
    await site.client.post(f"/api/threads/{new_id()}/messages", json=body)
    await end_of(site.journal, body["reply"])


async def _shutdown(site: Site) -> None:
    sent = await site.sends_and_hears("walk")
    await site.sends("next", sent["thread"])
    await site.server.runs.close()


RUNNER: dict[str, Step] = {
    "text": says(TextDelta("a"), TextDelta("b"), Finished({"output_tokens": 2})),
    "reasoning, tool and text": says(
        ReasoningDelta("hm"),
        ToolCalled("c", "clock"),
        ToolArguments("c", "{}"),
        ToolReturned("c", "ok", "12:00"),
        TextDelta("noon"),
        Finished(None),
    ),
    "a tool that failed": says(
        ToolCalled("c", "clock"), ToolReturned("c", "error", "no"), Finished(None)
    ),
    "a tool that never returned": says(ToolCalled("c", "clock"), FINAL),
    "refused": says(FINAL),
    "broke off": says(TextDelta("a"), FINAL),
    "our bug": says(TextDelta("a"), ZeroDivisionError()),
    "empty": says(Finished(None)),
    "too long": says(TextDelta("x" * (ANSWER_CHARS_MAX + 1))),
    "queued": _queued,
    "queued and stopped": _stop_queued,
    "stopped before it came": _stop_before,
    "shutdown": _shutdown,
    "another leaf": _choose_leaf,
}


async def walked(site: Site, step: Step) -> None:
    """Take the step between two looks, and hold what changed against what was journalled."""
    await site.talk("a bystander")
    bystander = (await site.threads())[0]["id"]
    await site.talk("somebody to act upon")
    await site.client.patch(f"/api/threads/{bystander}", json={"pinned": True})
    listed = await site.get("/api/threads")
    await step(site)
    await site.quiet()
    now = await site.get("/api/threads")
    entries = await polled_since(site, listed["cursor"])
    assert entries, "this step changes nothing"
    assert_marked(rows(listed), rows(now), entries)
    for thread in {entry.thread for entry in entries} - {None}:
        polled = await site.get("/api/poll", cursor=listed["cursor"], thread=thread)
        assert polled["changed"] is True, thread
    polled = await site.get("/api/poll", cursor=listed["cursor"], thread=bystander)
    assert polled["changed"] is False


async def polled_since(site: Site, cursor: str) -> list[Entry]:
    """Return the entries after the cursor, page by page."""
    found, more = [], True
    while more:
        page = await site.get("/api/poll", cursor=cursor)
        found += [decode_entry(entry) for entry in page["entries"]]
        cursor, more = page["cursor"], page["more"]
    return found


def rows(listed) -> list:
    return [decode_thread(thread) for thread in listed["threads"]]


async def test_L1_every_route_that_changes_something_has_a_step(site):
    paths = (await site.get("/api/openapi.json"))["paths"]
    changing = {
        f"{method.upper()} {path}"
        for path, calls in paths.items()
        for method in calls
        if method != "get"
    }
    assert changing == set(ROUTES) | set(WITHOUT_ENTRY)


@pytest.mark.parametrize("route", ROUTES)
async def test_L1_every_route_marks_its_thread(site, route):
    await walked(site, ROUTES[route])


@pytest.mark.parametrize("route", WITHOUT_ENTRY)
async def test_L1_what_is_not_journalled_changes_nothing(site, route):
    with pytest.raises(AssertionError, match="changes nothing"):
        await walked(site, WITHOUT_ENTRY[route])


@pytest.mark.parametrize("path", RUNNER)
async def test_L1_every_path_of_the_runner_marks_its_thread(site, path):
    await walked(site, RUNNER[path])


async def test_L1_the_sweep_at_a_start_marks_the_threads_whose_runs_it_ends(site):
    await site.talk("a bystander")
    sent = await site.sends_and_hears("walk")
    await site.sends("next", sent["thread"])
    listed = await site.get("/api/threads")
    after = await site.crash()
    try:
        now = await after.get("/api/threads")
        since = await after.get("/api/poll", cursor=listed["cursor"], thread=sent["thread"])
        assert since["changed"] is True
        assert_marked(rows(listed), rows(now), [decode_entry(one) for one in since["entries"]])
    finally:
        await after.close()


async def test_L5_real_runs_replay_the_same_at_every_cut(tmp_path, page):
    """Recorded real runs under the oracle: every route and every path, on one store."""
    replays: list[Replay] = []

    def recorded(journal):
        replays.append(Replay(journal))
        return replays[0]

    site = await Site.open(tmp_path / "data", page, recorded)
    try:
        for text in ("one", "two"):
            await site.talk(text)
        for name, step in {**ROUTES, **RUNNER}.items():
            if name != "too long":
                await step(site)
                await site.quiet()
        replays[0].assert_moved()
        listed = await replays[0].snapshot(Threads("local"))
        assert len(listed.threads) > len(RUNNER) / 2
    finally:
        await site.close()
