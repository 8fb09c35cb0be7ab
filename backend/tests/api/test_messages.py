"""Messages over HTTP: history, send, stop, delete."""

import pytest

from backend.tests.api.site import error_of
from backend.tests.store import all_entries, end_of, until
from holdfast_protocol.codec import decode_message
from holdfast_protocol.limits import MESSAGE_CHARS_MAX, RUN_ATTEMPTS_MAX
from holdfast_server.models.port import (
    Finished,
    ModelError,
    ReasoningDelta,
    TextDelta,
    ToolArguments,
    ToolCalled,
    ToolReturned,
)
from holdfast_server.runs.minting import new_id


async def test_question_reply_and_run_are_journalled_before_the_answer(site):
    sent = await site.sends("why?")
    entries = await all_entries(site.journal)
    made = [entry for entry in entries if entry["type"] == "message.created"]
    assert [entry["message"] for entry in made] == [sent["message"], sent["reply"]]
    assert made[1]["run"] == sent["run"]
    assert sent["cursor"].endswith(f".{made[1]['seq']}")


async def test_an_answer_is_read_back_as_it_was_said(site):
    sent = await site.sends("why?")
    site.model.says(
        ReasoningDelta("hm"),
        ToolCalled("c", "clock"),
        ToolArguments("c", "{}"),
        ToolReturned("c", "ok", "12:00"),
        TextDelta("noon 😀"),
        Finished({"output_tokens": 3}),
        to="why?",
    )
    await end_of(site.journal, sent["reply"])
    reply, question = [decode_message(message) for message in await site.messages(sent["thread"])]
    assert [part.text for part in question.parts] == ["why?"]
    said = [(part.kind, part.source, part.result, part.open) for part in reply.parts]
    assert said == [
        ("reasoning", "hm", None, False),
        ("tool", "{}", "12:00", False),
        ("text", "noon 😀", None, False),
    ]
    assert (reply.status, reply.usage) == ("complete", {"output_tokens": 3})


async def test_L10_history_shows_what_is_still_held_back(site):
    sent = await site.sends_and_hears("why?")
    site.model.says(TextDelta(" it"), TextDelta(" is"), to="why?")
    await until(lambda: not site.model.unread("why?"))
    reply = (await site.messages(sent["thread"]))[0]
    assert (reply["status"], reply["parts"][0]["text"]) == ("streaming", "so it is")


async def test_history_carries_its_thread_as_it_was_at_the_same_cursor(site):
    sent = await site.talk("why?")
    page = await site.get(f"/api/threads/{sent['thread']}/messages")
    assert set(page) == {"thread", "messages", "cursor", "has_more"}
    assert [page["thread"]] == await site.threads()
    assert page["cursor"].endswith(f".{page['thread']['version']}")


async def test_the_part_of_a_question_bears_the_question_s_id(site):
    sent = await site.talk("why?")
    question = (await site.messages(sent["thread"]))[1]
    assert [part["id"] for part in question["parts"]] == [sent["message"]]


async def test_history_is_read_page_by_page_newest_first(site):
    thread = new_id()
    for text in ("one", "two", "three"):
        await site.talk(text, thread=thread)
    found, more = [], True
    while more:
        before = {"before": found[-1]["id"]} if found else {}
        page = await site.get(f"/api/threads/{thread}/messages", limit=4, **before)
        found += page["messages"]
        more = page["has_more"]
    texts = [message["parts"][0]["text"] for message in found]
    assert texts == ["so", "three", "so", "two", "so", "one"]


async def test_the_model_is_sent_the_path_the_model_and_the_instructions(site, ask):
    thread = new_id()
    body = {"id": thread, "model": "m1", "instructions": "Be brief."}
    await ask.post("/api/threads", json=body)
    await site.talk("one", thread=thread)
    await site.sends("two", thread, model="m2")
    site.model.says(TextDelta("2"), Finished(None), to="two")
    await until(lambda: len(site.model.turns) == 2)
    first, second = site.model.turns
    assert (first.model, first.instructions) == ("m1", "Be brief.")
    assert second.model == "m2"
    assert [message.text for message in second.messages] == ["one", "so", "two"]


