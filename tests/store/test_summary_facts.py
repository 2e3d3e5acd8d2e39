"""The facts of summaries: what the jobs of a fleet did, and how they stand; on both databases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, utc_day
from duplistatus.evaluate.fleet_view import State
from duplistatus.evaluate.notify_setting import NotifySetting
from duplistatus.evaluate.setting_change import read_change
from duplistatus.evaluate.summary import Bucket, DailyFacts, JobFact, PeriodFacts, Totals
from duplistatus.evaluate.summary_setting import Period, Stretch, stretch_of
from duplistatus.report.reading import read_body
from duplistatus.store import watching
from duplistatus.store.facts import apply_due
from duplistatus.store.ids import JobId
from duplistatus.store.summary_facts import daily_facts, period_facts
from duplistatus.store.watch_changes import change_jobs, jobs_by_key
from tests.store.telling import Recording, tell
from tests.web.api.reports import Made, document, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.store.database import Connection, Database

NOON = Instant(1_795_262_400_000)
"""Saturday, 2026-11-21."""
TODAY = utc_day(NOON)
ONE_WARNING = (warning("3 files are locked"),)
ONE_ERROR = ("2026-11-21 06:00:02 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: The disk is gone",)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    opened = database.connect()
    yield opened
    opened.close()


def run(connection: Connection, *runs: Made) -> None:
    """Reports of runs, each 22 minutes after its begin."""
    for made in runs:
        body = orjson.dumps(document(made))
        parsed = read_body(body, "application/json", None, 1 << 25)
        tell(connection, Recording(made.job, body, "application/json", parsed), Instant(made.begun + 22 * MINUTE))


def job_id(connection: Connection, job: str, server: str = "alpha") -> JobId:
    return jobs_by_key(connection)[f"id-{server}:{job}"]


def daily(connection: Connection, now: Instant = NOON) -> DailyFacts:
    return daily_facts(connection, Instant(now - DAY), now, now)


def weekly(connection: Connection, now: Instant = NOON) -> PeriodFacts:
    return period_facts(connection, stretch_of(Period.WEEKLY, "UTC", now), now)


def names(jobs: tuple[JobFact, ...]) -> list[str]:
    return [job.name for job in jobs]


def test_an_empty_fleet_has_empty_summaries(connection: Connection) -> None:
    facts = daily(connection)
    assert (facts.present.jobs, facts.runs, facts.failed, facts.uploaded) == ((), {}, (), 0)
    period = weekly(connection)
    assert (period.totals, period.before) == (Totals(0, 0, 0, 0, 0), Totals(0, 0, 0, 0, 0))
    assert len(period.days) == 7
    assert not period.changes.any


def test_every_job_is_in_one_bucket_and_overdue_jobs_are_counted_apart(connection: Connection) -> None:
    hour = Instant(NOON - HOUR)
    run(
        connection,
        Made(hour, job="Fine", next_run=Instant(NOON + DAY)),
        Made(hour, job="Warned", result="Warning", warnings=ONE_WARNING),
        Made(hour, job="Broken", result="Error", errors=ONE_ERROR),
        Made(hour, job="Gone", server="beta", result="Fatal", errors=ONE_ERROR),
        Made(Instant(NOON - 5 * DAY), job="Late", next_run=Instant(NOON - 4 * DAY)),
    )
    connection.script("BEGIN")
    apply_due(connection, NOON)
    connection.script("COMMIT")
    present = daily(connection).present
    assert present.counts == Counter({Bucket.SUCCESS: 2, Bucket.WARNING: 1, Bucket.ERROR: 1, Bucket.FATAL: 1})
    assert (sum(present.counts.values()), present.overdue, present.servers) == (len(present.jobs), 1, 2)
    assert names(present.jobs) == ["Late", "Gone", "Broken", "Warned", "Fine"]
    assert names(present.problems) == ["Late", "Gone", "Broken", "Warned"]
    late = present.jobs[0]
    assert (late.state, late.is_overdue, late.bucket, late.expected_at) == (State.OVERDUE, True, Bucket.SUCCESS, NOON - 4 * DAY)
    assert (late.source_size, late.stored_size, late.versions, late.uploaded) == (5_000, 3_000, 3, 700)


def test_a_job_that_became_overdue_by_now_is_told_as_such_before_anybody_judged_it(connection: Connection) -> None:
    run(connection, Made(Instant(NOON - 5 * DAY), job="Late", next_run=Instant(NOON - 4 * DAY)))
    assert daily(connection).present.overdue == 1
    assert daily(connection, Instant(NOON - 5 * DAY + HOUR)).present.overdue == 0


def test_what_went_wrong_within_a_day_is_told_once_a_job_with_its_newest_run(connection: Connection) -> None:
    run(
        connection,
        Made(Instant(NOON - 25 * HOUR), job="Files", result="Fatal", errors=ONE_ERROR),
        *(Made(Instant(NOON - hours * HOUR), job="Files", result="Error", errors=ONE_ERROR) for hours in (20, 10)),
        Made(Instant(NOON - 5 * HOUR), job="Files", uploaded=1_000),
        Made(Instant(NOON - 2 * HOUR), job="Mail", result="Warning", warnings=ONE_WARNING, uploaded=10),
    )
    facts = daily(connection)
    assert facts.runs == {Bucket.SUCCESS: 1, Bucket.WARNING: 1, Bucket.ERROR: 2}
    assert facts.uploaded == 1_000 + 10 + 2 * 700
    told = [(each.job.name, each.status, each.times, each.begun_at, each.reason) for each in facts.failed]
    assert told == [
        ("Mail", "Warning", 1, NOON - 2 * HOUR, "3 files are locked"),
        ("Files", "Error", 2, NOON - 10 * HOUR, "The disk is gone"),
    ]


def test_jobs_that_are_not_watched_or_not_told_of_say_so(connection: Connection) -> None:
    run(connection, *(Made(Instant(NOON - HOUR), job=name) for name in ("Unwatched", "Quiet", "Plain")))
    connection.script("BEGIN")
    change_jobs(connection, [job_id(connection, "Unwatched")], read_change({"watched": False}), "kim", NOON)
    watching.save_notify(connection, job_id(connection, "Quiet"), NotifySetting(event="off"), "kim", NOON)
    connection.script("COMMIT")
    found = {job.name: (job.watched, job.silence) for job in daily(connection).present.jobs}
    assert found == {"Unwatched": (False, ""), "Quiet": (True, "off"), "Plain": (True, "")}


def days_ago(days: int, **values: Any) -> Made:
    """A run at one in the morning so many days ago; today is 0."""
    return Made(Instant((TODAY - days) * DAY + HOUR), **values)


def test_a_week_is_the_sum_of_its_days_and_is_compared_with_the_week_before(connection: Connection) -> None:
    run(
        connection,
        days_ago(20, stored=1_000),
        days_ago(14, uploaded=5, stored=2_000),
        days_ago(8, uploaded=7, stored=4_000, result="Error", errors=ONE_ERROR),
        days_ago(7, uploaded=100, stored=5_000),
        days_ago(1, uploaded=20, stored=9_000, result="Fatal", errors=ONE_ERROR),
        days_ago(0, uploaded=1_000, stored=50_000),
    )
    facts = weekly(connection)
    assert facts.totals == Totals(runs=2, failures=1, uploaded=120, stored=9_000, growth=5_000)
    assert facts.before == Totals(runs=2, failures=1, uploaded=12, stored=4_000, growth=3_000)
    assert facts.totals.successes == 1
    assert [(bar.runs, bar.failures, bar.uploaded, bar.stored) for bar in facts.days] == [
        (1, 0, 100, 5_000),
        *5 * [(0, 0, 0, 5_000)],
        (1, 1, 20, 9_000),
    ]
    assert facts.days[0].date == TODAY - 7


def test_a_run_that_knows_no_size_leaves_the_last_one(connection: Connection) -> None:
    run(connection, days_ago(9, stored=4_000))
    lost = document(days_ago(2, result="Fatal", errors=ONE_ERROR))
    del lost["Data"]["BackendStatistics"]
    body = orjson.dumps(lost)
    tell(connection, Recording("lost", body, "application/json", read_body(body, "application/json", None, 1 << 25)), NOON)
    facts = weekly(connection)
    assert (facts.totals.stored, facts.totals.growth, facts.totals.failures) == (4_000, 0, 1)
    assert [bar.stored for bar in facts.days] == 7 * [4_000]


def test_a_month_reaches_back_two_months(connection: Connection) -> None:
    run(connection, days_ago(70), days_ago(60, uploaded=3), days_ago(40, uploaded=4), days_ago(5, uploaded=5))
    facts = period_facts(connection, stretch_of(Period.MONTHLY, "UTC", NOON), NOON)
    assert (facts.totals.uploaded, facts.before.uploaded, len(facts.days)) == (5, 7, 31)


def test_what_changed_within_a_week(connection: Connection) -> None:
    ahead = Instant(NOON + 30 * DAY)
    failing = [days_ago(days, job="Breaks", result="Error", errors=ONE_ERROR, next_run=ahead) for days in (5, 4, 3)]
    run(
        connection,
        *(days_ago(days, job="Quiet") for days in (12, 10)),
        *(days_ago(days, job="Mends", result="Error", errors=ONE_ERROR) for days in (13, 12, 11)),
        days_ago(10, job="Breaks"),
        *failing,
        days_ago(2, job="Mends"),
        days_ago(3, job="New"),
    )
    changes = weekly(connection).changes
    assert (names(changes.new), names(changes.quiet)) == (["New"], ["Quiet"])
    assert (names(changes.failing), names(changes.recovered)) == (["Breaks"], ["Mends"])
    assert changes.any


def test_a_job_that_nobody_watches_has_not_gone_quiet(connection: Connection) -> None:
    run(connection, days_ago(10, job="Old"))
    assert names(weekly(connection).changes.quiet) == ["Old"]
    connection.script("BEGIN")
    change_jobs(connection, [job_id(connection, "Old")], read_change({"watched": False}), "kim", NOON)
    connection.script("COMMIT")
    assert weekly(connection).changes.quiet == ()


def judged(connection: Connection, at: Instant) -> None:
    connection.script("BEGIN")
    apply_due(connection, at)
    connection.script("COMMIT")


def test_for_how_long_jobs_were_overdue_within_a_week(connection: Connection) -> None:
    start = Instant((TODAY - 7) * DAY)
    # Overdue from before the week until its second day at one in the morning, and still at its end from two days before it.
    run(connection, Made(Instant(start - 3 * DAY), job="Before", next_run=Instant(start - DAY)))
    run(connection, Made(Instant(start - 2 * DAY), job="Still", next_run=Instant(start + 5 * DAY - 2 * HOUR)))
    run(connection, Made(Instant(start - 2 * DAY), job="Never", next_run=Instant(start + 30 * DAY)))
    judged(connection, Instant(start - DAY + 2 * HOUR + 1))
    run(connection, Made(Instant(start + DAY - 22 * MINUTE), job="Before", next_run=Instant(NOON + 30 * DAY)))
    judged(connection, Instant(start + 5 * DAY + 1))
    found = [(each.job.name, each.milliseconds, each.times, each.job.is_overdue) for each in weekly(connection).changes.overdue]
    assert found == [("Still", 2 * DAY - 1, 1, True), ("Before", DAY, 1, False)]


def test_a_job_overdue_for_weeks_was_so_all_week(connection: Connection) -> None:
    run(connection, days_ago(40, job="Lost", next_run=Instant(NOON - 39 * DAY)))
    judged(connection, Instant(NOON - 38 * DAY))
    (found,) = weekly(connection).changes.overdue
    assert (found.milliseconds, found.times) == (7 * DAY, 1)


def test_who_leads(connection: Connection) -> None:
    for number in range(7):
        name = f"Job {number}"
        run(connection, days_ago(9, job=name, stored=100), days_ago(2, job=name, uploaded=10 * number, stored=100 + number))
    run(connection, *(days_ago(days, job="Job 3", result="Error", errors=ONE_ERROR, stored=103) for days in (5, 4)))
    facts = weekly(connection)
    assert [(each.job.name, each.value) for each in facts.uploads[:2]] == [("Job 3", 30 + 1_400), ("Job 6", 60)]
    assert len(facts.uploads) == 5
    assert [(each.job.name, each.value) for each in facts.growths] == [(f"Job {number}", number) for number in (6, 5, 4, 3, 2)]
    assert [(each.job.name, each.value) for each in facts.failures] == [("Job 3", 2)]


def test_a_new_job_is_not_the_one_that_grew_most(connection: Connection) -> None:
    run(connection, days_ago(2, job="New", stored=10**12))
    facts = weekly(connection)
    assert facts.growths == ()
    assert facts.totals.growth == 10**12


def test_the_days_may_lie_anywhere(connection: Connection) -> None:
    run(connection, days_ago(2))
    stretch: Stretch = stretch_of(Period.WEEKLY, "UTC", Instant(NOON - 300 * DAY))
    facts = period_facts(connection, stretch, NOON)
    assert (facts.totals.runs, facts.totals.stored, len(facts.present.jobs)) == (0, 0, 1)
