"""Settings in the words of 1.4.2: what its clients send back unchanged sets nothing, what people change is set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import HOUR
from duplistatus.evaluate.backup_setting import BackupSetting, backup_setting_json, read_backup_setting
from duplistatus.evaluate.job_setting import NOT_SET, TOLERANCES, JobSetting
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.notify_setting import EVENTS, NOTIFY_NOT_SET, Additional, NotifySetting

UNTOUCHED = BackupSetting(NOT_SET, NOTIFY_NOT_SET)
EVERY_DAY = {"expectedInterval": "1D", "allowedWeekDays": [0, 1, 2, 3, 4, 5, 6]}

settings = st.builds(
    BackupSetting,
    st.builds(
        JobSetting,
        watched=st.booleans(),
        use_mine=st.booleans(),
        interval=st.sampled_from(["1D", "12h", "1W12h", "1M"]),
        days=st.sets(st.sampled_from(range(7)), min_size=1).map(frozenset),
        time_of_day=st.integers(0, 1439),
        first_day=st.integers(0, 30_000),
        tolerance=st.none() | st.sampled_from(list(TOLERANCES.values())),
    )
    | st.builds(JobSetting, watched=st.booleans(), tolerance=st.none() | st.just(HOUR)),
    st.builds(
        NotifySetting,
        event=st.sampled_from(EVENTS),
        ntfy=st.booleans(),
        email=st.booleans(),
        additional=st.builds(Additional, emails=st.sampled_from([None, "", "a@example.org"])),
    ),
)


@given(before=settings)
def test_what_was_read_and_is_sent_back_changes_nothing(before: BackupSetting) -> None:
    sent = backup_setting_json(before) | {"time": "2026-11-21T23:48:00.000Z", "lastBackupDate": "N/A"}
    assert read_backup_setting(sent, before, 20_000) == before


@given(before=settings)
def test_a_client_of_1_4_2_that_knows_none_of_our_fields_changes_nothing_either(before: BackupSetting) -> None:
    sent = {name: value for name, value in backup_setting_json(before).items() if name not in {"useMine", "timeOfDay", "tolerance"}}
    assert read_backup_setting(sent, before, 20_000) == before


def test_the_default_of_1_4_2_is_nobodys_setting() -> None:
    assert read_backup_setting(EVERY_DAY, UNTOUCHED, 1) == UNTOUCHED


def test_the_default_is_set_where_somebody_means_it() -> None:
    assert read_backup_setting({**EVERY_DAY, "useMine": True}, UNTOUCHED, 1).watch == JobSetting(use_mine=True, interval="1D")
    weekly = BackupSetting(JobSetting(interval="1W"), NOTIFY_NOT_SET)
    assert read_backup_setting(EVERY_DAY, weekly, 1).watch == JobSetting(interval="1D")
    at_two = read_backup_setting({**EVERY_DAY, "timeOfDay": "02:00"}, UNTOUCHED, 20_000).watch
    assert at_two == JobSetting(interval="1D", time_of_day=120, first_day=20_000)
    weekdays = read_backup_setting({"expectedInterval": "1D", "allowedWeekDays": [1, 2, 3, 4, 5]}, UNTOUCHED, 1).watch
    assert weekdays == JobSetting(interval="1D", days=frozenset({1, 2, 3, 4, 5}))
    assert read_backup_setting({"allowedWeekDays": [1]}, UNTOUCHED, 1).watch.interval == "1D"


def test_another_interval_is_a_setting() -> None:
    assert read_backup_setting({"expectedInterval": "12h", "allowedWeekDays": [*ALL_DAYS]}, UNTOUCHED, 1).watch.interval == "12h"


def test_nothing_is_a_way_back_to_what_the_server_says() -> None:
    mine = BackupSetting(JobSetting(True, True, "12h", frozenset({1}), 60, 1), NOTIFY_NOT_SET)
    assert read_backup_setting({"expectedInterval": None}, mine, 1) == UNTOUCHED


def test_choices_of_messages_are_kept() -> None:
    sent = {"notificationEvent": "off", "ntfyEnabled": False, "additionalEmails": "a@example.org", "additionalNtfyTopic": None}
    after = read_backup_setting(sent, UNTOUCHED, 1)
    assert after == BackupSetting(NOT_SET, replace(NOTIFY_NOT_SET, event="off", ntfy=False, additional=Additional(emails="a@example.org")))
    assert backup_setting_json(after)["additionalEmails"] == "a@example.org"
    assert "additionalNtfyTopic" not in backup_setting_json(after)


@pytest.mark.parametrize(
    "sent",
    [
        {"notificationEvent": "some"},
        {"notificationEvent": None},
        {"overdueBackupCheckEnabled": "true"},
        {"expectedInterval": 24},
        {"expectedInterval": "1 day"},
        {"allowedWeekDays": []},
        {"allowedWeekDays": [1, 9]},
        {"ntfyEnabled": 1},
        {"emailEnabled": "no"},
        {"additionalNotificationEvent": "none"},
        {"additionalEmails": "x" * 3_000},
        {"additionalEmails": "a\0b"},
        {"additionalNtfyTopic": ["x"]},
        {"timeOfDay": "25:00"},
        {"tolerance": "banana"},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(sent: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_backup_setting(sent, UNTOUCHED, 1)
