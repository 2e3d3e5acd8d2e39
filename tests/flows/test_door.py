"""The door of reports over real connections: what is too large, too much or broken off, other ways to ask, HTTPS, and a path of its own."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from httpx2 import Client, TransportError

from tests.flows.product import Product, post, report, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 64 * 1024
RATE = 70


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for all tests of this file: small reports only, few a minute, behind a proxy on this machine."""
    folder = tmp_path_factory.mktemp("door") / "data"
    environment = {"UPLOAD_MAX_BYTES": str(LIMIT), "UPLOAD_RATE": str(RATE), "IP_TRUSTED_PROXIES": "127.0.0.1"}
    with running(folder, **environment) as made:
        yield made
        assert "Traceback" not in made.said()
        assert "request failed" not in made.said()


@pytest.fixture
def client(product: Product) -> Client:
    return product.client()


@contextmanager
def connection(product: Product) -> Iterator[socket.socket]:
    """The bare connection."""
    address = urlsplit(product.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0), timeout=20) as made:
        yield made


def answer(made: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and headers of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = made.recv(65536)
        assert piece, f"the connection ended after {received!r}"
        received += piece
    first, *lines = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


# Too large


def test_a_report_larger_than_the_limit_is_refused_and_its_sender_hears_of_it(client: Client) -> None:
    """As Duplicati sends it: all of the body first, and only then is the answer read."""
    refused = post(client, b"x" * (LIMIT * 50))
    assert (refused.status_code, refused.json()["error"]) == (413, f"The report is larger than the limit of {LIMIT} bytes")
    assert post(client, report(1)).status_code == 200


def test_a_report_without_a_length_is_read_no_further_than_the_limit(client: Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 4096

    assert client.post("/api/upload", content=pieces()).status_code == 413
    assert post(client, report(2)).status_code == 200


def test_a_report_of_exactly_the_limit_is_taken(client: Client) -> None:
    body = report(3)
    assert post(client, body + b" " * (LIMIT - len(body))).status_code == 200
    assert post(client, body + b" " * (LIMIT - len(body) + 1)).status_code == 413


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(client: Client) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    assert len(bomb) < LIMIT
    assert post(client, bomb, content_encoding="gzip").status_code == 413
    assert post(client, bomb).status_code == 413


def test_who_asks_before_sending_is_told_at_once(product: Product) -> None:
    """Duplicati 2.0.8 and older ask first."""
    with connection(product) as made:
        made.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
        status, headers = answer(made)
    assert (status, headers["connection"]) == (413, "close")
    body = report(4)
    with connection(product) as made:
        made.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert answer(made)[0] == 100
        made.sendall(body)
        assert answer(made)[0] == 200


def test_a_body_that_would_take_forever_is_not_read_to_its_end(product: Product) -> None:
    with connection(product) as made:
        made.sendall(b"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\nxxx")
        status, headers = answer(made)
    assert (status, headers["connection"]) == (413, "close")


# Broken


def test_a_request_that_breaks_off_stores_nothing(product: Product, client: Client) -> None:
    body = report(5)
    with connection(product) as made:
        made.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-10])
    assert post(client, body).status_code == 200, "had the first been stored, this were a duplicate"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: -5\r\n",
        b"Content-Length: five\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_request_that_is_no_http_is_refused(product: Product, head: bytes) -> None:
    with connection(product) as made:
        made.sendall(b"POST /api/upload HTTP/1.1\r\nHost: x\r\n" + head + b"\r\nhello")
        assert answer(made)[0] == 400


def test_a_malformed_document_is_refused_and_kept(product: Product) -> None:
    sender = {"x-forwarded-for": "203.0.113.50"}
    with product.client() as client:
        refused = client.post("/api/upload", content=b'{"Data": ', headers=sender)
        assert refused.status_code == 400
        assert "JSON" in refused.json()["error"]
    assert 'sender=203.0.113.50 code=invalid_json reason="The body is no valid JSON' in product.said()


# Too much


def test_an_address_may_send_so_many_reports_a_minute(client: Client) -> None:
    one, other = {"x-forwarded-for": "203.0.113.1"}, {"x-forwarded-for": "203.0.113.2"}
    statuses = [post(client, report(100 + number), **one).status_code for number in range(RATE)]
    assert statuses == [200] * RATE
    refused = post(client, report(500), **one)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert post(client, report(500), **other).status_code == 200, "others are not held up"
    assert post(client, report(501)).status_code == 200, "nor is this machine itself"


def test_an_address_may_send_sixty_refused_documents_a_minute(client: Client) -> None:
    sender = {"x-forwarded-for": "203.0.113.3"}
    kinds = [b"{}", b"", b"x" * (LIMIT + 1)]
    statuses = {post(client, kinds[number % 3], **sender).status_code for number in range(60)}
    assert statuses == {400, 413}
    refused = post(client, b"{}", **sender)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert post(client, b"x" * (LIMIT + 1), **sender).status_code == 429
    assert post(client, report(600), **sender).status_code == 200, "good reports still come through"


# Asked in another way


def test_no_request_is_ever_redirected(client: Client) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/api/upload", "/api/upload/", "/api/upload//", "/api/upload/x"):
            refused = client.request(method, path)
            assert refused.status_code in {404, 405}, (method, path)
            assert "location" not in refused.headers


def test_the_path_may_end_with_a_slash(client: Client) -> None:
    assert client.post("/api/upload/", content=report(700)).status_code == 200


def test_under_a_path_of_a_proxy_the_door_is_there_too(data_dir: Path) -> None:
    with running(data_dir, ROOT_PATH="/backups") as product:
        client = product.client()
        assert client.post("/backups/api/upload", content=report(1)).status_code == 200
        assert client.post("/backups/api/upload/", content=report(2)).status_code == 200
        assert client.post("/api/upload", content=report(2)).status_code == 409, "where the proxy takes the path away"
        for method in ("GET", "HEAD", "PUT"):
            refused = client.request(method, "/backups/api/upload")
            assert (refused.status_code, refused.headers.get("location")) == (405, None)


# HTTPS


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dashboard.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


def test_https_without_a_proxy(data_dir: Path, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    environment = {"TLS_CERT_FILE": str(certificate), "TLS_KEY_FILE": str(key)}
    with running(data_dir, scheme="https", **environment) as product:
        trusting = product.client(verify=ssl.create_default_context(cafile=str(certificate)))
        assert post(trusting, report(1)).status_code == 200
        with pytest.raises(TransportError, match="certificate verify failed"):
            product.client().get("/api/ping")
        plain = Client(base_url=product.url.replace("https://", "http://"), trust_env=False)
        with plain, pytest.raises(TransportError):
            plain.get("/api/ping")
        assert f"is at {product.url.replace('127.0.0.1', 'localhost')}/" in product.said()
        assert product.terminate() < 10
        assert product.process.returncode == 0
