"""Duplicati servers that are none: real HTTP and web sockets on free ports of 127.0.0.1, behaving as the recordings of each generation do.
What they hold is in plain attributes, which a test sets before or while it is asked:

    with Duplicati("2.3.0.109") as server:          # jobs and logs as recorded
        server.logs["1"] = []
        Target(server.url, server.password)

`Duplicati("2.1.0.5")` and `Duplicati("2.3.0.4")` likewise; `legacy.Legacy()` for 2.0.8."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import secrets
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

import uvicorn

from tests.ingest.duplicati.recorded import answered, is_recorded

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from duplistatus.ingest.duplicati.target import Target

_PATIENCE = 20.0
_NONE = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `path`: without its query; `headers`: names in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def cookies(self) -> dict[str, str]:
        return {name: each.value for name, each in SimpleCookie(self.headers.get("cookie", "")).items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """`body`: bytes as they are, None for nothing, anything else as JSON. `hangs`: takes the request and says nothing; `endless`: sends
    this many bytes of blanks before the body, in pieces."""

    body: Any = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    hangs: bool = False
    endless: int = 0


HANGS = Reply(hangs=True)
_PIECE = b" " * 65536


def error(status: int, words: str, **more: Any) -> Reply:
    """As Duplicati refuses."""
    return Reply({"Error": words, "Code": status, **more}, status)


class Served(ABC):
    """An ASGI application on a free port, in a thread. `port`: known inside the `with` block."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.received: list[Asked] = []
        self.instead: dict[str, Reply | Callable[[Asked], Reply]] = {}
        """Answers for paths in place of the usual ones; `*` for all."""
        self._context = context
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        config = uvicorn.Config(self, log_config=None, lifespan="off", ws="websockets-sansio", access_log=False, server_header=False)
        # As Duplicati's. Uvicorn's own is as long as the pause between two questions, and would end connections amid them.
        config.timeout_keep_alive = 130
        config.load()
        # Given as a context, as certificates of tests have no files of their own.
        config.ssl = self._context
        self._server = uvicorn.Server(config)
        made = _listening()
        self.port = made.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(made,), name="duplicati", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_PATIENCE)

    def _run(self, made: Any) -> None:
        self._loop.run_until_complete(self._server.serve(sockets=[made]))
        self._loop.close()

    def asked(self, path: str, method: str = "") -> list[Asked]:
        """The requests so far for a path."""
        return [each for each in self.received if each.path == path and method in ("", each.method)]

    def wait_for(self, path: str, count: int = 1) -> list[Asked]:
        """As soon as a path was asked for so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.asked(path)) >= count, _PATIENCE), f"{path} was not asked for {count} times"
        return self.asked(path)

    @abstractmethod
    def reply(self, asked: Asked) -> Reply:
        """Its usual answer."""

    async def socket(self, scope: Any, receive: Any, send: Any) -> None:
        """A web socket; without one the upgrade is refused."""
        await receive()
        await send({"type": "websocket.close", "code": 1000})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.socket(scope, receive, send)
            return
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True))
        asked = Asked(scope["method"], scope["path"], query, headers, body)
        with self._changed:
            self.received.append(asked)
            self._changed.notify_all()
        instead = self.instead.get(asked.path) or self.instead.get("*")
        found = (instead(asked) if callable(instead) else instead) if instead is not None else self.reply(asked)
        await _send(found, receive, send)


async def _send(reply: Reply, receive: Any, send: Any) -> None:
    if reply.hangs:
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    is_raw = isinstance(reply.body, bytes) or reply.body is None
    body = reply.body or b"" if is_raw else json.dumps(reply.body, ensure_ascii=False).encode()
    names = {name.lower() for name, _ in reply.headers}
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
    if not is_raw and "content-type" not in names:
        headers.append((b"content-type", b"application/json; charset=utf-8"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for _ in range(reply.endless // len(_PIECE)):
        await send({"type": "http.response.body", "body": _PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": body})


def _listening() -> Any:
    import socket

    # Named, the protocol makes asyncio send small answers at once.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.bind(("127.0.0.1", 0))
    made.listen(128)
    return made


@dataclass
class Progress:
    """What `/progressstate` tells besides the task."""

    phase: str = "Backup_ProcessingFiles"
    overall: float = 0.25
    more: dict[str, Any] = field(default_factory=dict)


class Duplicati(Served):
    """2.1 and later. `version` decides what it knows."""

    def __init__(self, version: str = "2.3.0.109", *, password: str = "secret123", context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.version = version
        self.password = password
        self.system: dict[str, Any] = answered(version, "systeminfo")
        self.settings: dict[str, Any] = answered(version, "serversettings-after")
        self.jobs: list[dict[str, Any]] = answered(version, "backups")
        self.logs: dict[str, list[dict[str, Any]]] = {"1": answered(version, "log")}
        self.filesets: dict[str, list[dict[str, Any]]] = {"1": answered(version, "filesets")}
        self.notifications: list[dict[str, Any]] = answered(version, "notifications")
        self.paused = False
        self.pause_ends = _NONE
        self.active: tuple[int, str] | None = None
        self.queue: list[tuple[int, str]] = []
        self.ended: dict[int, dict[str, Any]] = {}
        self.proposed: dict[str, str] = {job["Backup"]["ID"]: job["Schedule"]["Time"] for job in self.jobs if job["Schedule"]}
        self.progress = Progress()
        self.allowed_hosts: set[str] = set()
        self.event_id = 1
        self.tokens: set[str] = set()
        self.families: dict[str, str] = {}
        """Cookies of logins that were not ended, and their nonces."""
        self.logins = 0
        self._numbers = 50
        self._sockets: list[tuple[Any, set[str]]] = []

    # What a test asks of it

    @property
    def is_new(self) -> bool:
        """2.2 and later: cookies with nonces, web sockets with messages."""
        return self.version.startswith(("2.2", "2.3", "2.4"))

    @property
    def target(self) -> Target:
        from duplistatus.ingest.duplicati.target import Target

        return Target(self.url, self.password)

    def name_it(self, machine_id: str, machine_name: str) -> Self:
        """Who it says it is."""
        self.system["MachineName"] = machine_name
        for option in self.system["Options"]:
            if option["Name"] == "machine-id":
                option["DefaultValue"] = machine_id
        return self

    def end_tokens(self) -> None:
        """As after 15 minutes."""
        self.tokens.clear()

    # What it answers

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/health":
            return Reply(b"Healthy", headers=(("Content-Type", "text/plain"),))
        host = asked.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
        if not self._allows(host):
            return error(403, f"Invalid hostname: {host}")
        if asked.path.startswith("/api/v1/auth/") and asked.method == "POST" and "issuetoken" not in asked.path:
            return self._authenticate(asked)
        given = asked.headers.get("authorization", "")
        if given.removeprefix("Bearer ") not in self.tokens and asked.path.startswith("/api/"):
            return Reply(None, 401, (("WWW-Authenticate", 'Bearer error="invalid_token"' if given else "Bearer"),))
        if asked.path == "/":
            return Reply(b"<!doctype html><title>Duplicati</title>", headers=(("Content-Type", "text/html"),))
        from tests.ingest.duplicati.routes import route

        return route(self, asked)

    def _allows(self, host: str) -> bool:
        if host in {"localhost", *self.allowed_hosts} or "*" in self.allowed_hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _authenticate(self, asked: Asked) -> Reply:
        said = {name.lower(): value for name, value in (asked.json or {}).items()}
        cookie = next((value for name, value in asked.cookies.items() if name.startswith("RefreshToken_")), "")
        if asked.path.endswith("/login"):
            self.logins += 1
            return self._let_in() if said.get("password") == self.password else error(401, "Failed to log in")
        if asked.path.endswith("/refresh/logout"):
            self.families.pop(cookie, None)
            ends = (("Set-Cookie", f"RefreshToken_{self.port}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/"),)
            return Reply({"success": True}, headers=ends)
        if not cookie:
            return error(401, "Authorization failed due to missing cookie.")
        if self.families.get(cookie) != said.get("nonce"):
            return error(401, "Failed to refresh token")
        del self.families[cookie]
        return self._let_in()

    def _let_in(self) -> Reply:
        token = f"header.{secrets.token_hex(8)}.signature"
        self.tokens.add(token)
        if not self.is_new:
            return Reply({"AccessToken": token})
        cookie, nonce = f"cookie.{secrets.token_hex(8)}.signature", secrets.token_hex(8)
        self.families[cookie] = nonce
        kept = f"RefreshToken_{self.port}={cookie}; path=/api/v1/auth/refresh; samesite=strict; httponly"
        return Reply({"AccessToken": token, "RefreshNonce": nonce}, headers=(("Set-Cookie", kept),))

    # What happens on it

    def start(self, job_id: str) -> int:
        """Puts a job into the queue, or starts it where nothing runs; a job that waits already is not put there twice."""
        for number, waiting in self.queue:
            if waiting == job_id:
                return number
        self._numbers += 1
        if self.active is None and not self.paused:
            self.active = (self._numbers, job_id)
        else:
            self.queue.append((self._numbers, job_id))
        self.event_id += 1
        return self._numbers

    def finish(self, status: str = "Completed") -> None:
        """Ends what runs, and starts what waits."""
        if self.active is not None:
            self.ended[self.active[0]] = {"Status": status, "ID": self.active[0]}
        self.active = self.queue.pop(0) if self.queue and not self.paused else None
        self.event_id += 1

    def state(self) -> dict[str, Any]:
        """As `/serverstate` and the web socket tell it."""
        found: dict[str, Any] = answered(self.version, "serverstate-idle")
        queue = [{"Item1": number, "Item2": job} for number, job in self.queue]
        icon = "Active" if self.active else "Ready"
        return found | {
            "ActiveTask": {"Item1": self.active[0], "Item2": self.active[1]} if self.active else None,
            "ProgramState": "Paused" if self.paused else "Running",
            "SchedulerQueueIds": queue,
            "ProposedSchedule": [{"Item1": job, "Item2": at} for job, at in self.proposed.items()],
            "SuggestedStatusIcon": ("ActivePaused" if self.active else "Paused") if self.paused else icon,
            "EstimatedPauseEnd": self.pause_ends,
            "LastEventID": self.event_id,
        }

    def progress_state(self) -> dict[str, Any] | None:
        """As `/progressstate` and the web socket tell it; None where nothing runs."""
        if self.active is None:
            return None
        name = "progressstate-active"
        found: dict[str, Any] = answered(self.version if is_recorded(self.version, name) else "2.3.0.109", name)
        told = {"BackupID": self.active[1], "TaskID": self.active[0], "Phase": self.progress.phase}
        return found | told | {"OverallProgress": self.progress.overall} | self.progress.more

    # Its web socket

    async def socket(self, scope: Any, receive: Any, send: Any) -> None:
        from tests.ingest.duplicati.sockets import talk

        await talk(self, scope, receive, send)

    def tell(self, service: str, data: Any) -> None:
        """An event to all who subscribed to a service; `legacystatus` is sent as it is."""
        event = data if service == "legacystatus" else {"Type": service, "ApiVersion": 1, "Data": data}
        for send, services in self._sockets:
            if service in services:
                message = {"type": "websocket.send", "text": json.dumps(event)}
                asyncio.run_coroutine_threadsafe(send(message), self._loop).result(_PATIENCE)

    def hang_up(self) -> None:
        """Ends all web sockets."""
        for send, _ in tuple(self._sockets):
            asyncio.run_coroutine_threadsafe(send({"type": "websocket.close", "code": 1001}), self._loop).result(_PATIENCE)

    def flood(self, event: dict[str, Any], count: int) -> None:
        """Sends an event so often to all web sockets, without waiting."""

        async def send_all() -> None:
            for send, _ in tuple(self._sockets):
                for _ in range(count):
                    await send({"type": "websocket.send", "text": json.dumps(event)})

        asyncio.run_coroutine_threadsafe(send_all(), self._loop)
