"""An SMTP server to which mails are handed. In: an envelope and a mail; out: which recipients it refused, or why it took nothing. A
connection is kept for a moment after a mail, is closed before servers tire of it, and one that was lost meanwhile is made anew; a mail is
never handed over twice by that, as nothing is repeated once its content was sent."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from duplistatus.notify.message import DeliveryError, Refused, Unreachable
from duplistatus.notify.outgoing import of_a_delivery
from duplistatus.security.addresses import Resolve
from duplistatus.security.causes import first_cause, of_the_system
from duplistatus.security.connecting import connected
from duplistatus.security.foreign_words import without_secrets

if TYPE_CHECKING:
    import aiosmtplib

_MOST_PER_CONNECTION = 50
"""Mails; many servers end a connection after 100."""
_TEMPORARY = range(400, 500)
_PERMANENT = range(500, 600)
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`mode`: plain, starttls, ssl; `account`: user name and password, None without; `verify`: whether its certificate is checked."""

    host: str
    port: int
    mode: str
    account: tuple[str, str] | None = field(repr=False)
    verify: bool

    @property
    def place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SmtpPatience:
    """Seconds: for the answer to a command, for that to a mail (servers look for spam meanwhile), for all of a delivery, and for which a
    connection without work is kept."""

    command: float = 20.0
    content: float = 40.0
    whole: float = 55.0
    idle: float = 5.0


SMTP_PATIENCE = SmtpPatience()


class _Line:
    """One connection. `taken`: mails that went through it."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.taken = 0
        self.ends: asyncio.TimerHandle | None = None


class _Lost(Exception):
    """A kept connection had ended before anything of the mail was sent."""


class Mailer:
    """Hands mails to one server; several at once have a connection each."""

    def __init__(self, server: SmtpServer, patience: SmtpPatience = SMTP_PATIENCE, resolve: Resolve | None = None) -> None:
        self._server = server
        self._resolve = resolve
        self._patience = patience
        self._secrets = server.account or ()
        self._idle: list[_Line] = []
        self._context: ssl.SSLContext | None = None
        self._closed = False
        self._leaving: set[asyncio.Task[None]] = set()

    async def deliver(self, sender: str, recipients: Sequence[str], content: bytes, *, utf8: bool) -> dict[str, str]:
        """The recipients that were refused, with the server's words, while at least one was taken. `utf8`: an address needs SMTPUTF8.
        Raises Refused, Unreachable."""
        try:
            async with asyncio.timeout(self._patience.whole):
                return await self._deliver(sender, recipients, content, utf8=utf8)
        except TimeoutError:
            raise Unreachable(f"{self._server.place} took longer than {self._patience.whole:g} seconds for the mail") from None

    async def reach(self) -> str:
        """Connects and signs in, and takes leave. Raises Refused, Unreachable."""
        await self._leave(await self._connected())
        return f"{self._server.place} answers" + (" and takes the account" if self._server.account else "")

    async def close(self) -> None:
        """Takes leave of the server where a connection is idle."""
        self._closed = True
        lines, self._idle = self._idle, []
        await asyncio.gather(*self._leaving, *(self._leave(line) for line in lines))

    async def _deliver(self, sender: str, recipients: Sequence[str], content: bytes, *, utf8: bool) -> dict[str, str]:
        while (line := self._kept()) is not None:
            try:
                return await self._over(line, sender, recipients, content, utf8=utf8)
            except _Lost:
                continue
        try:
            return await self._over(await self._connected(), sender, recipients, content, utf8=utf8)
        except _Lost as error:
            raise Unreachable(f"{self._server.place} ended the connection") from error

    async def _over(self, line: _Line, sender: str, recipients: Sequence[str], content: bytes, *, utf8: bool) -> dict[str, str]:
        import aiosmtplib

        try:
            refused = await self._transaction(line, sender, recipients, content, utf8=utf8)
        except (aiosmtplib.SMTPException, OSError) as error:
            line.client.close()
            raise self._said(error) from error
        except BaseException:
            line.client.close()
            raise
        line.taken += 1
        self._keep(line)
        return refused

    async def _transaction(self, line: _Line, sender: str, recipients: Sequence[str], content: bytes, *, utf8: bool) -> dict[str, str]:
        import aiosmtplib

        client = line.client
        options = [f"SIZE={len(content)}"] if client.supports_extension("size") else []
        if utf8:
            if not client.supports_extension("smtputf8"):
                raise Refused(f"{self._server.place} does not take addresses with such letters (no SMTPUTF8): {', '.join(recipients)}")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        encoding = "utf-8" if utf8 else "ascii"
        try:
            await client.mail(sender, options=options, encoding=encoding)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPResponseException) as error:
            if line.taken and getattr(error, "code", _CLOSING) == _CLOSING:
                client.close()
                raise _Lost from error
            raise
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        for recipient in recipients:
            try:
                await client.rcpt(recipient, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if len(refused) == len(recipients):
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        await client.data(content, timeout=self._patience.content)
        return {error.recipient: self._words(error) for error in refused}

    async def _connected(self) -> _Line:
        import aiosmtplib

        server = self._server
        if server.mode != "plain" and self._context is None:
            self._context = await asyncio.to_thread(_tls_context, verify=server.verify)
        with of_a_delivery():
            to_it = await connected(server.host, server.port, self._patience.command, self._resolve)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=to_it,
            local_hostname=_own_name(),
            timeout=self._patience.command,
            use_tls=server.mode == "ssl",
            start_tls=server.mode == "starttls",
            tls_context=self._context,
        )
        try:
            await client.connect()
            await client.ehlo()
            if server.account and not client.supports_extension("auth"):
                raise Unreachable(f"{server.place} offers no sign-in" + (" in the clear" if server.mode == "plain" else ""))
            if server.account:
                await client.login(*server.account)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise self._said(error) from error
        except BaseException:
            client.close()
            raise
        return _Line(client)

    def _kept(self) -> _Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.ends is not None:
                line.ends.cancel()
            if line.client.is_connected:
                return line
        return None

    def _keep(self, line: _Line) -> None:
        loop = asyncio.get_running_loop()
        if self._closed or line.taken >= _MOST_PER_CONNECTION:
            self._take_leave(line)
            return
        line.ends = loop.call_later(self._patience.idle, self._tire_of, line)
        self._idle.append(line)

    def _tire_of(self, line: _Line) -> None:
        if line in self._idle:
            self._idle.remove(line)
            self._take_leave(line)

    def _take_leave(self, line: _Line) -> None:
        """Leaves while others go on. The loop alone would not hold on to the task."""
        task = asyncio.get_running_loop().create_task(self._leave(line))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, line: _Line) -> None:
        import aiosmtplib

        if line.ends is not None:
            line.ends.cancel()
        try:
            await line.client.quit(timeout=1.0)
        except (aiosmtplib.SMTPException, OSError):
            pass
        finally:
            line.client.close()

    def _said(self, error: BaseException) -> DeliveryError:
        """What became of it, by its cause."""
        import aiosmtplib

        place = self._server.place
        if isinstance(error, DeliveryError):
            return error
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            return self._of_codes([each.code for each in error.recipients], "; ".join(map(self._of_recipient, error.recipients)))
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            words = f"{self._words(error)} — the server refuses the user name or password"
            return self._of_codes([error.code], words)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return self._of_codes([error.code], self._words(error))
        return Unreachable(without_secrets(_trouble(error, place, self._patience.command), self._secrets))

    def _of_codes(self, codes: Sequence[int], words: str) -> DeliveryError:
        """A refusal, unless the server says of one at least that it may take it later, or says nothing that SMTP knows."""
        refused = all(code in _PERMANENT for code in codes)
        return Refused(words) if refused else Unreachable(words)

    def _words(self, error: aiosmtplib.SMTPResponseException) -> str:
        code = f"{error.code} " if error.code in _TEMPORARY or error.code in _PERMANENT else "not an answer of SMTP: "
        return without_secrets(f"{code}{error.message}", self._secrets)

    def _of_recipient(self, error: aiosmtplib.SMTPRecipientRefused) -> str:
        return f"{error.recipient}: {self._words(error)}"


def _tls_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _own_name() -> str:
    """What this machine calls itself in EHLO: its full name, else an address in brackets, as RFC 5321 §4.1.4 has it."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() and all(letter.isalnum() or letter in "-." for letter in name) else "[127.0.0.1]"


