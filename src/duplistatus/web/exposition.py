"""The state of the fleet and of this process as metrics. In: what the process counted, and the database at the moment of asking; out: a
registry of prometheus-client. A database that cannot be read is a metric too. Imported by the first question for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from duplistatus import __version__
from duplistatus.clock import SECOND, Instant
from duplistatus.evaluate.overdue import Activity, Schedule, activity_of, schedule_of
from duplistatus.store import channels, fleet, messages, rejected
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import StoreError
from duplistatus.store.fleet import JobRow, ServerRow
from duplistatus.web.context import Context
from duplistatus.web.measures import Measures

_JOB = ("server_id", "server", "job")
_Family = GaugeMetricFamily | CounterMetricFamily


def registry_of(parts: Context, counts: Measures) -> CollectorRegistry:
    """All metrics of one application."""
    registry = CollectorRegistry()
    registry.register(_State(parts, counts))
    ProcessCollector(registry=registry)
    return registry


class _State(Collector):
    """What is true at the moment of asking."""

    def __init__(self, parts: Context, counts: Measures) -> None:
        self._parts = parts
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        writer = self._parts.writer
        build = GaugeMetricFamily("duplistatus_build_info", "The version that runs", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        uploads = CounterMetricFamily("duplistatus_uploads", "Uploads by answer", labels=("answer",))
        for answer, count in sorted(self._counts.uploads.items()):
            uploads.add_metric((answer,), count)
        yield uploads
        told = CounterMetricFamily("duplistatus_messages", "Tries to deliver a message, by what became of them", labels=("kind", "outcome"))
        for (kind, outcome), count in sorted(self._counts.messages.items()):
            told.add_metric((kind, outcome), count)
        yield told
        yield GaugeMetricFamily("duplistatus_writer_queue_length", "Writes that wait", writer.waiting)
        up = "1 when the database can be read and the last write succeeded"
        try:
            with self._parts.database.snapshot() as connection:
                servers = {server.id: server for server in fleet.servers(connection)}
                jobs = fleet.jobs(connection)
                refused = len(rejected.newest_rejected(connection))
                in_use = [row for row in channels.channels(connection) if row.enabled]
                waiting = messages.waiting(connection)
        except StoreError:
            yield GaugeMetricFamily("duplistatus_database_up", up, 0)
            return
        yield GaugeMetricFamily("duplistatus_database_up", up, int(writer.failing is None))
        yield GaugeMetricFamily("duplistatus_rejected_reports", "Refused documents that are kept", refused)
        yield GaugeMetricFamily("duplistatus_servers", "Servers", len(servers))
        yield GaugeMetricFamily("duplistatus_jobs", "Jobs", len(jobs))
        yield from _of_channels(in_use, waiting)
        yield from _of_jobs([(servers[job.server_id], job) for job in jobs if job.server_id in servers], self._parts.clock.now())


def _of_channels(in_use: Iterable[ChannelRow], waiting: Mapping[int, int]) -> Iterable[Metric]:
    """Whether each channel works, and what waits for it."""
    labels = ("channel_id", "channel", "kind")
    failing = GaugeMetricFamily("duplistatus_channel_failing", "1 while the newest message of a channel failed", labels=labels)
    length = GaugeMetricFamily("duplistatus_messages_waiting", "Messages that wait to be sent", labels=labels)
    for row in in_use:
        values = (str(row.id), row.name, row.kind)
        failing.add_metric(values, int(row.health.failing_since is not None))
        length.add_metric(values, waiting.get(row.id, 0))
    return [failing, length]


def _of_jobs(jobs: Iterable[tuple[ServerRow, JobRow]], now: Instant) -> Iterable[Metric]:
    """Each figure of each job that knows it."""
    families = _families()
    status = _gauge("last_run_status", "1 for the result of the last run", "status")
    for server, job in jobs:
        labels = (server.key, server.label, job.name)
        if job.last_status is not None:
            status.add_metric((*labels, job.last_status), 1)
        for family, value in zip(families, _values(job, now), strict=True):
            if value is not None:
                family.add_metric(labels, value)
    return [status, *families]


def _gauge(name: str, text: str, *labels: str) -> _Family:
    return GaugeMetricFamily(f"duplistatus_job_{name}", text, labels=(*_JOB, *labels))


def _counter(name: str, text: str) -> _Family:
    """`_total` is added to the name."""
    return CounterMetricFamily(f"duplistatus_job_{name}", text, labels=_JOB)


def _families() -> list[_Family]:
    """In the order of `_values`."""
    return [
        _gauge("last_success_timestamp_seconds", "Begin of the last run that left a usable backup"),
        _gauge("last_run_timestamp_seconds", "Begin of the last run"),
        _gauge("next_run_timestamp_seconds", "When the next run is expected"),
        _gauge("overdue", "1 when the expected run is overdue"),
        _gauge("running", "1 while an operation is at work and tells of it"),
        _gauge("stuck", "1 when an operation began and has fallen silent"),
        _gauge("last_run_duration_seconds", "Duration of the last run"),
        _gauge("last_run_uploaded_bytes", "Bytes that the last run uploaded"),
        _gauge("last_run_warnings", "Warnings of the last run"),
        _gauge("last_run_errors", "Errors of the last run"),
        _gauge("source_bytes", "Size of the source"),
        _gauge("source_files", "Files of the source"),
        _gauge("stored_bytes", "Size at the destination"),
        _gauge("versions", "Restorable versions"),
        _counter("runs", "Runs"),
        _counter("uploaded_bytes", "Bytes that all runs uploaded"),
    ]


def _values(job: JobRow, now: Instant) -> list[float | None]:
    ran, activity = job.last_begun_at is not None, activity_of(job, now)
    return [
        _seconds(job.last_good_at),
        _seconds(job.last_begun_at),
        _seconds(job.expected_at),
        float(schedule_of(job, now) is Schedule.OVERDUE),
        float(activity == Activity.RUNNING),
        float(activity == Activity.STUCK),
        _seconds(job.last_duration_ms),
        job.last_uploaded,
        job.last_warnings if ran else None,
        job.last_errors if ran else None,
        job.source_size,
        job.files,
        job.stored_size,
        job.versions_count,
        job.run_count,
        job.uploaded_total,
    ]


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / SECOND if milliseconds is not None else None
