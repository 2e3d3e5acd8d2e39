"""Certificates of servers: by authorities, or the one that somebody agreed to; and looking at one without sending anything."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from pathlib import Path
from typing import Any

import pytest

from duplistatus.security.addresses import AddressForbidden, NoAnswer, Why
from duplistatus.security.certificates import OtherCertificate, shake_hands, shown_certificate, tls_context
from tests.notify.certificates import Certificate, self_signed
from tests.notify.stand_ins import HttpStandIn, SilentStandIn


def sha256_of(certificate: Certificate) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.file.read_text())).hexdigest()


def why(port: int, **more: Any) -> NoAnswer:
    with pytest.raises(NoAnswer) as found:
        asyncio.run(shake_hands("127.0.0.1", port, 2.0, **more))
    return found.value


def test_a_certificate_is_looked_at_whatever_it_is(tmp_path: Path) -> None:
    made = self_signed(tmp_path, "nas.example", expired=True)
    with HttpStandIn(context=made.context) as server:
        found = asyncio.run(shown_certificate("127.0.0.1", server.port, 2.0))
        assert server.received == []
    assert (found.sha256, found.subject, found.issuer) == (sha256_of(made), "nas.example", "nas.example")
    assert found.begins < found.ends
    assert found.ends.endswith("Z")


def test_one_that_nobody_vouches_for_is_refused_and_the_agreed_one_is_not(tmp_path: Path) -> None:
    made = self_signed(tmp_path)
    with HttpStandIn(context=made.context) as server:
        found = why(server.port)
        assert (found.why, found.words) == (Why.CERTIFICATE, "self-signed certificate")
        asyncio.run(shake_hands("127.0.0.1", server.port, 2.0, agreed=sha256_of(made)))
        other = why(server.port, agreed="00" * 32)
        assert (other.why, other.words) == (Why.CERTIFICATE, "not the agreed certificate")
        assert server.received == []


def test_the_agreed_one_is_compared_before_the_connection_can_be_written_to(tmp_path: Path) -> None:
    made = self_signed(tmp_path)

    async def connect(server: HttpStandIn) -> None:
        context = tls_context("00" * 32)
        with pytest.raises(OtherCertificate):
            await asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname="127.0.0.1")

    with HttpStandIn(context=made.context) as server:
        asyncio.run(connect(server))


@pytest.mark.parametrize("agreed", ["", "00" * 32])
def test_old_tls_is_not_spoken(agreed: str) -> None:
    assert tls_context(agreed).minimum_version is ssl.TLSVersion.TLSv1_2


def test_authorities_are_read_once_until_others_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tls_context()
    assert tls_context() is first
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed(tmp_path).file))
    assert tls_context() is not first


def test_authorities_are_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    first = tls_context()
    monkeypatch.setattr("duplistatus.security.certificates._AUTHORITIES_AGE", -1.0)
    assert tls_context() is not first


def test_what_speaks_no_tls_and_what_says_nothing_are_told_apart() -> None:
    with SilentStandIn(says=b"HTTP/1.1 400 Bad Request\r\n\r\n") as plain:
        assert why(plain.port).why is Why.NOT_TLS
    with SilentStandIn() as silent:
        assert why(silent.port).why is Why.SLOW


def test_a_forbidden_address_is_not_looked_at() -> None:
    with pytest.raises(AddressForbidden):
        asyncio.run(shown_certificate("169.254.169.254", 443, 2.0))
