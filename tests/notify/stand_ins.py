"""Servers that stand in for those that messages go to: an HTTP server (ntfy, a webhook's receiver) and an SMTP server, on free ports of
127.0.0.1, in a thread with an event loop of its own. They keep what they were sent, and answer as a test wants them to."""

from __future__ import annotations

import asyncio
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fixtures.ending import end

if TYPE_CHECKING:
    import ssl

_T = TypeVar("_T")
_PATIENCE = 20.0
"""Seconds after which a server that does not start, or a message that does not come, is a failure of the test."""


class _Listening(ABC):
    """A server in a thread. `port`: known inside the `with` block."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        """How many were ever made."""
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()

    @abstractmethod
    async def _listen(self) -> asyncio.Server:
        """The server, listening."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_PATIENCE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await self._listen()
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        await end(server)

    def _wait(self, count: int, kept: list[Any], patience: float) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(kept) >= count, patience), f"{len(kept)} came, not {count}"

    def _keep(self, kept: list[_T], value: _T) -> None:
        with self._changed:
            kept.append(value)
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `headers`: names in small letters; `query`: decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """`hangs`: takes the request and says nothing; `hangs_after_head`: sends the head, and nothing of the body that it announces;
    `hangs_up`: closes the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    hangs_after_head: bool = False
    hangs_up: bool = False


def ntfy_error(status: int, error: str) -> Answer:
    """As ntfy refuses."""
    return Answer(status, json.dumps({"code": status * 100 + 1, "http": status, "error": error}).encode())


HANGS = Answer(hangs=True)


class HttpStandIn(_Listening):
    """Answers what `answer` says: an Answer, or a function of what was asked. `received`: all that was asked."""

    def __init__(self, answer: Answer | Callable[[Asked], Answer] | None = None, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.answer: Answer | Callable[[Asked], Answer] = answer or Answer()
        self.received: list[Asked] = []
        self._context = context

    @property
    def url(self) -> str:
        """With a slash at its end."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/"

    def wait_for(self, count: int, patience: float = _PATIENCE) -> list[Asked]:
        """The first requests, as soon as there are as many."""
        self._wait(count, self.received, patience)
        return self.received[:count]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (asked := await _read_request(reader)) is not None:
                self._keep(self.received, asked)
                answer = self.answer(asked) if callable(self.answer) else self.answer
                if answer.hangs:
                    await self._stop.wait()
                if answer.hangs_up:
                    break
                writer.write(_head(answer))
                if answer.hangs_after_head:
                    await self._stop.wait()
                writer.write(answer.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Asked(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)


def _head(answer: Answer) -> bytes:
    headers = {"content-type": "application/json", "content-length": str(len(answer.body))} | dict(answer.headers)
    lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class NtfyStandIn(HttpStandIn):
    """Takes what ntfy takes. `refusals`: answers by topic, where it is not to take a message."""

    def __init__(self, refusals: Mapping[str, Answer] | None = None) -> None:
        super().__init__(self._answer)
        self.refusals = dict(refusals or {})

    def _answer(self, asked: Asked) -> Answer:
        refusal = self.refusals.get(asked.path.removeprefix("/"))
        return refusal or Answer(200, json.dumps({"id": "xE73Iyuabi", "event": "message", "topic": asked.path[1:]}).encode())


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came in. `data`: as sent, dots at line starts taken back; `login`: the account, empty without one."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: tuple[str, ...]
    login: str
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The text of its first part of a kind: text/plain, text/html."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return str(part.get_content()).replace("\r\n", "\n")
        raise AssertionError(f"no {kind} in the mail")


@dataclass(frozen=True, slots=True)
class SmtpSetting:
    """`refused`: what it answers to a recipient, by address; `to_data`: what it answers after a message, empty: it takes it; `sender`: what
    it answers to a sender; `login`: account and password, without which it takes nothing; `starttls` and `tls`: the certificate."""

    refused: Mapping[str, str] = field(default_factory=dict)
    to_sender: str = ""
    to_data: str = ""
    login: tuple[str, str] | None = None
    to_login: str = ""
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    utf8: bool = True
    hangs_after_data: bool = False
    most_per_connection: int = 0
    """Mails after which it answers 421 and hangs up; 0: no limit."""


class SmtpStandIn(_Listening):
    """A real SMTP server (aiosmtpd). `mails`: all that came; `logins`: account and password of each try to sign in."""

    def __init__(self, setting: SmtpSetting | None = None) -> None:
        super().__init__()
        self.setting = setting or SmtpSetting()
        self.mails: list[Mail] = []
        self.logins: list[tuple[str, str]] = []
        self.ended: list[bool] = []
        """For each connection that ended: whether it was after QUIT."""
        self._open: list[_OneSmtp] = []

    def wait_for(self, count: int, patience: float = _PATIENCE) -> list[Mail]:
        """The first mails, as soon as there are as many."""
        self._wait(count, self.mails, patience)
        return self.mails[:count]

    @property
    def said_goodbye(self) -> int:
        """How many connections ended with QUIT."""
        return sum(self.ended)

    def wait_for_end(self, count: int, patience: float = _PATIENCE) -> None:
        """Until as many connections have ended."""
        self._wait(count, self.ended, patience)

    def hang_up(self) -> None:
        """Ends all connections, as a server does that restarts."""
        done = threading.Event()

        def end() -> None:
            for connection in self._open:
                connection.end()
            self._open.clear()
            done.set()

        self._loop.call_soon_threadsafe(end)
        assert done.wait(_PATIENCE)

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._connected, "127.0.0.1", 0, ssl=self.setting.tls)

    def _connected(self) -> SMTP:
        self.connections += 1
        setting = self.setting
        connection = _OneSmtp(
            _Taker(self),
            self,
            hostname="smtp.example.org",
            loop=self._loop,
            enable_SMTPUTF8=setting.utf8,
            tls_context=setting.starttls,
            require_starttls=setting.starttls is not None,
            auth_required=setting.login is not None,
            authenticator=self._authenticate,
        )
        # Asked for at its making, this is a warning, and warnings are errors here; without an account it offers none in the clear.
        connection._auth_require_tls = setting.login is None
        self._open.append(connection)
        return connection

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        if given == self.setting.login:
            return AuthResult(success=True, auth_data=given[0])
        return AuthResult(success=False, handled=False, message=self.setting.to_login or "535 5.7.8 Authentication credentials invalid")


