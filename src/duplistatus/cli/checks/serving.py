"""What serving needs of the machine: certificate and port. In: settings; out: whether they can be used, and how long the certificate
lasts."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from duplistatus.cli.checks.finding import Finding, ok, problem, warning
from duplistatus.clock import Instant, moment
from duplistatus.settings import ALL_ADDRESSES, Settings

TLS, PORT = "TLS", "port"
_SOON = timedelta(days=14)
_PATIENCE = 3.0


def look_at_certificate(settings: Settings, now: Instant) -> Iterator[Finding]:
    """Whether it fits its key, and until when it is valid."""
    certificate, key = settings.tls_cert_file, settings.tls_key_file
    if certificate is None or key is None:
        yield ok(TLS, "not used; a proxy may speak HTTPS in front")
        return
    try:
        # The chain as the server will load it.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: b"")
    except (OSError, ValueError) as error:
        yield problem(
            TLS, f"{certificate} with {key} cannot be used: {getattr(error, 'strerror', None) or error}", "do they belong together?"
        )
        return
    yield _validity(certificate, moment(now))


def _validity(file: Path, now: datetime) -> Finding:
    from cryptography import x509

    found = x509.load_pem_x509_certificates(file.read_bytes())[0]
    until, since = found.not_valid_after_utc, found.not_valid_before_utc
    said = f"{file} is valid until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if until <= now:
        return problem(TLS, f"{file} was valid until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC", "renew it and start the product anew")
    if since > now:
        return problem(TLS, f"{file} is valid from {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC on only", "is the clock right?")
    return warning(TLS, said, "renew it and start the product anew") if until - now < _SOON else ok(TLS, said)


def look_at_port(settings: Settings) -> Iterator[Finding]:
    """Whether it is free, or this product is what uses it."""
    where = f"{settings.host} port {settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            yield problem(PORT, f"{where} cannot be listened on: {error.strerror}", "choose others by HOST and PORT")
        elif _is_ours(settings):
            yield ok(PORT, f"{where} is used by duplistatus, which answers")
        else:
            yield problem(
                PORT, f"{where} is used by another program, or by a product that does not answer", "choose another by PORT, or end it"
            )
    else:
        yield ok(PORT, f"{where} is free: the product does not run here at the moment")


def _is_ours(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == ALL_ADDRESSES else "::1" if settings.host == "::" else settings.host
    connection: http.client.HTTPConnection
    if settings.tls_cert_file is not None:
        # Only whether somebody of ours is there is asked; nothing is sent that others must not see.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, settings.port, timeout=_PATIENCE, context=context)
    else:
        connection = http.client.HTTPConnection(host, settings.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{settings.root_path}/api/ping")
        return bool(json.loads(connection.getresponse().read(1_000)) == {"ok": True})
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