async def test_L9_sending_twice_is_sending_once(site, ask):
    body = {"id": new_id(), "reply": new_id(), "text": "continue"}
    path = f"/api/threads/{new_id()}/messages"
    first, second = [await ask.post(path, json=body) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    site.model.says(TextDelta("1"), Finished(None), to="continue")
    await end_of(site.journal, body["reply"])
    third = await ask.post(path, json=body)
    assert third.json() == first.json()
    assert len(site.model.turns) == 1


async def test_L9_the_same_text_sent_on_purpose_is_two_messages(site):
    sent = await site.talk("continue")
    await site.talk("continue", thread=sent["thread"])
    assert len(await site.messages(sent["thread"])) == 4


@pytest.mark.parametrize("change", [{"text": "other"}, {"reply": new_id()}, {"model": "m"}])
async def test_L9_the_same_id_with_other_content_is_a_conflict(site, ask, change):
    body = {"id": new_id(), "reply": new_id(), "text": "why?"}
    path = f"/api/threads/{new_id()}/messages"
    await ask.post(path, json=body)
    answer = await ask.post(path, json={**body, **change})
    assert (answer.status_code, error_of(answer)) == (409, "conflict")


async def test_L9_the_id_of_a_deleted_message_is_gone(site, ask):
    sent = await site.talk("why?")
    await ask.delete(f"/api/messages/{sent['message']}")
    body = {"id": sent["message"], "reply": new_id(), "text": "why?"}
    answer = await ask.post(f"/api/threads/{sent['thread']}/messages", json=body)
    assert (answer.status_code, error_of(answer)) == (410, "gone")


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": None},
        {"text": 1},
        {"id": "x"},
        {"reply": "x"},
        {"parent": "x"},
        {"model": 1},
    ],
    ids=str,
)
async def test_a_question_of_the_wrong_shape_is_refused(site, ask, body):
    good = {"id": new_id(), "reply": new_id(), "text": "why?"}
    answer = await ask.post(f"/api/threads/{new_id()}/messages", json={**good, **body})
    assert (answer.status_code, error_of(answer)) == (422, "invalid")
    assert await all_entries(site.journal) == []


async def test_question_and_reply_need_two_ids(ask):
    one = new_id()
    answer = await ask.post(
        f"/api/threads/{new_id()}/messages", json={"id": one, "reply": one, "text": "x"}
    )
    assert (answer.status_code, error_of(answer)) == (422, "invalid")


async def test_L12_a_question_has_a_limit_which_is_named(site, ask):
    await site.talk("x" * MESSAGE_CHARS_MAX)
    body = {"id": new_id(), "reply": new_id(), "text": "x" * (MESSAGE_CHARS_MAX + 1)}
    answer = await ask.post(f"/api/threads/{new_id()}/messages", json=body)
    assert (answer.status_code, error_of(answer)) == (413, "too_long")
    assert "text may have at most 200,000 characters" in answer.json()["error"]["message"]


async def test_a_parent_of_another_thread_is_not_found(site, ask):
    sent = await site.talk("why?")
    body = {"id": new_id(), "reply": new_id(), "text": "x", "parent": sent["reply"]}
    answer = await ask.post(f"/api/threads/{new_id()}/messages", json=body)
    assert (answer.status_code, error_of(answer)) == (404, "not_found")


async def test_a_reply_waits_for_the_one_before_it(site):
    first = await site.sends_and_hears("one")
    second = await site.sends("two", first["thread"])
    assert second["status"] == "queued"
    assert [m["status"] for m in (await site.messages(first["thread"]))[::2]] == [
        "queued",
        "streaming",
    ]
    site.model.finishes(to="one")
    site.model.says(TextDelta("2"), Finished(None), to="two")
    assert (await end_of(site.journal, second["reply"]))["status"] == "complete"


