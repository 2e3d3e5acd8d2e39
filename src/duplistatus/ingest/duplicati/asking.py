"""Requests to a Duplicati server, before anything is known of who asks. In: a path; out: an `Answer`, or what went wrong as a `Trouble`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus

import httpx2
import orjson

from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from duplistatus.report.fields import Section
from duplistatus.security.addresses import AddressForbidden, NoAnswer, Resolve, Why
from duplistatus.security.certificates import ShownCertificate, shown_certificate
from duplistatus.security.exchange import Answer, Exchange
from duplistatus.security.foreign_words import without_secrets
from duplistatus.security.pinned import Patience

ASKING = Patience(connect=8.0, answer=20.0, body=30.0, whole=60.0)
"""Seconds for one request to a Duplicati server: some answer slowly while a job runs."""
_LARGE = 256 * 1024
"""From this size on, JSON is read in a thread, so that nobody else waits for it."""
_MARK = b"\xef\xbb\xbf"
_FOREIGN_NAME = b"host header sent by the client is not allowed"
"""So 2.0.6 to 2.0.8 refuse a name that is not among their own, as plain text."""
_CODES = {
    Why.NAME: Code.DNS,
    Why.REFUSED: Code.REFUSED,
    Why.UNREACHABLE: Code.UNREACHABLE,
    Why.SLOW: Code.SLOW,
    Why.CUT: Code.CUT,
    Why.TLS: Code.TLS,
    Why.NOT_TLS: Code.NOT_TLS,
    Why.NOT_HTTP: Code.NOT_DUPLICATI,
}
_HTTPS = 443
_HTTP = 80


class Asking:
    """Asks one server. Nothing that it raises holds the password."""

    def __init__(self, target: Target, *, patience: Patience = ASKING, resolve: Resolve | None = None) -> None:
        self._target = target
        self._patience = patience
        self._resolve = resolve
        self._exchange = Exchange(target.url, patience=patience, certificate=target.certificate, resolve=resolve)
        self._has_answered = False
        self.place = target.place

    async def ask(self, method: str, path: str, *, most: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """The answer to a request below the server's address. Raises Trouble, also for a redirect."""
        try:
            answer = await self._exchange.ask(method, f"{self._target.url}{path}", headers or {}, body, most=most)
        except AddressForbidden:
            raise Trouble(Code.FORBIDDEN, self.place) from None
        except NoAnswer as error:
            raise await self._trouble(error, path.partition("?")[0], most) from None
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise Trouble(Code.NOT_DUPLICATI, self.place, status=answer.status, leads_to=_server_of(answer.headers.get("location", "")))
        self._has_answered = True
        return answer

    async def read(self, answer: Answer, path: str) -> object:
        """The JSON of an answer. Raises Trouble(BROKEN)."""
        found = await parsed(answer.body)
        if found is None:
            raise Trouble(Code.BROKEN, self.place, path=path)
        return found

    async def refusal(self, answer: Answer, path: str) -> Trouble:
        """What an answer that is an error says."""
        said = await said_by(answer)
        words = str(said.get("Error") or "")
        if answer.status == HTTPStatus.FORBIDDEN and (words.lower().startswith("invalid hostname") or _FOREIGN_NAME in answer.body[:300]):
            return Trouble(Code.HOST_NAME, self.place, host=httpx2.URL(self._target.url).host)
        if said.get("HelpId") == "DatabaseLocked":
            job = re.fullmatch(r"/api/v\d/backup/([^/]+)/.*", path)
            return Trouble(Code.BUSY, self.place, job=job[1] if job else "")
        return Trouble(Code.FAILED, self.place, path=path, status=answer.status, reason=without_secrets(words, (self._target.password,)))

    async def nobody(self, status: int) -> Trouble:
        """What answers is none that is known. Some servers tell in the clear that they want HTTPS."""
        return Trouble(Code.WANTS_HTTPS, self.place) if await self._speaks_tls() else Trouble(Code.NOT_DUPLICATI, self.place, status=status)

    async def close(self) -> None:
        """Ends the connections."""
        await self._exchange.close()

    async def _trouble(self, error: NoAnswer, path: str, most: int) -> Trouble:
        if error.why is Why.CERTIFICATE:
            return await self._of_the_certificate(error.words)
        if error.why is Why.TOO_LARGE:
            return Trouble(Code.TOO_LARGE, self.place, path=path, most=most)
        if error.why is Why.PACKED:
            return Trouble(Code.BROKEN, self.place, path=path)
        if error.why in (Why.CUT, Why.NOT_HTTP) and not self._has_answered and await self._speaks_tls():
            return Trouble(Code.WANTS_HTTPS, self.place)
        return trouble_of(error, self.place, self._patience)

    async def _of_the_certificate(self, reason: str) -> Trouble:
        host, port = _host_and_port(self._target.url)
        try:
            shown = await shown_certificate(host, port, self._patience.connect, self._resolve)
        except AddressForbidden:
            return Trouble(Code.FORBIDDEN, self.place)
        except NoAnswer as error:
            return trouble_of(error, self.place, self._patience)
        return certificate_trouble(self.place, shown, reason, self._target.certificate)

    async def _speaks_tls(self) -> bool:
        if self._target.url.startswith("https:"):
            return False
        host, port = _host_and_port(self._target.url)
        try:
            await shown_certificate(host, port, self._patience.connect, self._resolve)
        except AddressForbidden:
            return False
        except NoAnswer as error:
            return error.why is Why.TLS
        return True


def trouble_of(error: NoAnswer, place: str, patience: Patience) -> Trouble:
    """What has no facts of its own."""
    code = _CODES.get(error.why, Code.UNREACHABLE)
    if code is Code.SLOW:
        return Trouble(code, place, seconds=int(patience.whole))
    return Trouble(code, place, status=0) if code is Code.NOT_DUPLICATI else Trouble(code, place, reason=error.words)


def certificate_trouble(place: str, shown: ShownCertificate, reason: str, agreed: str) -> Trouble:
    """A certificate that is not accepted, with what people decide by."""
    facts: dict[str, str | int | list[str]] = {
        "sha256": shown.sha256,
        "subject": shown.subject,
        "issuer": shown.issuer,
        "begins": shown.begins,
        "ends": shown.ends,
        "reason": reason,
    }
    if agreed:
        return Trouble(Code.CERTIFICATE_CHANGED, place, agreed=agreed, **facts)
    return Trouble(Code.CERTIFICATE, place, **facts)


async def parsed(body: bytes) -> object:
    """JSON, after the byte order mark that old versions begin with; None for what is none, and for `null`."""
    return await asyncio.to_thread(_parsed, body) if len(body) > _LARGE else _parsed(body)


async def said_by(answer: Answer) -> Section:
    """The object that an answer holds; an empty one for anything else."""
    found = await parsed(answer.body)
    return found if isinstance(found, dict) else {}


def _parsed(body: bytes) -> object:
    try:
        found: object = orjson.loads(body.removeprefix(_MARK))
    except ValueError:
        return None
    return found


def _host_and_port(url: str) -> tuple[str, int]:
    found = httpx2.URL(url)
    return found.raw_host.decode("ascii"), found.port or (_HTTPS if found.scheme == "https" else _HTTP)


def _server_of(location: str) -> str:
    """Scheme and host: what follows may hold what is not to be shown."""
    try:
        url = httpx2.URL(location)
        found = f"{url.scheme}://{url.host}:{url.port}" if url.port else f"{url.scheme}://{url.host}"
    except (httpx2.InvalidURL, ValueError):
        return ""
    return without_secrets(found, ()) if url.host and url.scheme in ("http", "https") else ""
