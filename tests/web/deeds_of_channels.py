"""Changes of what is told, where, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.api.messaging import awaited
from tests.web.doing import FAILS, MARK, Step, World, by_form, by_json, fail_channel, found_by, newest_channel

if TYPE_CHECKING:
    from collections.abc import Iterator

_ON_PAGE = "/settings/notifications"
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


def telling() -> Iterator[Step]:
    """What is told of which job."""
    yield by_json("PATCH", "/api/telling", {"jobs": [2], "change": {"email": False}}, "backup_notification_updated")
    yield Step("PATCH", "/api/jobs/{job_id}/telling", "/api/jobs/2/telling", {"event": "all"}, does=("backup_notification_updated",))
    of_server = {"additional_emails": "ops@example.org", "additional_event": "all"}
    telling = "/api/servers/id-alpha/telling"
    yield Step("PATCH", "/api/servers/{server:path}/telling", telling, of_server, does=("backup_notification_updated",))
    own = {"own": "additional_topic", "additional_topic": "mail", "event": "warnings"}
    yield Step("POST", _ON_PAGE + "/jobs/{job_id:int}", _ON_PAGE + "/jobs/1", own, True, ("backup_notification_updated",))
    yield Step("POST", "/api/servers/{server:path}/telling/sync", telling + "/sync", does=("backup_notification_updated",))
    yield Step("POST", "/api/servers/{server:path}/telling/clear", telling + "/clear", does=("backup_notification_updated",))
    server = found_by("SELECT id FROM server WHERE key = 'id-alpha'", _ON_PAGE + "/servers/{}")
    sent = {"additional_event": "errors", "additional_topic": "ops"}
    yield Step("POST", _ON_PAGE + "/servers/{server_id:int}", server, sent, True, ("backup_notification_updated",))
    yield Step("POST", _ON_PAGE + "/jobs/{job_id:int}", _ON_PAGE + "/jobs/1", own, True, ("backup_notification_updated",))
    yield by_form(_ON_PAGE + "/follow", {"follow": "1:additional_topic"}, "backup_notification_updated")
    yield Step("POST", _ON_PAGE + "/jobs/{job_id:int}", _ON_PAGE + "/jobs/2", own, True, ("backup_notification_updated",))
    yield Step(
        "POST", _ON_PAGE + "/servers/{server_id:int}/sync", lambda w: server(w) + "/sync", {}, True, ("backup_notification_updated",)
    )
    yield Step(
        "POST", _ON_PAGE + "/servers/{server_id:int}/clear", lambda w: server(w) + "/clear", {}, True, ("backup_notification_updated",)
    )
    yield by_form(_ON_PAGE + "/selected", {"jobs": ["3"], "set": ["event"], "event": "off"}, "backup_notification_updated")


def channels() -> Iterator[Step]:
    """Where it is told."""
    yield by_json(
        "POST",
        "/api/configuration/notifications",
        lambda w: {"ntfy": {"url": w.ntfy, "topic": "all", "accessToken": f"tk_{MARK}"}},
        "ntfy_config_updated",
    )
    yield by_form("/settings/ntfy", lambda w: {"do": "save", "enabled": "1", "url": w.ntfy, "topic": "other"}, "ntfy_config_updated")
    yield by_json("POST", "/api/configuration/email", EMAIL, "email_config_updated")
    yield by_json("PATCH", "/api/configuration/email/password", {"password": f"{MARK}-2"}, "email_password_updated")
    mail = {"do": "save", "host": "127.0.0.1", "port": "9", "mode": "plain", "from": "dup@example.org", "to": "dev@example.org"}
    yield by_form("/settings/email", mail | {"auth": "1", "username": f"{MARK}-b", "password": f"{MARK}-3"}, "email_config_updated")
    yield Step("DELETE", "/api/configuration/email", does=("email_config_deleted",))
    hook = {"url": f"http://{FAILS}", "key": MARK, "headers": {"Authorization": f"Bearer {MARK}"}}
    yield by_json("POST", "/api/channels", {"kind": "webhook", "name": "Hook", "config": hook}, "channel_created")
    change = {"name": "Other", "config": {"key": f"{MARK}-4"}, "filter": {"events": ["error"]}}
    yield Step("PATCH", "/api/channels/{channel_id}", lambda w: f"/api/channels/{newest_channel(w)}", change, does=("channel_updated",))
    yield Step(
        "POST", "/api/channels/{channel_id}/test", lambda w: f"/api/channels/{newest_channel(w)}/test", {}, does=("test_notification_sent",)
    )
    yield by_form("/settings/channels", lambda w: {"do": "off", "id": str(newest_channel(w))}, "channel_updated")
    more = {"do": "save", "name": "Third", "enabled": "1", "url": f"http://{FAILS}/2", "key": f"{MARK}-5", "events": ["error"]}
    one = "/settings/channels/{channel_id:int}"
    yield Step("POST", one, lambda w: f"/settings/channels/{newest_channel(w)}", more, True, ("channel_updated",))
    yield Step("DELETE", "/api/channels/{channel_id}", lambda w: f"/api/channels/{newest_channel(w)}", does=("channel_deleted",))
    phone = {"do": "save", "kind": "ntfy", "name": "Phone", "enabled": "1", "topic": "phone", "token": f"tk_{MARK}6"}
    yield by_form("/settings/channels/new", lambda w: phone | {"url": w.ntfy, "events": ["error", "fatal"]}, "channel_created")
    yield by_json("POST", "/api/messages/self-test", lambda w: {"channel": newest_channel(w)}, "self_test")
    message = "SELECT id FROM outbox WHERE state = 'sent' ORDER BY id DESC LIMIT 1"
    yield Step("POST", "/api/messages/{message_id}/resend", found_by(message, "/api/messages/{}/resend"), does=("message_resent",))
    yield by_form("/settings/messages", lambda w: {"do": "resend", "id": str(w.one(message))}, "message_resent", ready=_all_sent)
    yield by_json(
        "POST",
        "/api/notifications/test",
        lambda w: {"type": "simple", "ntfyConfig": {"url": w.ntfy, "topic": "t", "accessToken": MARK}},
        "test_notification_sent",
    )
    yield by_json("POST", "/api/telling/test", {"channel": "ntfy", "destination": "ops"}, "test_notification_sent")
    tested = {"test": "ntfy:job:1", "event": "all"}
    yield by_form(
        _ON_PAGE + "/test",
        tested,
        "test_notification_sent",
        ready=lambda w: w.client.patch("/api/jobs/1/telling", json={"additional_topic": "ops", "additional_event": "all"}),
    )
    cleared = {"channels": ["ntfy"]}
    yield by_json("POST", "/api/notification-channel-alerts", cleared, "notification_alert_cleared", ready=fail_channel)
    yield Step("DELETE", "/api/notification-channel-alerts", does=("notification_alert_cleared",), ready=fail_channel)
    yield by_form("/alerts", {"clear": "ntfy"}, "notification_alert_cleared", ready=fail_channel)
    yield by_json("PUT", "/api/heartbeat", {"url": f"http://{FAILS}"}, "heartbeat_updated")
    yield Step("POST", "/api/heartbeat/send", why_not="says that the product lives; nothing is changed")
    yield by_json("POST", "/api/secrets/forget", lambda w: {"ids": _lost(w)}, "secrets_forgotten", ready=_lose)
    yield by_form("/settings/secrets", lambda w: {"id": _lost(w), "sure": "1"}, "secrets_forgotten", ready=_lose)


def texts() -> Iterator[Step]:
    """In which words, and in summaries."""
    text = {"title": "OK {backup_name}", "message": "It is {status}"}
    yield by_json("POST", "/api/configuration/templates", {"templates": {"success": text}}, "notification_template_updated")
    yield by_form("/settings/templates", {"do": "save", "name": "success", **text, "title": "Well"}, "notification_template_updated")
    yield by_form("/settings/templates/preview", {"name": "success", **text}, why_not="a look at what would be sent")
    yield Step("PATCH", "/api/summaries/{period}", "/api/summaries/daily", {"enabled": True}, does=("daily_summary_updated",))
    post = {"enabled": "1", "at": "09:00", "zone": "UTC", "weekday": "2", "recipients": ""}
    yield Step("POST", "/settings/summaries/{period}", "/settings/summaries/weekly", post, True, ("weekly_summary_updated",))
    yield Step("POST", "/api/summaries/{period}/send", "/api/summaries/daily/send", does=("daily_summary_sent",), ready=_want_summaries)
    yield Step("POST", "/settings/summaries/{period}/send", "/settings/summaries/weekly/send", {}, True, ("weekly_summary_sent",))
    yield by_json("PUT", "/api/public-url", {"url": "https://backups.example.org"}, "public_url_updated")
    yield by_form("/settings/summaries/address", {"url": "https://dup.example.org"}, "public_url_updated")


def _want_summaries(world: World) -> None:
    events = ["daily", "weekly", "error"]
    world.client.patch(f"/api/channels/{newest_channel(world)}", json={"filter": {"events": events}})


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
