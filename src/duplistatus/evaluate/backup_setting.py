"""What clients of 1.4.2 send and read of a job under `backupSettings`. In: one entry of theirs and the settings so far; out: the settings
that it means. A client sends back all that it read, so what duplistatus had answered for want of a setting sets nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from duplistatus.evaluate.job_setting import DEFAULT_INTERVAL, JobSetting, tolerance_name
from duplistatus.evaluate.next_run import ALL_DAYS
from duplistatus.evaluate.notify_setting import Additional, NotifySetting, checked_additional, checked_notify
from duplistatus.evaluate.setting_change import (
    Field,
    SettingChange,
    changed,
    read_interval_text,
    read_own_tolerance,
    read_time_of_day,
    read_weekdays,
    time_text,
)

Sent = Mapping[str, object]
_ADDITIONAL = {"additionalNotificationEvent": "event", "additionalEmails": "emails", "additionalNtfyTopic": "topic"}
OF_SERVER = "__default__"
"""What 1.4.2 puts in the place of a job's name for what holds for all jobs of a server."""


@dataclass(frozen=True, slots=True)
class BackupSetting:
    """What is set for one job: for its watching, and for what is told of it."""

    watch: JobSetting
    notify: NotifySetting


def read_backup_setting(sent: Sent, before: BackupSetting, first_day: int) -> BackupSetting:
    """The settings after an entry. Fields that are not named stay; `time` and `lastBackupDate` are what duplistatus computes, and are
    passed over. Raises ValueError with a sentence."""
    return BackupSetting(changed(before.watch, _watch_change(sent, before.watch), first_day), _notify(sent, before.notify))


def backup_setting_json(setting: BackupSetting) -> dict[str, object]:
    """The fields of 1.4.2 that do not depend on the present, and our own: `useMine`, `timeOfDay`, `tolerance`."""
    watch, notify = setting.watch, setting.notify
    body: dict[str, object] = {
        "notificationEvent": notify.event,
        "overdueBackupCheckEnabled": watch.watched,
        "expectedInterval": watch.interval or DEFAULT_INTERVAL,
        "allowedWeekDays": sorted(watch.days),
        "ntfyEnabled": notify.ntfy,
        "emailEnabled": notify.email,
        "useMine": watch.use_mine,
        "timeOfDay": time_text(watch.time_of_day) if watch.time_of_day is not None else None,
        "tolerance": tolerance_name(watch.tolerance) if watch.tolerance is not None else None,
    }
    return body | additional_json(notify.additional)


def additional_json(additional: Additional) -> dict[str, object]:
    """The fields of 1.4.2 of whom besides to tell; what is not said is not in it, and follows the server."""
    return {name: value for name, own in _ADDITIONAL.items() if (value := getattr(additional, own)) is not None}


def read_additional_sent(sent: Sent, before: Additional) -> Additional:
    """Whom besides to tell after an entry: fields that are not named stay, null follows the server. Raises ValueError with a sentence."""
    named = {own: _text(sent, name) if sent[name] is not None else None for name, own in _ADDITIONAL.items() if name in sent}
    return checked_additional(replace(before, **named))


def _watch_change(sent: Sent, before: JobSetting) -> SettingChange:
    named: set[Field] = set()
    to = before
    if "overdueBackupCheckEnabled" in sent:
        named.add("watched")
        to = replace(to, watched=_flag(sent, "overdueBackupCheckEnabled"))
    if "useMine" in sent:
        named.add("use_mine")
        to = replace(to, use_mine=_flag(sent, "useMine"))
    if "allowedWeekDays" in sent:
        named.add("days")
        to = replace(to, days=read_weekdays(sent["allowedWeekDays"]))
    if "timeOfDay" in sent:
        named.add("time_of_day")
        to = replace(to, time_of_day=read_time_of_day(sent["timeOfDay"]))
    if "tolerance" in sent:
        named.add("tolerance")
        to = replace(to, tolerance=read_own_tolerance(sent["tolerance"]))
    if "expectedInterval" in sent:
        to = replace(to, interval=read_interval_text(sent["expectedInterval"]))
    says_more = to.use_mine or to.days != ALL_DAYS or to.time_of_day is not None
    if before.interval is None and to.interval in {None, DEFAULT_INTERVAL}:
        # What was answered for want of an interval comes back; it is meant where something is said that needs one.
        to = replace(to, interval=DEFAULT_INTERVAL if says_more else None)
    if to.interval != before.interval:
        named.add("interval")
    return SettingChange(frozenset(named), to)


def _notify(sent: Sent, before: NotifySetting) -> NotifySetting:
    notify = before
    if "notificationEvent" in sent:
        notify = replace(notify, event=_text(sent, "notificationEvent"))
    if "ntfyEnabled" in sent:
        notify = replace(notify, ntfy=_flag(sent, "ntfyEnabled"))
    if "emailEnabled" in sent:
        notify = replace(notify, email=_flag(sent, "emailEnabled"))
    return checked_notify(replace(notify, additional=read_additional_sent(sent, notify.additional)))


def _flag(sent: Sent, name: str) -> bool:
    value = sent[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _text(sent: Sent, name: str) -> str:
    value = sent[name]
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{name} must be text")
    return value.strip()
