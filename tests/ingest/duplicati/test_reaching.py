"""By which scheme a server is reached, and which certificates are accepted: a wrong one never leads to HTTP, and nothing is sent to whoever
shows another than the one that somebody agreed to."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from duplistatus.ingest.duplicati.reaching import Reached, reach
from duplistatus.ingest.duplicati.target import Target
from duplistatus.ingest.duplicati.trouble import Code, Trouble
from tests.ingest.duplicati.asking import PATIENT, SOON, asked, resolving, trouble_of
from tests.ingest.duplicati.legacy import Legacy
from tests.ingest.duplicati.rough import Rough, saying, silent
from tests.ingest.duplicati.stand_in import Duplicati
from tests.notify.certificates import Certificate, self_signed

PASSWORD = "secret123"


def reached(address: str, **more: Any) -> Reached:
    never = more.pop("spoken_https", lambda host: False)
    return asyncio.run(reach(address, spoken_https=never, **{"patience": PATIENT, **more}))


def not_reached(address: str, **more: Any) -> Trouble:
    with pytest.raises(Trouble) as found:
        reached(address, **more)
    return found.value


def sha256_of(certificate: Certificate) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.file.read_text())).hexdigest()


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path)


def test_without_a_scheme_https_comes_first(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with Duplicati(context=certificate.context) as server:
        found = reached(f"127.0.0.1:{server.port}")
        assert (found.url, found.spoke_https, found.host) == (server.url, True, "127.0.0.1")
        assert asked(Target(found.url, PASSWORD), lambda api: api.get("/backups"))


@pytest.mark.parametrize("scheme", ["", "https://"])
@pytest.mark.parametrize("plain_agreed", [False, True])
def test_a_self_signed_certificate_is_a_question_and_never_leads_to_http(certificate: Certificate, scheme: str, plain_agreed: bool) -> None:
    with Duplicati(context=certificate.context) as server:
        found = not_reached(f"{scheme}127.0.0.1:{server.port}", plain_agreed=plain_agreed)
        assert server.received == []
    assert found.code is Code.CERTIFICATE
    expected = {"sha256": sha256_of(certificate), "subject": "127.0.0.1", "issuer": "127.0.0.1", "reason": "self-signed certificate"}
    assert expected.items() <= found.facts.items()
    assert str(found.facts["begins"]) < str(found.facts["ends"])


def test_an_expired_certificate_and_one_for_another_host_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for made, said in ((self_signed(tmp_path, expired=True), "expired"), (self_signed(tmp_path, "127.0.0.9"), "mismatch")):
        monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
        with Duplicati(context=made.context) as server:
            found = not_reached(f"127.0.0.1:{server.port}")
            assert (found.code, trouble_of(server.target).code) == (Code.CERTIFICATE, Code.CERTIFICATE)
            assert said in str(found.facts["reason"])
            assert server.received == []


def test_the_agreed_certificate_is_accepted_whatever_it_says(tmp_path: Path) -> None:
    made = self_signed(tmp_path, "other.example", expired=True)
    with Duplicati(context=made.context) as server:
        found = reached(f"127.0.0.1:{server.port}", agreed=sha256_of(made).upper())
        assert found == Reached(server.url, spoke_https=True)
        assert asked(Target(found.url, PASSWORD, sha256_of(made)), lambda api: api.get("/backups"))


def test_another_certificate_than_the_agreed_one_is_sent_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agreed = sha256_of(self_signed(tmp_path, "first.example"))
    made = self_signed(tmp_path)
    # Not even where an authority vouches for the new one.
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    with Duplicati(context=made.context) as server:
        for found in (
            not_reached(f"127.0.0.1:{server.port}", agreed=agreed, plain_agreed=True),
            trouble_of(Target(server.url, PASSWORD, agreed)),
        ):
            assert found.code is Code.CERTIFICATE_CHANGED
            assert (found.facts["agreed"], found.facts["sha256"]) == (agreed, sha256_of(made))
        assert server.received == []


def test_a_certificate_that_changes_between_two_connections_is_noticed(tmp_path: Path) -> None:
    first, second = self_signed(tmp_path, "first.example"), self_signed(tmp_path, "second.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(first.file, first.file.with_suffix(".key"))

    with Duplicati(context=context) as server:

        async def work(api: Any) -> None:
            await api.get("/backups")
            context.load_cert_chain(second.file, second.file.with_suffix(".key"))
            await api._asking.close()
            await api.get("/systeminfo")

        with pytest.raises(Trouble) as found:
            asked(Target(server.url, PASSWORD, sha256_of(first)), work)
        assert server.asked("/api/v1/systeminfo", "GET")[1:] == []
    assert found.value.code is Code.CERTIFICATE_CHANGED


def test_a_host_without_https_is_a_question_before_any_password() -> None:
    for server in (Duplicati(), Duplicati("2.1.0.5"), Legacy(), Legacy(password="")):
        with server:
            assert not_reached(f"127.0.0.1:{server.port}").code is Code.PLAIN
            assert {each.method for each in server.received} == {"GET"}
            assert reached(f"127.0.0.1:{server.port}", plain_agreed=True) == Reached(server.url, spoke_https=False)


@pytest.mark.parametrize(
    "more",
    [{"spoken_https": lambda host: host == "127.0.0.1"}, {"agreed": "ab" * 32}, {"scheme": "https://"}],
    ids=["spoke before", "certificate agreed", "typed"],
)
def test_a_host_that_has_https_is_never_asked_in_the_clear(more: dict[str, Any]) -> None:
    with Duplicati() as server:
        address = f"{more.get('scheme', '')}127.0.0.1:{server.port}"
        told = {name: value for name, value in more.items() if name != "scheme"}
        assert not_reached(address, plain_agreed=True, **told).code is Code.NOT_TLS
        assert server.received == []


def test_an_address_with_https_whose_server_has_none_any_more_is_sent_nothing() -> None:
    with Duplicati() as server:
        assert trouble_of(Target(server.url.replace("http:", "https:"), PASSWORD)).code is Code.NOT_TLS
        assert server.received == []


def test_http_is_taken_where_it_was_typed() -> None:
    with Duplicati() as server:
        assert reached(server.url) == Reached(server.url, spoke_https=False)
        assert {each.path for each in server.received} == {"/api/v1/systeminfo"}


def test_http_that_was_typed_for_a_port_with_https_is_named(certificate: Certificate) -> None:
    with Duplicati(context=certificate.context) as server:
        plain = server.url.replace("https:", "http:")
        assert not_reached(plain).code is Code.WANTS_HTTPS
        assert trouble_of(Target(plain, PASSWORD)).code is Code.WANTS_HTTPS
        assert server.received == []


@pytest.mark.parametrize("said", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"\x00\x01 no http \r\n\r\n"])
def test_something_else_in_the_clear_is_no_question(said: bytes) -> None:
    with Rough(saying(said)) as server:
        assert not_reached(f"127.0.0.1:{server.port}", plain_agreed=True).code is Code.NOT_DUPLICATI


def test_a_server_that_takes_connections_and_says_nothing_is_slow() -> None:
    with Rough(silent()) as server:
        for address in (f"127.0.0.1:{server.port}", f"https://127.0.0.1:{server.port}", server.url):
            assert not_reached(address, patience=SOON).code in (Code.SLOW, Code.NOT_TLS)


def test_a_server_that_speaks_old_tls_alone_is_named(certificate: Certificate) -> None:
    context = certificate.context
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match=r"TLSVersion\.TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    # Not asyncio's: it ends such connections without the alert that says why.
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(2):
                made, _ = listening.accept()
                with made, suppress(OSError):
                    context.wrap_socket(made, server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        assert not_reached(address, plain_agreed=True).code is Code.TLS
        assert trouble_of(Target(f"https://{address}", PASSWORD)).code is Code.TLS
        thread.join(20)


def test_a_refused_host_name_is_told_before_the_question() -> None:
    with Duplicati() as server:
        found = not_reached(f"nas.example:{server.port}", resolve=resolving("127.0.0.1"))
    assert (found.code, found.facts["host"]) == (Code.HOST_NAME, "nas.example")


def test_names_that_lead_nowhere_are_told_as_such() -> None:
    assert not_reached("nas.example:8200", resolve=resolving()).code is Code.DNS
    assert not_reached("nas.example:8200", resolve=resolving("169.254.169.254")).code is Code.FORBIDDEN
    assert not_reached("http://nas.example:8200", resolve=resolving("169.254.169.254")).code is Code.FORBIDDEN
