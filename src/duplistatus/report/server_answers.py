"""What a Duplicati server's own API answers: parsed JSON in, frozen values out. Holds for 2.0.6 to 2.4; what is missing or of another kind
than known counts as unknown, since each version leaves out something else. Credentials in destinations are dropped while reading: the
values hold the scheme of a destination and nothing more of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from duplistatus.clock import Instant
from duplistatus.report.fields import Section, subsection
from duplistatus.report.timestamps import read_compact, read_date_time

_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}(?=://)")
_NUMBERS = re.compile(r"[0-9]{1,6}")
_LONGEST = 500


_DESTINATIONS = frozenset({"targeturl", "additionaltargeturls"})
_OPTIONS = frozenset({"settings", "filters", "encryptedsettings"})
"""Of a job: lists of options, with its passphrase among them in some versions."""


class NotTheApi(ValueError):
    """The answer is none of a Duplicati server; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Who a server says it is. `machine_id` None where it tells none, or an id that its reports may not carry; `host_zone` is that of
    its machine, `zone` its setting `server-timezone`: empty where not set, None where the version has no such setting. `id_is_reported`:
    the machine-id is the one that reports of this version carry; in others it is that of the installation. The last four are as reports
    tell them."""

    machine_id: str | None
    machine_name: str | None
    version: str | None
    channel: str | None
    host_zone: str | None
    extensions: frozenset[str]
    zone: str | None = None
    id_is_reported: bool = False
    operating_system: str | None = None
    operating_system_detailed: str | None = None
    installation_type: str | None = None
    update_channel: str | None = None


@dataclass(frozen=True, slots=True)
class ApiSchedule:
    """A job's schedule as the server holds it. `time`: its next run, possibly in the past; `days`: 0 is Sunday, empty means all."""

    time: Instant | None
    repeat: str
    days: frozenset[int]
    last_run: Instant | None


@dataclass(frozen=True, slots=True)
class ApiJob:
    """A job of a server. `failed_at` and `failure`: its newest failure, which may be older than its newest success; `finished_at`: the
    end of the newest operation that succeeded."""

    id: str
    name: str
    destination_type: str | None
    schedule: ApiSchedule | None
    failed_at: Instant | None
    failure: str | None
    finished_at: Instant | None


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server does now. `active`: number of the task and the job's id; `queued`: ids of jobs that wait; `proposed`: the next run
    of each job that has one, by the job's id."""

    paused: bool
    pause_ends: Instant | None
    active: tuple[int, str] | None
    queued: tuple[str, ...]
    proposed: Mapping[str, Instant]


def without_destinations(answer: object) -> object:
    """An answer whose destinations are their schemes alone, and whose jobs have lost their options: these hold user names, passwords and
    passphrases. The lists and mappings of the answer themselves are changed."""
    waiting = [answer]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            is_job = any(key.lower() in _DESTINATIONS for key in each)
            for key, value in each.items():
                if key.lower() in _DESTINATIONS:
                    each[key] = _scheme_alone(value)
                elif is_job and key.lower() in _OPTIONS:
                    each[key] = None
                elif isinstance(value, (dict, list)):
                    waiting.append(value)
    return answer


def _scheme_alone(value: object) -> object:
    if isinstance(value, list):
        return [_scheme_alone(each) for each in value]
    scheme = _SCHEME.match(value) if isinstance(value, str) else None
    return f"{scheme[0].lower()}://" if scheme else None


def read_identity(answer: object, settings: object = None) -> ServerIdentity:
    """`GET /systeminfo`, with `GET /serversettings` where it could be asked. Raises NotTheApi."""
    if not isinstance(answer, dict) or "ServerVersion" not in answer:
        raise NotTheApi("The answer is not one of Duplicati")
    told = settings if isinstance(settings, dict) else {}
    zone = told.get("server-timezone")
    option, version = _short(told, "--machine-id"), _short(answer, "ServerVersion")
    return ServerIdentity(
        machine_id=option or _machine_id(answer),
        machine_name=_short(answer, "MachineName"),
        version=version,
        channel=(_short(answer, "ServerVersionType") or "").lower() or None,
        host_zone=_short(answer, "ServerTimeZone"),
        extensions=frozenset(each for each in _list(answer, "APIExtensions") if isinstance(each, str)),
        zone=zone if isinstance(zone, str) else None,
        id_is_reported=option is not None or _reports_this_id(version or ""),
        operating_system=_short(answer, "OSType"),
        operating_system_detailed=_short(answer, "OSVersion"),
        installation_type=_short(answer, "PackageTypeId"),
        update_channel=_short(answer, "DefaultUpdateChannel"),
    )


