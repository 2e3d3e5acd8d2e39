"""Every change that can be made over HTTP, each once with a valid request, in an order in which each finds what it needs. In: the
application, a client, a stand-in of ntfy; out: steps with the entries of the audit log that they must leave. Whatever is a secret holds
`MARK`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from duplistatus.clock import DAY, HOUR, Instant
from duplistatus.store import channels
from tests.web.api.collecting import settled
from tests.web.api.messaging import awaited
from tests.web.api.reports import Made, document, send

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx2 import Response
    from starlette.testclient import TestClient

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Connection

MARK = "m4rker"
PASSWORD = f"New{MARK}Password1"
FAILS = f"127.0.0.1:9/{MARK}"
"""Nobody listens there."""


@dataclass(frozen=True)
class Step:
    """One request. `does`: the actions of its entries, in their order; `why_not`: why it leaves none, where it changes something or sends
    something; `ready`: what must be so before."""

    method: str
    route: str
    path: str | Callable[[World], str] = ""
    data: Any = None
    form: bool = False
    does: tuple[str, ...] = ()
    why_not: str = ""
    ready: Callable[[World], object] | None = None
    by_people: bool = False
    """Has nothing to do with keys."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


@dataclass
class World:
    """What the steps work with."""

    application: FastAPI
    client: TestClient
    ntfy: str
    clock: SetClock
    answers: dict[str, Any] = field(default_factory=dict)

    def one(self, query: str) -> Any:
        """The first value that the database answers."""
        with self.application.state.context.database.read() as connection:
            row = connection.raw.execute(query).fetchone()
        assert row is not None, query
        return row[0]

    def write(self, work: Callable[[Connection], object]) -> None:
        self.application.state.context.writer.submit(work).result()

    def send(self, step: Step, client: TestClient) -> Response:
        """The request, without following where it leads."""
        path = step.path(self) if callable(step.path) else step.path or step.route
        data = step.data(self) if callable(step.data) else step.data
        if step.form:
            return client.request(step.method, path, data=data or {})
        return client.request(step.method, path, json=data) if data is not None else client.request(step.method, path)


def begin(world: World) -> None:
    """Alpha with Files (1), which failed, and Mail (2), beta with Files (3), delta with Files (4)."""
    now = world.clock.now()
    begun = Instant(now - 2 * HOUR)
    error = "2026-07-10 11:00:00 +00 - [Error-Duplicati.Library.Main.Controller-Failed]: No answer"
    send(world.client, Made(begun, result="Error", errors=(error,)), Made(begun, job="Mail"), Made(begun, "beta"), Made(begun, "delta"))


def fail_channel(world: World) -> None:
    """A channel and the heartbeat have an alert."""
    number = world.one("SELECT id FROM channel WHERE key = 'ntfy'")
    world.clock.advance(1)
    world.write(lambda connection: channels.note_failed(connection, number, "no answer", world.clock.now()))


def _json(method: str, route: str, data: Any, *does: str, **more: Any) -> Step:
    return Step(method, route, data=data, does=does, **more)


def _form(route: str, data: Any, *does: str, **more: Any) -> Step:
    return Step("POST", route, data=data, form=True, does=does, **more)


def _channel(world: World) -> int:
    return int(world.one("SELECT id FROM channel WHERE key IS NULL ORDER BY id DESC LIMIT 1"))


def _of(query: str, path: str) -> Callable[[World], str]:
    return lambda world: path.format(world.one(query))


WINDOW = {"name": "Move", "starts_at": "2026-07-10T11:00:00Z", "ends_at": "2026-07-10T16:00:00Z"}
EMAIL = {
    "host": "127.0.0.1",
    "port": 9,
    "connectionType": "plain",
    "username": f"{MARK}-account",
    "password": MARK,
    "mailto": "ops@example.org",
    "fromAddress": "dup@example.org",
    "requireAuth": True,
}
_KEY = "SELECT id FROM api_key ORDER BY id DESC LIMIT 1"
_WINDOW = "SELECT id FROM maintenance ORDER BY id DESC LIMIT 1"
_TAG = "SELECT id FROM tag ORDER BY id DESC LIMIT 1"
_DELTA = _of("SELECT id FROM server WHERE key = 'id-delta'", "/settings/servers/{}")
_SNOOZE = "SELECT id FROM snooze ORDER BY id DESC LIMIT 1"
_NEW_USER = "SELECT id FROM \"user\" WHERE username LIKE 'mallory%'"


