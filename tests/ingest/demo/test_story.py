from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from duplistatus.clock import DAY, HOUR, Instant, instant, moment
from duplistatus.ingest.demo.event import Event, Operation
from duplistatus.ingest.demo.fleet import Retention, Rhythm, Schedule, Trouble
from duplistatus.ingest.demo.machines import MACHINES
from duplistatus.ingest.demo.releases import release_of
from duplistatus.ingest.demo.retention import removal
from duplistatus.ingest.demo.seasons import factor, is_holiday
from duplistatus.ingest.demo.slots import next_slot
from duplistatus.ingest.demo.story import tell

NOW = instant(datetime(2026, 11, 21, 10, tzinfo=UTC))


def told(seed: int = 7, years: float = 2.0, until: Instant = NOW) -> list[Event]:
    return list(takewhile(lambda event: event.ended_at <= until, tell(seed, NOW, years)))


@pytest.fixture(scope="module")
def story() -> list[Event]:
    return told()


def backups(story: list[Event]) -> dict[tuple[str, str], list[Event]]:
    found: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in story:
        if event.operation is Operation.BACKUP:
            found[event.machine.name, event.job.name].append(event)
    return found


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    assert told(years=0.2) == told(years=0.2)
    assert told(years=0.2) != told(seed=8, years=0.2)


def test_the_story_goes_back_two_years_and_in_order(story: list[Event]) -> None:
    ends = [event.ended_at for event in story]
    assert ends == sorted(ends)
    for machine in MACHINES:
        for job in machine.jobs:
            first = min(event.begun_at for event in story if event.machine is machine and event.job is job)
            patience = 40 if job.schedule is None else 8
            expected = job.began_days_ago if job.began_days_ago is not None else 2 * 365
            assert expected - patience <= (NOW - first) / DAY <= expected


def test_the_operations_of_a_job_do_not_overlap(story: list[Event]) -> None:
    free: dict[tuple[str, str], Instant] = {}
    for event in story:
        key = (event.machine.name, event.job.name)
        assert event.begun_at > free.get(key, 0)
        free[key] = event.ended_at


def test_every_scheduled_run_announces_the_next_one_and_it_comes_unless_the_machine_was_off(story: list[Event]) -> None:
    for (machine, _), runs in backups(story).items():
        for run, following in pairwise(runs):
            if run.next_run is None:
                continue
            assert run.next_run > run.begun_at
            assert following.begun_at >= run.next_run
            if not run.machine.off_share:
                assert following.begun_at - run.next_run < 12 * HOUR, machine


def test_offices_rest_at_weekends_and_on_holidays(story: list[Event]) -> None:
    runs = backups(story)["fileserver", "Projekte"]
    zone = ZoneInfo("Europe/Berlin")
    by_kind: dict[str, list[int]] = defaultdict(list)
    for run in runs:
        day = moment(run.begun_at).astimezone(zone).date()
        kind = "holiday" if is_holiday(day) else "weekend" if day.weekday() > 4 else "summer" if day.month == 7 else "workday"
        by_kind[kind].append(run.change.opened_size)
    mean = {kind: sum(sizes) / len(sizes) for kind, sizes in by_kind.items()}
    assert mean["weekend"] < 0.2 * mean["workday"]
    assert mean["holiday"] < 0.2 * mean["workday"]
    assert 0.3 * mean["workday"] < mean["summer"] < 0.8 * mean["workday"]


def test_the_data_grows_and_large_amounts_come_at_once(story: list[Event]) -> None:
    for key, runs in backups(story).items():
        known = [run.change.examined_size for run in runs if run.change.examined_size]
        assert known[-1] > known[0], key
    photos = [run.change.added_size for run in backups(story)["nas-oslo", "Photos"]]
    assert sum(size > 10 * 1024**3 for size in photos) == 2


def test_there_is_trouble_of_every_kind(story: list[Event]) -> None:
    assert {event.trouble for event in story} == {None, *Trouble}
    assert {event.operation for event in story} == set(Operation)


def test_a_streak_of_failures_lasts_for_days_and_ends(story: list[Event]) -> None:
    runs = backups(story)["helsinki-web", "Website"]
    failed = [number for number, run in enumerate(runs) if run.trouble is Trouble.CREDENTIALS]
    assert failed == list(range(failed[0], failed[0] + 12))
    assert runs[failed[-1] + 1].trouble is None


def test_one_job_keeps_failing_and_one_machine_has_fallen_silent(story: list[Event]) -> None:
    assert [run.trouble for run in backups(story)["homelab", "Container volumes"]][-4:] == [Trouble.MISSING_VOLUMES] * 4
    last = backups(story)["anna-laptop", "Home folder"][-1]
    assert NOW - last.begun_at > 5 * DAY
    assert last.next_run is not None
    assert last.next_run < NOW - 4 * DAY


def test_the_story_goes_on_after_the_present_but_not_on_the_silent_machine() -> None:
    later = [event for event in told(years=0.1, until=Instant(NOW + 3 * DAY)) if event.ended_at > NOW]
    machines = {event.machine.name for event in later}
    assert machines == {machine.name for machine in MACHINES} - {"anna-laptop"}
    assert {event.trouble for event in later if event.job.name == "Container volumes"} == {Trouble.MISSING_VOLUMES}


