"""A cheap HTTP client: it shares the machine with what it measures. In: ready-made requests; out: how long each answer took. Connections
stay open; one thread serves them all; a time limit bounds every wait."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

_PATIENCE = 60.0
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; only this machine is ever measured."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        parts = urlsplit(url)
        if parts.hostname not in {"127.0.0.1", "localhost", "::1"} or parts.scheme != "http":
            raise ValueError(f"only servers on this machine, over http, are measured, not {url}")
        return cls(parts.hostname, parts.port or 80)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(slots=True)
class Rounds:
    """What one measurement saw: seconds of each request, the time of the whole, and every status."""

    latencies: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    bytes_received: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def get(address: Address, path: str, headers: dict[str, str] | None = None) -> bytes:
    """A GET request as bytes."""
    return _request(address, "GET", path, headers or {}, b"")


def post(address: Address, path: str, body: bytes, content_type: str = "application/json", headers: dict[str, str] | None = None) -> bytes:
    """A POST request as bytes."""
    return _request(address, "POST", path, {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}, body)


def _request(address: Address, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {address.host}:{address.port}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode() + body


class Answer:
    """One answer as it comes in; the parser calls its methods."""

    def __init__(self, *, keep_body: bool = False) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.done = False
        self._keep = keep_body
        self._parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._keep:
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if self._keep:
            self.body += body

    def on_message_complete(self) -> None:
        self.done = True

    def feed(self, data: bytes) -> None:
        self._parser.feed_data(data)


class Line:
    """A kept-alive connection; opened anew when the server closed it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.socket = self._open()

    def _open(self) -> socket.socket:
        made = socket.create_connection((self.address.host, self.address.port), timeout=_PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, request: bytes, *, keep_body: bool = False) -> Answer:
        """Sends a request and waits for its answer. Raises OSError when there is none."""
        self.socket.sendall(request)
        answer = Answer(keep_body=keep_body)
        while not answer.done:
            data = self.socket.recv(_PIECE)
            if not data:
                raise ConnectionError("the server closed the connection within an answer")
            answer.feed(data)
        return answer

    def close(self) -> None:
        self.socket.close()


def fetch(address: Address, request: bytes) -> Answer:
    """One request on a connection of its own, with the answer's headers and body."""
    line = Line(address)
    try:
        return line.ask(request, keep_body=True)
    finally:
        line.close()


def one_client(address: Address, requests: Iterable[bytes], seconds: float) -> Rounds:
    """Sends the requests one after the other until they or the time are used up."""
    line, seen = Line(address), Rounds()
    clock = time.perf_counter
    begin = clock()
    for request in requests:
        started = clock()
        answer = line.ask(request)
        ended = clock()
        seen.latencies.append(ended - started)
        seen.statuses[answer.status] = seen.statuses.get(answer.status, 0) + 1
        if ended - begin > seconds:
            break
    seen.elapsed = clock() - begin
    line.close()
    return seen


@dataclass(slots=True)
class _Busy:
    line: Line
    answer: Answer
    started: float
    rest: memoryview


def many_clients(address: Address, requests: Iterable[bytes], clients: int, seconds: float) -> Rounds:
    """`clients` connections, each with one request under way, until the requests or the time are used up and all are answered."""
    seen, todo, clock = Rounds(), iter(requests), time.perf_counter
    selector = selectors.DefaultSelector()
    begin = clock()
    for request in _first(todo, clients):
        line = Line(address)
        line.socket.setblocking(False)
        busy = _Busy(line, Answer(), clock(), memoryview(request))
        selector.register(line.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, busy)
    begin = clock()
    while selector.get_map():
        ready = selector.select(_PATIENCE)
        if not ready:
            raise TimeoutError(f"no answer within {_PATIENCE:.0f} s")
        for key, events in ready:
            busy = key.data
            if events & selectors.EVENT_WRITE and busy.rest:
                busy.rest = busy.rest[busy.line.socket.send(busy.rest) :]
                if not busy.rest:
                    selector.modify(busy.line.socket, selectors.EVENT_READ, busy)
            if not events & selectors.EVENT_READ:
                continue
            data = busy.line.socket.recv(_PIECE)
            if not data:
                raise ConnectionError("the server closed the connection within an answer")
            busy.answer.feed(data)
            if not busy.answer.done:
                continue
            now = clock()
            seen.latencies.append(now - busy.started)
            seen.statuses[busy.answer.status] = seen.statuses.get(busy.answer.status, 0) + 1
            following = next(todo, None) if now - begin < seconds else None
            if following is None:
                selector.unregister(busy.line.socket)
                busy.line.close()
                continue
            busy.answer, busy.started, busy.rest = Answer(), now, memoryview(following)
            busy.rest = busy.rest[_send(busy.line.socket, busy.rest) :]
            if busy.rest:
                selector.modify(busy.line.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, busy)
    seen.elapsed = clock() - begin
    selector.close()
    return seen


def _send(connection: socket.socket, data: memoryview) -> int:
    """As much as the socket takes now."""
    try:
        return connection.send(data)
    except BlockingIOError:
        return 0


def _first(requests: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        request = next(requests, None)
        if request is None:
            return
        yield request