def _want_summaries(world: World) -> None:
    events = ["daily", "weekly", "error"]
    world.client.patch(f"/api/channels/{_channel(world)}", json={"filter": {"events": events}})


def _lock(world: World) -> None:
    """Wrong passwords for the new user."""
    for _ in range(5):
        world.answers["stranger"].post("/api/auth/login", json={"username": "mallory", "password": f"wrong {MARK}"})


def steps() -> list[Step]:  # noqa: PLR0915 - a list
    found: list[Step] = []
    add = found.append
    # --- watching
    add(_json("POST", "/api/configuration/overdue-tolerance", {"overdue_tolerance": "1h"}, "overdue_tolerance_updated"))
    add(_json("PATCH", "/api/watching", {"failing_after": 5}, "failing_after_updated"))
    add(_json("POST", "/api/cron-config", {"interval": "20min"}, "overdue_monitoring_interval_updated"))
    add(_json("POST", "/api/watching/jobs", {"jobs": [1, 2], "change": {"tolerance": "4h"}}, "overdue_monitoring_updated"))
    add(Step("PATCH", "/api/jobs/{job_id}/watch", "/api/jobs/1/watch", {"interval": "1D"}, does=("overdue_monitoring_updated",)))
    entry = {"id-alpha:Mail": {"notificationEvent": "errors", "expectedInterval": "2D", "overdueBackupCheckEnabled": True}}
    add(_json("POST", "/api/configuration/backup-settings", {"backupSettings": entry}, "backup_notification_updated"))
    zone = "/api/servers/id-alpha/zone"
    add(Step("PATCH", "/api/servers/{server:path}/zone", zone, {"zone": "Europe/Oslo"}, does=("server_zone_updated",)))
    add(
        Step(
            "POST",
            "/settings/monitoring/zone",
            "/settings/monitoring/zone?server=id-alpha",
            {"zone": "UTC"},
            True,
            ("server_zone_updated",),
        )
    )
    add(
        _form(
            "/settings/monitoring",
            {"tolerance": "2h", "check_interval": "5min", "frequency": "every_day", "failing_after": "5"},
            "overdue_tolerance_updated",
            "overdue_monitoring_interval_updated",
        )
    )
    add(_form("/settings/monitoring/check", {}, "overdue_check_manual"))
    add(_form("/settings/monitoring/reset", {}, "overdue_notifications_reset"))
    add(_form("/settings/monitoring/selected", {"jobs": ["3"], "set": ["tolerance"], "tolerance": "6h"}, "overdue_monitoring_updated"))
    row = {"watched": "1", "interval": "3D", "days": list("0123456"), "tolerance": "", "time_of_day": "", "expects": "interval"}
    add(Step("POST", "/settings/monitoring/jobs/{job_id:int}", "/settings/monitoring/jobs/3", row, True, ("overdue_monitoring_updated",)))
    # --- what is told
    add(_json("PATCH", "/api/telling", {"jobs": [2], "change": {"email": False}}, "backup_notification_updated"))
    add(Step("PATCH", "/api/jobs/{job_id}/telling", "/api/jobs/2/telling", {"event": "all"}, does=("backup_notification_updated",)))
    of_server = {"additional_emails": "ops@example.org", "additional_event": "all"}
    telling = "/api/servers/id-alpha/telling"
    add(Step("PATCH", "/api/servers/{server:path}/telling", telling, of_server, does=("backup_notification_updated",)))
    own = {"own": "additional_topic", "additional_topic": "mail", "event": "warnings"}
    on_page = "/settings/notifications"
    add(Step("POST", on_page + "/jobs/{job_id:int}", on_page + "/jobs/1", own, True, ("backup_notification_updated",)))
    add(Step("POST", "/api/servers/{server:path}/telling/sync", telling + "/sync", does=("backup_notification_updated",)))
    add(Step("POST", "/api/servers/{server:path}/telling/clear", telling + "/clear", does=("backup_notification_updated",)))
    server = _of("SELECT id FROM server WHERE key = 'id-alpha'", on_page + "/servers/{}")
    sent = {"additional_event": "errors", "additional_topic": "ops"}
    add(Step("POST", on_page + "/servers/{server_id:int}", server, sent, True, ("backup_notification_updated",)))
    add(Step("POST", on_page + "/jobs/{job_id:int}", on_page + "/jobs/1", own, True, ("backup_notification_updated",)))
    add(_form(on_page + "/follow", {"follow": "1:additional_topic"}, "backup_notification_updated"))
    add(Step("POST", on_page + "/jobs/{job_id:int}", on_page + "/jobs/2", own, True, ("backup_notification_updated",)))
    add(Step("POST", on_page + "/servers/{server_id:int}/sync", lambda w: server(w) + "/sync", {}, True, ("backup_notification_updated",)))
    add(
        Step("POST", on_page + "/servers/{server_id:int}/clear", lambda w: server(w) + "/clear", {}, True, ("backup_notification_updated",))
    )
    add(_form(on_page + "/selected", {"jobs": ["3"], "set": ["event"], "event": "off"}, "backup_notification_updated"))
    # --- channels
    add(
        _json(
            "POST",
            "/api/configuration/notifications",
            lambda w: {"ntfy": {"url": w.ntfy, "topic": "all", "accessToken": f"tk_{MARK}"}},
            "ntfy_config_updated",
        )
    )
    add(_form("/settings/ntfy", lambda w: {"do": "save", "enabled": "1", "url": w.ntfy, "topic": "other"}, "ntfy_config_updated"))
    add(_json("POST", "/api/configuration/email", EMAIL, "email_config_updated"))
    add(_json("PATCH", "/api/configuration/email/password", {"password": f"{MARK}-2"}, "email_password_updated"))
    mail = {"do": "save", "host": "127.0.0.1", "port": "9", "mode": "plain", "from": "dup@example.org", "to": "dev@example.org"}
    add(_form("/settings/email", mail | {"auth": "1", "username": f"{MARK}-b", "password": f"{MARK}-3"}, "email_config_updated"))
    add(Step("DELETE", "/api/configuration/email", does=("email_config_deleted",)))
    hook = {"url": f"http://{FAILS}", "key": MARK, "headers": {"Authorization": f"Bearer {MARK}"}}
    add(_json("POST", "/api/channels", {"kind": "webhook", "name": "Hook", "config": hook}, "channel_created"))
    change = {"name": "Other", "config": {"key": f"{MARK}-4"}, "filter": {"events": ["error"]}}
    add(Step("PATCH", "/api/channels/{channel_id}", lambda w: f"/api/channels/{_channel(w)}", change, does=("channel_updated",)))
    add(
        Step("POST", "/api/channels/{channel_id}/test", lambda w: f"/api/channels/{_channel(w)}/test", {}, does=("test_notification_sent",))
    )
    add(_form("/settings/channels", lambda w: {"do": "off", "id": str(_channel(w))}, "channel_updated"))
    more = {"do": "save", "name": "Third", "enabled": "1", "url": f"http://{FAILS}/2", "key": f"{MARK}-5", "events": ["error"]}
    one = "/settings/channels/{channel_id:int}"
    add(Step("POST", one, lambda w: f"/settings/channels/{_channel(w)}", more, True, ("channel_updated",)))
    add(Step("DELETE", "/api/channels/{channel_id}", lambda w: f"/api/channels/{_channel(w)}", does=("channel_deleted",)))
    phone = {"do": "save", "kind": "ntfy", "name": "Phone", "enabled": "1", "topic": "phone", "token": f"tk_{MARK}6"}
    add(_form("/settings/channels/new", lambda w: phone | {"url": w.ntfy, "events": ["error", "fatal"]}, "channel_created"))
    add(_json("POST", "/api/messages/self-test", lambda w: {"channel": _channel(w)}, "self_test"))
    message = "SELECT id FROM outbox WHERE state = 'sent' ORDER BY id DESC LIMIT 1"
    add(Step("POST", "/api/messages/{message_id}/resend", _of(message, "/api/messages/{}/resend"), does=("message_resent",)))
    add(_form("/settings/messages", lambda w: {"do": "resend", "id": str(w.one(message))}, "message_resent", ready=_all_sent))
    add(
        _json(
            "POST",
            "/api/notifications/test",
            lambda w: {"type": "simple", "ntfyConfig": {"url": w.ntfy, "topic": "t", "accessToken": MARK}},
            "test_notification_sent",
        )
    )
    add(_json("POST", "/api/telling/test", {"channel": "ntfy", "destination": "ops"}, "test_notification_sent"))
    tested = {"test": "ntfy:job:1", "event": "all"}
    add(
        _form(
            on_page + "/test",
            tested,
            "test_notification_sent",
            ready=lambda w: w.client.patch("/api/jobs/1/telling", json={"additional_topic": "ops", "additional_event": "all"}),
        )
    )
    cleared = {"channels": ["ntfy"]}
    add(_json("POST", "/api/notification-channel-alerts", cleared, "notification_alert_cleared", ready=fail_channel))
    add(Step("DELETE", "/api/notification-channel-alerts", does=("notification_alert_cleared",), ready=fail_channel))
    add(_form("/alerts", {"clear": "ntfy"}, "notification_alert_cleared", ready=fail_channel))
    add(_json("PUT", "/api/heartbeat", {"url": f"http://{FAILS}"}, "heartbeat_updated"))
    add(Step("POST", "/api/heartbeat/send", why_not="says that the product lives; nothing is changed"))
    add(_json("POST", "/api/secrets/forget", lambda w: {"ids": _lost(w)}, "secrets_forgotten", ready=_lose))
    add(_form("/settings/secrets", lambda w: {"id": _lost(w), "sure": "1"}, "secrets_forgotten", ready=_lose))
    # --- texts and summaries
    text = {"title": "OK {backup_name}", "message": "It is {status}"}
    add(_json("POST", "/api/configuration/templates", {"templates": {"success": text}}, "notification_template_updated"))
    add(_form("/settings/templates", {"do": "save", "name": "success", **text, "title": "Well"}, "notification_template_updated"))
    add(_form("/settings/templates/preview", {"name": "success", **text}, why_not="a look at what would be sent"))
    add(Step("PATCH", "/api/summaries/{period}", "/api/summaries/daily", {"enabled": True}, does=("daily_summary_updated",)))
    post = {"enabled": "1", "at": "09:00", "zone": "UTC", "weekday": "2", "recipients": ""}
    add(Step("POST", "/settings/summaries/{period}", "/settings/summaries/weekly", post, True, ("weekly_summary_updated",)))
    add(Step("POST", "/api/summaries/{period}/send", "/api/summaries/daily/send", does=("daily_summary_sent",), ready=_want_summaries))
    add(Step("POST", "/settings/summaries/{period}/send", "/settings/summaries/weekly/send", {}, True, ("weekly_summary_sent",)))
    add(_json("PUT", "/api/public-url", {"url": "https://backups.example.org"}, "public_url_updated"))
    add(_form("/settings/summaries/address", {"url": "https://dup.example.org"}, "public_url_updated"))
    # --- silence and tags
    add(_json("POST", "/api/snoozes", {"job_id": 1, "for": "4h", "comment": "moving"}, "snooze_created"))
    add(Step("DELETE", "/api/snoozes/{snooze_id}", _of(_SNOOZE, "/api/snoozes/{}"), does=("snooze_ended",)))
    trouble = "/api/jobs/{job_id}/acknowledgement"
    add(Step("POST", trouble, "/api/jobs/1/acknowledgement", {"comment": "known"}, does=("alert_acknowledged",)))
    add(Step("DELETE", trouble, "/api/jobs/1/acknowledgement", does=("acknowledgement_withdrawn",)))
    add(Step("POST", "/silence", "/silence?job=1", {"do": "acknowledge", "comment": "yes"}, True, ("alert_acknowledged",)))
    add(_json("POST", "/api/maintenance", WINDOW, "maintenance_window_created"))
    window = _of(_WINDOW, "/api/maintenance/{}")
    add(Step("PATCH", "/api/maintenance/{window_id}", window, {"comment": "x"}, does=("maintenance_window_updated",)))
    add(_form("/settings/maintenance", lambda w: {"do": "disable", "id": str(w.one(_WINDOW))}, "maintenance_window_updated"))
    add(Step("DELETE", "/api/maintenance/{window_id}", window, does=("maintenance_window_deleted",)))
    add(_json("POST", "/api/tags", {"name": "prod"}, "tag_created"))
    add(Step("PATCH", "/api/tags/{tag_id}", _of(_TAG, "/api/tags/{}"), {"name": "live"}, does=("tag_updated",)))
    found += _servers()
    on_server = "/api/servers/id-alpha/tags"
    add(Step("PUT", "/api/servers/{server:path}/tags", on_server, {"tags": ["live", "oslo"]}, does=("server_tags_updated",)))
    add(_form("/settings/tags", {"do": "save", "name": "spare", "color": "blue"}, "tag_created"))
    add(Step("DELETE", "/api/tags/{tag_id}", _of(_TAG, "/api/tags/{}"), does=("tag_deleted",)))
    # --- tasks
    add(Step("POST", "/api/cron/reload-config", why_not="forgets what was asked for in vain, which is stored nowhere"))
    fetched = "duplicati_version_refresh"
    add(Step("PATCH", "/api/duplicati-versions", data={"often": "6h", "at": "02:45"}, does=("duplicati_version_check_updated",)))
    add(_form("/settings/duplicati-versions", {"often": "12h", "at": "08:15"}, "duplicati_version_check_updated"))
    add(Step("POST", "/api/duplicati-versions/update", does=(fetched,)))
    add(_form("/settings/duplicati-versions/update", {}, fetched))
    add(Step("POST", "/api/cron/trigger/{task}", "/api/cron/trigger/session-cleanup", does=("task_run",)))
    add(Step("POST", "/api/cron/stop/{task}", "/api/cron/stop/session-cleanup", does=("task_stopped",)))
    add(Step("POST", "/api/cron/start/{task}", "/api/cron/start/session-cleanup", does=("task_started",)))
    add(Step("POST", "/api/notifications/check-overdue", does=("overdue_check_manual",)))
    add(Step("POST", "/api/notifications/clear-overdue-timestamps", does=("overdue_notifications_reset",)))
    add(Step("POST", "/api/tasks/{name}/run", "/api/tasks/audit-log-cleanup/run", does=("audit_cleanup_manual",)))
    add(Step("PATCH", "/api/tasks/{name}", "/api/tasks/message-cleanup", {"enabled": False}, does=("task_stopped",)))
    tasks = "/settings/tasks/message-cleanup"
    add(Step("POST", "/settings/tasks/{name}/start", tasks + "/start", {}, True, ("task_started",)))
    add(Step("POST", "/settings/tasks/{name}/stop", tasks + "/stop", {}, True, ("task_stopped",)))
    add(Step("POST", "/settings/tasks/{name}/run", tasks + "/run", {}, True, ("task_run",)))
    # --- the log itself
    add(_json("PATCH", "/api/audit-log/retention", {"retentionDays": 60}, "audit_retention_updated"))
    add(Step("POST", "/api/audit-log/cleanup", does=("audit_cleanup",)))
    add(_form("/settings/audit", {"do": "save", "days": "80"}, "audit_retention_updated"))
    # --- doors
    add(_json("POST", "/api/keys", {"name": "robot", "scopes": ["read"]}, "api_key_created"))
    add(Step("PATCH", "/api/keys/{key_id}", _of(_KEY, "/api/keys/{}"), {"disabled": True}, does=("api_key_updated",)))
    add(_form("/settings/keys", lambda w: {"do": "enable", "id": str(w.one(_KEY))}, "api_key_updated"))
    add(Step("DELETE", "/api/keys/{key_id}", _of(_KEY, "/api/keys/{}"), does=("api_key_deleted",)))
    add(_json("PATCH", "/api/access", {"external": {"enabled": True, "networks": ["192.0.2.0/24"]}}, "access_updated"))
    add(_form("/settings/access", {"part": "external", "networks": "192.0.2.0/24 198.51.100.0/24", "enabled": "1"}, "access_updated"))
    # --- people
    new_user = {"username": "mallory", "password": PASSWORD, "isAdmin": False, "requirePasswordChange": False}
    add(_json("POST", "/api/users", new_user, "user_created"))
    user = _of(_NEW_USER, "/api/users/{}")
    add(Step("PATCH", "/api/users/{user_id}", user, {"isAdmin": True}, does=("user_updated",)))
    add(Step("POST", "/api/users/{user_id}/unlock", lambda w: user(w) + "/unlock", does=("user_unlocked",), ready=_lock))
    add(Step("DELETE", "/api/users/{user_id}/sessions", lambda w: user(w) + "/sessions", does=("sessions_ended",), ready=_enter_as_new))
    on_user = _of(_NEW_USER, "/settings/users/{}")
    add(Step("POST", "/settings/users/{user_id}", on_user, {"do": "reset"}, True, ("user_updated", "password_reset")))
    add(Step("DELETE", "/api/users/{user_id}", user, does=("user_deleted",)))
    add(_form("/settings/users/new", {"username": "oscar", "role": "user", "password": PASSWORD}, "user_created"))
    add(Step("DELETE", "/api/backups/delete-job", data={"serverId": "id-beta", "backupName": "Files"}, does=("backup_job_deleted",)))
    found += _collections()
    return found + _sessions()


