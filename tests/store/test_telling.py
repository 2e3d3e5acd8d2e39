"""What is to be told is written with its cause, once, and to whom routing says; on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, SECOND, Instant
from duplistatus.evaluate.job_setting import WatchSettings
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.notify_setting import Additional, NotifySetting
from duplistatus.evaluate.routing import Filter
from duplistatus.report.reading import read_body
from duplistatus.store import channels, deletion, silencing, tags, tasks, watching
from duplistatus.store.channels import ChannelValues
from duplistatus.store.facts import apply_due
from duplistatus.store.ids import JobId
from duplistatus.store.summaries import run_facts
from duplistatus.store.telling import tell_overdue, tell_run
from duplistatus.store.watch_changes import change_backup_settings, change_watch_settings, jobs_by_key
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NOON = Instant(1_795_262_400_000)
"""Saturday, 2026-11-21."""
BY = "kim"
ONE_WARNING = (warning("something"),)
LATE = Instant(NOON + DAY + 2 * HOUR + SECOND)
"""When a job that is expected a day after noon is overdue."""


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


@pytest.fixture
def ntfy(connection: Connection) -> int:
    return switch_on(connection, channels.NTFY)


@pytest.fixture
def email(connection: Connection) -> int:
    return switch_on(connection, channels.EMAIL)


def switch_on(connection: Connection, key: str) -> int:
    row = channels.own_channel(connection, key)
    channels.save_channel(connection, row.id, ChannelValues(row.name, True, {}, ""), BY, NOON)
    return row.id


def other(connection: Connection, chosen: Filter, *, enabled: bool = True) -> int:
    return channels.add_channel(connection, "webhook", ChannelValues("hook", enabled, {}, "", chosen), BY, NOON)


def told(connection: Connection, made: Made, at: Instant | None = None) -> JobId:
    """The job of a run that was reported."""
    body = orjson.dumps(document(made))
    parsed = read_body(body, "application/json", None, 1 << 25)
    tell(connection, Recording(made.job, body, "application/json", parsed), at or Instant(made.begun + 22 * MINUTE))
    return jobs_by_key(connection)[f"id-{made.server}:{made.job}"]


def messages(connection: Connection) -> list[tuple[Any, ...]]:
    """Event, channel, destination and state of everything in the outbox, oldest first."""
    text = (
        "SELECT notice.event, outbox.channel_id, outbox.destination, outbox.state FROM outbox"
        " JOIN notice ON notice.id = outbox.notice_id ORDER BY outbox.id"
    )
    return [tuple(row) for row in connection.raw.execute(text).fetchall()]


def details(connection: Connection) -> dict[str, Any]:
    """Those of the newest notice."""
    found: dict[str, Any] = json.loads(connection.raw.execute("SELECT details FROM notice ORDER BY id DESC LIMIT 1").fetchone()[0])
    return found


def overdue_job(connection: Connection, job: str = "Files", server: str = "alpha") -> JobId:
    """A job that was overdue at LATE, had anybody looked."""
    return told(connection, Made(NOON, server=server, job=job, next_run=Instant(NOON + DAY)))


# --- runs --------------------------------------------------------------------------------------------------------------------------


def test_a_run_with_warnings_is_told_on_both_channels_for_all(connection: Connection, ntfy: int, email: int) -> None:
    told(connection, Made(NOON, warnings=ONE_WARNING))
    assert messages(connection) == [("warning", ntfy, "", "waiting"), ("warning", email, "", "waiting")]
    found = details(connection)
    assert (found["status"], found["warnings"], found["uploaded"], found["stored_size"]) == ("Warning", 1, 700, 3_000)


def test_a_success_is_told_only_of_a_job_that_asks_for_all_results(connection: Connection, ntfy: int) -> None:
    job_id = told(connection, Made(NOON))
    assert messages(connection) == []
    watching.save_notify(connection, job_id, NotifySetting("all"), BY, NOON)
    told(connection, Made(Instant(NOON + DAY)))
    assert messages(connection) == [("success", ntfy, "", "waiting")]


def test_nothing_is_told_while_no_channel_is_in_use(connection: Connection) -> None:
    other(connection, Filter(frozenset({Event.WARNING})), enabled=False)
    told(connection, Made(NOON, warnings=ONE_WARNING))
    assert messages(connection) == []
    assert connection.raw.execute("SELECT count(*) FROM notice").fetchone()[0] == 0


def test_the_same_report_twice_is_one_message(connection: Connection, ntfy: int) -> None:
    for _ in range(2):
        told(connection, Made(NOON, warnings=ONE_WARNING))
    assert messages(connection) == [("warning", ntfy, "", "waiting")]


def test_a_run_that_is_recorded_anew_is_told_once_unless_it_says_something_else(connection: Connection, ntfy: int) -> None:
    job_id = told(connection, Made(NOON, warnings=ONE_WARNING))
    facts = run_facts(connection, connection.raw.execute("SELECT id FROM run").fetchone()[0])
    tell_run(connection, job_id, facts, NOON)
    assert [row[0] for row in messages(connection)] == ["warning"]
    tell_run(connection, job_id, replace(facts, status="Error"), NOON)
    assert [row[0] for row in messages(connection)] == ["warning", "error"]


def test_additional_destinations_follow_the_server_until_the_job_has_its_own(connection: Connection, ntfy: int, email: int) -> None:
    job_id = told(connection, Made(NOON))
    server_id = connection.raw.execute("SELECT server_id FROM job").fetchone()[0]
    watching.save_additional(connection, server_id, Additional("errors", "a@example.org, b@example.org", "family"))
    told(connection, Made(Instant(NOON + HOUR), result="Error", errors=("it failed",)))
    assert messages(connection) == [
        ("error", ntfy, "", "waiting"),
        ("error", ntfy, "family", "waiting"),
        ("error", email, "", "waiting"),
        ("error", email, "a@example.org", "waiting"),
        ("error", email, "b@example.org", "waiting"),
    ]
    watching.save_notify(connection, job_id, NotifySetting("off", additional=Additional(event="all", emails="")), BY, NOON)
    told(connection, Made(Instant(NOON + 2 * HOUR)))
    assert messages(connection)[5:] == [("success", ntfy, "family", "waiting")]


def test_other_channels_go_by_their_own_filter(connection: Connection) -> None:
    job_id = told(connection, Made(NOON))
    server_id = connection.raw.execute("SELECT server_id FROM job").fetchone()[0]
    tags.set_server_tags(connection, server_id, ["office"], NOON)
    tag_id = connection.raw.execute("SELECT id FROM tag").fetchone()[0]
    events = frozenset({Event.SUCCESS})
    wants = [
        other(connection, chosen)
        for chosen in (
            Filter(events),
            Filter(events, servers=frozenset({server_id})),
            Filter(events, tags=frozenset({tag_id})),
            Filter(events, jobs=frozenset({job_id})),
        )
    ]
    for chosen in (Filter(frozenset({Event.ERROR})), Filter(events, servers=frozenset({999})), Filter(events, jobs=frozenset({999}))):
        other(connection, chosen)
    watching.save_notify(connection, job_id, NotifySetting("off"), BY, NOON)
    told(connection, Made(Instant(NOON + HOUR)))
    assert messages(connection) == [("success", each, "", "waiting") for each in wants]


def test_messages_of_a_snoozed_job_are_held_back_with_the_reason(connection: Connection, ntfy: int) -> None:
    job_id = told(connection, Made(NOON))
    silencing.snooze_job(connection, job_id, Instant(NOON + DAY), "", BY, NOON)
    told(connection, Made(Instant(NOON + HOUR), warnings=ONE_WARNING))
    assert messages(connection) == [("warning", ntfy, "", "held")]
    assert connection.raw.execute("SELECT error FROM outbox").fetchone()[0] == "snoozed"


def test_the_daily_summary_takes_the_place_of_mails_to_the_default_recipient(connection: Connection, ntfy: int, email: int) -> None:
    job_id = told(connection, Made(NOON))
    watching.save_notify(connection, job_id, NotifySetting(additional=Additional(emails="a@example.org")), BY, NOON)
    connection.raw.execute("INSERT INTO setting (key, value) VALUES ('summary_daily', '{\"enabled\": true}')")
    told(connection, Made(Instant(NOON + HOUR), warnings=ONE_WARNING))
    assert messages(connection) == [("warning", ntfy, "", "waiting"), ("warning", email, "a@example.org", "waiting")]


# --- overdue -----------------------------------------------------------------------------------------------------------------------


def test_an_overdue_job_is_told_at_its_moment_with_the_change(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    assert apply_due(connection, LATE) > 0
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]
    found = details(connection)
    assert (found["expected_at"], found["overdue_at"], found["last_begun_at"]) == (NOON + DAY, NOON + DAY + 2 * HOUR, NOON)


def test_nothing_is_told_by_time_while_the_check_is_switched_off(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    change_watch_settings(connection, WatchSettings(check_interval="disabled"), NOON)
    assert apply_due(connection, LATE) > 0
    assert messages(connection) == []
    assert tell_overdue(connection, LATE) == 1
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]


@pytest.mark.parametrize(("frequency", "pause"), [("every_day", DAY), ("every_week", 7 * DAY), ("every_month", 30 * DAY)])
def test_it_is_told_again_after_the_time_that_is_set(connection: Connection, ntfy: int, frequency: str, pause: int) -> None:
    overdue_job(connection)
    change_watch_settings(connection, WatchSettings(frequency=frequency), NOON)
    apply_due(connection, LATE)
    assert tell_overdue(connection, Instant(LATE + pause - SECOND)) == 0
    assert tell_overdue(connection, Instant(LATE + pause)) == 1
    assert tell_overdue(connection, Instant(LATE + pause + MINUTE)) == 0
    assert len(messages(connection)) == 2


def test_once_is_once_until_reminders_begin_anew(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    change_watch_settings(connection, WatchSettings(frequency="onetime"), NOON)
    apply_due(connection, LATE)
    assert tell_overdue(connection, Instant(LATE + 400 * DAY)) == 0
    tasks.reset_reminders(connection, Instant(LATE + 400 * DAY))
    assert tell_overdue(connection, Instant(LATE + 400 * DAY)) == 1


def test_each_place_has_a_clock_of_its_own(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    late_comer = other(connection, Filter(frozenset({Event.OVERDUE})))
    assert tell_overdue(connection, Instant(LATE + HOUR)) == 1
    assert messages(connection)[1:] == [("overdue", late_comer, "", "waiting")]
    assert tell_overdue(connection, Instant(LATE + DAY)) == 1
    assert messages(connection)[2:] == [("overdue", ntfy, "", "waiting")]


def test_a_silent_job_is_told_when_the_silence_ends(connection: Connection, ntfy: int) -> None:
    job_id = overdue_job(connection)
    silencing.snooze_job(connection, job_id, Instant(LATE + HOUR), "", BY, NOON)
    apply_due(connection, LATE)
    assert tell_overdue(connection, LATE) == 0
    assert messages(connection) == []
    apply_due(connection, Instant(LATE + HOUR))
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]


def test_after_a_time_without_a_check_there_is_one_message_for_all(connection: Connection, ntfy: int, email: int) -> None:
    ids = [overdue_job(connection, name) for name in ("Files", "Photos", "Mail")]
    apply_due(connection, LATE, down_since=NOON)
    assert messages(connection) == [("overdue", ntfy, "", "waiting"), ("overdue", email, "", "waiting")]
    found = details(connection)
    assert ([each["job_id"] for each in found["jobs"]], found["down_since"]) == (ids, NOON)
    assert tell_overdue(connection, LATE, down_since=NOON) == 0


def test_many_at_once_are_one_message(connection: Connection, ntfy: int) -> None:
    for number in range(11):
        overdue_job(connection, f"Job {number}")
    apply_due(connection, LATE)
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]
    assert len(details(connection)["jobs"]) == 11


def test_a_few_at_once_are_a_message_each(connection: Connection, ntfy: int) -> None:
    for name in ("Files", "Photos"):
        overdue_job(connection, name)
    apply_due(connection, LATE)
    assert messages(connection) == [("overdue", ntfy, "", "waiting")] * 2


def test_a_job_whose_results_nobody_wants_is_told_when_it_is_overdue(connection: Connection, ntfy: int) -> None:
    job_id = overdue_job(connection)
    watching.save_notify(connection, job_id, NotifySetting("off"), BY, NOON)
    apply_due(connection, LATE)
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]


def test_the_moment_of_one_job_is_no_reminder_of_another(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    told(connection, Made(NOON, job="Photos", next_run=Instant(LATE + 2 * DAY)))
    apply_due(connection, Instant(LATE + 2 * DAY + 3 * HOUR))
    assert len(messages(connection)) == 2
    assert tell_overdue(connection, Instant(LATE + 2 * DAY + 3 * HOUR)) == 1


# --- back to normal ----------------------------------------------------------------------------------------------------------------


def test_who_was_told_learns_that_the_job_reports_again(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    other(connection, Filter(frozenset({Event.BACK})))
    told(connection, Made(Instant(LATE + 5 * HOUR), next_run=Instant(NOON + 2 * DAY)))
    assert messages(connection)[1:] == [("back", ntfy, "", "waiting")]
    assert details(connection)["overdue_since"] == NOON + DAY + 2 * HOUR
    assert connection.raw.execute("SELECT count(*) FROM reminder").fetchone()[0] == 0


def test_nobody_is_told_that_a_job_is_back_of_which_nobody_knew(connection: Connection) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    switch_on(connection, channels.NTFY)
    told(connection, Made(Instant(LATE + 5 * HOUR), next_run=Instant(NOON + 2 * DAY)))
    assert messages(connection) == []


def test_a_late_report_of_an_old_run_is_no_return(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    told(connection, Made(Instant(NOON - DAY), next_run=NOON), LATE)
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]


def test_a_channel_that_is_off_or_does_not_want_it_learns_of_no_return(connection: Connection, ntfy: int) -> None:
    wants_overdue_alone = other(connection, Filter(frozenset({Event.OVERDUE})))
    overdue_job(connection)
    apply_due(connection, LATE)
    assert [row[1] for row in messages(connection)] == [ntfy, wants_overdue_alone]
    channels.save_channel(connection, ntfy, ChannelValues("ntfy", False, {}, ""), BY, LATE)
    told(connection, Made(Instant(LATE + 5 * HOUR), next_run=Instant(NOON + 2 * DAY)))
    assert len(messages(connection)) == 2


def test_a_report_after_a_changed_setting_has_ended_it_is_no_return(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    change_watch_settings(connection, WatchSettings(tolerance=12 * HOUR), LATE)
    told(connection, Made(Instant(LATE + HOUR), next_run=Instant(NOON + 2 * DAY)))
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]


def test_a_changed_setting_is_no_return_and_begins_anew(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    apply_due(connection, LATE)
    change_watch_settings(connection, WatchSettings(tolerance=12 * HOUR), LATE)
    assert messages(connection) == [("overdue", ntfy, "", "waiting")]
    apply_due(connection, Instant(LATE + 10 * HOUR))
    assert messages(connection) == [("overdue", ntfy, "", "waiting")] * 2


# --- what ends ---------------------------------------------------------------------------------------------------------------------


def test_a_removed_job_takes_its_messages_with_it(connection: Connection, ntfy: int) -> None:
    overdue_job(connection)
    overdue_job(connection, "Photos")
    apply_due(connection, LATE)
    assert deletion.delete_job(connection, "id-alpha", "Files", LATE) is not None
    assert len(messages(connection)) == 1
    assert [connection.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("notice", "reminder")] == [1, 1]


def test_a_removed_channel_takes_its_messages_with_it_and_those_for_all_stay(connection: Connection, ntfy: int) -> None:
    hook = other(connection, Filter(frozenset({Event.WARNING})))
    told(connection, Made(NOON, warnings=ONE_WARNING))
    for channel_id in (hook, ntfy):
        channels.remove_channel(connection, channel_id)
    assert [row.kind for row in channels.channels(connection)] == ["email", "ntfy"]
    assert messages(connection) == []


def test_settings_of_1_4_2_reach_the_outbox(connection: Connection, ntfy: int, email: int) -> None:
    told(connection, Made(NOON))
    entry = {"notificationEvent": "all", "additionalNotificationEvent": "all", "additionalNtfyTopic": "extra", "ntfyEnabled": True}
    change_backup_settings(connection, {"id-alpha:Files": {**entry, "additionalEmails": "a@example.org, b@example.org"}}, BY, NOON)
    told(connection, replace(Made(Instant(NOON + HOUR)), warnings=ONE_WARNING))
    assert [row[1:3] for row in messages(connection)] == [
        (ntfy, ""),
        (ntfy, "extra"),
        (email, ""),
        (email, "a@example.org"),
        (email, "b@example.org"),
    ]
