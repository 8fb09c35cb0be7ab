"""Whatever goes wrong has one shape, and quotes nobody."""

import pytest

from backend.tests.api.site import error_of
from holdfast_server.journal.refusals import StoreUnavailable
from holdfast_server.runs.minting import new_id

LATER = [
    ("POST", "/api/messages/{id}/retry"),
    ("POST", "/api/messages/{id}/edit"),
    ("POST", "/api/messages/{id}/notified"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/nothing", "/js/nothing.js"])
async def test_an_unknown_address_is_not_found(ask, path):
    answer = await ask.get(path)
    assert (answer.status_code, error_of(answer)) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), LATER)
async def test_calls_of_later_versions_are_not_there(ask, method, path):
    answer = await ask.request(method, path.format(id=new_id()))
    assert (answer.status_code, error_of(answer)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/threads"), ("POST", "/api/bootstrap"), ("GET", "/api/presence"), ("POST", "/")],
)
async def test_a_wrong_method_is_not_allowed(ask, method, path):
    answer = await ask.request(method, path)
    assert (answer.status_code, error_of(answer)) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"id": 1' + b"0" * 5000 + b"}", b"nope"],
    ids=["empty", "cut", "bytes", "deep", "huge number", "word"],
)
async def test_a_body_that_is_no_json_is_refused(ask, body):
    answer = await ask.post("/api/threads", content=body)
    assert (answer.status_code, error_of(answer)) == (422, "bad_json")


@pytest.mark.parametrize("body", ["[]", "1", "null", '"text"', "{}", '{"id": 1}', '{"id": "x"}'])
async def test_a_body_of_another_shape_is_refused_with_what_is_wrong(ask, body):
    answer = await ask.post("/api/threads", content=body.encode())
    assert (answer.status_code, error_of(answer)) == (422, "invalid")


async def test_a_path_with_no_id_in_it_leads_nowhere(ask):
    for method, path in (
        ("GET", "/api/threads/nope/messages"),
        ("PATCH", "/api/threads/nope"),
        ("DELETE", "/api/threads/nope"),
        ("POST", "/api/messages/nope/stop"),
        ("DELETE", "/api/messages/nope"),
    ):
        answer = await ask.request(method, path)
        assert (answer.status_code, error_of(answer)) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/threads?limit=0", "limit must be at least 1."),
        ("/api/threads?limit=201", "limit may be at most 200."),
        ("/api/threads?limit=many", "limit"),
        ("/api/threads?before=nope", "before is not an id."),
        ("/api/poll?wait=26", "wait may be at most 25"),
        ("/api/poll?wait=-1", "wait must be at least 0"),
        ("/api/poll?wait=nan", "wait"),
        ("/api/poll?thread=nope", "thread is not an id."),
        (f"/api/threads/{new_id()}/messages?limit=101", "limit may be at most 100."),
    ],
)
async def test_L12_a_query_past_its_limit_is_refused_with_the_limit(ask, path, named):
    answer = await ask.get(path)
    assert (answer.status_code, error_of(answer)) == (422, "invalid")
    assert named in answer.json()["error"]["message"]


async def test_L12_a_search_too_long_is_refused(ask):
    answer = await ask.get("/api/threads", params={"q": "x" * 201})
    assert (answer.status_code, error_of(answer)) == (413, "too_long")


async def test_our_own_bug_is_told_without_a_trace(site, ask, capsys):
    async def broken(scope):
        raise RuntimeError("the secret text")

    site.journal.snapshot = broken
    answer = await ask.get("/api/threads")
    assert (answer.status_code, error_of(answer)) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret" not in "".join(capsys.readouterr())


async def test_a_store_that_is_away_is_worth_another_try(site, ask):
    async def away(scope):
        raise StoreUnavailable("disk full at /somewhere")

    site.journal.snapshot = away
    answer = await ask.get("/api/bootstrap")
    assert (answer.status_code, error_of(answer)) == (503, "store_unavailable")
    assert answer.json()["error"]["retryable"] is True
    assert "somewhere" not in answer.text