class _OneSmtp(SMTP):
    def __init__(self, taker: _Taker, stand_in: SmtpStandIn, **more: Any) -> None:
        super().__init__(taker, **more)
        self._taker = taker
        self._of = stand_in

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._of._keep(self._of.ended, self._taker.quits)

    def end(self) -> None:
        if self.transport is not None:
            self.transport.close()


class _Taker:
    """What aiosmtpd asks for each command."""

    def __init__(self, stand_in: SmtpStandIn) -> None:
        self._of = stand_in
        self._taken = 0
        self.quits = False

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        self.quits = True
        return "221 2.0.0 Bye"

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - as aiosmtpd calls it
        most = self._of.setting.most_per_connection
        if most and self._taken >= most:
            return "421 4.7.0 Too many messages in this connection"
        if self._of.setting.to_sender:
            return self._of.setting.to_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - as aiosmtpd calls it
        refusal = self._of.setting.refused.get(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        if self._of.setting.to_data:
            return self._of.setting.to_data
        assert isinstance(envelope.content, bytes)
        login: Any = session.auth_data
        mail = Mail(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            envelope.content,
            tuple(envelope.mail_options),
            str(login or ""),
            encrypted=session.ssl is not None or self._of.setting.tls is not None,
        )
        self._taken += 1
        self._of._keep(self._of.mails, mail)
        if self._of.setting.hangs_after_data:
            await self._of._stop.wait()
        return "250 OK: queued"


class SilentStandIn(_Listening):
    """Takes connections, says what it is told to say, and then nothing any more: `says` is sent at once, `drips` one byte of it after
    another without end."""

    def __init__(self, says: bytes = b"", drips: bytes = b"") -> None:
        super().__init__()
        self._says, self._drips = says, drips

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            writer.write(self._says)
            while self._drips:
                writer.write(self._drips)
                await writer.drain()
                await asyncio.sleep(0.001)
            await self._stop.wait()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
