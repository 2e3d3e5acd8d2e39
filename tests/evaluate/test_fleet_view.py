"""The state that is shown of a job, and the fleet as a dashboard sees it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.evaluate.fleet_view import Group, State, bars_of, filtered, group_of, job_view, missed_slots, view_fleet

NOW = Instant(1000 * DAY)
SOON = Instant(NOW + HOUR)
JUST_PAST = Instant(NOW - HOUR)
LONG_PAST = Instant(NOW - 5 * HOUR)


@dataclass(frozen=True)
class Server:
    id: int
    label: str
    name: str = ""
    note: str = ""
    url: str = ""
    tag_keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Job:
    id: int = 1
    server_id: int = 1
    name: str = "Files"
    last_status: str | None = "Success"
    last_begun_at: Instant | None = JUST_PAST
    recent: str = "[]"
    files: int | None = 10
    source_size: int | None = 100
    stored_size: int | None = 50
    schedule: str = "ok"
    outcome: str = "good"
    activity: str = "idle"
    expected_at: Instant | None = SOON
    stuck_at: Instant | None = None

    @property
    def overdue_at(self) -> Instant | None:
        return None if self.expected_at is None else Instant(self.expected_at + 2 * HOUR)


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (Job(), State.OK),
        (Job(expected_at=JUST_PAST), State.LATE),
        (Job(expected_at=LONG_PAST), State.OVERDUE),
        (Job(expected_at=None), State.UNSCHEDULED),
        (Job(schedule="off", expected_at=None), State.OFF),
        (Job(last_status=None, expected_at=None), State.NEVER),
        (Job(last_status="Warning"), State.WARNING),
        (Job(last_status="Error"), State.ERROR),
        (Job(last_status="Fatal"), State.FATAL),
        (Job(last_status="Unknown"), State.UNKNOWN),
        (Job(last_status="Something new"), State.UNKNOWN),
        (Job(activity="running"), State.RUNNING),
        (Job(activity="stuck"), State.STUCK),
        # Of several facts the most urgent is shown.
        (Job(last_status="Error", expected_at=LONG_PAST), State.OVERDUE),
        (Job(last_status="Error", outcome="failing"), State.FAILING),
        (Job(last_status="Error", outcome="failing", expected_at=LONG_PAST, activity="stuck"), State.STUCK),
        (Job(last_status="Warning", expected_at=JUST_PAST), State.WARNING),
        (Job(last_status="Warning", expected_at=None), State.WARNING),
        # A running job is not overdue until it is stuck.
        (Job(activity="running", expected_at=LONG_PAST), State.LATE),
        (Job(activity="running", expected_at=JUST_PAST), State.LATE),
        (Job(activity="running", expected_at=LONG_PAST, stuck_at=SOON), State.LATE),
        (Job(activity="running", expected_at=SOON, stuck_at=JUST_PAST), State.STUCK),
        (Job(activity="running", last_status="Fatal", expected_at=LONG_PAST), State.FATAL),
    ],
)
def test_the_most_urgent_fact_is_shown(job: Job, state: State) -> None:
    assert job_view(job, NOW).state is state


def test_the_verdict_is_that_of_the_moment_not_the_stored_one() -> None:
    stored_as_fine = Job(schedule="ok", expected_at=LONG_PAST)
    assert job_view(stored_as_fine, NOW).schedule == "overdue"
    assert job_view(replace(stored_as_fine, schedule="off"), NOW).schedule == "off"


def test_a_server_is_as_its_most_urgent_job_and_lists_it_first() -> None:
    jobs = [Job(1, name="b"), Job(2, name="A"), Job(3, name="c", last_status="Warning")]
    (server,) = view_fleet([Server(1, "alpha")], jobs, NOW).servers
    assert server.state is State.WARNING
    assert [job.row.name for job in server.jobs] == ["c", "A", "b"]
    assert (server.files, server.stored_size, server.last_run) == (30, 150, JUST_PAST)


def test_unknown_figures_are_left_out_of_sums_and_a_sum_of_nothing_is_unknown() -> None:
    known = Job(1, files=None, source_size=7, stored_size=None)
    (server,) = view_fleet([Server(1, "alpha")], [known, Job(2, files=None, source_size=None, stored_size=None)], NOW).servers
    assert (server.files, server.source_size, server.stored_size) == (None, 7, None)


def test_servers_without_jobs_are_not_shown() -> None:
    assert view_fleet([Server(1, "alpha"), Server(2, "beta")], [Job()], NOW).servers[0].row.label == "alpha"
    assert len(view_fleet([Server(1, "alpha"), Server(2, "beta")], [Job()], NOW).servers) == 1


def test_the_view_says_until_when_it_is_true() -> None:
    tolerance_ends = Instant(JUST_PAST + 2 * HOUR)
    view = view_fleet([Server(1, "alpha")], [Job(1, expected_at=SOON), Job(2, expected_at=JUST_PAST), Job(3, expected_at=None)], NOW)
    assert view.valid_until == min(SOON, tolerance_ends) + 1
    assert view.counts == Counter({State.OK: 1, State.LATE: 1, State.UNSCHEDULED: 1})
    assert view_fleet([], [], NOW).valid_until is None


@given(st.lists(st.sampled_from(["Success", "Warning", "Error", "Fatal", "Unknown", None]), max_size=20), st.integers(-10, 10))
def test_every_job_is_counted_once(statuses: list[str | None], hours: int) -> None:
    jobs = [Job(number, last_status=status, expected_at=Instant(NOW + hours * HOUR)) for number, status in enumerate(statuses)]
    view = view_fleet([Server(1, "alpha")], jobs, NOW)
    assert view.jobs == len(jobs)
    assert sum(view.in_group(group) for group in Group) == len(jobs)


FLEET = view_fleet(
    [Server(1, "Kari’s desk", "office-pc", "under the stairs", "https://office.lan:8200"), Server(2, "nas", "nas-oslo")],
    [Job(1, 1, "Desktop"), Job(2, 1, "Scans", last_status="Error"), Job(3, 2, "Photos")],
    NOW,
)


@pytest.mark.parametrize(
    ("query", "jobs"),
    [
        ("", ["Scans", "Desktop", "Photos"]),
        ("desk", ["Scans", "Desktop"]),
        ("DESKTOP", ["Desktop"]),
        ("office scans", ["Scans"]),
        ("stairs", ["Scans", "Desktop"]),
        ("office.lan:8200", ["Scans", "Desktop"]),
        ("oslo photos", ["Photos"]),
        ("oslo scans", []),
        ("  ", ["Scans", "Desktop", "Photos"]),
    ],
)
def test_every_word_must_be_in_a_name_note_or_url(query: str, jobs: list[str]) -> None:
    assert [job.row.name for server in filtered(FLEET, query) for job in server.jobs] == jobs


def test_a_group_leaves_its_jobs_and_the_servers_figures() -> None:
    (server,) = filtered(FLEET, "", Group.FAILED)
    assert ([job.row.name for job in server.jobs], server.state, server.files) == (["Scans"], State.ERROR, 20)
    assert filtered(FLEET, "", Group.STUCK) == ()
    assert {group_of(state) for state in State} == set(Group)


def recent(*statuses: str, gap: int = DAY) -> str:
    first = LONG_PAST - gap * len(statuses)
    return json.dumps([[first + index * gap, status, 1] for index, status in enumerate(statuses)])


def test_bars_show_results_what_is_missing_and_what_runs() -> None:
    results = recent("Success", "Warning", "Error", "Fatal", "Unknown")
    assert bars_of(job_view(Job(recent=results), NOW), NOW) == ["ok", "warn", "error", "error", "quiet"]
    assert bars_of(job_view(Job(activity="running"), NOW), NOW) == ["run"]
    assert bars_of(job_view(Job(recent=recent("Success", "Success"), expected_at=LONG_PAST), NOW), NOW) == ["ok", "ok", "missed"]


@pytest.mark.parametrize(
    ("begun", "since", "missed"),
    [
        ([0, DAY, 2 * DAY], 3 * DAY - HOUR, 3),
        ([0, 7 * DAY], 3 * DAY, 1),
        ([5], 3 * DAY, 1),
        ([], 3 * DAY, 1),
        ([0, HOUR], 90 * DAY, 6),
        ([0, 0], DAY, 1),
    ],
)
def test_missing_runs_are_counted_by_the_usual_gap(begun: list[int], since: int, missed: int) -> None:
    assert missed_slots(begun, Instant(NOW - since), NOW) == missed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tag:oslo", ["a", "b"]),
        ("TAG:Oslo", ["a", "b"]),
        ('tag:"site two"', ["b"]),
        ('tag:oslo tag:"Site Two"', ["b"]),
        ("tag:oslo photos", ["b"]),
        ("tag:os", []),
        ("tag:", []),
        ("oslo", []),
    ],
)
def test_a_tag_is_looked_for_by_its_whole_name_in_any_letters(query: str, found: list[str]) -> None:
    servers = [
        Server(1, "a", tag_keys=frozenset({"oslo"})),
        Server(2, "b", tag_keys=frozenset({"oslo", "site two"})),
        Server(3, "c"),
    ]
    jobs = [Job(1, 1), Job(2, 2, "Photos"), Job(3, 3)]
    assert [each.row.label for each in filtered(view_fleet(servers, jobs, NOW), query)] == found
