"""Which certificates are accepted. In: nothing, or the SHA-256 of the one that somebody agreed to; out: a TLS context. One with an agreed
certificate compares it on each connection before anything is sent over it. Certificates can be looked at without sending anything."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import httpx2
from cryptography import x509
from cryptography.x509.oid import NameOID

from duplistatus.clock import instant, iso
from duplistatus.security.addresses import NoAnswer, Resolve, Why
from duplistatus.security.causes import first_cause
from duplistatus.security.connecting import connected
from duplistatus.security.foreign_words import one_line

_LONGEST = 200
_AUTHORITIES_AGE = 300.0
"""Seconds after which the authorities are read again."""
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "UNKNOWN_PROTOCOL",
        "BAD_RECORD_TYPE",
        "UNEXPECTED_EOF_WHILE_READING",
        "UNEXPECTED_MESSAGE",
    }
)
"""What OpenSSL says of bytes that are no TLS, or of an end instead of any."""


class OtherCertificate(ssl.SSLCertVerificationError):
    """Not the certificate that was agreed to."""


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What a server's certificate says of itself, true or not. `sha256`: of the whole, in hex; `begins`, `ends`: ISO 8601, empty as the
    rest where it cannot be read."""

    sha256: str
    subject: str = ""
    issuer: str = ""
    begins: str = ""
    ends: str = ""


def tls_context(agreed: str = "") -> ssl.SSLContext:
    """By authorities, or by the SHA-256 of the one certificate that is agreed to. The first may take long to read its authorities."""
    if not agreed:
        return _authorities()
    context = _comparing(agreed.lower())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Authorities:
    """Reading all authorities takes 50 ms and a megabyte: servers asked at the same time share them, and new ones are noticed soon."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[tuple[str | None, ...], float, ssl.SSLContext] | None = None

    def __call__(self) -> ssl.SSLContext:
        names = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        with self._lock:
            if self._known is None or self._known[0] != names or time.monotonic() - self._known[1] > _AUTHORITIES_AGE:
                context = httpx2.create_ssl_context()
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                self._known = (names, time.monotonic(), context)
            return self._known[2]


_authorities = _Authorities()


def _comparing(agreed: str) -> ssl.SSLContext:
    class Comparing(ssl.SSLObject):
        """Compares the certificate as the last part of the handshake: before it ends, nobody can send anything."""

        def do_handshake(self) -> None:
            super().do_handshake()
            shown = self.getpeercert(binary_form=True) or b""
            if not hmac.compare_digest(hashlib.sha256(shown).hexdigest(), agreed):
                error = OtherCertificate("not the agreed certificate")
                error.reason, error.verify_code, error.verify_message = "CERTIFICATE_VERIFY_FAILED", 0, "not the agreed certificate"
                raise error

    context = _trusting()
    context.sslobject_class = Comparing
    return context


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def shake_hands(host: str, port: int, seconds: float, *, agreed: str = "", resolve: Resolve | None = None) -> None:
    """Makes a TLS connection that is accepted, and ends it. Raises AddressForbidden, NoAnswer with its reason: NOT_TLS where something
    else answers, SLOW where there is a connection and nothing answers."""
    await _shaken(host, port, seconds, await asyncio.to_thread(tls_context, agreed), resolve)


async def shown_certificate(host: str, port: int, seconds: float, resolve: Resolve | None = None) -> ShownCertificate:
    """The certificate that a server shows. Raises as `shake_hands`."""
    return _read(await _shaken(host, port, seconds, _trusting(), resolve))


async def _shaken(host: str, port: int, seconds: float, context: ssl.SSLContext, resolve: Resolve | None) -> bytes:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    made = await connected(host, port, seconds, resolve)
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(sock=made, ssl=context, server_hostname=host)
    except TimeoutError:
        made.close()
        raise NoAnswer(f"{place} did not answer within {seconds:g} seconds", Why.SLOW) from None
    except (OSError, ssl.SSLError) as error:
        made.close()
        why, words = tls_failure(error)
        raise NoAnswer(f"no TLS connection to {place}: {words}", why, words) from error
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    try:
        return shown.getpeercert(binary_form=True) or b""
    finally:
        writer.transport.abort()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def tls_failure(error: BaseException) -> tuple[Why, str]:
    """Why there is no TLS connection, and in whose words."""
    certificate = first_cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return Why.CERTIFICATE, one_line(certificate.verify_message, _LONGEST)
    tls = first_cause(error, ssl.SSLError)
    if tls is None:
        return Why.NOT_TLS, "the connection was ended"
    words = (tls.reason or "it failed").replace("_", " ").lower()
    return Why.NOT_TLS if isinstance(tls, ssl.SSLEOFError) or tls.reason in _NO_TLS else Why.TLS, words


def _read(shown: bytes) -> ShownCertificate:
    sha256 = hashlib.sha256(shown).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(shown)
        return ShownCertificate(
            sha256,
            _name(certificate.subject),
            _name(certificate.issuer),
            iso(instant(certificate.not_valid_before_utc)),
            iso(instant(certificate.not_valid_after_utc)),
        )
    except (ValueError, OverflowError):
        return ShownCertificate(sha256)


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return one_line(str(common[0].value) if common else name.rfc4514_string(), _LONGEST)
