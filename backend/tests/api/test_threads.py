"""Threads over HTTP: list, create, change, delete."""

import pytest

from backend.tests.api.site import error_of
from backend.tests.store import all_entries
from holdfast_protocol.codec import decode_thread
from holdfast_protocol.limits import INSTRUCTIONS_CHARS_MAX, TITLE_CHARS_MAX
from holdfast_server.runs.minting import new_id


async def create(ask, **more):
    answer = await ask.post("/api/threads", json={"id": new_id(), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_created_thread_is_listed(site, ask):
    made = await create(ask, title="Plans", model="m", instructions="Be brief.")
    (thread,) = await site.threads()
    assert (thread["id"], thread["title"]) == (made["thread"], "Plans")
    assert (thread["model"], thread["instructions"]) == ("m", "Be brief.")
    assert decode_thread(thread).run is None
    assert made["cursor"] == (await site.get("/api/bootstrap"))["cursor"]


async def test_L9_creating_twice_is_creating_once(site, ask):
    body = {"id": new_id(), "title": "Plans"}
    first, second = [await ask.post("/api/threads", json=body) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(await all_entries(site.journal)) == 1


async def test_L9_the_same_id_with_other_content_is_a_conflict(ask):
    body = {"id": new_id(), "title": "Plans"}
    await ask.post("/api/threads", json=body)
    answer = await ask.post("/api/threads", json={**body, "title": "Other"})
    assert (answer.status_code, error_of(answer)) == (409, "conflict")


async def test_L9_a_deleted_id_is_gone_for_ever(ask):
    made = await create(ask)
    thread = made["thread"]
    assert (await ask.delete(f"/api/threads/{thread}")).status_code == 200
    for method, path, body in (
        ("POST", "/api/threads", {"id": thread}),
        ("PATCH", f"/api/threads/{thread}", {"title": "x"}),
        ("GET", f"/api/threads/{thread}/messages", None),
        (
            "POST",
            f"/api/threads/{thread}/messages",
            {"id": new_id(), "reply": new_id(), "text": "x"},
        ),
    ):
        answer = await ask.request(method, path, json=body)
        assert (answer.status_code, error_of(answer)) == (410, "gone"), (method, path)


async def test_L9_deleting_twice_is_deleting_once(site, ask):
    thread = (await create(ask))["thread"]
    first, second = [await ask.delete(f"/api/threads/{thread}") for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["thread"] == second.json()["thread"] == thread
    assert len(await all_entries(site.journal)) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/threads/{id}"),
        ("DELETE", "/api/threads/{id}"),
        ("GET", "/api/threads/{id}/messages"),
        ("DELETE", "/api/messages/{id}"),
    ],
)
async def test_what_never_was_is_not_found(ask, method, path):
    answer = await ask.request(method, path.format(id=new_id()), json={"title": "x"})
    assert (answer.status_code, error_of(answer)) == (404, "not_found")


CHANGES = {
    "title": "New",
    "muted": True,
    "pinned": True,
    "archived": True,
    "model": "other",
    "instructions": "Be kind.",
    "read_through": {"message": new_id(), "part": new_id(), "chars": 3},
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_changes_what_is_given_and_nothing_else(site, ask, name):
    thread = (await create(ask, title="Old", model="m"))["thread"]
    (before,) = await site.threads()
    answer = await ask.patch(f"/api/threads/{thread}", json={name: CHANGES[name]})
    assert answer.status_code == 200, answer.text
    (after,) = await site.threads()
    assert after == {**before, name: CHANGES[name], "version": before["version"] + 1}


@pytest.mark.parametrize("name", ["model", "instructions", "read_through"])
async def test_what_may_be_absent_can_be_taken_away(site, ask, name):
    thread = (await create(ask, model="m", instructions="i"))["thread"]
    await ask.patch(f"/api/threads/{thread}", json={"read_through": CHANGES["read_through"]})
    await ask.patch(f"/api/threads/{thread}", json={name: None})
    assert (await site.threads())[0][name] is None


async def test_the_leaf_can_be_chosen(site, ask):
    sent = await site.talk("one")
    await site.talk("two", thread=sent["thread"])
    answer = await ask.patch(f"/api/threads/{sent['thread']}", json={"leaf": sent["reply"]})
    assert answer.status_code == 200
    shown = await site.messages(sent["thread"])
    assert [message["id"] for message in shown] == [sent["reply"], sent["message"]]


@pytest.mark.parametrize(
    "body",
    [
        {"title": None},
        {"title": 1},
        {"muted": 1},
        {"pinned": "true"},
        {"archived": None},
        {"leaf": None},
        {"leaf": "x"},
        {"read_through": {"message": "x", "part": "y", "chars": 1}},
        {"read_through": {**CHANGES["read_through"], "chars": -1}},
        {"read_through": {**CHANGES["read_through"], "chars": 2**60}},
    ],
    ids=str,
)
async def test_a_change_of_the_wrong_shape_is_refused(site, ask, body):
    thread = (await create(ask))["thread"]
    answer = await ask.patch(f"/api/threads/{thread}", json=body)
    assert (answer.status_code, error_of(answer)) == (422, "invalid")
    assert len(await all_entries(site.journal)) == 1


async def test_unknown_fields_are_ignored(site, ask):
    thread = (await create(ask, colour="red"))["thread"]
    answer = await ask.patch(f"/api/threads/{thread}", json={"colour": "blue"})
    assert answer.status_code == 200
    assert len(await all_entries(site.journal)) == 1


@pytest.mark.parametrize(
    ("name", "most"), [("title", TITLE_CHARS_MAX), ("instructions", INSTRUCTIONS_CHARS_MAX)]
)
async def test_L12_texts_of_a_thread_have_a_limit_which_is_named(ask, name, most):
    thread = (await create(ask, **{name: "😀" * most}))["thread"]
    for answer in (
        await ask.post("/api/threads", json={"id": new_id(), name: "x" * (most + 1)}),
        await ask.patch(f"/api/threads/{thread}", json={name: "x" * (most + 1)}),
    ):
        assert (answer.status_code, error_of(answer)) == (413, "too_long")
        assert f"{name} may have at most {most:,} characters" in answer.json()["error"]["message"]


async def test_L24_what_no_store_can_hold_is_cleaned_at_the_door(site, ask):
    thread = new_id()
    body = b'{"id": "%s", "title": "a\\ud83dz\\u0000\\ud83d\\ude00"}' % thread.encode()
    assert (await ask.post("/api/threads", content=body)).status_code == 201
    assert (await site.threads())[0]["title"] == "a\ufffdz\ufffd😀"


async def test_threads_are_listed_pinned_first_then_by_activity(site, ask):
    old, pinned, new = [(await create(ask, title=title))["thread"] for title in "abc"]
    await ask.patch(f"/api/threads/{pinned}", json={"pinned": True})
    assert [thread["id"] for thread in await site.threads()] == [pinned, new, old]
    await site.talk("why?", thread=old)
    assert [thread["id"] for thread in await site.threads()] == [pinned, old, new]


async def test_the_list_is_read_page_by_page(site, ask):
    made = [(await create(ask, title=str(number)))["thread"] for number in range(5)]
    found, more = [], True
    while more:
        before = {"before": found[-1]} if found else {}
        page = await site.get("/api/threads", limit=2, **before)
        found += [thread["id"] for thread in page["threads"]]
        more = page["has_more"]
    assert found == made[::-1]


async def test_threads_are_found_by_their_title(site, ask):
    await create(ask, title="Plans for Summer")
    await create(ask, title="Taxes")
    found = await site.get("/api/threads", q="summer")
    assert [thread["title"] for thread in found["threads"]] == ["Plans for Summer"]