def _reports_this_id(version: str) -> bool:
    """Whether reports of that version carry the machine-id that `GET /systeminfo` tells: after 2.1.0 and before 2.3.0.107 it is the
    installation's own."""
    numbers = tuple(int(part) for part in _NUMBERS.findall(version))
    return bool(numbers) and (numbers < (2, 1, 0, 100) or numbers >= (2, 3, 0, 107))


def _machine_id(answer: Section) -> str | None:
    for option in _list(answer, "Options"):
        if isinstance(option, dict) and option.get("Name") == "machine-id":
            return _short(option, "DefaultValue")
    return None


def read_jobs(answer: object) -> tuple[ApiJob, ...]:
    """`GET /backups`. A job that cannot be understood is left out. Raises NotTheApi."""
    if not isinstance(answer, list):
        raise NotTheApi("The list of jobs is not one of Duplicati")
    return tuple(_jobs(answer))


def _jobs(answer: list[object]) -> Iterator[ApiJob]:
    for entry in answer:
        if not isinstance(entry, dict):
            continue
        backup = subsection(entry, "Backup")
        job_id, name = _short(backup, "ID"), _short(backup, "Name")
        if job_id is None or name is None:
            continue
        metadata = subsection(backup, "Metadata")
        scheme = _SCHEME.match(str(backup.get("TargetURL") or ""))
        yield ApiJob(
            id=job_id,
            name=name,
            destination_type=scheme[0].lower() if scheme else None,
            schedule=_schedule(entry.get("Schedule")),
            failed_at=_compact(metadata, "LastErrorDate"),
            failure=_text(metadata, "LastErrorMessage"),
            finished_at=_compact(metadata, "LastBackupFinished"),
        )


def _schedule(value: object) -> ApiSchedule | None:
    if not isinstance(value, dict):
        return None
    repeat = _short(value, "Repeat")
    if repeat is None:
        return None
    # Some versions tell each day twice, short and long: three letters decide.
    days = {_DAYS[day[:3].lower()] for day in _list(value, "AllowedDays") if isinstance(day, str) and day[:3].lower() in _DAYS}
    return ApiSchedule(_moment(value, "Time"), repeat, frozenset(days), _moment(value, "LastRun"))


def read_state(answer: object) -> ServerState:
    """`GET /serverstate`. Raises NotTheApi."""
    if not isinstance(answer, dict) or "ProgramState" not in answer:
        raise NotTheApi("The state is not one of Duplicati")
    proposed = {}
    for entry in _list(answer, "ProposedSchedule"):
        if isinstance(entry, dict) and (job := _short(entry, "Item1")) and (at := _moment(entry, "Item2")) is not None:
            proposed[job] = at
    queued = tuple(job for entry in _list(answer, "SchedulerQueueIds") if isinstance(entry, dict) and (job := _short(entry, "Item2")))
    return ServerState(
        paused=answer.get("ProgramState") == "Paused",
        pause_ends=_moment(answer, "EstimatedPauseEnd"),
        active=_task(answer.get("ActiveTask")),
        queued=queued,
        proposed=proposed,
    )


def _task(value: object) -> tuple[int, str] | None:
    if not isinstance(value, dict):
        return None
    number, job = value.get("Item1"), _short(value, "Item2")
    return (number, job) if type(number) is int and job else None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of a job's log: its number, which the next page is asked by, and the `Data` document of a finished operation, None for
    a row that holds none. `broken`: it should hold one, but cannot be read."""

    id: int
    data: Section | None
    broken: bool = False


def read_log_rows(answer: object) -> tuple[LogRow, ...]:
    """`GET /backup/{id}/log`, newest first. Raises NotTheApi."""
    if not isinstance(answer, list):
        raise NotTheApi("The log is not one of Duplicati")
    rows = []
    for entry in answer:
        number = entry.get("ID") if isinstance(entry, dict) else None
        if type(number) is int and isinstance(entry, dict):
            rows.append(_row(number, entry))
    return tuple(rows)


def _row(number: int, entry: Section) -> LogRow:
    message = entry.get("Message")
    if entry.get("Type") != "Result" or not isinstance(message, str):
        return LogRow(number, None)
    try:
        data = orjson.loads(message)
    except ValueError:
        return LogRow(number, None, broken=True)
    return LogRow(number, data if isinstance(data, dict) and "MainOperation" in data else None)


def _short(section: Section, key: str) -> str | None:
    value = section.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip() if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST else None


def _text(section: Section, key: str) -> str | None:
    value = section.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _list(section: Section, key: str) -> list[object]:
    value = section.get(key)
    return value if isinstance(value, list) else []


def _moment(section: Section, key: str) -> Instant | None:
    try:
        found = read_date_time(str(section.get(key) or ""))
    except ValueError:
        return None
    return found.at if found is not None else None


def _compact(section: Section, key: str) -> Instant | None:
    try:
        return read_compact(str(section.get(key) or ""))
    except ValueError:
        return None
