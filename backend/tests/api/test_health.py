"""What is said over HTTP of a store that takes no writes, in each of its ways."""

import pytest

from backend.tests.api.site import error_of
from backend.tests.journal.faults import FAULTS, full
from holdfast_server.journal.refusals import DiskFull, Superseded
from holdfast_server.runs.minting import new_id

LONG = "x" * 100_000
KINDS = sorted({kind for _, kind in FAULTS.values()} | {Superseded}, key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
async def test_each_kind_of_trouble_has_its_code_and_its_sentence(site, ask, kind):
    async def failing(scope):
        raise kind("something at /somewhere")

    site.journal.snapshot = failing
    answer = await ask.get("/api/threads")
    assert (answer.status_code, error_of(answer)) == (503, kind.code)
    error = answer.json()["error"]
    assert (error["message"], error["retryable"]) == (kind.sentence, True)
    assert answer.headers["retry-after"] == "1"
    assert "somewhere" not in answer.text


async def test_health_and_sends_tell_of_a_full_disk_until_there_is_room(site, ask, tmp_path):
    thread = f"/api/threads/{new_id()}"
    body = {"id": new_id(), "reply": new_id(), "text": LONG}
    assert (await ask.get("/healthz")).json() == {"status": "ok"}
    with full(site.folder, site.journal):
        for path in (f"{thread}/messages", f"{thread}/messages"):
            answer = await ask.post(path, json=body)
            assert (answer.status_code, error_of(answer)) == (503, DiskFull.code)
            answer = await ask.get("/healthz")
            assert (answer.status_code, error_of(answer)) == (503, DiskFull.code)
        assert (await ask.get("/api/threads")).json()["threads"] == []
    assert (await ask.get("/healthz")).json() == {"status": "ok"}
    assert (await ask.post(f"{thread}/messages", json=body)).status_code == 202
