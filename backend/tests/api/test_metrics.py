"""`GET /metrics`: what is counted where it happens, told to whoever asks (L11)."""

import asyncio
import json

from prometheus_client.parser import text_string_to_metric_families

from backend.tests.api.site import Site, error_of, make_page, served, streaming
from backend.tests.store import all_entries, until


async def figures(site: Site) -> dict[str, float]:
    """Return every figure that the server tells, by its name."""
    answer = await site.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            assert sample.name not in found, f"{sample.name} is told twice"
            assert not sample.labels
            found[sample.name] = sample.value
    return found


async def test_L11_streams_and_what_they_were_given_are_counted(site):
    async with served(site) as (address, _), streaming(address) as one:
        await one.until("reset")
        await one.until("caught-up")
        async with streaming(address) as two:
            await two.until("caught-up")
            sent = await site.sends("why?")
            before = len(await all_entries(site.journal))
            for stream in (one, two):
                seen = 0
                while seen < before:
                    seen += len(json.loads((await stream.next()).data))
            told = await figures(site)
            assert told["holdfast_streams"] == 2
            assert told["holdfast_streams_reset_total"] == 2
            assert told["holdfast_stream_entries_total"] == 2 * before
            assert 2 <= told["holdfast_stream_frames_total"] <= 2 * before
            assert told["holdfast_streams_behind_total"] == 0
            assert told["holdfast_streams_closed_total"] == 0
            await site.server.runs.stop("local", sent["reply"])


async def test_a_waiting_poll_is_counted_among_the_streams_and_its_reset_too(site):
    place = (await site.get("/api/bootstrap"))["cursor"]
    await site.get("/api/poll", cursor="nonsense")
    polling = asyncio.create_task(site.get("/api/poll", cursor=place, wait=25))
    await until(lambda: site.server.reading.streams() == 1)
    assert (await figures(site))["holdfast_streams"] == 1
    await site.sends("why?")
    await polling
    told = await figures(site)
    assert told["holdfast_streams"] == 0
    assert told["holdfast_streams_reset_total"] == 1


async def test_runs_and_the_store_are_told_of(site):
    assert (await figures(site))["holdfast_runs"] == 0
    sent = await site.sends_and_hears("why?")
    await site.client.post("/api/threads", json={"id": sent["thread"], "title": "Other"})
    told, counts = await figures(site), site.journal.counts
    assert told["holdfast_runs"] == 1
    assert told["holdfast_store_appends_total"] == counts.appends >= 3
    assert told["holdfast_store_appends_refused_total"] == counts.refused == 1
    assert told["holdfast_store_commits_total"] == counts.commits >= 1
    assert told["holdfast_store_commits_failed_total"] == counts.failed == 0
    assert told["holdfast_store_commit_seconds_total"] == counts.commit_s > 0
    assert told["holdfast_store_appends_waiting"] == counts.queued == 0
    await site.server.runs.stop("local", sent["reply"])


async def test_each_server_counts_for_itself(site, tmp_path):
    other = await Site.open(tmp_path / "other", make_page(tmp_path / "other page"))
    try:
        await site.get("/api/poll", cursor="nonsense")
        assert (await figures(site))["holdfast_streams_reset_total"] == 1
        assert (await figures(other))["holdfast_streams_reset_total"] == 0
    finally:
        await other.close()


async def test_figures_are_told_to_our_own_names_only_and_quote_nobody(site, ask):
    await site.talk("a question nobody else may read")
    answer = await ask.get("/metrics", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, error_of(answer)) == (403, "bad_host")
    text = (await ask.get("/metrics")).text
    assert "question" not in text
    assert "local" not in text


async def test_metrics_and_events_are_described_as_what_they_are(site):
    paths = (await site.get("/api/openapi.json"))["paths"]
    assert list(paths["/metrics"]["get"]["responses"]["200"]["content"]) == ["text/plain"]
    events = paths["/api/events"]["get"]["responses"]
    assert list(events["200"]["content"]) == ["text/event-stream"]
    assert "429" in events
