"""How long it takes to collect from a fleet of which a tenth hangs. In: how many servers; out: seconds until all that answer are done, with
nothing known here and again with everything known, and the most memory that the product held. The product is a process of its own, on
an empty database."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.client import Address, fetch, get, post
from bench.duplicatis import JOBS, PASSWORD, RUNS, Duplicatis
from bench.product import ADMIN, Product, processor_seconds, resident_bytes
from bench.product import PASSWORD as OWN_PASSWORD
from bench.session import sign_in
from duplistatus.clock import SystemClock

_LONGEST = 600.0
_LOOK = 0.25


@dataclass(frozen=True, slots=True)
class Collecting:
    """Seconds and bytes. `first`: nothing was known; `again`: everything was; `processor`: what the first took of the processors;
    `before` and `peak`: memory."""

    first: float
    again: float
    processor: float
    before: int
    peak: int


def collect_from(servers: int) -> Collecting:
    """Collects from so many, a tenth of which hang, twice."""
    hanging = servers // 10
    with tempfile.TemporaryDirectory(prefix="duplistatus-bench-") as folder, Duplicatis(servers, hanging, SystemClock().now()) as fleet:
        # Those that hang come first, which is the worst order.
        addresses = [f"http://127.0.0.1:{port}" for port in (*fleet.hanging, *fleet.ports)]
        with Product(Path(folder)) as product:
            caller = _Caller(product.address)
            before = resident_bytes(product.pid)
            spent = processor_seconds(product.pid)
            first = caller.collect(addresses, len(fleet.ports), expected=len(fleet.ports) * JOBS * RUNS)
            spent = processor_seconds(product.pid) - spent
            again = caller.collect(addresses, len(fleet.ports), expected=0)
            return Collecting(first, again, spent, before, _peak(product.pid))


class _Caller:
    """An administrator."""

    def __init__(self, address: Address) -> None:
        self._address = address
        cookie = sign_in(address, ADMIN, OWN_PASSWORD)
        token = orjson.loads(fetch(address, get(address, "/api/csrf", cookie)).body)["token"]
        self._headers = {**cookie, "X-CSRF-Token": token}

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = fetch(self._address, post(self._address, path, orjson.dumps(body), headers=self._headers))
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.body[:200]!r}")
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    def collect(self, addresses: list[str], answering: int, *, expected: int) -> float:
        """Seconds until all that answer are done; the rest is cancelled then."""
        begin = time.perf_counter()
        uid = self._post("/api/collections", {"addresses": addresses, "password": PASSWORD})["id"]
        while True:
            found = orjson.loads(fetch(self._address, get(self._address, f"/api/collections/{uid}", self._headers)).body)
            done = [part for part in found["parts"] if part["state"] == "done"]
            seconds = time.perf_counter() - begin
            if len(done) == answering or seconds > _LONGEST or found["ended_at"] is not None:
                break
            time.sleep(_LOOK)
        if found["ended_at"] is None:
            self._post(f"/api/collections/{uid}/cancel", {})
        if len(done) != answering:
            troubles = {part["trouble"]["code"] for part in found["parts"] if part["trouble"]}
            raise RuntimeError(f"{len(done)} of {answering} servers were collected after {seconds:.0f} s: {', '.join(sorted(troubles))}")
        if (runs := sum(part["found"] for part in done)) != expected:
            raise RuntimeError(f"{runs} runs were found, not {expected}")
        return seconds


def _peak(pid: int) -> int:
    """The most resident memory that a process ever held."""
    for row in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if row.startswith("VmHWM:"):
            return int(row.split()[1]) * 1024
    raise RuntimeError("the system tells no peak of memory")
