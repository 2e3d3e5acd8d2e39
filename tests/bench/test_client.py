from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from bench.client import Address, Rounds, fetch, get, many_clients, one_client, post

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo:
    """A server that answers each request with its number; every third answer comes in chunks, and in small pieces."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = Address("127.0.0.1", self.listener.getsockname()[1])
        self.seen: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        with connection:
            while data := connection.recv(65536):
                buffer += data
                while (request := self._taken(buffer)) is not None:
                    buffer = buffer[len(request) :]
                    self.seen.append(request)
                    for piece in self._answer(len(self.seen)):
                        connection.sendall(piece)

    @staticmethod
    def _taken(buffer: bytes) -> bytes | None:
        head, end, rest = buffer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = next((int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")), 0)
        return head + end + rest[:length] if len(rest) >= length else None

    @staticmethod
    def _answer(number: int) -> list[bytes]:
        body = b"0\r\n\r\n answer %d" % number
        if number % 3:
            return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)]
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return [head, b"%x\r\n" % len(body), body + b"\r\n", b"0\r\n", b"\r\n"]


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.listener.close()


def test_one_client_sends_all_and_times_each(echo: Echo) -> None:
    seen = one_client(echo.address, [get(echo.address, f"/{number}") for number in range(9)], 10)
    assert len(seen.latencies) == 9
    assert seen.statuses == {200: 9}
    assert [request.split()[1] for request in echo.seen] == [b"/%d" % number for number in range(9)]
    assert 0 < seen.percentile(0.5) <= seen.percentile(0.99) <= seen.elapsed


def test_many_clients_send_every_request_once(echo: Echo) -> None:
    bodies = [b"%d" % number * 30_000 for number in range(40)]
    seen = many_clients(echo.address, [post(echo.address, "/", body) for body in bodies], 16, 10)
    assert seen.statuses == {200: 40}
    assert sorted(request.partition(b"\r\n\r\n")[2] for request in echo.seen) == sorted(bodies)


def test_a_measurement_ends_when_its_time_is_used_up(echo: Echo) -> None:
    assert len(one_client(echo.address, [get(echo.address, "/")] * 1000, 0.0).latencies) == 1
    assert len(many_clients(echo.address, [get(echo.address, "/")] * 1000, 4, 0.0).latencies) == 4


def test_a_fetched_answer_has_headers_and_body(echo: Echo) -> None:
    answers = [fetch(echo.address, get(echo.address, "/")) for _ in range(3)]
    assert all(answer.body.startswith(b"0\r\n\r\n answer") for answer in answers)
    assert ("transfer-encoding", "chunked") in answers[-1].headers


def test_percentiles_are_those_of_the_ordered_times() -> None:
    seen = Rounds(latencies=[0.4, 0.1, 0.3, 0.2], elapsed=2.0)
    assert seen.percentile(0.5) == 0.3
    assert seen.percentile(0.99) == 0.4
    assert seen.rate == 2.0


@pytest.mark.parametrize("url", ["http://192.0.2.1:9666", "https://127.0.0.1", "http://duplistatus.example"])
def test_only_this_machine_is_measured(url: str) -> None:
    with pytest.raises(ValueError, match="only servers on this machine"):
        Address.of(url)
