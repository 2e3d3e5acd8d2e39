"""What is done, in words. In: the names of actions, categories and outcomes as the audit log has them, and the reader's wording; out: what
people read. `docs/audit.md` has the same actions; one that is not known here is shown as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from duplistatus.i18n.wording import DEFAULT, Wording


@lru_cache(maxsize=32)
def action_names(wording: Wording) -> Mapping[str, str]:
    """Every action, by its name."""
    gettext = wording.gettext
    return {
        # auth
        "login": gettext("Signed in"),
        "logout": gettext("Signed out"),
        "change_password": gettext("Changed their own password"),
        "sessions_ended": gettext("Ended sessions"),
        # user
        "user_created": gettext("Made a user"),
        "user_updated": gettext("Changed a user"),
        "user_deleted": gettext("Removed a user"),
        "user_unlocked": gettext("Unlocked a user"),
        "password_reset": gettext("Reset a password"),
        # system
        "audit_cleanup": gettext("Cleaned up the audit log"),
        "audit_cleanup_manual": gettext("Had the audit log cleaned up"),
        "overdue_check_manual": gettext("Had overdue jobs checked"),
        "duplicati_version_refresh": gettext("Had the list of Duplicati versions fetched"),
        "task_run": gettext("Ran a task"),
        "task_started": gettext("Started a task"),
        "task_stopped": gettext("Stopped a task"),
        "key_rotated": gettext("Replaced the key of the stored secrets"),
        "notification_failed": gettext("Gave up a message"),
        "test_email_sent": gettext("Sent a test e-mail"),
        "test_notification_sent": gettext("Sent a test message"),
        "daily_summary_sent": gettext("Sent the daily summary"),
        "weekly_summary_sent": gettext("Sent the weekly summary"),
        "monthly_summary_sent": gettext("Sent the monthly summary"),
        # backup
        "backup_job_deleted": gettext("Removed a job"),
        "collection_started": gettext("Began a collection"),
        "collection_answered": gettext("Decided about a server that is collected"),
        "collection_cancelled": gettext("Cancelled a collection"),
        # settings of watching
        "overdue_tolerance_updated": gettext("Changed the tolerance"),
        "overdue_monitoring_interval_updated": gettext("Changed how often is checked"),
        "overdue_monitoring_updated": gettext("Changed the monitoring of jobs"),
        "overdue_notifications_reset": gettext("Reset the reminders of overdue jobs"),
        "failing_after_updated": gettext("Changed when a job counts as failing"),
        "server_zone_updated": gettext("Changed the time zone of a server"),
        "server_updated": gettext("Changed a server"),
        "server_password_updated": gettext("Changed the password of a server"),
        "server_connection_updated": gettext("Changed how a server is reached"),
        "server_connection_tested": gettext("Tested the connection to servers"),
        "server_options_updated": gettext("Wrote options into a Duplicati server"),
        "server_job_started": gettext("Had a server start a job"),
        "server_task_stopped": gettext("Had a server stop what ran"),
        "server_paused": gettext("Paused a server"),
        "server_resumed": gettext("Had a server go on"),
        "server_deleted": gettext("Removed a server"),
        "server_tags_updated": gettext("Changed the tags of a server"),
        "tag_created": gettext("Made a tag"),
        "tag_updated": gettext("Changed a tag"),
        "tag_deleted": gettext("Removed a tag"),
        "maintenance_window_created": gettext("Planned a maintenance window"),
        "maintenance_window_updated": gettext("Changed a maintenance window"),
        "maintenance_window_deleted": gettext("Removed a maintenance window"),
        "snooze_created": gettext("Snoozed messages"),
        "snooze_ended": gettext("Ended a snooze"),
        "alert_acknowledged": gettext("Acknowledged a trouble"),
        "acknowledgement_withdrawn": gettext("Took an acknowledgement back"),
        # settings of telling
        "backup_notification_updated": gettext("Changed what is told of jobs"),
        "notification_frequency_updated": gettext("Changed how often is reminded"),
        "notification_template_updated": gettext("Changed the templates"),
        "notification_alert_cleared": gettext("Took note of an alert"),
        "ntfy_config_updated": gettext("Changed the settings of ntfy"),
        "ntfy_config_deleted": gettext("Removed the settings of ntfy"),
        "email_config_updated": gettext("Changed the settings of e-mail"),
        "email_config_deleted": gettext("Removed the settings of e-mail"),
        "email_password_updated": gettext("Changed the password of the mail server"),
        "channel_created": gettext("Made a channel"),
        "channel_updated": gettext("Changed a channel"),
        "channel_deleted": gettext("Removed a channel"),
        "self_test": gettext("Tested a channel from end to end"),
        "message_resent": gettext("Had a message sent again"),
        "heartbeat_updated": gettext("Changed the address of the heartbeat"),
        "heartbeat_deleted": gettext("Removed the address of the heartbeat"),
        "duplicati_version_check_updated": gettext("Changed when the list of Duplicati versions is fetched"),
        "daily_summary_updated": gettext("Changed the daily summary"),
        "weekly_summary_updated": gettext("Changed the weekly summary"),
        "monthly_summary_updated": gettext("Changed the monthly summary"),
        "public_url_updated": gettext("Changed the address of duplistatus"),
        # settings of who may come in
        "api_key_created": gettext("Made an API key"),
        "api_key_updated": gettext("Changed an API key"),
        "api_key_deleted": gettext("Removed an API key"),
        "access_updated": gettext("Changed who may come in"),
        "secrets_forgotten": gettext("Had lost secrets forgotten"),
        "audit_retention_updated": gettext("Changed how long the audit log is kept"),
    }


ACTIONS = frozenset(action_names(DEFAULT))
"""What this product writes."""


def action_name(action: str, wording: Wording) -> str:
    """What an action is called; one that only other versions write, as it is written."""
    return action_names(wording).get(action) or action.replace("_", " ")


def category_name(category: str, wording: Wording) -> str:
    """What a category is called."""
    names = {
        "auth": wording.gettext("Signing in"),
        "backup": wording.gettext("Backups"),
        "config": wording.gettext("Settings"),
        "server": wording.gettext("Servers"),
        "system": wording.gettext("System"),
        "user": wording.gettext("Users"),
    }
    return names.get(category, category)


def outcome(status: str, wording: Wording) -> tuple[str, str]:
    """The mark and the word of how it went."""
    marks = {
        "success": ("ok", wording.gettext("Done")),
        "failure": ("warn", wording.gettext("Refused")),
        "error": ("error", wording.gettext("Failed")),
    }
    return marks.get(status, ("quiet", status))