def test_versions_follow_the_retention_of_the_job(story: list[Event]) -> None:
    for runs in backups(story).values():
        versions = runs[-1].destination.versions
        assert list(versions) == sorted(versions, reverse=True)
        retention = runs[-1].job.retention
        if retention.versions is not None:
            assert len(versions) == retention.versions
        if retention.days is not None:
            assert versions[-1] >= runs[-1].begun_at - (retention.days + 4) * DAY
        for run in runs:
            assert set(run.before) - set(run.removal.all) == set(run.destination.versions)


def days_ago(*days: float) -> tuple[Instant, ...]:
    return tuple(Instant(int(NOW - each * DAY)) for each in days)


def test_a_policy_keeps_one_version_an_interval_and_removes_what_lies_outside() -> None:
    # Two versions of the same day, a week with three, and one too old.
    versions = days_ago(0, 1, 1.2, 2, 9, 12, 15, 30)
    gone = removal(versions, Retention(frames=((7, 1), (28, 7))), NOW)
    assert gone.outside == days_ago(30)
    # Each frame keeps its oldest: of 1 and 1.2 the later goes only as long as the one before it stays.
    assert gone.all == days_ago(1.2, 9, 12, 30)


def test_a_policy_keeps_daily_runs_that_started_some_seconds_early() -> None:
    second = 1 / 86_400
    versions = days_ago(0, 1, 2 - 3 * second, 3, 4 - 3 * second)
    assert removal(versions, Retention(frames=((7, 1),)), NOW).all == ()


def test_frames_that_keep_all_remove_nothing_within() -> None:
    versions = days_ago(0, 0.1, 0.2, 5, 5.1, 40)
    gone = removal(versions, Retention(frames=((30, None),)), NOW)
    assert gone.all == gone.outside == days_ago(40)


def test_a_number_of_versions_or_days_is_kept() -> None:
    versions = days_ago(0, 1, 2, 3, 4)
    assert removal(versions, Retention(versions=3), NOW).all == days_ago(3, 4)
    assert removal(versions, Retention(days=2), NOW).all == days_ago(3, 4)
    assert removal(versions, Retention(), NOW).all == ()


def test_the_newest_version_stays_however_old_it_is() -> None:
    assert removal(days_ago(400, 401), Retention(days=30), NOW).all == days_ago(401)
    assert removal(days_ago(400, 401), Retention(frames=((7, 1),)), NOW).all == days_ago(401)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 4, 18), True),
        (date(2025, 4, 21), True),
        (date(2025, 4, 22), False),
        (date(2026, 4, 3), True),
        (date(2026, 4, 6), True),
        (date(2026, 4, 2), False),
        (date(2038, 4, 25), True),
        (date(1954, 4, 18), True),
        (date(2049, 4, 18), True),
        (date(2026, 12, 31), True),
        (date(2026, 12, 23), False),
    ],
)
def test_easter_and_the_days_around_christmas_are_holidays(day: date, expected: bool) -> None:
    assert is_holiday(day) is expected


def test_homes_are_busy_when_offices_are_not() -> None:
    christmas = date(2025, 12, 26)
    assert factor(Rhythm.HOME, christmas) > 1
    assert factor(Rhythm.OFFICE, christmas) < 0.1


def test_a_daily_start_keeps_its_time_of_day_over_a_change_of_the_clock() -> None:
    zone = ZoneInfo("Europe/Berlin")
    saturday = instant(datetime(2026, 3, 28, 21, tzinfo=zone))
    following = next_slot(Schedule(20, 30), zone, saturday)
    assert moment(following).astimezone(zone) == datetime(2026, 3, 29, 20, 30, tzinfo=zone)
    assert (following - saturday) / HOUR == 22.5


def test_a_start_on_working_days_skips_the_weekend_in_the_machines_own_zone() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    # Friday evening in Tokyo is still Friday noon in UTC.
    friday = instant(datetime(2026, 11, 20, 22, 0, 1, tzinfo=zone))
    following = next_slot(Schedule(22, 0, frozenset(range(5))), zone, friday)
    assert moment(following).astimezone(zone) == datetime(2026, 11, 23, 22, 0, tzinfo=zone)


def test_an_interval_of_hours_is_counted_in_utc() -> None:
    zone = ZoneInfo("Europe/Helsinki")
    after = instant(datetime(2026, 3, 29, 0, 10, tzinfo=UTC))
    assert moment(next_slot(Schedule(0, 10, every_hours=6), zone, after)) == datetime(2026, 3, 29, 6, 10, tzinfo=UTC)


def test_machines_take_up_new_versions_after_a_while_and_stay_where_they_were_pinned() -> None:
    machine = {each.name: each for each in MACHINES}
    july = instant(datetime(2026, 7, 15, tzinfo=UTC))
    assert release_of(machine["fileserver"], july).number == "2.2.0.1"
    assert release_of(machine["fileserver"], NOW).number == "2.3.0.4"
    assert release_of(machine["helsinki-web"], NOW).number == "2.3.0.109"
    assert release_of(machine["loja-sp"], NOW).number == "2.1.0.5"