def _trouble(error: BaseException, place: str, seconds: float) -> str:
    """Why there was no answer, in a sentence."""
    import aiosmtplib

    certificate = first_cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return (
            f"the certificate of {place} is not accepted: {certificate.verify_message}. "
            "Where the server's own certificate is meant, switch the check of certificates off."
        )
    tls = first_cause(error, ssl.SSLError)
    if tls is not None:
        said = (tls.reason or "it failed").replace("_", " ").lower()
        return f"no TLS connection to {place}: {said}. Another mode (STARTTLS, TLS, plain) may be what the port speaks."
    resolved = first_cause(error, socket.gaierror)
    if resolved is not None:
        return f"the name of {place} cannot be resolved: {resolved.strerror}"
    if isinstance(error, TimeoutError):
        what = "no connection to" if isinstance(error, aiosmtplib.SMTPConnectTimeoutError) else "no answer from"
        return f"{what} {place} within {seconds:g} seconds"
    if isinstance(error, ConnectionError) and not isinstance(error, aiosmtplib.SMTPConnectError):
        return f"{place} ended the connection"
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return f"no connection to {place}: {_why(of_the_system(error.__cause__))}"
    return f"{place}: {error}"


def _why(error: OSError | None) -> str:
    if error is not None:
        if error.errno == errno.ECONNREFUSED:
            return "it refuses connections on that port"
        if isinstance(error, ConnectionError):
            return "it ended the connection without a greeting"
        return error.strerror or "it cannot be reached"
    return "it cannot be reached"
