"""Every change that can be made over HTTP, each once with a valid request, in an order in which each finds what it needs. Out: steps with
the entries of the audit log that they must leave. Whatever is a secret holds `MARK`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.deeds_at_servers import collections, servers
from tests.web.deeds_of_channels import channels, telling, texts
from tests.web.deeds_of_people import doors, people, sessions
from tests.web.doing import Step, by_form, by_json, found_by

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = {"name": "Move", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T16:00:00Z"}
_WINDOW = "SELECT id FROM maintenance ORDER BY id DESC LIMIT 1"
_TAG = "SELECT id FROM tag ORDER BY id DESC LIMIT 1"
_SNOOZE = "SELECT id FROM snooze ORDER BY id DESC LIMIT 1"


def steps() -> list[Step]:
    """All of them."""
    parts = (watching(), telling(), channels(), texts(), silences(), tasks(), log(), doors(), people())
    return [*(step for part in parts for step in part), *collections(), *sessions()]


def watching() -> Iterator[Step]:
    """What counts as overdue, and for whom."""
    yield by_json("POST", "/api/configuration/overdue-tolerance", {"overdue_tolerance": "1h"}, "overdue_tolerance_updated")
    yield by_json("PATCH", "/api/watching", {"failing_after": 5}, "failing_after_updated")
    yield by_json("POST", "/api/cron-config", {"interval": "20min"}, "overdue_monitoring_interval_updated")
    yield by_json("POST", "/api/watching/jobs", {"jobs": [1, 2], "change": {"tolerance": "4h"}}, "overdue_monitoring_updated")
    yield Step("PATCH", "/api/jobs/{job_id}/watch", "/api/jobs/1/watch", {"interval": "1D"}, does=("overdue_monitoring_updated",))
    entry = {"id-alpha:Mail": {"notificationEvent": "errors", "expectedInterval": "2D", "overdueBackupCheckEnabled": True}}
    yield by_json("POST", "/api/configuration/backup-settings", {"backupSettings": entry}, "backup_notification_updated")
    zone = "/api/servers/id-alpha/zone"
    yield Step("PATCH", "/api/servers/{server:path}/zone", zone, {"zone": "Europe/Oslo"}, does=("server_zone_updated",))
    yield Step(
        "POST",
        "/settings/monitoring/zone",
        "/settings/monitoring/zone?server=id-alpha",
        {"zone": "UTC"},
        True,
        ("server_zone_updated",),
    )
    yield by_form(
        "/settings/monitoring",
        {"tolerance": "2h", "check_interval": "5min", "frequency": "every_day", "failing_after": "5"},
        "overdue_tolerance_updated",
        "overdue_monitoring_interval_updated",
    )
    yield by_form("/settings/monitoring/check", {}, "overdue_check_manual")
    yield by_form("/settings/monitoring/reset", {}, "overdue_notifications_reset")
    yield by_form("/settings/monitoring/selected", {"jobs": ["3"], "set": ["tolerance"], "tolerance": "6h"}, "overdue_monitoring_updated")
    row = {"watched": "1", "interval": "3D", "days": list("0123456"), "tolerance": "", "time_of_day": "", "expects": "interval"}
    yield Step("POST", "/settings/monitoring/jobs/{job_id:int}", "/settings/monitoring/jobs/3", row, True, ("overdue_monitoring_updated",))


def silences() -> Iterator[Step]:
    """What is not told, and tags."""
    yield by_json("POST", "/api/snoozes", {"job_id": 1, "for": "4h", "comment": "moving"}, "snooze_created")
    yield Step("DELETE", "/api/snoozes/{snooze_id}", found_by(_SNOOZE, "/api/snoozes/{}"), does=("snooze_ended",))
    trouble = "/api/jobs/{job_id}/acknowledgement"
    yield Step("POST", trouble, "/api/jobs/1/acknowledgement", {"comment": "known"}, does=("alert_acknowledged",))
    yield Step("DELETE", trouble, "/api/jobs/1/acknowledgement", does=("acknowledgement_withdrawn",))
    yield Step("POST", "/silence", "/silence?job=1", {"do": "acknowledge", "comment": "yes"}, True, ("alert_acknowledged",))
    yield by_json("POST", "/api/maintenance", WINDOW, "maintenance_window_created")
    window = found_by(_WINDOW, "/api/maintenance/{}")
    yield Step("PATCH", "/api/maintenance/{window_id}", window, {"comment": "x"}, does=("maintenance_window_updated",))
    yield by_form("/settings/maintenance", lambda w: {"do": "disable", "id": str(w.one(_WINDOW))}, "maintenance_window_updated")
    yield Step("DELETE", "/api/maintenance/{window_id}", window, does=("maintenance_window_deleted",))
    yield by_json("POST", "/api/tags", {"name": "prod"}, "tag_created")
    yield Step("PATCH", "/api/tags/{tag_id}", found_by(_TAG, "/api/tags/{}"), {"name": "live"}, does=("tag_updated",))
    yield from servers()
    on_server = "/api/servers/id-alpha/tags"
    yield Step("PUT", "/api/servers/{server:path}/tags", on_server, {"tags": ["live", "oslo"]}, does=("server_tags_updated",))
    yield by_form("/settings/tags", {"do": "save", "name": "spare", "color": "blue"}, "tag_created")
    yield Step("DELETE", "/api/tags/{tag_id}", found_by(_TAG, "/api/tags/{}"), does=("tag_deleted",))


def tasks() -> Iterator[Step]:
    """What runs by time."""
    yield Step("POST", "/api/cron/reload-config", why_not="forgets what was asked for in vain, which is stored nowhere")
    fetched = "duplicati_version_refresh"
    yield Step("PATCH", "/api/duplicati-versions", data={"often": "6h", "at": "02:45"}, does=("duplicati_version_check_updated",))
    yield by_form("/settings/duplicati-versions", {"often": "12h", "at": "08:15"}, "duplicati_version_check_updated")
    yield Step("POST", "/api/duplicati-versions/update", does=(fetched,))
    yield by_form("/settings/duplicati-versions/update", {}, fetched)
    yield Step("POST", "/api/cron/trigger/{task}", "/api/cron/trigger/session-cleanup", does=("task_run",))
    yield Step("POST", "/api/cron/stop/{task}", "/api/cron/stop/session-cleanup", does=("task_stopped",))
    yield Step("POST", "/api/cron/start/{task}", "/api/cron/start/session-cleanup", does=("task_started",))
    yield Step("POST", "/api/notifications/check-overdue", does=("overdue_check_manual",))
    yield Step("POST", "/api/notifications/clear-overdue-timestamps", does=("overdue_notifications_reset",))
    yield Step("POST", "/api/tasks/{name}/run", "/api/tasks/audit-log-cleanup/run", does=("audit_cleanup_manual",))
    yield Step("PATCH", "/api/tasks/{name}", "/api/tasks/message-cleanup", {"enabled": False}, does=("task_stopped",))
    tasks = "/settings/tasks/message-cleanup"
    yield Step("POST", "/settings/tasks/{name}/start", tasks + "/start", {}, True, ("task_started",))
    yield Step("POST", "/settings/tasks/{name}/stop", tasks + "/stop", {}, True, ("task_stopped",))
    yield Step("POST", "/settings/tasks/{name}/run", tasks + "/run", {}, True, ("task_run",))


def log() -> Iterator[Step]:
    """The log itself."""
    yield by_json("PATCH", "/api/audit-log/retention", {"retentionDays": 60}, "audit_retention_updated")
    yield Step("POST", "/api/audit-log/cleanup", does=("audit_cleanup",))
    yield by_form("/settings/audit", {"do": "save", "days": "80"}, "audit_retention_updated")