def _collections() -> list[Step]:
    """Servers that are collected; their Duplicati asks for consent to plain HTTP, as nobody typed it."""
    part = "/parts/{number}/answer"
    host = {"password": MARK, "hostname": "127.0.0.1"}
    return [
        _json("POST", "/api/collections", _typed, "collection_started"),
        Step(
            "POST",
            "/api/collections/{uid}" + part,
            _part("/api/collections/{}/parts/{}/answer"),
            {"agree": False},
            does=("collection_answered",),
            ready=_asking,
        ),
        Step("POST", "/api/collections/{uid}/cancel", _part("/api/collections/{}/cancel"), does=("collection_cancelled",), ready=_asking),
        _form("/collect", lambda w: {"which": "chosen", **_typed(w)}, "collection_started"),
        Step(
            "POST",
            "/collect/{uid}/parts/{number:int}",
            _part("/collect/{}/parts/{}"),
            {"agree": "no"},
            True,
            ("collection_answered",),
            ready=_asking,
        ),
        Step("POST", "/collect/{uid}/cancel", _part("/collect/{}/cancel"), {}, True, ("collection_cancelled",), ready=_asking),
        _json(
            "POST",
            "/api/backups/collect",
            lambda w: host | {"port": w.answers["duplicati"].port},
            "collection_started",
            "server_connection_updated",
        ),
        _json("POST", "/api/backups/sync-schedule", lambda w: host | {"port": w.answers["duplicati"].port}, "collection_started"),
    ]


