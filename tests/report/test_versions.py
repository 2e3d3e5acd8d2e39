"""Versions found in log lines, measured against what Duplicati printed in 68 cultures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import instant, moment
from duplistatus.report.report import Version
from duplistatus.report.versions import listed_versions
from tests.report.dotnet_dates import BERLIN, berlin, listed, local, retention_lines, version, walls

DATA = Path(__file__).parents[1] / "data" / "duplicati"
RECORDED = [json.loads(line) for line in (DATA / "version-lists.jsonl").read_text(encoding="utf-8").splitlines()]
NEW_YORK = ZoneInfo("America/New_York")


# --- what Duplicati printed --------------------------------------------------------------------------------------------------------


def recorded_row(row: dict[str, str]) -> tuple[Version, ZoneInfo, list[datetime]]:
    return (
        version(datetime.fromisoformat(row["last_backup_date"])),
        ZoneInfo(row["zone"]),
        [datetime.fromisoformat(text) for text in row["kept_utc"]],
    )


@pytest.mark.parametrize("culture", sorted({row["culture"] for row in RECORDED}))
def test_no_recorded_list_is_read_wrongly(culture: str) -> None:
    for row in (row for row in RECORDED if row["culture"] == culture):
        newest, zone, kept = recorded_row(row)
        in_zone, without_zone = (listed_versions(row["log_lines"], newest, known) for known in (zone, None))
        assert in_zone in {None, tuple(version(at.astimezone(zone)) for at in kept)}
        assert walls(without_zone) in (None, [*map(str, local(kept, zone))])


def test_every_decidable_recorded_list_is_read_in_full() -> None:
    undecided = []
    for row in RECORDED:
        newest, zone, _ = recorded_row(row)
        found = [listed_versions(row["log_lines"], newest, known) is not None for known in (zone, None)]
        assert found[0] == found[1]
        if not found[0]:
            undecided.append(row["culture"])
    assert sorted(undecided) == ["en-CA", "en-GB", "fr-CH", "hi-IN", "nb-NO", "nl-BE", "pt-PT", "vi-VN"]


@pytest.mark.parametrize("host", ["buero", "docker", "helsinki", "mumbai", "nas-oslo", "office-pc", "seoul", "tokyo"])
def test_the_last_report_of_a_story_lists_what_its_earlier_reports_made(host: str) -> None:
    """A job that keeps everything of a month, on hosts of other languages and over changes of the clock."""
    zone = {"buero": "Europe/Berlin", "docker": "UTC", "helsinki": "Europe/Helsinki", "mumbai": "Asia/Kolkata", "nas-oslo": "Europe/Oslo"}
    zone |= {"office-pc": "America/New_York", "seoul": "Asia/Seoul", "tokyo": "Asia/Tokyo"}
    files = sorted((DATA / "reports/2.3.0.109-languages").glob(f"{host}-backup-keep-all-of-a-month-success-*.json"))
    documents = [json.loads(json.loads(file.read_text(encoding="utf-8"))["body"]) for file in files]
    made = [datetime.fromisoformat(document["Data"]["BackendStatistics"]["LastBackupDate"]) for document in documents]
    assert len(made) > 3
    expected = tuple(version(at) for at in reversed(made[:-1]))
    assert listed_versions(documents[-1]["LogLines"], version(made[-1]), ZoneInfo(zone[host])) == expected


# --- changes of the clock ----------------------------------------------------------------------------------------------------------


def test_an_hour_that_the_clock_showed_twice_follows_from_the_order() -> None:
    found = listed(
        ["26.10.2025 02:10:00", "26.10.2025 02:40:00", "26.10.2025 02:10:00"], berlin("2025-10-26T02:40:00").replace(fold=1), BERLIN
    )
    assert found is not None
    assert [moment(one.at).strftime("%H:%M") for one in found] == ["01:10", "00:40", "00:10"]
    assert [one.offset_minutes for one in found] == [60, 120, 120]


def test_a_time_that_the_clock_showed_twice_and_that_nothing_settles_is_not_answered() -> None:
    assert listed(["26.10.2025 02:30:00"], berlin("2025-10-27T02:30:00"), BERLIN) is None


def test_a_deleted_version_of_a_repeated_hour_does_not_stand_in_the_way() -> None:
    lines = retention_lines(["26.10.2025 02:30:00", "25.10.2025 02:30:00"], ["26.10.2025 02:30:00"])
    assert listed_versions(lines, version(berlin("2025-10-27T02:30:00")), BERLIN) == (version(berlin("2025-10-25T02:30:00")),)


def test_without_a_zone_times_of_a_repeated_hour_are_still_the_times_of_the_clock() -> None:
    found = listed(["26.10.2025 02:10:00", "26.10.2025 02:40:00"], berlin("2025-10-26T03:10:00"), None)
    assert walls(found) == ["2025-10-26 02:10:00", "2025-10-26 02:40:00"]


def test_a_later_version_may_show_an_earlier_time_than_a_version_in_another_order_of_the_fields_would() -> None:
    """Hourly versions in a night in which New York set its clocks back; as 11 February the dates would descend without that."""
    newest = datetime(2025, 11, 2, 1, 5, tzinfo=NEW_YORK, fold=1)
    texts = ["11/2/2025 1:55:00 AM", "11/2/2025 12:55:00 AM"]
    assert listed(texts, newest, None) is None
    in_zone = listed(texts, newest, NEW_YORK)
    assert walls(in_zone) == ["2025-11-02 01:55:00", "2025-11-02 00:55:00"]


def test_a_zone_that_never_showed_the_time_is_not_used() -> None:
    """30 March 2025 had no 2:30 in Berlin, so the host is elsewhere: the time of the clock is all that is known."""
    found = listed(["30.03.2025 02:30:00", "29.03.2025 02:30:00"], berlin("2025-04-01T02:30:00"), BERLIN)
    assert walls(found) == ["2025-03-30 02:30:00", "2025-03-29 02:30:00"]
    assert found is not None
    assert not any(one.exact for one in found)


def test_a_zone_with_another_offset_than_the_newest_version_is_not_used() -> None:
    found = listed(["13.07.2025 02:30:00"], datetime(2025, 7, 14, 2, 30, tzinfo=UTC), BERLIN)
    assert found == (Version(instant(datetime(2025, 7, 13, 2, 30, tzinfo=UTC)), 0, exact=False),)


def test_without_a_zone_only_the_time_of_the_newest_version_itself_is_exact() -> None:
    found = listed(["14.07.2025 02:30:00", "13.07.2025 02:30:00"], berlin("2025-07-14T02:30:00"), None)
    assert found is not None
    assert [one.exact for one in found] == [True, False]


# --- what decides ------------------------------------------------------------------------------------------------------------------


def test_dates_with_two_readings_are_not_answered() -> None:
    assert listed(["05/03/2026 10:00:00", "04/03/2026 10:00:00"], berlin("2026-06-04T10:00:00"), BERLIN) is None


def test_a_day_above_twelve_decides_for_the_whole_list() -> None:
    found = listed(["05/03/2026 10:00:00", "25/02/2026 10:00:00"], berlin("2026-06-04T10:00:00"), BERLIN)
    assert walls(found) == ["2026-03-05 10:00:00", "2026-02-25 10:00:00"]


def test_the_day_of_the_newest_version_decides() -> None:
    found = listed(["05/03/2026 10:00:00", "05/03/2026 04:00:00"], berlin("2026-03-05T16:00:00"), BERLIN)
    assert walls(found) == ["2026-03-05 10:00:00", "2026-03-05 04:00:00"]


def test_the_day_of_the_newest_version_does_not_decide_for_a_list_that_then_reaches_back_much_further() -> None:
    """2 January and 4 December, whose first date read the other way is 1 February, the day of the newest."""
    assert listed(["02/01/2025 03:35:07", "04/12/2024 02:54:46"], berlin("2025-02-01T04:04:40"), BERLIN) is None


def test_the_day_of_the_newest_version_does_not_decide_where_both_readings_have_it() -> None:
    assert listed(["07/07/2026 10:00:00", "06/07/2026 10:00:00"], berlin("2026-07-07T16:00:00"), BERLIN) is None


def test_a_date_that_means_the_same_in_every_order_is_answered() -> None:
    assert walls(listed(["05/05/2025 10:00:00"], berlin("2025-06-07T10:00:00"), BERLIN)) == ["2025-05-05 10:00:00"]


def test_a_version_after_the_newest_makes_a_list_unreadable() -> None:
    assert listed(["25.07.2026 10:00:00"], berlin("2026-07-24T10:00:00"), BERLIN) is None


# --- lines -------------------------------------------------------------------------------------------------------------------------

TEXTS = ["25.03.2026 10:00:00", "24.03.2026 10:00:00", "23.03.2026 10:00:00"]
NEWEST = version(berlin("2026-03-26T10:00:00"))


def test_a_log_without_retention_lines_says_nothing() -> None:
    assert listed_versions(["2026-03-26 10:00:40 +01 - [Information-Duplicati-Backup-Done]: done"], NEWEST, BERLIN) is None
    assert listed_versions([], NEWEST, BERLIN) is None


@pytest.mark.parametrize("lines", range(5))
def test_a_log_that_was_cut_before_the_last_of_its_retention_lines_says_nothing(lines: int) -> None:
    cut = [*retention_lines(TEXTS)[:lines], "... and 7 more"]
    assert listed_versions(cut, NEWEST, BERLIN) is None


def test_a_first_backup_has_no_other_versions() -> None:
    assert listed_versions(retention_lines([]), NEWEST, BERLIN) == ()


def test_a_list_that_is_deleted_as_a_whole_leaves_nothing_whatever_its_dates_mean() -> None:
    assert listed_versions(retention_lines(["05/03/2026 10:00:00"], ["05/03/2026 10:00:00"]), None, None) == ()


def test_without_a_newest_version_dates_have_no_bound_and_no_offset() -> None:
    assert listed_versions(retention_lines(TEXTS), None, BERLIN) is None


def test_deleting_what_was_not_considered_makes_a_report_unreadable() -> None:
    assert listed_versions(retention_lines(TEXTS, ["22.03.2026 10:00:00"]), NEWEST, BERLIN) is None


def test_the_last_of_several_checks_counts() -> None:
    lines = [*retention_lines(TEXTS, TEXTS[1:]), *retention_lines(TEXTS[:1])]
    assert walls(listed_versions(lines, NEWEST, BERLIN)) == ["2026-03-25 10:00:00"]


def test_a_last_check_that_was_cut_is_not_answered_from_an_earlier_one() -> None:
    lines = [*retention_lines(TEXTS, TEXTS[1:]), *retention_lines(TEXTS)[:3]]
    assert listed_versions(lines, NEWEST, BERLIN) is None


def test_lines_in_the_form_of_the_job_log_and_with_windows_line_ends_are_understood() -> None:
    lines = [line + "\r\n" for line in retention_lines(TEXTS)]
    assert walls(listed_versions(lines, NEWEST, BERLIN)) == [f"2026-03-{day} 10:00:00" for day in (25, 24, 23)]


@given(st.lists(st.text() | st.from_regex(r"\A(\d{1,5}[/. -]){2,7}(\d{1,2}[:. ]?){0,4}( ?[AP]M)?(, )?\Z")), st.booleans())
def test_whatever_stands_in_the_lines_nothing_fails(texts: list[str], deleted: bool) -> None:
    lines = retention_lines(texts, texts[:1] if deleted else [])
    for zone in (BERLIN, None):
        found = listed_versions(lines, NEWEST, zone)
        assert found is None or (len(found) <= len(texts) and all(one.at <= NEWEST.at for one in found))
