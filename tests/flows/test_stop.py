"""SIGTERM: the product takes no more, finishes what it has, ends event streams, and exits with 0 within ten seconds."""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from httpx2 import TransportError

from tests.flows.product import STOP_LIMIT, Product, post, report, running, sign_in

if TYPE_CHECKING:
    from pathlib import Path

BEFORE_THE_END = 40
"""Reports that are acknowledged before the signal."""


class _Senders:
    """Three senders that post until the product takes no more."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._lock = threading.Lock()
        self._next = 0
        self.acknowledged: dict[int, bytes] = {}
        self.refused: set[int] = set()
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(sender,)) for sender in range(3)]

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def join(self) -> None:
        for each in self._threads:
            each.join(STOP_LIMIT)
        assert not any(each.is_alive() for each in self._threads)

    def _send(self, sender: int) -> None:
        client = self._product.client()
        while True:
            with self._lock:
                number = self._next
                self._next += 1
            body = report(number, f"Job {sender}", lines=20)
            try:
                status = post(client, body).status_code
            except TransportError:
                return
            with self._lock:
                if status == 200:
                    self.acknowledged[number] = body
                else:
                    self.refused.add(status)
                if len(self.acknowledged) >= BEFORE_THE_END:
                    self.enough.set()
            if status != 200:
                return


class _Listener:
    """A page that is open somewhere."""

    def __init__(self, product: Product) -> None:
        self._client = product.client()
        sign_in(self._client)
        self.listens = threading.Event()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with self._client.stream("GET", "/api/events", timeout=60) as answer:
            assert answer.status_code == 200
            for _ in answer.iter_lines():
                self.listens.set()
        self.ended.set()


def test_sigterm_ends_gently_while_reports_come_and_pages_listen(data_dir: Path) -> None:
    with running(data_dir) as product:
        listeners = [_Listener(product) for _ in range(2)]
        for each in listeners:
            assert each.listens.wait(STOP_LIMIT)
        senders = _Senders(product)
        senders.start()
        assert senders.enough.wait(60)
        took = product.terminate()
        senders.join()
        assert took < STOP_LIMIT
        assert product.process.returncode == 0
        assert all(each.ended.wait(20) for each in listeners), "streams end in order, they are not torn off"
        assert senders.refused <= {503}, "nobody is told anything else at the end"
        assert "Traceback" not in product.said()
    with running(data_dir) as product:
        client = product.client()
        again = {post(client, body).status_code for body in senders.acknowledged.values()}
        assert again == {409}, "what was acknowledged is stored"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sender_that_never_ends_its_request_does_not_keep_the_product(data_dir: Path, number: signal.Signals) -> None:
    with running(data_dir) as product:
        address = urlsplit(product.url)
        with socket.create_connection((address.hostname, address.port)) as half:
            half.sendall(b'POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"Data"')
            assert product.client().get("/api/ping").status_code == 200
            product.process.send_signal(number)
            assert product.process.wait(STOP_LIMIT) == 0


def test_a_stop_right_after_the_start_is_a_stop(data_dir: Path) -> None:
    with running(data_dir) as product:
        assert product.terminate() < STOP_LIMIT
        assert product.process.returncode == 0
