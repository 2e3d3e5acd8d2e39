"""A stand-in for Duplicati 2.0.6 to 2.0.8: a token against forged requests, a password hashed with a nonce, indented JSON after a byte
order mark. `Legacy(password="")` asks for none."""

from __future__ import annotations

import base64
import hashlib
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

_SALT = b"\x00\x01salt of this server\xff"


class Legacy(Served):
    """`sessions`: cookies of those who are logged in; `xsrf`: the tokens that hold."""

    def __init__(self, *, password: str = "secret123", context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.password = password
        system = answered("2.1.0.5", "systeminfo")
        self.system: dict[str, Any] = system | {"ServerVersion": "2.0.8.1", "ServerVersionType": "Beta"}
        self.settings: dict[str, Any] = answered("2.1.0.5", "serversettings")
        self.jobs: list[dict[str, Any]] = answered("2.1.0.5", "backups")
        self.logs: dict[str, list[dict[str, Any]]] = {"1": [row | {"Exception": None} for row in answered("2.1.0.5", "log")]}
        self.state: dict[str, Any] = answered("2.1.0.5", "serverstate-idle")
        self.xsrf: set[str] = set()
        self.nonces: dict[str, bytes] = {}
        self.sessions: set[str] = set()
        self.logins = 0

    def reply(self, asked: Asked) -> Reply:
        if asked.path in ("/", "/login.html"):
            return self._page(asked)
        if unquote(asked.cookies.get("xsrf-token", "")) not in self.xsrf or asked.headers.get("x-xsrf-token", "") not in self.xsrf:
            return Reply(b"Missing XSRF Token. Please reload the page", 400, (("Content-Type", "text/plain"),))
        if asked.path == "/login.cgi":
            return self._let_in(asked)
        if self.password and asked.cookies.get("session-auth", "") not in self.sessions:
            return Reply(b"Not logged in", 401)
        if asked.path == "/logout.cgi":
            self.sessions.discard(asked.cookies.get("session-auth", ""))
            return Reply({"success": True})
        found = self._found(asked)
        if found.body is None or isinstance(found.body, bytes):
            return found
        return replace(
            found, body=b"\xef\xbb\xbf" + json.dumps(found.body, indent=2).encode(), headers=(("Content-Type", "application/json"),)
        )

    def _found(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/api/v1")
        known = {"/systeminfo": self.system, "/backups": self.jobs, "/serversettings": self.settings, "/serverstate": self.state}
        if path in known:
            return Reply(known[path])
        if job := re.fullmatch(r"/backup/([^/]+)/log", path):
            size = min(max(int(asked.query.get("pagesize", "100")), 10), 500)
            before = int(asked.query.get("offset", "0")) or None
            rows = [row for row in self.logs.get(job[1], []) if before is None or row["ID"] < before]
            return Reply(rows[:size])
        if job := re.fullmatch(r"/backup/([^/]+)/filesets", path):
            return Reply({"success": True, "data": [{"Version": 0}]})
        return Reply(b"<html>not found</html>", 404)

    def _page(self, asked: Asked) -> Reply:
        token = base64.b64encode(secrets.token_bytes(32)).decode()
        self.xsrf.add(token)
        kept = f"xsrf-token={quote(token, safe='')}; expires=Mon, 21 Dec 2026 07:48:28 GMT; path=/"
        # Those who are not logged in are sent to its login page, with the token none the less.
        if self.password and asked.path == "/":
            return Reply(None, 302, (("Set-Cookie", kept), ("Location", "/login.html")))
        return Reply(b"<html></html>", headers=(("Set-Cookie", kept), ("Content-Type", "text/html")))

    def _let_in(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode("ascii")))
        if form.get("get-nonce") == "1":
            nonce, name = secrets.token_bytes(32), base64.b64encode(secrets.token_bytes(12)).decode()
            self.nonces[name] = nonce
            told = {"Status": "OK", "Nonce": base64.b64encode(nonce).decode(), "Salt": base64.b64encode(_SALT).decode()}
            return Reply(told, headers=(("Set-Cookie", f"session-nonce={quote(name, safe='')}; path=/login.cgi"),))
        self.logins += 1
        known = self.nonces.pop(unquote(asked.cookies.get("session-nonce", "")), None)
        if known is None or form.get("password") != self._proof(known):
            return Reply(b"Password not accepted", 401)
        session = secrets.token_hex(16)
        self.sessions.add(session)
        return Reply({"Status": "OK"}, headers=(("Set-Cookie", f"session-auth={session}; path=/"),))

    def _proof(self, nonce: bytes) -> str:
        salted = hashlib.sha256(self.password.encode() + _SALT)
        return base64.b64encode(hashlib.sha256(nonce + salted.digest()).digest()).decode()