def _typed(world: World) -> dict[str, str]:
    return {"addresses": f"127.0.0.1:{world.answers['duplicati'].port}", "password": MARK}


def _asking(world: World) -> None:
    """A collection asks something."""
    world.answers["collection"] = settled(world.client, world.client.post("/api/collections", json=_typed(world)).json()["id"])


def _part(path: str) -> Callable[[World], str]:
    def made(world: World) -> str:
        found = world.answers.get("collection", {"id": "nobody", "parts": [{"id": 99}]})
        return path.format(found["id"], found["parts"][0]["id"])

    return made


def _servers() -> list[Step]:
    """What is done to a server that is there for that alone."""
    path, page = "/api/servers/id-delta", _DELTA
    return [
        Step("PATCH", "/api/servers/{server:path}", path, _at_duplicati, does=("server_updated",)),
        Step("PATCH", "/api/servers/{server:path}/password", path + "/password", {"password": MARK}, does=("server_password_updated",)),
        Step("PATCH", "/api/servers/{server:path}/link", path + "/link", {"timer_minutes": 1440}, does=("server_connection_updated",)),
        Step("POST", "/api/servers/test-connection", data={"server_id": "id-delta"}, does=("server_connection_tested",)),
        Step("POST", "/api/servers/{server:path}/control", path + "/control", {"do": "pause"}, does=("server_paused",), ready=_controlled),
        Step("POST", "/control", "/control?server=id-delta", {"do": "resume"}, True, ("server_resumed",)),
        _form("/settings/servers", {"do": "test"}, "server_connection_tested"),
        Step("POST", "/settings/servers/{number:int}", page, {"do": "password", "password": MARK}, True, ("server_password_updated",)),
        Step("POST", "/settings/servers/{number:int}/options", lambda w: page(w) + "/options", _options, True, ("server_options_updated",)),
        Step("PATCH", "/api/servers/{server:path}/server-url", path + "/server-url", {"server_url": ""}, does=("server_updated",)),
        Step("DELETE", "/api/servers/{server:path}", path, does=("server_deleted",)),
    ]


