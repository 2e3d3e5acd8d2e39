"""No request without end fills memory or disk, or keeps a connection for ever."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from duplistatus.app import build
from duplistatus.settings import Settings
from duplistatus.web import connection, request_limits
from tests.fixtures.serving import serving
from tests.web.conftest import ADMIN_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Host and port of a product that runs."""
    application = build(Settings(data_dir=tmp_path_factory.mktemp("data"), admin_password=ADMIN_PASSWORD, root_path="/backups"))
    with serving(application) as address:
        parts = urlsplit(address)
        assert parts.hostname and parts.port  # noqa: PT018 - one address
        yield parts.hostname, parts.port


class Sender:
    """A connection that bytes are sent into, until the other side has enough."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._socket = socket.create_connection(place, timeout=30)
        self.sent = 0

    def send(self, data: bytes, most: int) -> None:
        """Repeats the data up to so many bytes, less where the other side takes no more."""
        try:
            while self.sent < most:
                self._socket.sendall(data)
                self.sent += len(data)
        except OSError:
            pass

    def answer(self) -> bytes:
        """What the other side has said when it closes; empty also where it broke off because more was under way."""
        found = b""
        try:
            while piece := self._socket.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
        finally:
            self._socket.close()
        return found


@pytest.mark.parametrize("piece", [b"x-more: " + b"a" * 1000 + b"\r\n", b"a" * 1000], ids=["many", "long"])
def test_headers_without_end_are_cut_off(place: tuple[str, int], piece: bytes) -> None:
    sender = Sender(place)
    sender.send(b"GET /api/ping HTTP/1.1\r\nhost: dashboard.test\r\nx-first: ", 1)
    sender.send(piece, 200 * MEGABYTE)
    # What is still under way when the connection is closed stays in the buffers of both sides.
    assert sender.sent < 20 * MEGABYTE
    assert sender.answer()[:12] in {b"HTTP/1.1 431", b""}


def test_headers_of_a_busy_browser_are_taken(place: tuple[str, int]) -> None:
    client = http.client.HTTPConnection(*place, timeout=30)
    for _ in range(2):
        client.request("GET", "/api/ping", headers={"cookie": "; ".join(f"c{number}={'x' * 4000}" for number in range(15))})
        answer = client.getresponse()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
    client.close()


def test_a_connection_on_which_nothing_is_asked_is_closed(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    silent, slow = Sender(place), Sender(place)
    slow.send(b"GET /api/ping HTTP/1.1\r\nhost: x\r\nx-more: ", 1)
    assert (silent.answer(), slow.answer()) == (b"", b"")


def test_a_connection_whose_body_never_ends_is_closed_after_the_answer(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    sender = Sender(place)
    sender.send(b"GET /api/ping HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\nx", 1)
    assert sender.answer().startswith(b"HTTP/1.1 200")


def _forms() -> dict[str, tuple[str, list[bytes]]]:
    """Kinds of bodies as (type, start, what is repeated)."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"'
    return {
        "one long field": ("application/x-www-form-urlencoded", [b"a=", b"x" * 100_000]),
        "fields": ("application/x-www-form-urlencoded", [b"a=1&", b"a=" + b"x" * 100_000 + b"&"]),
        "one long part": ("multipart/form-data; boundary=x", [part + b"\r\n\r\n", b"x" * 100_000]),
        "parts": ("multipart/form-data; boundary=x", [b"", part + b"\r\n\r\n" + b"x" * 100_000 + b"\r\n"]),
        "a file": ("multipart/form-data; boundary=x", [part + b'; filename="a"\r\n\r\n', b"x" * 100_000]),
        "JSON": ("application/json", [b'{"username": "', b"x" * 100_000]),
    }


def _head(place: tuple[str, int], path: str, kind: str) -> bytes:
    """The head of a request with the session and the token that anybody gets."""
    client = http.client.HTTPConnection(*place, timeout=30)
    client.request("GET", "/api/csrf")
    answer = client.getresponse()
    token, cookie = answer.read().split(b'"')[3].decode(), (answer.getheader("set-cookie") or "").partition(";")[0]
    client.close()
    return (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\nx-csrf-token: {token}\r\n"
        f"content-type: {kind}\r\ncontent-length: 500000000\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("form", _forms())
@pytest.mark.parametrize("path", ["/login", "/backups/login", "/api/auth/login"])
def test_a_body_without_end_is_refused_before_anybody_has_signed_in(place: tuple[str, int], path: str, form: str) -> None:
    kind, (start, piece) = _forms()[form]
    sender = Sender(place)
    sender.send(_head(place, path, kind) + start, 1)
    sender.send(piece, 100 * MEGABYTE)
    assert sender.sent < 20 * MEGABYTE
    assert sender.answer()[:12] in {b"HTTP/1.1 413", b"HTTP/1.1 400", b""}


def test_a_body_that_never_comes_is_given_up(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "PATIENCE", 0.2)
    sender = Sender(place)
    sender.send(_head(place, "/api/auth/login", "application/json") + b"{", 1)
    assert sender.answer().startswith(b"HTTP/1.1 408")


def test_the_limit_of_reports_is_their_own(place: tuple[str, int]) -> None:
    for path in ("/api/upload", "/api/upload/", "/backups/api/upload", "/backups/api/upload/"):
        client = http.client.HTTPConnection(*place, timeout=30)
        client.request("POST", path, b'{"a": "' + b"x" * 3 * MEGABYTE + b'"}', {"content-type": "application/json"})
        answer = client.getresponse()
        assert (answer.status, b"neither Data nor Extra" in answer.read()) == (400, True), path
        client.close()
