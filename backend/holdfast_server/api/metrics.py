"""`GET /metrics`: what this server does and has done since it began, as Prometheus reads it.

Everything is counted where it happens, in plain numbers; they are looked up only when somebody
asks. Nothing here names an account, a thread or anything that somebody wrote.
"""

from collections.abc import Callable, Iterator

from fastapi import APIRouter
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from holdfast_server.api.reading import Reading

CONTENT = {"text/plain": {"schema": {"type": "string"}}}


class Figures(Collector):
    """The server's own figures, taken at each look."""

    def __init__(self, reading: Reading, active_runs: Callable[[], int]) -> None:
        self._reading = reading
        self._active_runs = active_runs

    def collect(self) -> Iterator[Metric]:
        given, store = self._reading.counts, self._reading.journal.counts
        yield gauge("streams", "Readers that follow a journal now", self._reading.streams())
        yield counter("stream_frames", "Frames of entries sent", given.frames)
        yield counter("stream_entries", "Entries sent, to each reader anew", given.entries)
        yield counter("streams_behind", "Times a reader no longer kept up", given.behind)
        yield counter("streams_reset", "Times a reader had to begin anew", given.reset)
        yield counter("streams_closed", "Streams closed as nobody took them", given.closed)
        yield gauge("runs", "Runs under way", self._active_runs())
        yield counter("store_appends", "Appends that were made durable", store.appends)
        yield counter("store_appends_refused", "Appends that could not be done", store.refused)
        yield counter("store_commits", "Commits, each of one or more appends", store.commits)
        yield counter("store_commits_failed", "Commits that the store refused", store.failed)
        yield counter("store_commit_seconds", "Seconds that commits took", store.commit_s)
        yield gauge("store_appends_waiting", "Appends that wait now", store.queued)


def gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"holdfast_{name}", says, value)


def counter(name: str, says: str, value: float) -> Metric:
    return CounterMetricFamily(f"holdfast_{name}", says, value)


def metrics_routes(reading: Reading, active_runs: Callable[[], int]) -> APIRouter:
    router = APIRouter(tags=["health"])
    registry = CollectorRegistry()
    registry.register(Figures(reading, active_runs))
    ProcessCollector(registry=registry)

    @router.get("/metrics", response_class=Response, responses={200: {"content": CONTENT}})
    async def metrics() -> Response:
        """What this server does and has done since it began, in Prometheus' text format."""
        return Response(
            generate_latest(registry),
            headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"},
        )

    return router
