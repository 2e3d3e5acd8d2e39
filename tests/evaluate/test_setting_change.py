"""Changes of what is set for a job: what they mean, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.clock import HOUR
from duplistatus.evaluate.job_setting import NOT_SET, TOLERANCES, JobSetting
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.setting_change import BACK_TO_SERVER, SettingError, changed, read_change, time_text

WEEKDAYS = frozenset({1, 2, 3, 4, 5})
SET = JobSetting(True, True, "1D", WEEKDAYS, 120, 20_000, HOUR)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=8), max_leaves=10
)
names = st.sampled_from(["watched", "use_mine", "interval", "days", "time_of_day", "tolerance", "zone"])
plausible = st.fixed_dictionaries(
    {},
    optional={
        "watched": st.booleans(),
        "use_mine": st.booleans(),
        "interval": st.none() | st.sampled_from(["", "1D", "12h", "1W12h", "6m", "5m", "1d", "2M", "99999999Y"]),
        "days": st.lists(st.integers(-1, 7), max_size=7),
        "time_of_day": st.none() | st.sampled_from(["", "02:00", "2:05", "23:59", "24:00", "12:60"]),
        "tolerance": st.none() | st.sampled_from(["", "none", "3h", *TOLERANCES]),
    },
)


def outcome(before: JobSetting, sent: dict[str, object]) -> tuple[JobSetting | None, SettingError | None]:
    try:
        return changed(before, read_change(sent), 20_500), None
    except SettingError as error:
        return None, error


@given(sent=st.dictionaries(names, anything) | plausible, before=st.sampled_from([NOT_SET, SET]))
def test_whatever_is_sent_leads_to_a_setting_that_makes_sense_or_names_the_field(sent: dict[str, object], before: JobSetting) -> None:
    after, refused = outcome(before, sent)
    if after is None:
        assert refused is not None
        assert refused.field in sent
        assert str(refused)
        return
    assert after.days
    assert after.days <= ALL_DAYS
    assert (after.interval is None) <= (after.time_of_day is None and not after.use_mine and after.days == ALL_DAYS)
    assert (after.time_of_day is None) == (after.first_day is None)
    assert after.interval is None or after.repeat is not None
    for name in before.__dataclass_fields__.keys() - sent.keys() - {"first_day"}:
        if "interval" not in sent:
            assert getattr(after, name) == getattr(before, name)


@given(minutes=st.integers(0, 24 * 60 - 1))
def test_a_time_of_day_is_read_as_it_is_written(minutes: int) -> None:
    after = changed(NOT_SET, read_change({"interval": "1D", "time_of_day": time_text(minutes)}), 1)
    assert after.time_of_day == minutes


def test_a_time_counts_from_the_day_on_which_it_was_set() -> None:
    first = changed(NOT_SET, read_change({"interval": "1W", "time_of_day": "02:00"}), 20_000)
    assert first.first_day == 20_000
    assert changed(first, read_change({"days": [0]}), 20_003).first_day == 20_000
    assert changed(first, read_change({"tolerance": "1h"}), 20_003).first_day == 20_000
    assert changed(first, read_change({"time_of_day": "03:00"}), 20_003).first_day == 20_003
    assert changed(first, read_change({"interval": "2W"}), 20_003).first_day == 20_003
    assert changed(first, read_change({"time_of_day": None}), 20_003).first_day is None


def test_without_an_interval_nothing_of_it_is_left() -> None:
    assert changed(SET, BACK_TO_SERVER, 1) == JobSetting(tolerance=HOUR)
    assert changed(SET, read_change({"interval": ""}), 1) == JobSetting(tolerance=HOUR)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"interval": "1d"}, "interval"),
        ({"interval": "5m"}, "interval"),
        ({"interval": 24}, "interval"),
        ({"interval": "1D" * 200}, "interval"),
        ({"interval": "1D", "days": []}, "days"),
        ({"interval": "1D", "days": [7]}, "days"),
        ({"interval": "1D", "days": [True]}, "days"),
        ({"interval": "1D", "days": "1,2"}, "days"),
        ({"days": [1]}, "days"),
        ({"interval": "1D", "time_of_day": "24:00"}, "time_of_day"),
        ({"interval": "1D", "time_of_day": 120}, "time_of_day"),
        ({"time_of_day": "02:00"}, "time_of_day"),
        ({"use_mine": True}, "use_mine"),
        ({"use_mine": "yes"}, "use_mine"),
        ({"watched": 1}, "watched"),
        ({"tolerance": "3h"}, "tolerance"),
        ({"tolerance": 2}, "tolerance"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_field(sent: dict[str, object], field: str) -> None:
    with pytest.raises(SettingError) as refused:
        changed(NOT_SET, read_change(sent), 1)
    assert refused.value.field == field
