"""A run in the words of the API that 1.4.2 had. In: a line of the history and its log; out: the fields in their order, where figures
that a report did not know are 0, as other programs expect. Also the texts that several of its answers share."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, TICKS, Instant, iso, moment
from duplistatus.store.history import RunLine

NOT_KNOWN = "N/A"


def duration_text(seconds: int) -> str:
    """`00:38:31`; over a day `26:03:04`."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def known_duration_text(milliseconds: int | None) -> str:
    """The duration of a job's last run; `N/A` where it is unknown or none."""
    return duration_text(milliseconds // SECOND) if milliseconds else NOT_KNOWN


def created_text(at: Instant) -> str:
    """`2026-11-21 01:48:59`, UTC."""
    return moment(at).strftime("%Y-%m-%d %H:%M:%S")


def elapsed_text(expected_at: Instant, now: Instant) -> str:
    """How long ago a run was expected, in whole units: `3 days`, or `in the future`."""
    elapsed = now - expected_at
    if elapsed < 0:
        return "in the future"
    for size, unit in ((DAY, "day"), (HOUR, "hour")):
        if elapsed >= size:
            return _count(elapsed // size, unit)
    return _count(elapsed // MINUTE, "minute")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def version_times(text: str | None) -> list[str]:
    """ISO times of a list of versions as it is stored (`[[at, offset_minutes, exact], …]`)."""
    return [iso(at) for at, _, _ in orjson.loads(text)] if text else []


@lru_cache(maxsize=8192)
def older_versions(text: str | None) -> orjson.Fragment:
    """The same without the newest, encoded: the fleet has tens of thousands, of which a report changes few."""
    return orjson.Fragment(orjson.dumps(version_times(text)[1:]))


def run_body(line: RunLine, server_key: str) -> dict[str, Any]:
    """A run without its texts, as on the server's page: whole minutes."""
    return _body(line, server_key, None, whole_minutes=True)


def run_with_texts(line: RunLine, server_key: str, log: bytes | None) -> dict[str, Any]:
    """A run with its texts, as the answers for other programs have it: minutes with their fraction."""
    return _body(line, server_key, log, whole_minutes=False)


def _body(line: RunLine, server_key: str, log: bytes | None, *, whole_minutes: bool) -> dict[str, Any]:
    ticks = line.duration_ticks or 0
    seconds = ticks // TICKS
    texts = orjson.loads(log) if log is not None else {}
    return {
        "id": line.uid,
        "server_id": server_key,
        "name": line.job_name,
        "date": iso(line.begun_at),
        "status": line.status,
        "warnings": line.warnings,
        "errors": line.errors,
        "messages": line.messages,
        "fileCount": line.files or 0,
        "fileSize": line.source_size or 0,
        "uploadedSize": line.uploaded or 0,
        "duration": duration_text(seconds),
        "duration_seconds": ticks / TICKS,
        "durationInMinutes": seconds // 60 if whole_minutes else ticks / TICKS / 60,
        "knownFileSize": line.stored_size or 0,
        "backup_list_count": line.versions_count,
        "messages_array": _array(texts.get("lines")),
        # A list that is empty rather than absent: so it was answered, for warnings alone.
        "warnings_array": None if whole_minutes else _array(texts.get("warnings")) or "[]",
        "errors_array": _array(texts.get("errors")),
        "available_backups": version_times(line.listed_versions),
    }


def _array(texts: list[str] | None) -> str | None:
    """The texts as JSON inside a string; None when there are none."""
    return orjson.dumps(texts).decode() if texts else None