@pytest.mark.parametrize("mark", ["reply", "message"])
async def test_stop_answers_when_the_run_has_ended(site, ask, mark):
    sent = await site.sends_and_hears("why?")
    answer = await ask.post(f"/api/messages/{sent['reply']}/stop")
    assert answer.status_code == 200
    last = (await all_entries(site.journal))[-1]
    assert (last["type"], last["status"]) == ("run.ended", "stopped")
    assert answer.json()["cursor"].endswith(f".{last['seq']}")
    again = await ask.post(f"/api/messages/{sent[mark]}/stop")
    assert (again.status_code, again.json()["cursor"]) == (200, answer.json()["cursor"])


async def test_a_stop_that_comes_before_its_reply_is_remembered(site, ask):
    body = {"id": new_id(), "reply": new_id(), "text": "why?"}
    assert (await ask.post(f"/api/messages/{body['reply']}/stop")).status_code == 200
    await ask.post(f"/api/threads/{new_id()}/messages", json=body)
    assert (await end_of(site.journal, body["reply"]))["status"] == "stopped"
    assert site.model.turns == []


async def test_a_model_that_refuses_is_told_as_it_said(site):
    sent = await site.sends("why?")
    sentence = "The model at localhost:11434 refused the connection. Is Ollama running?"
    refusal = ModelError("unreachable", sentence, retryable=True)
    site.model.says(*[refusal] * RUN_ATTEMPTS_MAX, to="why?")
    await end_of(site.journal, sent["reply"])
    reply = (await site.messages(sent["thread"]))[0]
    assert reply["status"] == "failed"
    assert reply["error"] == {"code": "unreachable", "message": sentence, "retryable": True}


async def test_a_reply_that_waits_for_the_person_is_continued(site, ask):
    first = await site.sends_and_hears("one")
    second = await site.sends("two", first["thread"])
    await ask.post(f"/api/messages/{first['reply']}/stop")
    path, body = f"/api/messages/{second['reply']}/continue", {"run": second["run"]}
    for _ in range(2):
        answer = await ask.post(path, json=body)
        assert answer.status_code == 202
        said = {name: answer.json()[name] for name in ("message", "run")}
        assert said == {"message": second["reply"], "run": second["run"]}
    site.model.says(TextDelta("2"), Finished(None), to="two")
    assert (await end_of(site.journal, second["reply"]))["status"] == "complete"


async def test_continuing_with_another_run_is_a_conflict(site, ask):
    first = await site.sends_and_hears("one")
    path, unknown = (f"/api/messages/{id}/continue" for id in (first["reply"], new_id()))
    assert error_of(await ask.post(path, json={"run": new_id()})) == "conflict"
    assert error_of(await ask.post(path, json={"run": "x"})) == "invalid"
    assert error_of(await ask.post(unknown, json={"run": first["run"]})) == "not_found"


async def test_deleting_a_thread_ends_its_run_and_leaves_nothing(site, ask):
    sent = await site.sends_and_hears("why?")
    assert (await ask.delete(f"/api/threads/{sent['thread']}")).status_code == 200
    await until(lambda: not site.server.runs.is_active("local"))
    assert await site.threads() == []
    assert (await all_entries(site.journal))[-1]["type"] == "thread.deleted"
    assert "why?" not in str(await all_entries(site.journal))


async def test_deleting_a_question_takes_what_hangs_below_it(site, ask):
    first = await site.talk("one")
    second = await site.sends_and_hears("two", first["thread"])
    answer = await ask.delete(f"/api/messages/{second['message']}")
    assert (answer.status_code, answer.json()["message"]) == (200, second["message"])
    left = [message["id"] for message in await site.messages(first["thread"])]
    assert left == [first["reply"], first["message"]]
    assert (await site.threads())[0]["run"] is None


async def test_L12_an_account_may_have_only_so_many_runs(site, ask, monkeypatch):
    from holdfast_server.journal import message_decisions

    monkeypatch.setattr(message_decisions, "RUNS_PER_ACCOUNT_MAX", 1)
    await site.sends("one")
    body = {"id": new_id(), "reply": new_id(), "text": "two"}
    answer = await ask.post(f"/api/threads/{new_id()}/messages", json=body)
    assert (answer.status_code, error_of(answer)) == (429, "too_many")
    assert answer.json()["error"]["retryable"] is True
