"""The `Extra` section: who sent the document, from what installation, when the job is to run next, and what else it says. Names are
taken as they came; keys that this product does not know are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from duplistatus.clock import Instant
from duplistatus.report.fields import Section, as_json, name, text
from duplistatus.report.rejection import NotAReport
from duplistatus.report.report import Host, Origin
from duplistatus.report.timestamps import read_compact

_NEXT_RUN = "next-scheduled-run"
_NAMES = ("machine-id", "machine-name", "backup-name", "backup-id")
_KNOWN = frozenset(
    (
        *_NAMES,
        _NEXT_RUN,
        "OperationName",
        "report-mode",
        "operating-system",
        "operating-system-detailed",
        "installation-type",
        "destination-type",
        "destination-host-suffix",
        "update-channel",
    )
)
# A server's own id of a job: `DB-3` in reports, `3` in its REST API.
_OWN_ID = re.compile(r"(?:DB-)?(0|[1-9][0-9]{0,17})")
_USER_IN_URL = re.compile(r"//[^/@]*@")


@dataclass(frozen=True, slots=True)
class NextRun:
    """`sent` is False where the document does not tell; `at` None where it says that none is scheduled."""

    sent: bool
    at: Instant | None


def read_origin(extra: Section) -> Origin:
    """Who the document comes from. Only the job name is required; without it every one of the four names that is absent is
    listed, as existing clients expect."""
    machine_id, machine_name, job_name, backup_id = (name(extra, key) for key in _NAMES)
    if job_name is None:
        missing = [key for key in _NAMES if text(extra, key) is None]
        raise NotAReport(
            "missing_fields",
            f"Missing required fields in Extra section: {', '.join(missing)}",
            missing=missing,
            section=("extraSection", extra),
        )
    return Origin(machine_id, machine_name, job_name, normal_backup_id(backup_id))


def normal_backup_id(backup_id: str | None) -> str | None:
    """`DB-3` for `DB-3` and `3`; other ids, such as a hash or free text, as they came."""
    own = _OWN_ID.fullmatch(backup_id) if backup_id is not None else None
    return f"DB-{own[1]}" if own else backup_id


def read_host(extra: Section, duplicati_version: str | None) -> Host:
    """The installation that sent the document."""
    return Host(
        duplicati_version=duplicati_version,
        operating_system=text(extra, "operating-system"),
        operating_system_detailed=text(extra, "operating-system-detailed"),
        installation_type=text(extra, "installation-type"),
        destination_type=text(extra, "destination-type"),
        destination_host_suffix=text(extra, "destination-host-suffix"),
        update_channel=text(extra, "update-channel"),
    )


def read_next_run(extra: Section) -> NextRun:
    """`next-scheduled-run`: Duplicati from 2.1.2 always sends it, null for runs that were started by hand. A text of another form
    is a user's override and says nothing."""
    if _NEXT_RUN not in extra:
        return NextRun(sent=False, at=None)
    value = text(extra, _NEXT_RUN)
    try:
        return NextRun(sent=True, at=read_compact(value) if value is not None else None)
    except ValueError:
        return NextRun(sent=False, at=None)


def unknown_keys(extra: Section) -> tuple[tuple[str, str | None], ...]:
    """What else the section says, in its order."""
    return tuple((key, _kept(key, value)) for key, value in extra.items() if key not in _KNOWN)


def _kept(key: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return as_json(value)
    if key == "RemoteUrl":  # older Duplicati puts the destination's password into it
        return _USER_IN_URL.sub("//", value.partition("?")[0])
    return value
