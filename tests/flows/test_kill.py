"""kill -9 while several senders post: every report that was acknowledged is there after the restart."""

from __future__ import annotations

import random
import sqlite3
import threading
from typing import TYPE_CHECKING

from httpx2 import TransportError

from tests.flows.product import Product, post, report, running

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 5
SENDERS = 4


class _Stream:
    """Senders that post report after report until the product dies, which happens at an acknowledgement chosen beforehand."""

    def __init__(self, product: Product, first: int, deaths_at: int) -> None:
        self._product = product
        self._next = first
        self._deaths_at = deaths_at
        self._lock = threading.Lock()
        self.bodies: dict[int, bytes] = {}
        self.acknowledged: set[int] = set()

    def run(self) -> None:
        senders = [threading.Thread(target=self._send, args=(sender,)) for sender in range(SENDERS)]
        for each in senders:
            each.start()
        for each in senders:
            each.join(60)
        assert not any(each.is_alive() for each in senders)

    def _send(self, sender: int) -> None:
        client = self._product.client()
        while True:
            with self._lock:
                number = self._next
                self._next += 1
                body = self.bodies[number] = report(number, f"Job {sender}", lines=20)
            try:
                status = post(client, body).status_code
            except TransportError:
                return
            assert status == 200
            with self._lock:
                self.acknowledged.add(number)
                if len(self.acknowledged) == self._deaths_at:
                    self._product.process.kill()


def test_every_acknowledged_report_is_there_after_kill_9(data_dir: Path) -> None:
    chance = random.Random(20260710)
    bodies: dict[int, bytes] = {}
    acknowledged: set[int] = set()
    for _ in range(ROUNDS):
        with running(data_dir) as product:
            stream = _Stream(product, len(bodies), chance.randint(1, 120))
            stream.run()
            product.kill()
        bodies |= stream.bodies
        acknowledged |= stream.acknowledged
    assert len(acknowledged) > ROUNDS
    assert len(acknowledged) < len(bodies), "none was under way when the product died: the test does not test"
    with running(data_dir) as product:
        client = product.client()
        again = {number: post(client, bodies[number]).status_code for number in bodies}
        assert product.terminate() < 10
    lost = sorted(number for number in acknowledged if again[number] != 409)
    assert lost == []
    assert set(again.values()) <= {200, 409}
    _check_figures(data_dir / "duplistatus.db", len(bodies))


def _check_figures(file: Path, runs: int) -> None:
    """What is kept beside the runs agrees with them: nothing was half stored."""
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (runs,)
    assert connection.execute("SELECT sum(run_count) FROM job").fetchone() == (runs,)
    assert connection.execute("SELECT sum(runs) FROM day").fetchone() == (runs,)
    assert connection.execute("SELECT sum(runs) FROM fleet_day").fetchone() == (runs,)
    assert connection.execute("SELECT count(*) FROM run_log").fetchone() == (runs,)
    connection.close()
