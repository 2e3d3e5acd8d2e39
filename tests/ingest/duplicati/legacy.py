"""A stand-in for Duplicati 2.0.6 to 2.0.8: a token against forged requests, a password hashed with a nonce, indented JSON after a byte
order mark, and refusals whose reason is in the status line alone. `Legacy(password="")` asks for none."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from tests.ingest.duplicati.recorded import answered
from tests.ingest.duplicati.stand_in import Asked, Reply, Served

if TYPE_CHECKING:
    import ssl

    from duplistatus.ingest.duplicati.target import Target

_SALT = b"\x00\x01salt of this server\xff"
_JSON = (("Content-Type", "application/json"),)
_NONE = "0001-01-01T00:00:00"


class Legacy(Served):
    """`sessions`: cookies of those who are logged in; `xsrf`: the tokens that hold. `stops`: whether it knows how to stop after the
    current file."""

    def __init__(self, *, password: str = "secret123", context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.password = password
        system = answered("2.1.0.5", "systeminfo")
        self.system: dict[str, Any] = system | {"ServerVersion": "2.0.8.1", "ServerVersionType": "Beta"}
        self.settings: dict[str, Any] = answered("2.1.0.5", "serversettings")
        self.jobs: list[dict[str, Any]] = answered("2.1.0.5", "backups")
        self.logs: dict[str, list[dict[str, Any]]] = {"1": [row | {"Exception": None} for row in answered("2.1.0.5", "log")]}
        self.active: tuple[int, str] | None = None
        self.paused = False
        self.event_id = 1
        self.stops = True
        self.xsrf: set[str] = set()
        self.nonces: dict[str, bytes] = {}
        self.sessions: set[str] = set()
        self.logins = 0

    @property
    def target(self) -> Target:
        from duplistatus.ingest.duplicati.target import Target

        return Target(self.url, self.password)

    def reply(self, asked: Asked) -> Reply:
        host = asked.headers.get("host", "").rsplit(":", 1)[0]
        if host != "localhost" and not _is_address(host):
            return Reply(b"The host header sent by the client is not allowed", 403, (("Content-Type", "text/plain"),))
        found = self._inside(asked)
        if not isinstance(found.body, bytes) and found.body is not None:
            found = replace(found, body=b"\xef\xbb\xbf" + json.dumps(found.body, indent=2).encode(), headers=(*found.headers, *_JSON))
        if unquote(asked.cookies.get("xsrf-token", "")) in self.xsrf:
            return found
        # Whoever has no token is given one, whatever the answer is.
        token = base64.b64encode(secrets.token_bytes(32)).decode()
        self.xsrf.add(token)
        kept = f"xsrf-token={quote(token, safe='')}; expires=Mon, 21 Dec 2026 07:48:28 GMT; path=/"
        return replace(found, headers=(*found.headers, ("Set-Cookie", kept)))

    def _inside(self, asked: Asked) -> Reply:
        if asked.path == "/logout.cgi":
            self.sessions.discard(asked.cookies.get("session-auth", ""))
            return Reply(None, 204)
        if asked.path == "/login.cgi":
            return self._let_in(asked)
        is_api = asked.path.startswith("/api/v1")
        if is_api and asked.headers.get("x-xsrf-token", "") not in self.xsrf:
            return Reply(None, 400)
        if self.password and asked.cookies.get("session-auth", "") not in self.sessions:
            if asked.path == "/":
                return Reply(None, 302, (("Location", "/login.html"),))
            if is_api:
                return Reply(None, 401)
        if not is_api:
            is_page = asked.path in ("/", "/login.html")
            return Reply(
                b"<html></html>" if is_page else b"<html>not found</html>", 200 if is_page else 404, (("Content-Type", "text/html"),)
            )
        return self._found(asked) if asked.method == "GET" else self._done(asked)

    def _found(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/api/v1")
        known = {"/systeminfo": self.system, "/backups": self.jobs, "/serversettings": self.settings}
        if path in known:
            return Reply(known[path])
        if path == "/serverstate":
            # Names of values in its addresses are told apart by case, too.
            is_refused = asked.query.get("longpoll") == "true" and "lasteventid" not in asked.query
            words = "When activating long poll, the request must include the last event id"
            return error_of(400, words) if is_refused else Reply(self._state())
        if path == "/progressstate":
            return Reply(self._progress()) if self.active else error_of(404, "No active backup")
        if job := re.fullmatch(r"/backup/([^/]+)/log", path):
            size = min(max(int(asked.query.get("pagesize", "100")), 10), 500)
            before = int(asked.query.get("offset", "0")) or None
            rows = [row for row in self.logs.get(job[1], []) if before is None or row["ID"] < before]
            return Reply(rows[:size])
        if job := re.fullmatch(r"/backup/([^/]+)/filesets", path):
            return Reply({"success": True, "data": [{"Version": 0}]})
        return Reply(None, 404)

    def _done(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/api/v1")
        self.event_id += 1
        if (asked.method, path) == ("PATCH", "/serversettings"):
            # An option without a value is taken away.
            self.settings = {name: value for name, value in (self.settings | asked.json).items() if value is not None}
        elif job := re.fullmatch(r"/backup/([^/]+)/(?:run|start)", path):
            self.active = (self.active[0] + 1 if self.active else 1, job[1])
        elif path in ("/serverstate/pause", "/serverstate/resume"):
            self.paused = path.endswith("pause")
        elif task := re.fullmatch(r"/task/(\d+)/(stopaftercurrentfile|stopnow|abort)", path):
            if self.active is None or self.active[0] != int(task[1]) or not (self.stops or task[2] == "abort"):
                return error_of(404, "Invalid or missing task id")
            self.active = None
        else:
            return error_of(404, "Invalid or missing task id")
        return Reply({"Status": "OK"})

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = answered("2.1.0.5", "serverstate-idle")
        return found | {
            "ActiveTask": {"Item1": self.active[0], "Item2": self.active[1]} if self.active else None,
            "ProgramState": "Paused" if self.paused else "Running",
            "EstimatedPauseEnd": _NONE,
            "LastEventID": self.event_id,
        }

    def _progress(self) -> dict[str, Any]:
        found: dict[str, Any] = answered("2.3.0.109", "progressstate-active")
        number, job = self.active or (0, "")
        return found | {"BackupID": job, "TaskID": number, "Phase": "Backup_ProcessingFiles", "OverallProgress": 0.25}

    def _let_in(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode("ascii")))
        if form.get("get-nonce") == "1":
            nonce = secrets.token_bytes(32)
            name = base64.b64encode(nonce).decode()
            self.nonces[name] = nonce
            kept = f"session-nonce={quote(name, safe='')}; expires=Mon, 21 Dec 2026 07:48:28 GMT; path=/"
            return Reply({"Status": "OK", "Nonce": name, "Salt": base64.b64encode(_SALT).decode()}, headers=(("Set-Cookie", kept),))
        self.logins += 1
        known = self.nonces.pop(unquote(asked.cookies.get("session-nonce", "")), None)
        if known is None or form.get("password") != self._proof(known):
            return Reply(None, 401, _JSON)
        session = secrets.token_hex(16)
        self.sessions.add(session)
        return Reply({"Status": "OK"}, headers=(("Set-Cookie", f"session-auth={session}; path=/"),))

    def _proof(self, nonce: bytes) -> str:
        salted = hashlib.sha256(self.password.encode() + _SALT)
        return base64.b64encode(hashlib.sha256(nonce + salted.digest()).digest()).decode()


def error_of(status: int, words: str) -> Reply:
    """As these versions refuse: without a code."""
    return Reply({"Error": words}, status)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