def _at_duplicati(world: World) -> dict[str, str]:
    return {"server_url": world.answers["duplicati"].url}


def _controlled(world: World) -> None:
    """The server may be told what to do."""
    world.write(lambda connection: connection.raw.execute("UPDATE server_link SET controls = 1"))


def _options(world: World) -> dict[str, str]:
    """The form, with the mark by which the page knows what it has shown."""
    found = re.search(r'name="mark" value="(\w+)"', world.client.get(f"{_DELTA(world)}/options").text)
    return {"do": "write", "choice": "none", "mark": found[1] if found else ""}


def _lose(world: World) -> None:
    """A stored secret can no longer be read."""
    number = world.one("SELECT id FROM channel WHERE secret <> '' ORDER BY id DESC LIMIT 1")
    broken = "UPDATE channel SET secret = substr(secret, 1, length(secret) - 9) || 'AAAAAAAAA' WHERE id = "
    world.write(lambda connection: connection.raw.execute(f"{broken}{number}"))


def _lost(world: World) -> list[str]:
    return [str(each["id"]) for each in world.client.get("/api/secrets").json()["items"] if not each["readable"]]


def _all_sent(world: World) -> None:
    """No message is on its way."""
    awaited(lambda: [] if world.one("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending') AND tries = 0") else [True])


