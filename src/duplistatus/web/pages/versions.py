"""The dialog of versions, on the pages of runs and jobs. In: versions as they are stored or counted, a reader; out: what
`versions.html` shows."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from duplistatus.clock import MINUTE, Instant
from duplistatus.evaluate.versions_view import VersionsView
from duplistatus.i18n.wording import wording
from duplistatus.report.report import Version
from duplistatus.web.pages.rendering import Reader


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list; `local` is the wall-clock time of the server where nothing better is known."""

    number: int
    at: Instant
    local: str | None


def stored_versions(text: str | None) -> list[Version] | None:
    """The versions of the JSON that job and run rows keep."""
    if text is None:
        return None
    return [Version(Instant(at), offset, bool(exact)) for at, offset, exact in orjson.loads(text)]


def version_lines(reader: Reader, versions: VersionsView) -> list[VersionLine]:
    """The lines of the list, newest first."""
    unmoved = wording(reader.wording.language, reader.wording.locale, "UTC")
    return [
        VersionLine(
            each.number,
            each.at,
            None if each.exact else unmoved.moment(Instant(each.at + each.offset_minutes * MINUTE), reader.now),
        )
        for each in versions.versions
    ]
