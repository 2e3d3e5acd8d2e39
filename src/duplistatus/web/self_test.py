"""The self-test: does a failing backup reach people? In: a channel that somebody chose; out: each step on the way of a report to them, with
what came of it. The report is made up, and read, stored and routed as any other; then all of that is taken out again, and a message about
the test goes through the outbox to the channel."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import orjson
from starlette.requests import Request

from duplistatus.clock import MINUTE, SECOND, Instant, moment
from duplistatus.evaluate.notice import Event
from duplistatus.i18n.wording import Wording
from duplistatus.ingest.upload import Delivery, arrival_of
from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport, TooLarge
from duplistatus.report.report import Report
from duplistatus.store import audit, channels, messages, outbox
from duplistatus.store.arrivals import Arrival
from duplistatus.store.audit import Entry
from duplistatus.store.channels import ChannelRow
from duplistatus.store.database import Connection
from duplistatus.store.messages import MessageLine
from duplistatus.store.record import record
from duplistatus.store.telling import add_notice
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.message_words import took_text
from duplistatus.web.sessions import user_agent

PATIENCE = 30.0
"""Seconds that the fate of the message is waited for."""
_LOOK_EVERY = 0.1
_CONTENT_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test. `name`: for programs; `title` and `text`: for people."""

    name: str
    title: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing the report did before it was undone: how it was kept, and the channels that would be told of it."""

    outcome: str
    told: tuple[str, ...]


async def self_test(request: Request, caller: Caller, channel_id: int, wording: Wording) -> list[Step]:
    """The steps, up to the first that failed. Raises Refused where there is no such channel or it is switched off."""
    parts = context(request)
    with parts.database.read() as connection:
        row = channels.channel_by_id(connection, channel_id)
    if row is None:
        raise Refused(404, "There is no such channel", "channel_not_found")
    if not row.enabled:
        raise Refused(409, "The channel is switched off", "channel_off")
    name = f"self-test-{secrets.token_hex(4)}"
    now = parts.clock.now()
    body = failing_report(name, now)
    steps: list[Step] = []
    try:
        report = read_body(body, _CONTENT_TYPE, None, parts.settings.upload_max_bytes)
    except (NotAReport, TooLarge) as refusal:
        return [Step("report_understood", wording.gettext("Report understood"), False, refusal.sentence)]
    if not isinstance(report, Report):
        return [Step("report_understood", wording.gettext("Report understood"), False, wording.gettext("It was taken for something else."))]
    understood = wording.gettext("Result %(result)s, %(num)s error.") % {"result": report.status.value, "num": report.errors_count}
    steps.append(Step("report_understood", wording.gettext("Report understood"), True, understood))
    arrival = arrival_of(report, Delivery(body, _CONTENT_TYPE, None, caller.address), now)
    stored = await parts.writer.write(lambda connection: store_and_undo(connection, arrival, report), changes=False)
    steps.append(Step("report_stored", wording.gettext("Report stored"), True, _stored_text(stored, wording)))
    message_id = await parts.writer.write(lambda connection: _post(connection, request, caller, row, name, now))
    steps.append(Step("message_written", wording.gettext("Message written"), True, wording.gettext("It is in the outbox.")))
    steps.append(await _delivered(request, message_id, wording))
    return steps


def store_and_undo(connection: Connection, arrival: Arrival, report: Report) -> Stored:
    """Stores the report as any other, sees what that did, and takes all of it out again."""
    connection.script("SAVEPOINT self_test")
    try:
        recorded = record(connection, arrival, report)
        return Stored(recorded.outcome.value, tuple(messages.channels_told(connection, recorded.uid or "")))
    finally:
        connection.script("ROLLBACK TO SAVEPOINT self_test")
        connection.script("RELEASE SAVEPOINT self_test")


def _post(connection: Connection, request: Request, caller: Caller, row: ChannelRow, name: str, now: Instant) -> int:
    notice_id = add_notice(connection, name, Event.TEST, {"self_test": True}, now)
    if notice_id is None:
        raise ValueError(name)
    outbox.add_deliveries(connection, notice_id, [(row.id, "")], now)
    details = {"channel": row.name, "kind": row.kind}
    agent = user_agent(request)
    audit.record(connection, Entry(now, "self_test", "config", caller.user, "", "channel", str(row.id), details, caller.address, agent))
    found = messages.message_of_notice(connection, notice_id)
    if found is None:
        raise ValueError(name)
    return found


async def _delivered(request: Request, message_id: int, wording: Wording) -> Step:
    """Waits until the fate of the message is known, whichever process sends it."""
    database = context(request).database
    end = asyncio.get_running_loop().time() + PATIENCE
    title = wording.gettext("Message delivered")
    while True:
        with database.read() as connection:
            line = messages.message_by_id(connection, message_id)
        known = _fate(line, wording)
        if known is not None:
            return Step("message_delivered", title, *known)
        if asyncio.get_running_loop().time() >= end or request.app.state.stopping.is_set():
            text = wording.gettext(
                "It is not delivered yet; it stays in the outbox. The channel may be left alone for a while after failures."
            )
            return Step("message_delivered", title, False, text)
        await asyncio.sleep(_LOOK_EVERY)


def _fate(line: MessageLine | None, wording: Wording) -> tuple[bool, str] | None:
    """None while it is not known."""
    if line is None:
        return False, wording.gettext("The channel was removed meanwhile.")
    if line.state == outbox.SENT:
        took = wording.gettext("The other side took it within %(time)s.") % {"time": took_text(line.took or 0, wording)}
        return True, f"{took} {line.error}".strip()
    if line.state in {outbox.FAILED, outbox.HELD}:
        return False, line.error
    if line.state == outbox.WAITING and line.tries:
        return False, wording.gettext("%(error)s; it is tried again.") % {"error": line.error}
    return None


def _stored_text(stored: Stored, wording: Wording) -> str:
    kept = wording.gettext("It was stored and taken out again.")
    if not stored.told:
        return f"{kept} {wording.gettext('No channel would be told of such a report: none is in use, or none wants errors.')}"
    told = wording.gettext("Of such a report these channels would be told: %(channels)s.") % {
        "channels": wording.listing(list(stored.told))
    }
    return f"{kept} {told}"


def failing_report(name: str, now: Instant) -> bytes:
    """A report of a backup that failed a minute ago, as Duplicati posts it."""
    begun, ended = moment(Instant(now - MINUTE)), moment(Instant(now - 18 * SECOND))
    line = f"{begun:%Y-%m-%d %H:%M:%S} +00 - [Error-Duplicati.Library.Main.Operation.BackupHandler-FatalError]: Fatal error"
    document = {
        "Data": {
            "DeletedFiles": 0,
            "DeletedFolders": 0,
            "ModifiedFiles": 0,
            "ExaminedFiles": 15_399,
            "OpenedFiles": 18,
            "AddedFiles": 14,
            "SizeOfModifiedFiles": 0,
            "SizeOfAddedFiles": 1_799_001,
            "SizeOfExaminedFiles": 11_086_692_615,
            "SizeOfOpenedFiles": 1_847_231,
            "PartialBackup": False,
            "Dryrun": False,
            "MainOperation": "Backup",
            "ParsedResult": "Error",
            "Interrupted": False,
            "Version": "2.3.0.4 (2.3.0.4_stable_2026-07-09)",
            "EndTime": f"{ended:%Y-%m-%dT%H:%M:%S}Z",
            "BeginTime": f"{begun:%Y-%m-%dT%H:%M:%S}Z",
            "Duration": "00:00:42",
            "MessagesActualLength": 12,
            "WarningsActualLength": 0,
            "ErrorsActualLength": 1,
        },
        "Extra": {
            "OperationName": "Backup",
            "machine-id": name,
            "machine-name": name,
            "backup-name": "Self-test",
            "backup-id": name,
        },
        "LogLines": [f"{line}\nSystem.IO.IOException: No space left on device"],
        "Exception": None,
    }
    return orjson.dumps(document)