def _enter_as_new(world: World) -> None:
    """The new user has signed in."""
    stranger = world.answers["stranger"]
    assert stranger.post("/api/auth/login", json={"username": "mallory", "password": PASSWORD}).status_code == 200


def _sessions() -> list[Step]:
    """What people do with sessions and passwords of their own; keys have nothing to do with them."""
    report, newer = (document(Made(Instant(1_783_500_000_000 + number * DAY), "gamma")) for number in range(2))
    why = "a report is kept itself, with the moment and the address from which it came"
    old, again = "Correct7Horse", {"newPassword": PASSWORD}
    return [
        Step("POST", "/api/upload", data=report, why_not=why),
        Step("POST", "/api/upload/", data=newer, why_not=why),
        Step("POST", "/api/session", why_not="a session that nobody has signed in to", by_people=True),
        Step("DELETE", "/api/session", why_not="the end of a session that nobody has signed in to", by_people=True),
        Step("DELETE", "/api/sessions", does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("DELETE", "/api/sessions/{session_id}", _other_session, does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("POST", "/settings/sessions", data={"do": "others"}, form=True, does=("sessions_ended",), by_people=True, ready=_elsewhere),
        Step("POST", "/api/auth/change-password", data={"currentPassword": old, **again}, does=("change_password",), by_people=True),
        _form("/change-password", {"current": PASSWORD, "new": f"{PASSWORD}2", "again": f"{PASSWORD}2"}, "change_password", by_people=True),
        Step("POST", "/api/auth/logout", does=("logout",), by_people=True),
        Step(
            "POST", "/api/auth/login", data={"username": "admin", "password": f"{PASSWORD}2"}, does=("login",), by_people=True, ready=_token
        ),
        Step(
            "POST",
            "/login",
            data=lambda w: {"username": "admin", "password": f"{PASSWORD}2", "csrf_token": w.client.headers["x-csrf-token"]},
            form=True,
            does=("login",),
            by_people=True,
            ready=_out_and_token,
        ),
    ]


def _elsewhere(world: World) -> None:
    """The administrator is signed in from another browser, too."""
    other = world.answers["other"]
    other.cookies.clear()
    other.headers["x-csrf-token"] = other.get("/api/csrf").json()["token"]
    assert other.post("/api/auth/login", json={"username": "admin", "password": "Correct7Horse"}).status_code == 200


def _other_session(world: World) -> str:
    listed = world.client.get("/api/sessions").json()["items"]
    return "/api/sessions/" + next(str(each["id"]) for each in listed if not each["current"])


def _token(world: World) -> None:
    world.client.headers["x-csrf-token"] = world.client.get("/api/csrf").json()["token"]


def _out_and_token(world: World) -> None:
    world.client.post("/api/auth/logout")
    _token(world)
