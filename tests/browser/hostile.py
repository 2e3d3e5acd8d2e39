"""A product in which every text that reports and people can give is hostile. In: a running site; out: the same, with servers whose names,
logs, tags, comments, channels and so on try to become scripts, elements, addresses or to break the layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import orjson

from duplistatus.clock import DAY, HOUR, MINUTE, Instant, iso
from tests.web.api.live import status_document
from tests.web.api.reports import Made, document, warning
from tests.web.conftest import sign_in

if TYPE_CHECKING:
    from duplistatus.store.database import Connection
    from tests.browser.site import Site

MARKUP = (
    "<script>window.ran=1</script>\"><img src=x onerror=window.ran=1><svg onload=window.ran=1>' onmouseover='window.ran=1' x='"
    "{{7*7}}${7*7}</textarea>"
)
ADDRESS = "javascript:window.ran=1//http://evil.test"
MIRRORED = "\u202eevil\u2066 e" + "\u0301" * 60 + " \U0001f469\u200d\U0001f469\u200d\U0001f467 a\u2028b\u2029c \u200f\ufeff]]>-->"
LONG = "W" * 500
TEXTS = {"markup": MARKUP, "address": ADDRESS, "mirrored": MIRRORED, "long": LONG}
LONGEST = "W" * 10_000
TEMPLATES = ("success", "warning", "overdueBackup", "backToNormal")


def keys() -> list[str]:
    """The keys of the servers."""
    return list(TEXTS.values())


def fill(site: Site) -> dict[str, int]:
    """Fills the product; how many of the requests of each kind were taken. Each kind takes some of the texts at least."""
    now = site.clock.now()
    with httpx2.Client(base_url=site.address, timeout=30) as client:
        sign_in(client, "admin", site.password)  # type: ignore[arg-type]
        taken: dict[str, int] = {}
        for number, text in enumerate(TEXTS.values()):
            _report(client, text, now, number)
            _describe(site, text)
            for what, method, path, body in _said(text, now, number):
                answer = client.request(method, path, json=body)
                assert answer.status_code in {200, 201, 400}, f"{method} {path}: {answer.status_code} {answer.text}"
                taken[what] = taken.get(what, 0) + (answer.status_code != 400)
        for text in TEXTS.values():
            agent = text.encode("ascii", "replace").decode().replace("\n", " ")
            with httpx2.Client(base_url=site.address, timeout=30, headers={"user-agent": agent}) as other:
                sign_in(other, "admin", site.password)  # type: ignore[arg-type]
                other.headers["x-csrf-token"] = "wrong"
                other.post("/api/auth/login", json={"username": text[:100], "password": text[:100]})
    site.judge()
    return taken


def _report(client: httpx2.Client, text: str, now: Instant, number: int) -> None:
    for days, result in ((2, "Success"), (1, "Warning"), (0, "Fatal")):
        made = document(
            Made(
                Instant(now - days * DAY - HOUR - number * MINUTE),
                text,
                text,
                text,
                result,
                warnings=(warning(text), text, LONGEST),
                errors=(text, f"2026-11-21 06:00:02 +00 - [Error-{text}-{text}]: {text}"),
                lines=(text, f"{text}\n{text}", LONGEST, f"2026-11-21 06:00:02 +00 - [Information-A-B]: {text}"),
                next_run=Instant(now - HOUR),
            )
        )
        made["Exception"] = f"System.Exception: {text}\n   at {text}" if result == "Fatal" else None
        made["Extra"] |= dict.fromkeys(("operating-system", "backup-id", "destination-type", "installation-type", "x-other"), text)
        made["Data"]["Version"] = text[:200]
        made["Data"]["Messages"] = [text]
        answer = client.post("/api/upload", content=orjson.dumps(made), headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
    live: Any = status_document("Running", Instant(now - 10 * MINUTE), now, server=text, job=text, phase=text[:100])
    live["metadata"] |= {"machineName": text, "machineId": text}
    client.post("/api/upload", content=orjson.dumps(live), headers={"content-type": "application/json"})
    kind = f"text/html; {text}".encode("ascii", "replace").decode().replace("\n", " ")
    assert client.post("/api/upload", content=text.encode(), headers={"content-type": kind}).status_code == 400


def _describe(site: Site, text: str) -> None:
    def work(connection: Connection) -> None:
        connection.raw.execute("UPDATE server SET alias = ?, note = ?, url = ? WHERE key = ?", (text, f"{text}\n{text}", text, text))

    site.context.writer.submit(work).result()


def _said(text: str, now: Instant, number: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    key, short = quote(text, safe=""), text[:40].strip()
    address, job = "http://127.0.0.1:9", number + 1
    times = {"starts_at": iso(Instant(now - HOUR)), "ends_at": iso(Instant(now + HOUR))}
    channel = {"enabled": False, "filter": {"events": ["error"], "servers": [text]}}
    return [
        ("tag", "POST", "/api/tags", {"name": short, "servers": [text]}),
        ("window", "POST", "/api/maintenance", {"name": text[:100], "comment": text[:200], "scope": "server", "server_id": text, **times}),
        ("snooze", "POST", "/api/snoozes", {"server_id": text, "for": "4h", "comment": text[:200]}),
        ("snooze of a job", "POST", "/api/snoozes", {"job_id": job, "for": "4h", "comment": text[:200]}),
        ("acknowledgement", "POST", f"/api/jobs/{job}/acknowledgement", {"comment": text[:200]}),
        ("webhook", "POST", "/api/channels", _channel(channel, "webhook", text, {"url": f"{address}/{key}", "key": text[:50]})),
        ("ntfy", "POST", "/api/channels", _channel(channel, "ntfy", text, {"url": address, "topic": f"topic-{number}"})),
        ("e-mail", "POST", "/api/channels", _channel(channel, "email", text, _mail(text))),
        ("user", "POST", "/api/users", {"username": text[:40]}),
        ("key", "POST", "/api/keys", {"name": text[:60], "scopes": ["read"]}),
        ("template", "POST", "/api/configuration/templates", {"templates": {TEMPLATES[number]: _template(text)}}),
    ]


def _channel(channel: dict[str, Any], kind: str, text: str, config: dict[str, Any]) -> dict[str, Any]:
    return channel | {"kind": kind, "name": f"{text[:50]} {kind}", "config": config}


def _mail(text: str) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": 9, "mode": "plain", "from": "a@example.org", "to": "b@example.org", "sender_name": text[:100]}


def _template(text: str) -> dict[str, Any]:
    return {"title": text[:200], "message": f"{text} {{backup_name}}", "priority": "default", "tags": text[:40]}
