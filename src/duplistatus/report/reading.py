"""The entrance of this package: the body of a request in, a `Report` or a `LiveStatus` out. Nothing but the exceptions of
`rejection` leaves it, whatever the bytes are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from duplistatus.report.body import read_payload
from duplistatus.report.document import read_document
from duplistatus.report.live_status import is_live_status, read_live_status
from duplistatus.report.recording import unwrap
from duplistatus.report.report import LiveStatus, Report


def read_body(
    body: bytes,
    content_type: str | None,
    content_encoding: str | None,
    max_bytes: int,
    zone: ZoneInfo | None = None,
) -> Report | LiveStatus:
    """What a request's body reports.

    `max_bytes` holds for the body as sent and decompressed. `zone` is that of the server which sent it, where it is known; it
    decides the local times in log lines. Raises `NotAReport` or `TooLarge`.
    """
    payload = read_payload(body, content_type, content_encoding, max_bytes)
    if is_live_status(payload.document):
        return read_live_status(payload.document)
    return read_document(payload.document, payload.kind, zone)


def read_file(content: bytes, max_bytes: int, zone: ZoneInfo | None = None) -> Report | LiveStatus:
    """What a file reports that holds a body, or a recorded request with its headers. Raises as `read_body`."""
    recording = unwrap(content)
    return read_body(recording.body, recording.content_type, recording.content_encoding, max_bytes, zone)
